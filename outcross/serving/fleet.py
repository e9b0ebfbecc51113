"""The fleet: the models that draft for a recipe, each with its share."""

import hashlib
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from pydantic import Field

from outcross.data.samples import Record
from outcross.data.stores import generators
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.serving import models
from outcross.serving.endpoint import Endpoint, built_in, connect
from outcross.serving.models import EMBEDDED, Model, Price
from outcross.serving.servers import embedded
from outcross.settings import Settings

EMBEDDED_LICENCE = "Apache-2.0"
"""Of the weights as their makers published them."""


class Member(Record):
    """One model of a fleet."""

    endpoint: Endpoint
    share: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Of the slots, relative to the other members' shares."""
    price_in: Price | None = None
    """Money for a million tokens; None where nobody said it."""
    price_out: Price | None = None
    licence: str | None = None
    """Of the model; None where nobody said it."""

    def cost(self, tokens_in: int, tokens_out: int) -> float | None:
        """What tokens cost; None where the price isn't known."""
        if self.price_in is None or self.price_out is None:
            return None
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


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


@contextmanager
def assemble(settings: Settings, home: Home, shares: Mapping[str, float]) -> Iterator[Fleet]:
    """Give the models that a recipe names, for the length of the block; each is asked once whether it is there.

    Args:
        settings: say where the machine's models are written down.
        home: holds what was said of them; see `outcross.serving.models`.
        shares: of the slots, by the names that this machine has for its models, whatever they add up to; the one model
            of the environment where empty.

    Raises:
        InputError: a name that this machine doesn't know, two names for one model, or see `models.read`.
        ServerUnavailable, ModelMissing, InputError: one of them can't be used; see `endpoint.at`.
    """
    with ExitStack() as started:
        if not shares:
            members = {"": Member(endpoint=started.enter_context(connect(settings, home)))}
        else:
            known = _named(settings, home, shares)
            # Whoever is missing is told of before the embedded model is started.
            order = sorted(shares, key=lambda name: name == EMBEDDED)
            members = {name: _member(started, settings, home, name, known.get(name), shares[name]) for name in order}
        _require_different(members)
        yield Fleet(members=tuple(_licensed(home, member) for member in members.values()))


def _named(settings: Settings, home: Home, names: Mapping[str, float]) -> dict[str, Model]:
    known = models.read(settings, home)
    if unknown := [name for name in names if name not in {EMBEDDED, *known}]:
        raise InputError(
            f"[draft.models] names {', '.join(unknown)}, and this machine knows {', '.join([EMBEDDED, *known])}. "
            f"Describe it in {models.path(settings, home)}: a table of that name with its `base_url`."
        )
    return known


def _member(started: ExitStack, settings: Settings, home: Home, name: str, model: Model | None, share: float) -> Member:
    if model is None:
        return Member(endpoint=started.enter_context(built_in(home)), share=share, price_in=0.0, price_out=0.0)
    return Member(
        endpoint=models.reach(settings, home, name, model),
        share=share,
        price_in=model.price_in,
        price_out=model.price_out,
        licence=model.licence,
    )


def _licensed(home: Home, member: Member) -> Member:
    """The member with the licence that was said of it, if the file is silent."""
    endpoint = member.endpoint
    said = generators.find(home, endpoint.model, endpoint.weights_digest)
    published = EMBEDDED_LICENCE if endpoint.weights_digest == embedded.PUBLISHED else None
    licence = member.licence or (said.licence if said else None) or published
    return member.model_copy(update={"licence": licence})


def _require_different(members: Mapping[str, Member]) -> None:
    """Refuse two names for one model: nothing would tell their drafts apart."""
    names: dict[str, str] = {}
    for name, member in members.items():
        if (other := names.setdefault(member.endpoint.model, name)) != name:
            raise InputError(
                f"[draft.models] names `{other}` and `{name}`, and both are {member.endpoint.model}. Take one of them "
                "out, or serve them under names of their own."
            )
