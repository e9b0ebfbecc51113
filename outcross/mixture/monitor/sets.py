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


@dataclass(frozen=True, eq=False)
class Pool:
    """Some rows of a corpus, from which sets are drawn."""

    words: Encoded
    """The whole corpus."""
    rows: Rows
    """Places of the pool's rows in the corpus, shape (n,)."""
    document: Rows
    """Which document each row is of, shape (n,), as a place in `documents`."""
    documents: Rows
    """The documents that the rows are of, shape (n_documents,); the same numbers in every pool."""
    stratum: Rows
    """Which stratum each row is of, shape (n,); the same numbers in every pool."""
    weight: Floats
    """How much each row counts, shape (n,), > 0."""

    @classmethod
    def of(cls, rows: pl.DataFrame, words: Encoded, keep: pl.Expr) -> "Pool":
        """Those rows of a corpus (document_id, stratum_id, weight) that `keep` says."""
        columns = ("place", "document_id", "stratum_id", "weight")
        kept = rows.with_row_index("place").filter(keep).select(columns)
        place, document, stratum = (kept[name].cast(pl.Int64).to_numpy() for name in columns[:3])
        documents, document = np.unique(document, return_inverse=True)
        return cls(words, place, document, documents, stratum, kept["weight"].to_numpy())

    @cached_property
    def lengths(self) -> Rows:
        """Words of each row, shape (n,)."""
        return self.words.starts[self.rows + 1] - self.words.starts[self.rows]

    @property
    def n_documents(self) -> int:
        """Documents that the rows are of."""
        return len(self.documents)

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
        places, document = np.unique(self.document[keep], return_inverse=True)
        documents = self.documents[places]
        return Pool(self.words, self.rows[keep], document, documents, self.stratum[keep], self.weight[keep])

    def profile(self, shares: Floats | None = None) -> Floats:
        """Each document's share of the words, by weight, shape (n_documents,).

        Args:
            shares: strata's shares of the words, which rows are weighed to; None takes the strata as they come.
        """
        mass = self.weight * self.lengths
        mass = mass if shares is None else mass * _towards(shares, self.stratum, mass)
        return _normalised(np.bincount(self.document, mass, minlength=self.n_documents))

    def apart(self, other: "Pool", shares: Floats) -> float:
        """The sum over documents of the squared difference between their shares of both; the other's as in `profile`.

        If documents differ by s^2, and a document's rows are alike whoever holds them, the variance of the difference
        between means over both is s^2 times this: 1/d + 1/D for d and D other documents, 1/d - 1/D for d of the D.
        """
        difference = np.zeros(int(max(self.documents.max(), other.documents.max())) + 1)
        difference[self.documents] = self.profile()
        difference[other.documents] -= other.profile(shares)
        return float(difference @ difference)

    def documents_in_effect(self) -> float:
        """How many documents of one size would make a mean as uncertain as these: 1 / sum of squared shares."""
        profile = self.profile()
        return 1 / max(float(profile @ profile), 1e-300)

    def evenness(self) -> float:
        """The part of its words that a sample which follows the weights is worth: 1 where all weigh the same."""
        weight, lengths = self.weight, self.lengths
        return float((weight @ lengths) ** 2 / max(float((weight**2) @ lengths) * self.n_words, 1e-300))

    def shares(self, n_strata: int) -> Floats:
        """Each stratum's share of the words, by weight, shape (n_strata,)."""
        mass = np.bincount(self.stratum, self.weight * self.lengths, minlength=n_strata)
        return _normalised(mass)

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
        places = places[: int(np.searchsorted(np.cumsum(lengths[places]), size.words)) + 1]
        profile = _normalised(np.bincount(self.document[places], lengths[places], minlength=self.n_documents))
        return Set(self.words, self.rows[places], profile)


@dataclass(frozen=True)
class Size:
    """How large the sets of one comparison are."""

    words: int
    """Words of every set, people's or tested."""
    rows: int
    """Rows of every set where rows are counted, not words."""
    wide: int
    """Documents that a set of people's is drawn from, so that it is as wide as what is tested."""
    narrow: int
    """The same, but half of people's documents at most, so that sets can differ."""
    rowwise: float
    """The variance by rows of what is tested against people's, in that of people's sets about their mean; see `of`."""

    @classmethod
    def of(cls, tested: Pool, human: Pool, most: int, shared: float) -> "Size":
        """Choose as many documents, in effect, as what is tested has, and words that both sides have.

        Text from many documents is more diverse, and a better teacher, than as much from few: what a model wrote after
        it read all of them would pass for people's beside sets of half of them.

        Sets of b of people's N words have by rows a variance of s^2 (1/b - 1/N). What is tested differs from people's
        mean by s^2 (1/b + 1/N) where its rows are others, by the same as a set where they are people's, and by
        s^2 (1/b + (1 - 2h)/N) where a share h is.

        Args:
            tested: what is tested.
            human: people's rows.
            most: words that a set has at most.
            shared: the share of what is tested that is among people's rows, in [0, 1].
        """
        n = human.n_documents
        wide = int(np.clip(round(n * tested.documents_in_effect() / human.documents_in_effect()), 1, n))
        narrow = max(min(wide, n // 2), 1)
        words = min(tested.n_words * tested.evenness(), SLACK * human.n_words * narrow / n, most)
        longest = max(pool.n_words / max(len(pool.rows), 1) for pool in (tested, human))
        taken = words / human.n_words
        return cls(
            words=max(int(words), 1),
            rows=max(int(words / max(longest, 1.0)), 1),
            wide=wide,
            narrow=narrow,
            rowwise=(1 + (1 - 2 * shared) * taken) / (1 - taken),
        )


@dataclass(frozen=True, eq=False)
class Set:
    """Rows in random order: a prefix of a set is a set."""

    corpus: Encoded
    rows: Rows
    """Places in the corpus, shape (n,)."""
    profile: Floats
    """Shares of the pool's documents in the set's words, shape (n_documents,)."""

    def up_to(self, words: int) -> Encoded:
        """The first rows, until they have so many words; the last one is cut."""
        ends = np.cumsum(self.corpus.lengths[self.rows])
        taken = self.corpus.take(self.rows[: int(np.searchsorted(ends, words)) + 1])
        return Encoded(taken.ids[:words], np.minimum(taken.starts, words))


def _normalised(mass: NDArray[np.floating] | NDArray[np.integer]) -> Floats:
    """Shares of a sum."""
    return np.asarray(mass / max(float(mass.sum()), 1e-300), dtype=np.float64)


def _towards(shares: Floats, stratum: Rows, mass: Floats) -> Floats:
    """Factors, one a row, that give the strata their shares; a stratum that wasn't drawn gets nothing."""
    drawn = np.bincount(stratum, mass, minlength=len(shares))
    factor = np.divide(shares * drawn.sum(), drawn, out=np.zeros_like(shares), where=drawn > 0)
    return np.asarray(np.maximum(factor[stratum], 1e-9), dtype=np.float64)
