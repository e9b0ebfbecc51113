"""N-grams of words: which runs of words a text holds more than once, and how much of it they make."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.text import characters
from outcross.validators.text.characters import Ints, cut, is_ascii, joined, runs
from outcross.validators.text.words import WORD

Hashes = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Odd, with bits spread all over: the golden ratio, and a multiplier of Steele and Vigna (2021), each of 64 bits.
_SALT = np.uint64(0x9E3779B97F4A7C15)
_ROLL = np.uint64(0xD1342543DE82EF95)


class Units(NamedTuple):
    """Words, lines or other parts of many texts, an entry for each; those of one text together, as they stand in it."""

    row: Ints
    """The text's number."""
    hash: Hashes
    """Of the part, salted by the text's number, so that only parts of one text are ever alike.

    It is Polars' own hash, so it may be compared within one process only and never be stored.
    """
    size: Ints
    """Characters."""
    parts: pl.Series
    """As strings."""
    texts: int
    """How many texts there are, those without a part included."""

    def lettered(self) -> NDArray[np.bool_]:
        """Which parts have a letter, and aren't just numbers."""
        return self.parts.str.contains(r"\pL").to_numpy()


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
    row, flat = _spread(parts)
    return _units(row, flat, len(parts))


def lines(texts: pl.Series) -> Units:
    """The lines of every text that aren't blank, without white space at their ends."""
    row, flat = _spread(texts.str.split("\n"))
    flat = flat.str.strip_chars()
    inked = flat != ""
    return _units(row[inked.to_numpy()], flat.filter(inked), len(texts))


def words(texts: pl.Series) -> Units:
    """The words of every text, alike whatever their case; an identifier such as `max_size` is one word."""
    plain = is_ascii(texts)
    others, row = (~plain).arg_true().to_numpy(), plain.arg_true().to_numpy()
    number, flat = _ascii_words(texts.filter(plain))
    if not len(others):
        return _units(number, flat, len(texts))
    more, rest = _spread(texts.filter(~plain).str.to_lowercase().str.extract_all(WORD))
    return _units(np.concatenate([row[number], others[more]]), pl.concat([flat, rest], rechunk=True), len(texts))


def _ascii_words(texts: pl.Series) -> tuple[Ints, pl.Series]:
    """What `WORD` finds in texts of ASCII in lower case, ten times as fast: each word's text, and the words."""
    signs = joined(texts, lower=True)
    inside = signs.are(characters.WORD)
    inside[1:-1] |= signs.equal("'")[1:-1] & inside[:-2] & inside[2:]
    begins, _ = runs(inside)
    return np.repeat(np.arange(len(texts)), np.diff(signs.among(begins))), cut(signs, inside)


def _spread(parts: pl.Series) -> tuple[Ints, pl.Series]:
    """The parts one after the other, and the number of each one's text."""
    row = np.repeat(np.arange(len(parts)), parts.list.len().fill_null(0).to_numpy())
    return row, parts.explode(empty_as_null=False, keep_nulls=False)


def _units(row: Ints, parts: pl.Series, texts: int) -> Units:
    hashed = parts.hash().to_numpy() ^ ((row.astype(np.uint64) + np.uint64(1)) * _SALT)
    return Units(row, hashed, parts.str.len_chars().cast(pl.Int64).to_numpy(), parts, texts)


def repeats(found: Units, shortest: int, longest: int) -> Iterator[Repeats]:
    """The repeated n-grams of `shortest` words, of one more and so on up to `longest`.

    An n-gram can only be repeated where both (n-1)-grams in it are, so each round but the first looks at those places
    alone, and the few that are left cost little. Two n-grams are taken for one if their hashes of 64 bits are equal,
    which in a million words happens by chance about once in 40 million times.
    """
    hashed = found.hash
    for length in range(1, shortest):
        hashed = (hashed[:-1] * _ROLL) ^ found.hash[length:]
    last = shortest - 1
    at = np.flatnonzero(found.row[last:] == found.row[: max(0, len(found.row) - last)])
    kept = _repeated(shortest, at, hashed[at])
    yield kept
    for length in range(shortest + 1, longest + 1):
        follows = (np.diff(kept.at) == 1) & (found.row[kept.at[1:]] == found.row[kept.at[:-1]])
        at = kept.at[:-1][follows]
        rolled = (kept.hash[:-1][follows] * _ROLL) ^ found.hash[at + (length - 1)]
        kept = _repeated(length, at, rolled)
        yield kept


def _repeated(length: int, at: Ints, hashed: Hashes) -> Repeats:
    """Those of the places `at` whose hash another one has too."""
    order = np.argsort(hashed)
    ranked = hashed[order]
    same = np.zeros(len(order) + 1, np.bool_)
    same[1:-1] = ranked[1:] == ranked[:-1]
    often = same[:-1] | same[1:]
    order = order[often]
    ascending = np.argsort(order)
    group = np.cumsum(~same[:-1][often])[ascending] - 1
    order = order[ascending]
    first = np.unique(group, return_index=True)[1]
    return Repeats(length, at[order], hashed[order], group, at[order][first])


def running(weight: Ints | NDArray[np.bool_]) -> Ints:
    """What all words before each weigh, and all there are."""
    return np.concatenate([[0], np.cumsum(weight)])


def covered(found: Units, places: Ints, length: int, before: Ints) -> Ints:
    """For each text, what its words weigh that lie in runs of `length` from `places`, each word once.

    Args:
        found: the texts' words.
        places: ascending, each with `length` words of one text.
        length: words in a run.
        before: `running` of what a word weighs, such as its characters.
    """
    ends = np.minimum(places + length, np.append(places[1:], len(before) - 1))
    return np.bincount(found.row[places], before[ends] - before[places], found.texts).astype(np.int64)


def top_share(found: Units, kept: Repeats, before: Ints, whole: Ints) -> Floats:
    """For each text, which share of its characters the n-gram takes that it holds most often, the longest of equals.

    An n-gram that occurs once is none: rules that count it reject nearly every text of under 15 words. One that
    overlaps itself counts whole each time, up to 1.

    Args:
        found: the texts' words.
        kept: their repeated n-grams.
        before: `running` of the words' characters.
        whole: `totals` of them.

    Source: Rae et al., Scaling Language Models (2021), appendix A.
    """
    count = np.bincount(kept.group, minlength=len(kept.first))
    size = before[kept.first + kept.length] - before[kept.first]
    best = np.zeros(found.texts, np.int64)
    np.maximum.at(best, found.row[kept.first], (count << 32) | size)
    taken = (best >> 32) * (best & 0xFFFFFFFF)
    return np.minimum(ratio(taken, whole), 1.0)


def totals(found: Units, weight: Ints) -> Ints:
    """For each text, what all its words weigh; exact, as no text has 2 to the 53 characters."""
    return np.bincount(found.row, weight, found.texts).astype(np.int64)


def ratio(part: Ints, whole: Ints) -> Floats:
    """Part by whole, and 0 of nothing."""
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
