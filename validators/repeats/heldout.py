"""Held out: the texts kept for evaluation, indexed once by their runs of words."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.repeats.shingles import Words, hashed

LEAK = 13
"""Words in a row that two texts don't share by chance."""
RUN = 8
"""Words of the runs that are counted."""

_BITS = 24
_SHIFT = np.uint64(64 - _BITS)


@dataclass(frozen=True)
class Runs:
    """The runs of one length that stand in held-out texts, or these texts as a whole."""

    runs: NDArray[np.uint64]
    """Their hashes, ascending, each once."""
    documents: NDArray[np.int64]
    """In how many of people's documents each stands."""
    places: pl.DataFrame
    """`run`, `held` (row of a held-out text that has it) and `all` (that text's different runs): each pair once."""
    seen: NDArray[np.bool_]
    """By the first bits of a hash, whether any run has them: most that stand in no held-out text are told by this."""

    @classmethod
    def of(cls, run: NDArray[np.uint64], held: NDArray[np.int64]) -> Self:
        """Index runs, each with the row of its text; no document is counted yet."""
        runs = np.unique(run)
        seen = np.zeros(1 << _BITS, dtype=np.bool_)
        seen[runs >> _SHIFT] = True
        places = pl.DataFrame({"run": run, "held": held.astype(np.uint32)}).unique(maintain_order=True)
        return cls(runs, np.zeros(runs.size, dtype=np.int64), places.with_columns(all=pl.len().over("held")), seen)

    def find(self, run: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Where in `run` the held-out ones are, and which of `runs` they are."""
        near = np.flatnonzero(self.seen[run >> _SHIFT])
        at = np.searchsorted(self.runs, run[near])
        found = np.append(self.runs, np.uint64(0))[at] == run[near]
        found &= at < self.runs.size
        return near[found], at[found]

    def tell(self, run: NDArray[np.uint64], common: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which of `run` stand in a held-out text and in no more than `common` documents; both have one shape."""
        where, which = self.find(run)
        told = np.zeros(run.size, dtype=np.bool_)
        told[where] = self.documents[which] <= common[where]
        return told

    def counted(self, run: NDArray[np.uint64], document: NDArray[np.int64]) -> Self:
        """With the documents counted, from runs that people wrote, each with the number of its document."""
        where, which = self.find(run)
        pairs = np.unique((which << 32) | document[where])
        return type(self)(self.runs, np.bincount(pairs >> 32, minlength=self.runs.size), self.places, self.seen)


@dataclass(frozen=True)
class HeldOut:
    """An index of the held-out texts; make it once and give it to each `References` that has them."""

    wholes: Runs
    leaks: Runs
    runs: Runs
    sizes: NDArray[np.int64]
    """Words of each held-out text."""

    @classmethod
    def of(cls, heldout: pl.DataFrame, usual: pl.DataFrame) -> Self:
        """Index held-out texts.

        Args:
            heldout: `source`, `text`, a row for each text.
            usual: `source`, `text`, all that people wrote, which tells the words of many documents.
        """
        kept, known = hashed(heldout["text"]), hashed(usual["text"])
        document = usual["source"].rank("dense").to_numpy().astype(np.int64)
        wholes = Runs.of(kept.wholes(), np.arange(kept.sizes.size)).counted(known.wholes(), document)
        leaks, runs = (
            Runs.of(*_spread(kept, length)).counted(*_spread(known, length, document)) for length in (LEAK, RUN)
        )
        return cls(wholes, leaks, runs, kept.sizes)


def _spread(
    words: Words, length: int, numbers: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """All runs of some texts, each with its text's row, or with its number where they have some."""
    run, whole = words.runs(length)
    rows = words.rows[whole]
    return run[whole], rows if numbers is None else numbers[rows]
