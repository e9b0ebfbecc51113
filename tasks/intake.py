"""The door that all rows from files come through: good ones in batches, bad ones counted and kept with the reason."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from outcross.data.corpora.candidates import Candidate, Refusal
from outcross.data.stores import quarantine
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.progress import tracked

BATCH = 2_000

Row = TypeVar("Row")


@dataclass(frozen=True)
class Intake:
    """What came through the door."""

    read: int
    new: int
    refused: dict[str, int]
    """Rows put into quarantine, by reason, most frequent first."""
    otherwise: int = 0
    """People's rows that the vault has under another licence, attestation or stratum, and keeps as it has them."""


def take_in(
    home: Home,
    recipe: str,
    found: Iterator[Candidate | Refusal],
    admit: Callable[[Candidate], Row | Refusal],
    store: Callable[[list[Row]], int],
) -> Intake:
    """Pass a corpus through the door.

    Args:
        admit: a candidate as a row, or why it can't be one.
        store: keeps rows and returns how many were new.

    Raises:
        InputError: the corpus can't be read, or not one row of it could come in.
    """
    read, new, refused = 0, 0, Counter[str]()
    rows: list[Row] = []
    refusals: list[Refusal] = []

    def flush() -> int:
        quarantine.add(home, recipe, refusals)
        added = store(rows) if rows else 0
        rows.clear()
        refusals.clear()
        return added

    for candidate in tracked(found, "read"):
        read += 1
        admitted = admit(candidate) if isinstance(candidate, Candidate) else candidate
        if isinstance(admitted, Refusal):
            refusals.append(admitted)
            refused["not JSON" if admitted.reason.startswith("not JSON") else admitted.reason] += 1
        else:
            rows.append(admitted)
        # A file of which nothing can be used is the caller's mistake, to be put right and tried again; its rows
        # would only bury those that were really lost.
        if len(rows) + len(refusals) >= BATCH and read > refused.total():
            new += flush()
    if read > refused.total():
        new += flush()
    else:
        why = "; ".join(f"{count:,} × {reason}" for reason, count in refused.most_common(3)) or "it holds no rows"
        raise InputError(f"not one row could be taken in for {recipe}: {why}.")
    return Intake(read, new, dict(refused.most_common()))


def refusal(candidate: Candidate, reason: str) -> Refusal:
    """A candidate's refusal, with the beginning of what it holds."""
    return Refusal.of(candidate.file, candidate.line, reason, dict(candidate.content))
