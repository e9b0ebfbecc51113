"""Shingles: the words of many texts, and the sets of word runs that texts are compared by, hashed in bulk."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.text.words import squeezed

VERSION = 1
"""Raised whenever a hash made here could change, so that stored ones are made anew."""

BITS = 48
"""Bits of a shingle's hash: of pairs of texts with 1,000 runs each, one in 280 million shares a run by chance alone."""

_CHUNK = 1 << 20
"""Bytes of text in work at once: what fits a processor's cache."""
_TEXTS = 1 << 12
"""Texts in work at once; their row and a hash of `BITS` bits share 64."""
_LONG = 64
"""Bytes from which a word is hashed by itself."""
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_APOSTROPHE = 0x27


@dataclass(frozen=True)
class Words:
    """The hashed words of texts, one text after the other.

    Two words have one hash where they are equal in plain form (`outcross.validators.text.words`). The hashes depend on
    the text and `VERSION` alone, so they may be stored and compared by another process.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    """Shape (texts + 1,): where the words of each text begin, and where those of the last end."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Words of each text."""
        return np.diff(self.starts)

    @property
    def rows(self) -> NDArray[np.int64]:
        """The text that each word stands in."""
        return np.repeat(np.arange(self.sizes.size), self.sizes)

    def parts(self) -> Iterator["Words"]:
        """The same texts, some thousands at a time, for work that stays in the processor's cache."""
        for first in range(0, self.sizes.size, _TEXTS):
            starts = self.starts[first : first + _TEXTS + 1]
            yield Words(self.hashes[starts[0] : starts[-1]], starts - starts[0])

    def wholes(self) -> NDArray[np.uint64]:
        """A digest of each text: equal where the words and their order are."""
        return np.concatenate([np.zeros(0, dtype=np.uint64), *(_wholes(part) for part in self.parts())])

    def runs(self, length: int) -> tuple[NDArray[np.uint64], NDArray[np.bool_]]:
        """The hash of the run of `length` words that begins at each word, and whether it ends within the text."""
        run = self.hashes.copy()
        for shift in range(1, length):
            run[:-shift] = run[:-shift] * _MULTIPLIER + self.hashes[shift:]
        left = np.repeat(self.starts[1:], self.sizes) - np.arange(run.size)
        return _mixed(run), left >= length


