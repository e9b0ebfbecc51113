"""Near duplicates among tasks: those that nearly repeat an earlier one, so that nobody pays for a draft twice."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.repeats.pairs import SKETCH, Keys, Pairs, jaccard, sharing
from outcross.validators.repeats.shingles import Words, hashed, shingled
from outcross.validators.text.words import plain

ALIKE = 0.8
"""Jaccard similarity over runs of `RUN` words from which two texts are alike. Nobody looks at what is passed over, so
it lies well above the similarity from which the screen doubts a draft."""
RUN = 3
SHORT = 8
"""Words below which two texts are alike only if they are the same but for case, spacing and punctuation."""
NUMBER = r"\d+(?:[.,/:]\d+)*"


def repeating(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Which texts nearly repeat an earlier one that repeats none itself.

    Texts with other numbers are not alike, whatever else they share: the same problem with other numbers has another
    answer. Which texts are compared, their sketches tell (`outcross.validators.repeats.pairs`).

    Args:
        texts: in their order of precedence; the time grows with their length and no faster.

    Returns:
        Shape (n_texts,): true for those to pass over.
    """
    series = pl.Series(list(texts), dtype=pl.String)
    words = hashed(series)
    near = _alike(words)
    numbers = _numbers(series)
    near = near.chosen(numbers[near.own] == numbers[near.other])
    earlier: dict[int, list[int]] = defaultdict(list)
    for pairs in (_same(words), near):
        for own, other in zip(pairs.own.tolist(), pairs.other.tolist(), strict=True):
            earlier[own].append(other)
    passed = np.zeros(len(texts), dtype=np.bool_)
    for own in sorted(earlier):
        passed[own] = not all(passed[other] for other in earlier[own])
    return passed


def _alike(words: Words) -> Pairs:
    """The pairs of texts of `SHORT` words or more whose runs of words are mostly the same, the later text first."""
    sets = shingled(words, RUN)
    rows, keys = sets.lowest(SKETCH)
    kept = words.sizes[rows] >= SHORT
    sketches = Keys(rows[kept], keys[kept])
    pairs = sharing(sketches, sketches, np.arange(words.sizes.size))
    return pairs.chosen(jaccard(sets, sets, pairs) >= ALIKE)


def _same(words: Words) -> Pairs:
    """Each text but the first of those with the same words, with that one; a text without a word repeats nothing."""
    _, first, which = np.unique(words.wholes(), return_index=True, return_inverse=True)
    own = np.arange(words.sizes.size)
    other = first[which.reshape(-1)]
    return Pairs(own, other).chosen((other < own) & (words.sizes > 0))


def _numbers(texts: pl.Series) -> NDArray[np.uint64]:
    """A hash of each text's numbers, in the order in which they stand."""
    found = texts.to_frame("text").select(plain(pl.col("text")).str.extract_all(NUMBER).list.join(" ").hash())
    hashes: NDArray[np.uint64] = found["text"].to_numpy()
    return hashes
