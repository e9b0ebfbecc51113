"""Characters: of which kind each is in many texts, and how many of a kind each text has, in a few passes over all.

One pattern at a time would read the texts a dozen times. Here they are one array of bytes, a byte for each character,
and a table tells the kinds of each.
"""

import string
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

LETTER, UPPER, DIGIT, SPACE, WORD, BLANK, BREAK = (1 << place for place in range(7))
"""Kinds. White space (`\\s`) is `SPACE`; of it, a space or tab is `BLANK`, a line feed or carriage return `BREAK`."""

_KINDS = {
    LETTER: string.ascii_letters,
    UPPER: string.ascii_uppercase,
    DIGIT: string.digits,
    SPACE: " \t\n\v\f\r",
    WORD: string.ascii_letters + string.digits + "_",
    BLANK: " \t",
    BREAK: "\n\r",
}
_TABLE = bytes(sum(kind for kind, signs in _KINDS.items() if chr(code) in signs) for code in range(256))
_LOWER = bytes(range(256)).lower()
_STANDS_FOR = (
    (r"[\p{Lu}--[A-Z]]", "A"),
    (r"[\pL--[A-Za-z]]", "a"),
    (r"[\s--[\x00-\x7F]]", "\v"),
    ("[•‣▪◦●○■□]", "*"),
    ("[…。！？]", "."),
    ("[”’»]", "'"),
    (r"[^\x00-\x7F]", "\x7f"),
)
"""What an ASCII character stands for, the earlier first: whatever is counted counts it as it does these."""


class Characters(NamedTuple):
    """Texts with a line feed before, between and behind them, as they are and by kind."""

    data: bytes
    kinds: NDArray[np.uint8]
    bounds: Ints
    """The place behind the line feed before each text, and that behind the last one."""

    @property
    def codes(self) -> NDArray[np.uint8]:
        return np.frombuffer(self.data, np.uint8)

    def are(self, kind: int) -> Flags:
        """Which characters are of a kind, or one of several."""
        flags: Flags = (self.kinds & kind) != 0
        return flags

    def equal(self, signs: str) -> Flags:
        """Which characters are one of these in ASCII."""
        flags: Flags = np.logical_or.reduce([self.codes == ord(sign) for sign in signs])
        return flags

    def number(self, flags: Flags) -> Ints:
        """For each text, how many of its characters are flagged; its closing line feed is one of them."""
        found = flags[: self.bounds[-1]].view(np.uint8)
        return np.add.reduceat(found, self.bounds[:-1], dtype=np.uint32).astype(np.int64)

    def among(self, places: Ints) -> Ints:
        """Where each text's own begin among ascending places, and the number of all."""
        return np.searchsorted(places, self.bounds)


def is_ascii(texts: pl.Series) -> pl.Series:
    """Which texts have no character outside ASCII."""
    return texts.str.len_bytes() == texts.str.len_chars()


def joined(texts: pl.Series, *, lower: bool = False) -> Characters:
    """Texts that are ASCII as one, in lower case if that is wanted."""
    data = "".join(["\n", texts.str.join("\n").item(), "\n"]).encode() if len(texts) else b"\n"
    bounds = np.concatenate([[1], 1 + np.cumsum(texts.str.len_bytes().to_numpy().astype(np.int64) + 1)])
    data = data.translate(_LOWER) if lower else data
    return Characters(data, np.frombuffer(data.translate(_TABLE), np.uint8), bounds)


def simplified(texts: pl.Series) -> pl.Series:
    """The texts with an ASCII character in the place of each other one, by `_STANDS_FOR`."""
    places = (~is_ascii(texts)).arg_true()
    others = texts.gather(places)
    for pattern, sign in _STANDS_FOR:
        others = others.str.replace_all(pattern, sign)
    return texts.clone().scatter(places, others)


def runs(flags: Flags) -> tuple[Ints, Ints]:
    """Where each run of flags begins, and the place behind it; the first and the last aren't flagged."""
    edges = np.flatnonzero(flags[1:] != flags[:-1]) + 1
    return edges[::2], edges[1::2]


def cut(signs: Characters, flags: Flags) -> pl.Series:
    """Each run of flagged characters as a string."""
    begins, ends = runs(flags)
    offsets = np.concatenate([[0], np.cumsum(ends - begins)])
    buffers = pa.py_buffer(offsets.tobytes()), pa.py_buffer(signs.codes[flags].tobytes())
    return pl.Series(pa.LargeStringArray.from_buffers(len(begins), *buffers), dtype=pl.String)
