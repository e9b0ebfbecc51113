"""Sets of rows to be measured: people's, drawn by whole documents, and those of what is tested, equally many words."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.mixture.text.tokens import Encoded

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

SLACK = 0.7
"""Part of the words in an average draw of documents that a set takes: small documents may come together."""

LEAST = 0.5
"""Part of its documents that each set of what is tested takes at least, however few documents people wrote."""


@dataclass(frozen=True, eq=False)
class Pool:
    """Some rows of a corpus, from which sets are drawn."""

    words: Encoded
    """The whole corpus."""
    rows: Rows
    """Places of the pool's rows in the corpus, shape (n,)."""
    document: Rows
    """Which document each row is of, shape (n,), from 0 on without a gap."""
    stratum: Rows
    """Which stratum each row is of, shape (n,); the same numbers in every pool."""
    weight: Floats
    """How much each row counts, shape (n,), > 0."""

    @classmethod
    def of(cls, rows: pl.DataFrame, words: Encoded, keep: pl.Expr) -> "Pool":
        """Those rows of a corpus (document, stratum_id, weight) that `keep` says."""
        columns = (
            rows.with_row_index("place")
            .filter(keep)
            .select(
                pl.col("place").cast(pl.Int64),
                pl.col("document").rank("dense").cast(pl.Int64) - 1,
                pl.col("stratum_id").cast(pl.Int64),
                pl.col("weight").cast(pl.Float64),
            )
        )
        return cls(words, *(columns[name].to_numpy() for name in columns.columns))

    @cached_property
    def lengths(self) -> Rows:
        """Words of each row, shape (n,)."""
        return self.words.starts[self.rows + 1] - self.words.starts[self.rows]

    @property
    def n_documents(self) -> int:
        """Documents that the rows are of."""
        return int(self.document.max(initial=-1)) + 1

    @cached_property
    def n_words(self) -> int:
        """Words of all rows."""
        return int(self.lengths.sum())

    @cached_property
    def mass(self) -> float:
        """Words of all rows, by weight."""
        return float(self.weight @ self.lengths)

    def among(self, other: "Pool") -> "Pool":
        """The rows of strata that another pool has rows of."""
        keep = np.isin(self.stratum, other.stratum)
        _, document = np.unique(self.document[keep], return_inverse=True)
        return Pool(self.words, self.rows[keep], document, self.stratum[keep], self.weight[keep])

    def documents_in_effect(self) -> float:
        """How many documents of one size would make a mean as uncertain as these: (sum n)^2 / sum n^2, n in words."""
        sizes = np.bincount(self.document, self.lengths)
        return float(sizes.sum() ** 2 / max(float((sizes**2).sum()), 1.0))

    def evenness(self) -> float:
        """The part of its words that a sample which follows the weights is worth: 1 where all weigh the same."""
        weight, lengths = self.weight, self.lengths
        return float((weight @ lengths) ** 2 / max(float((weight**2) @ lengths) * self.n_words, 1e-300))

    def shares(self, n_strata: int) -> Floats:
        """Each stratum's share of the words, by weight, shape (n_strata,)."""
        mass = np.bincount(self.stratum, self.weight * self.lengths, minlength=n_strata)
        return mass / max(float(mass.sum()), 1e-300)

    def draw(self, rng: np.random.Generator, size: "Size", documents: int, shares: Floats | None = None) -> "Set":
        """Draw documents without replacement, and rows of them in random order until there are words enough.

        Rows come in proportion to their weights (Efraimidis & Spirakis, Inf. Process. Lett. 97, 2006).

        Args:
            rng: decides.
            size: of the set, in words.
            documents: to draw; more are drawn where these have too few words.
            shares: strata's shares of the words that the set should have; None takes the strata as they come.
        """
        order = rng.permutation(self.n_documents)
        lengths = self.lengths
        filled = np.cumsum(np.bincount(self.document, lengths, minlength=self.n_documents)[order])
        drawn = max(documents, int(np.searchsorted(filled, size.words)) + 1)
        taken = np.zeros(self.n_documents, np.bool_)
        taken[order[:drawn]] = True
        places = np.flatnonzero(taken[self.document])
        weight = self.weight[places]
        if shares is not None:
            weight = weight * _towards(shares, self.stratum[places], weight * lengths[places])
        places = places[np.argsort(rng.standard_exponential(len(places)) / weight, kind="stable")]
        last = int(np.searchsorted(np.cumsum(lengths[places]), size.words)) + 1
        return Set(self.words, self.rows[places[:last]])


@dataclass(frozen=True)
class Size:
    """How large the sets of one comparison are."""

    words: int
    """Words of every set, people's or tested."""
    rows: int
    """Rows of every set where rows are counted, not words."""
    documents: int
    """Documents that a set of people's is drawn from."""
    tested: int
    """Documents that a set of what is tested is drawn from."""
    inflation: float
    """The variance of what is tested against people's, in those of people's sets about their mean; see `of`."""

    @classmethod
    def of(cls, tested: Pool, human: Pool, most: int) -> "Size":
        """Choose the size: as many documents on both sides, and words that both sides have.

        People's sets take at most half of their D documents, d of them, so that two sets can differ. Drawn without
        replacement, their variance is s^2/d (1 - d/D), where a text of d_t other documents differs from people's mean
        by s^2/d_t + s^2/D. The ratio of the two, (d/d_t + d/D) / (1 - d/D), is the `inflation`, never below 1.

        Args:
            tested: what is tested.
            human: people's rows.
            most: words that a set has at most.
        """
        n, d = human.n_documents, min(tested.n_documents, human.n_documents // 2)
        part = max(d / tested.n_documents, LEAST)
        room = SLACK * human.n_words * d / n
        words = min(part * tested.n_words * tested.evenness(), room, most)
        inflation = (d / tested.n_documents + d / n) / (1 - d / n)
        longest = max(pool.n_words / max(len(pool.rows), 1) for pool in (tested, human))
        return cls(
            words=max(int(words), 1),
            rows=max(int(words / max(longest, 1.0)), 1),
            documents=d,
            tested=max(round(part * tested.n_documents), 1),
            inflation=max(inflation, 1.0),
        )


@dataclass(frozen=True, eq=False)
class Set:
    """Rows in random order: a prefix of a set is a set."""

    corpus: Encoded
    rows: Rows
    """Places in the corpus, shape (n,)."""

    def up_to(self, words: int) -> Encoded:
        """The first rows, until they have so many words; the last one is cut."""
        ends = np.cumsum(self.corpus.lengths[self.rows])
        taken = self.corpus.take(self.rows[: int(np.searchsorted(ends, words)) + 1])
        return Encoded(taken.ids[:words], np.minimum(taken.starts, words))


def _towards(shares: Floats, stratum: Rows, mass: Floats) -> Floats:
    """Factors, one a row, that give the strata their shares; a stratum that wasn't drawn gets nothing."""
    drawn = np.bincount(stratum, mass, minlength=len(shares))
    factor = np.divide(shares * drawn.sum(), drawn, out=np.zeros_like(shares), where=drawn > 0)
    return np.asarray(np.maximum(factor[stratum], 1e-9), dtype=np.float64)