@dataclass(frozen=True)
class Shingles:
    """The set of word runs of each text: `hashes` below 2 ** `BITS`, ascending and each once within a text."""

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int64]
    """Shape (texts + 1,)."""

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Different runs of each text."""
        return np.diff(self.starts)

    def lowest(self, count: int) -> tuple[NDArray[np.int64], NDArray[np.uint64]]:
        """The bottom-k sketch: the `count` lowest hashes of each text, or all, as the texts' rows and the hashes.

        Two sets of Jaccard similarity J have a hash of their sketches in common with probability 1 - (1 - J) ** count
        or more.

        Source: Cohen and Kaplan, Summarizing data using bottom-k sketches (2007).
        """
        kept = np.minimum(self.sizes, count)
        rows = np.repeat(np.arange(kept.size), kept)
        within = np.arange(rows.size) - np.repeat(np.cumsum(kept) - kept, kept)
        return rows, self.hashes[self.starts[rows] + within]


def hashed(texts: pl.Series) -> Words:
    """The words of each text, none of which may be null."""
    parts = [_words(part) for part in _parts(_spelled(texts))]
    sizes = np.concatenate([size for _, size in parts]) if parts else np.zeros(0, dtype=np.int64)
    hashes = np.concatenate([word for word, _ in parts]) if parts else np.zeros(0, dtype=np.uint64)
    return Words(hashes, np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))


def shingled(words: Words, run: int) -> Shingles:
    """The different runs of `run` words of each text; none for a text of fewer words."""
    sets, sizes = [np.zeros(0, dtype=np.uint64)], [np.zeros(1, dtype=np.int64)]
    for part in words.parts():
        hashes, whole = part.runs(run)
        rows = part.rows[whole].astype(np.uint64)
        keys = np.sort((rows << np.uint64(BITS)) | (hashes[whole] >> np.uint64(64 - BITS)))
        keys = keys[np.concatenate([[True], keys[1:] != keys[:-1]])[: keys.size]]
        sets.append(keys & np.uint64((1 << BITS) - 1))
        sizes.append(np.bincount((keys >> np.uint64(BITS)).astype(np.int64), minlength=part.sizes.size))
    return Shingles(np.concatenate(sets), np.cumsum(np.concatenate(sizes)))


def _wholes(words: Words) -> NDArray[np.uint64]:
    place = np.arange(words.hashes.size) - np.repeat(words.starts[:-1], words.sizes)
    sums = np.zeros(words.hashes.size + 1, dtype=np.uint64)
    np.cumsum(_mixed(words.hashes ^ _mixed(place.astype(np.uint64))), out=sums[1:])
    return sums[words.starts[1:]] - sums[words.starts[:-1]]


def _spelled(texts: pl.Series) -> pl.Series:
    """The texts, those outside ASCII as their words in plain form with one space between."""
    plain = texts.str.len_bytes() == texts.str.len_chars()
    if plain.all():
        return texts
    other = texts.filter(~plain).to_frame("text").select(squeezed(pl.col("text")))["text"]
    places = np.where(plain, np.arange(len(texts)), len(texts) - 1 + np.cumsum(~plain.to_numpy()))
    return pl.concat([texts.alias("text"), other]).gather(places)


def _parts(texts: pl.Series) -> Iterator[pl.Series]:
    """The texts in slices of about `_CHUNK` bytes."""
    ends = texts.str.len_bytes().cast(pl.Int64).cum_sum().to_numpy()
    cuts = np.searchsorted(ends, np.arange(_CHUNK, ends[-1] if ends.size else 0, _CHUNK), side="right")
    return (texts[first:last] for first, last in pairwise(np.unique([0, *cuts, ends.size]).tolist()))


def _words(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """The hashes of all words, and how many each text has."""
    joined = texts.str.join(" ").item().encode().translate(_LETTERS)
    letters = np.frombuffer(b" " + joined + bytes(8), dtype=np.uint8)
    inside = letters > _APOSTROPHE
    marks = np.flatnonzero(letters == _APOSTROPHE)
    inside[marks[inside[marks - 1] & inside[marks + 1]]] = True
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, sizes = edges[::2] + 1, edges[1::2] - edges[::2]
    ends = np.cumsum(texts.str.len_bytes().to_numpy() + 1)
    return _hashes(letters, starts, sizes), np.diff(np.searchsorted(starts, ends), prepend=0)


def _hashes(letters: NDArray[np.uint8], starts: NDArray[np.int64], sizes: NDArray[np.int64]) -> NDArray[np.uint64]:
    """The hash of each word, eight letters at a time; long words one by one, so that time stays linear."""
    eights = np.lib.stride_tricks.as_strided(letters[:8].view("<u8"), (letters.size - 7,), (1,))
    hashes = sizes.astype(np.uint64)
    for done in range(0, _LONG, 8):
        at = np.flatnonzero(sizes > done)
        kept = _KEPT[np.minimum(sizes[at] - done, 8)]
        hashes[at] = _mixed((hashes[at] * _MULTIPLIER) ^ (eights[starts[at] + done] & kept))
    for long in np.flatnonzero(sizes > _LONG).tolist():
        word = letters[starts[long] : starts[long] + sizes[long]].tobytes()
        hashes[long] = int.from_bytes(blake2b(word, digest_size=8).digest(), "little")
    return hashes


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Every bit of a key spread over all bits (the finalizer of SplitMix64, Steele, Lea and Flood 2014)."""
    keys = (keys ^ (keys >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    keys = (keys ^ (keys >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return keys ^ (keys >> np.uint64(31))


def _letter(byte: int) -> int:
    """A byte as words are spelled: letters small, what stands in no word a space."""
    kept = byte >= 0x80 or chr(byte).isalnum() or byte in b"_'"
    return ord(chr(byte).lower()) if kept and byte < 0x80 else byte if kept else ord(" ")


_LETTERS = bytes(_letter(byte) for byte in range(256))
_KEPT = np.array([(1 << 8 * size) - 1 for size in range(9)], dtype=np.uint64)
"""By a word's letters, the mask that keeps them of eight bytes."""
