"""N-grams of words: which runs of words a text holds more than once, and how much of it they make."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.text.words import WORD

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Odd, with bits spread all over: the golden ratio, and a multiplier of Steele and Vigna (2021), each of 64 bits.
_SALT = np.uint64(0x9E3779B97F4A7C15)
_ROLL = np.uint64(0xD1342543DE82EF95)


class Units(NamedTuple):
    """Words, lines or other parts of many texts, text after text in the order they stand in; an entry for each."""

    row: Ints
    """The text's number."""
    hash: Hashes
    """Of the part, salted by the text's number, so that only parts of one text are ever alike.

    It is Polars' own hash, so it may be compared within one process only and never be stored.
    """
    size: Ints
    """Characters."""
    lettered: NDArray[np.bool_]
    """Whether it has a letter, and isn't just a number."""
    texts: int
    """How many texts there are, those without a part included."""


class Repeats(NamedTuple):
    """The places where an n-gram begins that its text holds more than once."""

    length: int
    """Words of the n-gram."""
    at: Ints
    """Places, ascending."""
    hash: Hashes
    """Of the n-gram there."""
    group: Ints
    """Equal where the n-gram is, from 0 up."""
    first: Ints
    """For each group, its first place."""

    @property
    def again(self) -> Ints:
        """The places where the n-gram stands for the second time or a later one."""
        later: Ints = self.at[self.at != self.first[self.group]]
        return later


def units(parts: pl.Series) -> Units:
    """Number and hash the parts of every text.

    Args:
        parts: a list of strings for each text.
    """
    flat = parts.explode(empty_as_null=False, keep_nulls=False)
    row = np.repeat(np.arange(len(parts)), parts.list.len().fill_null(0).to_numpy())
    hashed = flat.hash().to_numpy() ^ ((row.astype(np.uint64) + np.uint64(1)) * _SALT)
    size, lettered = flat.str.len_chars().cast(pl.Int64).to_numpy(), flat.str.contains(r"\pL").to_numpy()
    return Units(row, hashed, size, lettered, len(parts))


def words(texts: pl.Series) -> Units:
    """The words of every text, alike whatever their case; an identifier such as `max_size` is one word."""
    return units(texts.str.to_lowercase().str.extract_all(WORD))


def repeats(found: Units, longest: int) -> Iterator[Repeats]:
    """The repeated n-grams of 1, 2 and so on up to `longest` words.

    An n-gram can only be repeated where both (n-1)-grams in it are, so each round looks at those places alone,
    and the few that are left cost little. Two n-grams are taken for one if their hashes of 64 bits are equal,
    which in a million words happens by chance about once in 40 million times.
    """
    kept = _repeated(1, np.arange(len(found.row)), found.hash)
    yield kept
    for length in range(2, longest + 1):
        follows = (np.diff(kept.at) == 1) & (found.row[kept.at[1:]] == found.row[kept.at[:-1]])
        at = kept.at[:-1][follows]
        rolled = (kept.hash[:-1][follows] * _ROLL) ^ found.hash[at + (length - 1)]
        kept = _repeated(length, at, rolled)
        yield kept


def _repeated(length: int, at: Ints, hashed: Hashes) -> Repeats:
    """Those of the places `at` whose hash another one has too."""
    order = np.argsort(hashed)
    new = np.ones(len(at), np.bool_)
    new[1:] = np.diff(hashed[order]) != 0
    starts = np.flatnonzero(new)
    counts = np.diff(starts, append=len(at))
    often = counts > 1
    number = np.where(often, np.cumsum(often) - 1, -1)
    group = np.empty(len(at), np.int64)
    group[order] = np.repeat(number, counts)
    first = np.minimum.reduceat(at[order], starts)[often] if len(at) else at
    kept = group >= 0
    return Repeats(length, at[kept], hashed[kept], group[kept], first)


def covered(found: Units, places: Ints, length: int, weight: Ints) -> Ints:
    """For each text, the sum of `weight` over its words that lie in runs of `length` from `places`, each word once.

    Args:
        found: the texts' words.
        places: ascending, each with `length` words of one text.
        length: words in a run.
        weight: what a word counts, such as its characters.
    """
    before = np.concatenate([[0], np.cumsum(weight)])
    ends = np.minimum(places + length, np.append(places[1:], len(weight)))
    return _sums(found, places, before[ends] - before[places])


def share(found: Units, places: Ints, length: int, weight: Ints) -> Floats:
    """`covered` as a share of each text, from 0 to 1; 0 for a text without words."""
    return _ratio(covered(found, places, length, weight), _sums(found, slice(None), weight))


def top_share(found: Units, kept: Repeats) -> Floats:
    """For each text, which share of its characters the n-gram takes that it holds most often, the longest of equals.

    An n-gram that occurs once is none: rules that count it reject nearly every text of under 15 words. One that
    overlaps itself counts whole each time, up to 1.

    Source: Rae et al., Scaling Language Models (2021), appendix A.
    """
    before = np.concatenate([[0], np.cumsum(found.size)])
    count = np.bincount(kept.group, minlength=len(kept.first))
    size = before[kept.first + kept.length] - before[kept.first]
    best = np.zeros(found.texts, np.int64)
    np.maximum.at(best, found.row[kept.first], (count << 32) | size)
    taken = (best >> 32) * (best & 0xFFFFFFFF)
    return np.minimum(_ratio(taken, _sums(found, slice(None), found.size)), 1.0)


def _sums(found: Units, places: Ints | slice, weight: Ints) -> Ints:
    """For each text, the sum of the weights at its places; exact, as no text has 2 to the 53 characters."""
    return np.bincount(found.row[places], weight, found.texts).astype(np.int64)


def _ratio(part: Ints, whole: Ints) -> Floats:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
