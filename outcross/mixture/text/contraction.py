"""Contraction: how much of the rare words is left after a generator or a gate, by one number with its interval."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

from outcross.errors import InputError
from outcross.mixture.text.counts import Floats, Keep, draws, places
from outcross.mixture.text.tails import Tail, entropy
from outcross.mixture.text.tokens import Encoded, Vocabulary

LEAST_ROWS = 30
"""Rows on either side below which nothing is said."""

CUTS = 0.95
"""A gate that leaves less than this of the human tail is itself an engine of collapse."""

RESAMPLES = 500
BUNDLES = 2_000
"""Documents, or random groups of more, that are drawn: these vary as documents do, and take less time."""

DRAWS = 8
"""Random parts of the larger side that a diversity is compared with."""

MOST_WORDS = 1_000_000
"""Words of either side that a diversity is taken from."""


@dataclass(frozen=True)
class Kappa:
    """What is left of a text's variety in another: 1 where nothing is lost, 0 where all is."""

    tail: float | None
    """The tail's share of the words, over its share before; None where either side has too few rows."""
    low: float | None
    """The lower 95 % bound; None too where one document is all there is."""
    high: float | None
    """The upper 95 % bound: `low` to `high` holds the true value with 90 %."""
    diversity: float | None
    """exp(entropy) over that of as many words from before."""
    rows: int
    """Rows after, as for `documents`."""
    documents: int

    @property
    def cuts(self) -> bool:
        """Whether more of the tail is gone than `CUTS` allows."""
        return self.tail is not None and self.tail < CUTS


@dataclass(frozen=True, eq=False)
class Measured:
    """Texts with the rare words in each, by two kinds of tails.

    A tail's words are rarer in any fresh text than in the one that it was chosen on. So where texts are compared with
    people's, documents are halved, the human rows of each half choose a tail, and rows are measured by the other
    half's: people compared with people then give 1. A model's rows fall into the half of the document that they are
    about, because they share its words. What a gate keeps is compared with all that it judged, by one tail that all
    human rows choose: that is fair to both, and it holds the words that occur once, which gates cut first.
    """

    rows: pl.DataFrame
    """The texts' columns, and weight, words, `tail` and `fresh`: how many are rare, by all rows or the other half's."""
    words: Encoded
    n_types: int
    """Of the vocabulary, that of all texts."""

    @classmethod
    def of(cls, texts: pl.DataFrame, human: Keep, *, share: float = 0.1, seed: int = 0) -> "Measured":
        """Measure texts.

        Args:
            texts: document, stratum, text, and weight > 0 where rows count differently; other columns stay.
            human: shape (n_rows,): the rows that choose the tails.
            share: of the words that a tail holds where it is chosen, in (0, 1).
            seed: of the halves.

        Raises:
            InputError: `human` is of another length, or `share` out of its range.
        """
        if human.shape != (texts.height,):
            raise InputError(f"{texts.height:,} texts need as many marks of who is human, not {human.size:,}.")
        vocabulary = Vocabulary.of(texts["text"])
        words = vocabulary.encode(texts["text"])
        half = _halves(texts, human, np.random.default_rng(seed))
        row = words.row()

        def rare(chosen: Keep) -> Floats:
            """How many words of each row are of the tail that some rows choose."""
            counts = np.bincount(words.ids[chosen[row]], minlength=len(vocabulary)).astype(np.float64)
            belongs = Tail.of(counts, share).belongs[words.ids]
            return np.bincount(row, belongs, minlength=texts.height).astype(np.float64)

        fresh = np.where(half == 0, rare(human & (half == 1)), rare(human & (half == 0)))
        weight = pl.col("weight") if "weight" in texts.columns else pl.lit(1.0).alias("weight")
        columns = {"words": words.lengths, "tail": rare(human), "fresh": fresh}
        rows = texts.with_columns(weight, *(pl.Series(name, values) for name, values in columns.items()))
        return cls(rows, words, len(vocabulary))

    def take(self, chosen: NDArray[np.integer]) -> "Measured":
        """Some rows, by their places, as they were measured among all."""
        return Measured(self.rows[chosen], self.words.take(chosen), self.n_types)

    def kappa(self, human: Keep, other: Keep, *, seed: int = 0) -> Kappa:
        """Compare other rows with human ones, stratum by stratum.

        The human rows are weighed so that strata hold the shares that they have among the others; strata that are on
        one side alone are left out. The interval is from drawing documents, never rows, with replacement, all rows of
        a document on both sides together, and from Student's t with one degree of freedom less than there are
        documents on the side that has fewer.

        Args:
            human: shape (n_rows,).
            other: shape (n_rows,).
            seed: of the draws.

        Source:
            Cameron and Miller, "A practitioner's guide to cluster-robust inference", Journal of Human Resources 50
            (2015), for drawing clusters and for t.
        """
        factors = _shares(places(self.rows, "stratum"), human, other)
        return self._compared("fresh", human & (factors > 0), other & (factors > 0), factors, seed)

    def gate(self, judged: Keep, kept: Keep, *, seed: int = 0) -> Kappa:
        """Compare the rows that a gate keeps with all that it judged; the interval is as for `kappa`.

        Args:
            judged: shape (n_rows,).
            kept: shape (n_rows,); only those judged count.
            seed: of the draws.
        """
        return self._compared("tail", judged, judged & kept, np.ones(self.rows.height), seed)

    def _compared(self, by: str, before: Keep, after: Keep, factors: Floats, seed: int) -> Kappa:
        """The rows after against those before, which weigh as much more as `factors` say."""
        rows, documents = int(after.sum()), self._documents(after)
        sums = self._sums(by, before, after, factors)
        tail = float(_kappa(sums.sum(axis=0)))
        if min(int(before.sum()), rows) < LEAST_ROWS or np.isnan(tail):
            return Kappa(None, None, None, None, rows, documents)
        rng = np.random.default_rng(seed)
        few = min(documents, self._documents(before))
        sums = _bundled(sums, rng)
        drawn = _kappa(draws(len(sums), RESAMPLES, rng) @ sums)
        low, high = _interval(tail, drawn, few) if few > 1 else (None, None)
        return Kappa(tail, low, high, self._diversity(before, after, rng), rows, documents)

    def _documents(self, mask: Keep) -> int:
        return self.rows["document"].filter(pl.Series(mask)).n_unique()

    def _sums(self, by: str, before: Keep, after: Keep, factors: Floats) -> Floats:
        """Rare words and words before, and those after, of each document that has any; shape (n_documents, 4)."""
        document = places(self.rows, "document")
        weights: Floats = self.rows["weight"].to_numpy()
        tail, words = (self.rows[name].to_numpy() * weights for name in (by, "words"))
        sums = [np.bincount(document, values * before * factors) for values in (tail, words)]
        sums += [np.bincount(document, values * after) for values in (tail, words)]
        found: Floats = np.stack(sums, axis=1)
        return found[found.any(axis=1)]

    def _diversity(self, before: Keep, after: Keep, rng: np.random.Generator) -> float:
        """The ratio of exp(entropy) at one number of words, rows unweighted: what a random part loses is no loss."""
        lengths = self.words.lengths
        size = min(MOST_WORDS, int(lengths[before].sum()), int(lengths[after].sum()))
        now, then = (self._entropy(np.flatnonzero(mask), size, rng) for mask in (after, before))
        return float(np.exp(now - then))

    def _entropy(self, chosen: NDArray[np.intp], size: int, rng: np.random.Generator) -> float:
        """Mean entropy of random rows among the chosen that together have no more than `size` words."""
        lengths, row = self.words.lengths, self.words.row()
        whole = lengths[chosen].sum() <= size
        found = []
        for _ in range(1 if whole else DRAWS):
            drawn = rng.permutation(chosen)
            kept = np.zeros(lengths.size, dtype=bool)
            kept[drawn[np.cumsum(lengths[drawn]) <= size]] = True
            found.append(entropy(np.bincount(self.words.ids[kept[row]], minlength=self.n_types).astype(np.float64)))
        return float(np.mean(found))


