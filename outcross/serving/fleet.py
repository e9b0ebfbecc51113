"""The fleet: the models that draft for a recipe, each with its share."""

import hashlib
import math

from pydantic import Field

from outcross.data.samples import Record
from outcross.serving.endpoint import Endpoint


class Member(Record):
    """One model of a fleet."""

    endpoint: Endpoint
    share: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Of the slots, relative to the other members' shares."""


class Fleet(Record):
    """All models that draft for a recipe."""

    members: tuple[Member, ...] = Field(min_length=1)

    def voices(self, rank: str) -> tuple[Member, ...]:
        """The members in the order in which they speak for a slot; the first is the one that drafts it.

        Which that is depends on the slot, the members' names and shares alone. A member that joins or leaves, or whose
        share changes, moves no slot between two others (weighted rendezvous hashing, Thaler and Ravishankar 1998).
        """

        def score(member: Member) -> float:
            named = f"{rank}\n{member.endpoint.model}\n{member.endpoint.weights_digest or ''}".encode()
            chance = (int.from_bytes(hashlib.sha256(named).digest()[:8]) + 0.5) / 2**64
            return -member.share / math.log(chance)

        return tuple(sorted(self.members, key=score, reverse=True))
