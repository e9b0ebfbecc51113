"""Contraction: how much of the rare words is left after a generator or a gate, by one number with its interval."""

from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats import t as student

from outcross.errors import InputError
from outcross.mixture.counts import Floats, Keep, draws, places
from outcross.mixture.tails import Tail, entropy
from outcross.mixture.tokens import Encoded, Vocabulary

LEAST_ROWS = 30
"""Rows on either side below which nothing is said."""

CUTS = 0.95
"""A gate that leaves less than this of the human tail is itself an engine of collapse."""

RESAMPLES = 500
DRAWS = 8
"""Random parts of the larger side that a diversity is compared with."""


@dataclass(frozen=True)
class Kappa:
    """What is left of a text's variety in another: 1 where nothing is lost, 0 where all is."""

    tail: float | None
    """The tail's share of the words, over its share before; None where either side has too few rows."""
    low: float | None
    """The value that the true one is below with a chance of 5 %; None too where one document is all there is."""
    high: float | None
    """The same from above: `low` to `high` holds the true value with 90 %."""
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
    """Texts with the rare words in each, by tails that other documents chose.

    A tail's words are rarer in any fresh text than in the one that it was chosen on. So documents are halved, the
    human rows of each half choose a tail, and rows are measured by the other half's: people compared with people then
    give 1. Documents that hold model's rows beside people's fall into the same half with all of them, because those
    rows share the document's words.
    """

    rows: pl.DataFrame
    """The texts' columns, and `weight`, `words` and `tail`: words in the row, and how many of them are rare."""
    words: Encoded
    n_types: int

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
        tail = np.zeros(texts.height)
        for one in (0, 1):
            chosen = np.bincount(words.ids[(human & (half != one))[row]], minlength=len(vocabulary))
            belongs = Tail.of(chosen.astype(np.float64), share).belongs
            tail += np.where(half == one, np.bincount(row, belongs[words.ids], minlength=texts.height), 0)
        weight = pl.col("weight") if "weight" in texts.columns else pl.lit(1.0).alias("weight")
        rows = texts.with_columns(weight, words=pl.Series(words.lengths, dtype=pl.Int64), tail=pl.Series(tail))
        return cls(rows, words, len(vocabulary))

    def kappa(self, before: Keep, after: Keep, *, alike: bool = False, seed: int = 0) -> Kappa:
        """Compare two sets of rows, which may overlap; a gate is all rows against those that it keeps.

        The interval is from drawing documents, never rows, with replacement, all rows of a document on both sides
        together. Its ends are moved out for few documents, as Student's t is (Hesterberg, arXiv 1411.5279, section
        5.3: the expanded percentile interval).

        Args:
            before: shape (n_rows,).
            after: shape (n_rows,).
            alike: weigh the rows before so that strata hold the shares that they have after; strata that are on one
                side alone are left out.
            seed: of the draws.
        """
        factors = np.ones(self.rows.height)
        if alike:
            factors = _shares(places(self.rows, "stratum"), before, after)
            before, after = before & (factors > 0), after & (factors > 0)
        rows, documents = int(after.sum()), self._documents(after)
        sums = self._sums(before, after, factors)
        tail = float(_kappa(sums.sum(axis=0)))
        if min(int(before.sum()), rows) < LEAST_ROWS or np.isnan(tail):
            return Kappa(None, None, None, None, rows, documents)
        rng = np.random.default_rng(seed)
        few = min(documents, self._documents(before))
        low, high = _interval(_kappa(draws(len(sums), RESAMPLES, rng) @ sums), few) if few > 1 else (None, None)
        return Kappa(tail, low, high, self._diversity(before, after, rng), rows, documents)

    def _documents(self, mask: Keep) -> int:
        return self.rows["document"].filter(pl.Series(mask)).n_unique()

    def _sums(self, before: Keep, after: Keep, factors: Floats) -> Floats:
        """Rare words and words before, and those after, of each document that has any; shape (n_documents, 4)."""
        document = places(self.rows, "document")
        weights: Floats = self.rows["weight"].to_numpy()
        tail, words = (self.rows[name].to_numpy() * weights for name in ("tail", "words"))
        sums = [np.bincount(document, values * before * factors) for values in (tail, words)]
        sums += [np.bincount(document, values * after) for values in (tail, words)]
        found: Floats = np.stack(sums, axis=1)
        return found[found.any(axis=1)]

    def _diversity(self, before: Keep, after: Keep, rng: np.random.Generator) -> float:
        """The ratio of exp(entropy) at one number of words, rows unweighted: what a random part loses is no loss."""
        lengths = self.words.lengths
        size = min(int(lengths[before].sum()), int(lengths[after].sum()))
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


def contraction(before: pl.DataFrame, after: pl.DataFrame, *, share: float = 0.1, seed: int = 0) -> Kappa:
    """How much of the rare words of human texts is left in others, such as those of a model that was trained on them.

    Args:
        before: human texts: document, stratum, text.
        after: the others, with the same columns. A document of both holds rows about the same things.
        share: of the words that a tail holds where it is chosen, in (0, 1).
        seed: of all that is drawn.
    """
    both = pl.concat([before, after], how="diagonal")
    human = np.arange(both.height) < before.height
    return Measured.of(both, human, share=share, seed=seed).kappa(human, ~human, seed=seed)


def _halves(texts: pl.DataFrame, human: Keep, rng: np.random.Generator) -> NDArray[np.int64]:
    """The half, 0 or 1, that each row's document falls into; documents with human rows are split evenly."""
    document = places(texts, "document")
    people = np.unique(document[human])
    half = np.zeros(int(document.max(initial=-1)) + 1, dtype=np.int64)
    for group in (people, np.setdiff1d(document, people)):
        half[rng.permutation(group)[::2]] = 1
    return half[document]


def _shares(stratum: NDArray[np.int64], before: Keep, after: Keep) -> Floats:
    """Factors by which rows before are weighed so that their strata count as those after; 0 in strata of one side."""
    there, wanted = (np.bincount(stratum[mask], minlength=stratum.max(initial=0) + 1) for mask in (before, after))
    return np.divide(wanted, there, out=np.zeros(there.size), where=there > 0)[stratum]


def _kappa(sums: Floats) -> Floats:
    """The ratio of tail masses from what `_sums` gives, shape (..., 4); NaN where there is nothing to compare."""
    before_tail, before_words, after_tail, after_words = np.moveaxis(sums, -1, 0)
    above, below = after_tail * before_words, before_tail * after_words
    kappa = np.full(np.shape(above), np.nan)
    np.divide(above, below, out=kappa, where=below > 0)
    return kappa


def _interval(drawn: Floats, documents: int) -> tuple[float, float]:
    """The 5 % and 95 % points of resamples, further out where there are few documents (> 1)."""
    out = float(norm.cdf(-np.sqrt(documents / (documents - 1)) * student.ppf(0.95, documents - 1)))
    low, high = np.nanquantile(drawn, [out, 1 - out])
    return float(low), float(high)