def contraction(human: pl.DataFrame, other: pl.DataFrame, *, share: float = 0.1, seed: int = 0) -> Kappa:
    """How much of the rare words of human texts is left in others, such as those of a model that was trained on them.

    Args:
        human: document, stratum, text, and weight > 0 where rows count differently.
        other: the same columns. A document of both holds rows about the same things.
        share: of the words that a tail holds where it is chosen, in (0, 1).
        seed: of all that is drawn.
    """
    both = pl.concat([human, other], how="vertical_relaxed")
    people = np.arange(both.height) < human.height
    return Measured.of(both, people, share=share, seed=seed).kappa(people, ~people, seed=seed)


def _halves(texts: pl.DataFrame, human: Keep, rng: np.random.Generator) -> NDArray[np.int64]:
    """The half, 0 or 1, that each row's document falls into; documents with human rows are split evenly."""
    document = places(texts, "document")
    people = np.unique(document[human])
    half = np.zeros(int(document.max(initial=-1)) + 1, dtype=np.int64)
    for group in (people, np.setdiff1d(document, people)):
        half[rng.permutation(group)[::2]] = 1
    return half[document]


def _shares(stratum: NDArray[np.int64], human: Keep, other: Keep) -> Floats:
    """Factors by which human rows are weighed so that their strata count as the others'; 0 in strata of one side."""
    there, wanted = (np.bincount(stratum[mask], minlength=stratum.max(initial=0) + 1) for mask in (human, other))
    return np.divide(wanted, there, out=np.zeros(there.size), where=there > 0)[stratum]


def _kappa(sums: Floats) -> Floats:
    """The ratio of tail masses from what `_sums` gives, shape (..., 4); NaN where there is nothing to compare."""
    before_tail, before_words, after_tail, after_words = np.moveaxis(sums, -1, 0)
    above, below = after_tail * before_words, before_tail * after_words
    kappa = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=kappa, where=below > 0)
    return kappa


def _bundled(sums: Floats, rng: np.random.Generator) -> Floats:
    if len(sums) <= BUNDLES:
        return sums
    bundles = np.zeros((BUNDLES, sums.shape[1]))
    np.add.at(bundles, rng.permutation(len(sums)) % BUNDLES, sums)
    return bundles


def _interval(tail: float, drawn: Floats, documents: int) -> tuple[float, float]:
    """The 5 % and 95 % points by the spread of resamples, with Student's t for so many documents (> 1).

    Of few documents the resamples' own percentiles would be too narrow.
    """
    reach = student.ppf(0.95, documents - 1) * np.sqrt(documents / (documents - 1)) * np.nanstd(drawn)
    return max(0.0, tail - float(reach)), tail + float(reach)
