"""Arms: sets of rows that differ in one thing, so that models trained on them tell what it is worth."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Literal

import numpy as np
import polars as pl

from outcross.mixture.effect.equivalents import sizes

STEPS = (250, 500, 1000, 2000)
"""Rows from people that the ruler adds, where so many can be held back."""

HELD_BACK = 0.25
"""Share of people's rows that the ruler may hold back."""

MOST_GROUPS = 4
"""Groups of each sort that are left out in turn, the largest ones."""

ROWS = {
    "document": pl.String,
    "stratum": pl.String,
    "klass": pl.String,
    "generator": pl.String,
    "prompt": pl.String,
    "text": pl.String,
    "weight": pl.Float64,
}
"""Columns of a release's rows here; `generator` and `prompt` are null where no model is named."""

Kind = Literal["human", "release", "last", "class", "more", "generator", "prompt", "stratum", "validator"]
"""What an arm is: people's rows, a release, the one before; the release without a class, generator, prompt or
stratum's drafts, or with what one validator alone kept out; people's rows and so many more."""

GROUPS: tuple[Kind, ...] = ("generator", "prompt", "stratum")
"""What groups drafts: the model, the prompt's digest, the stratum."""


@dataclass(frozen=True, eq=False)
class Arm:
    """What one model is trained on."""

    kind: Kind
    name: str
    """Which class, group or validator, or how many rows more; empty for the three that there is one of."""
    rows: pl.DataFrame
    """`text`, and `weight` > 0: how often a row is drawn, against the others."""
    changed: int = 0
    """Rows that are left out, or that are added."""

    @cached_property
    def digest(self) -> str:
        """Of the rows and weights: arms of the same rows have the same one."""
        found = sha256(self.rows["weight"].to_numpy().tobytes())
        found.update("\0".join(self.rows["text"]).encode())
        return found.hexdigest()[:16]


@dataclass(frozen=True, eq=False)
class Material:
    """What arms are made of."""

    human: pl.DataFrame
    """People's rows that any arm may have: `text`, and more."""
    extra: pl.DataFrame
    """People's rows that no other arm has, in the order in which the ruler adds them."""
    release: pl.DataFrame
    """The columns `ROWS`."""
    last: pl.DataFrame | None = None
    """The release before; None where there is none."""
    refused: Mapping[str, pl.DataFrame] | None = None
    """Rows that one validator alone kept out, by its name, with the columns `ROWS`."""

    def arms(self) -> list[Arm]:
        """All of them; "human" and "release" come first."""
        return list(self._arms())

    def _arms(self) -> Iterator[Arm]:
        people = self.human.with_columns(weight=1.0)
        yield _arm("human", "", people)
        yield _arm("release", "", self.release)
        if self.last is not None:
            yield _arm("last", "", self.last)
        for size in sizes(STEPS, self.extra.height):
            more = self.extra.head(size).with_columns(weight=1.0)
            yield _arm(
                "more", f"{size}", pl.concat([people.select("text", "weight"), more.select("text", "weight")]), size
            )
        yield from self._without("class", self.release["klass"])
        drafts = self.release["klass"] != "human"
        for kind in GROUPS:
            yield from self._without(kind, self.release[kind].set(~drafts, None))
        for name, rows in (self.refused or {}).items():
            if rows.height:
                together = pl.concat([self.release.select("text", "weight"), rows.select("text", "weight")])
                yield _arm("validator", name, together, rows.height)

    def _without(self, kind: Kind, group: pl.Series) -> Iterator[Arm]:
        """The release without each of the largest groups, as far as anything is left."""
        sized = pl.DataFrame({"group": group}).drop_nulls().group_by("group").len()
        for name, size in sized.sort(["len", "group"], descending=[True, False]).head(MOST_GROUPS).iter_rows():
            if size < self.release.height:
                yield _arm(kind, name, self.release.filter((group != name).fill_null(value=True)), size)


def hold_back(human: pl.DataFrame, *, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Part people's rows: those that any arm may have, and those that only the ruler adds.

    Whole documents are held back, so that the ruler measures what rows from other documents are worth, as new ones
    would be; their rows are in no order, or a step of it would be a few documents.

    Args:
        human: rows with `document`.
        seed: of the choice.

    Returns:
        The rest; then what is held back: at most `HELD_BACK` of the rows, and no more than the longest step takes.
    """
    sized = human.group_by("document").len().sort("document")
    most = min(STEPS[-1], int(HELD_BACK * human.height))
    chosen, taken = [], 0
    # A document that doesn't fit is passed over: a large one would otherwise end the drawing early.
    for document, count in sized[np.random.default_rng(seed).permutation(sized.height)].iter_rows():
        if taken + count <= most:
            chosen.append(document)
            taken += count
    among = pl.col("document").is_in(chosen)
    held = human.filter(among)
    return human.filter(~among), held[np.random.default_rng([seed, 1]).permutation(held.height)]


def _arm(kind: Kind, name: str, rows: pl.DataFrame, changed: int = 0) -> Arm:
    return Arm(kind, name, rows.select("text", "weight"), changed)
