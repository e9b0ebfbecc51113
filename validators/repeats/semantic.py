"""Semantic duplicates: a task that means nearly what a person's or an earlier draft's task means."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.repeats.precedence import closest, in_order, placed
from outcross.validators.rule import INFORMS, Rule
from outcross.validators.signals import complete

_OWN, _OTHERS = 1 << 10, 1 << 13
"""Texts whose cosines are in memory at once."""


@dataclass(frozen=True, kw_only=True)
class Semantic:
    """1 less the cosine with the closest task that takes precedence, by static vectors; those below `floor` count as 0.

    It informs and decides nothing: static vectors take tasks that differ in one name for the same, and rate paraphrases
    lower. Without a table of vectors nothing is judged. Every task is compared with all that precede it, so time and
    memory grow with their number.
    """

    name: ClassVar[str] = "semantic"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = INFORMS
    field: ClassVar[str] = "prompt"
    floor: float = 0.5

    def __post_init__(self) -> None:
        if not 0 < self.floor <= 1:
            raise RecipeError(f"semantic needs 0 < floor <= 1, not floor {self.floor}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare the prompt of each sample with those that precede it."""
        if references.vectors is None:
            why = "there is no table of vectors; make one with `outcross distil`"
            return samples.select("sample_id", score=pl.lit(None, dtype=pl.Float64), reason=pl.lit(why))
        others = in_order(references, self.field)
        own = placed(samples, others, references.human["sample_id"], self.field)
        ours, theirs = references.vectors.of(own["text"]), references.vectors.of(others["text"])
        found = pl.concat([_NONE, *_closest(ours, theirs, own["place"].to_numpy())])
        return complete(samples, closest(found.filter(pl.col("alike") >= self.floor), own, others))


_NONE = pl.DataFrame(schema={"own": pl.Int64, "other": pl.Int64, "alike": pl.Float64})


def _closest(
    ours: NDArray[np.float32], theirs: NDArray[np.float32], places: NDArray[np.int64]
) -> Iterator[pl.DataFrame]:
    """For each text the closest other ahead of it, once for each block of others."""
    for first in range(0, len(ours), _OWN):
        mine = ours[first : first + _OWN]
        for start in range(0, min(len(theirs), int(places[first : first + _OWN].max())), _OTHERS):
            other = theirs[start : start + _OTHERS]
            # All numbers are whole until the division, so a cosine is the same in whatever company it is taken.
            lengths = np.sqrt(np.outer(_squares(mine), _squares(other)))
            alike = np.divide(mine @ other.T, lengths, out=np.zeros(lengths.shape), where=lengths > 0)
            alike[start + np.arange(len(other)) >= places[first : first + _OWN, None]] = 0
            best = alike.argmax(axis=1)
            rows = np.arange(len(mine))
            yield pl.DataFrame(
                {"own": first + rows, "other": start + best, "alike": np.minimum(alike[rows, best], 1.0)}
            )


def _squares(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    squares: NDArray[np.float64] = (vectors * vectors).sum(axis=1, dtype=np.float64)
    return squares
