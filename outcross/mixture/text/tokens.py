"""Text as numbers: what a word is here, and rows of text as arrays of word ids."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

WORD = r"[\p{Han}\p{Hiragana}\p{Katakana}]|[\w--\p{Han}--\p{Hiragana}--\p{Katakana}]+|[^\w\s]"
"""A run of letters, digits and `_`; one sign that is none of these; one character of a script without spaces."""

EDGE, UNKNOWN = 0, 1
"""Ids of a row's edge, and of every type that a vocabulary lacks."""

CHUNK = 100_000
"""Rows that are split into words at once: their words as strings take some 300 MB."""

Ids = NDArray[np.int32]


def words(text: pl.Expr) -> pl.Expr:
    """The words of a text in small letters, as a list."""
    return text.str.to_lowercase().str.extract_all(WORD)


@dataclass(frozen=True, eq=False)
class Encoded:
    """Rows of word ids, one after the other."""

    ids: Ids
    """Shape (n_words,); no edges among them."""
    starts: NDArray[np.int64]
    """Shape (n_rows + 1,): row i is `ids[starts[i]:starts[i + 1]]`."""

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Words of each row, shape (n_rows,)."""
        return np.diff(self.starts)

    def take(self, rows: NDArray[np.integer]) -> "Encoded":
        """Some rows, in the order asked for; a row may be there more than once."""
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Encoded(self.ids[places], starts)

    def row(self) -> NDArray[np.int64]:
        """The row that each word stands in, shape (n_words,)."""
        return np.repeat(np.arange(len(self.starts) - 1), self.lengths)

    @classmethod
    def concatenated(cls, parts: "list[Encoded]") -> "Encoded":
        """All rows of the parts, in order."""
        lengths = np.concatenate([np.zeros(0, np.int64), *(part.lengths for part in parts)])
        ids = np.concatenate([np.zeros(0, np.int32), *(part.ids for part in parts)])
        return cls(ids, np.concatenate([[0], np.cumsum(lengths)]))


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """Types with their ids: `EDGE` and `UNKNOWN` first, then the types from the commonest on, ties by name."""

    types: pl.Series
    """Strings, without the two special ones; type i has the id i + 2."""

    def __len__(self) -> int:
        return self.types.len() + 2

    @classmethod
    def of(cls, texts: pl.Series, at_least: int = 1) -> "Vocabulary":
        """All types that occur `at_least` so many times in the texts."""
        parts = [_split(chunk).group_by("word").agg(count=pl.len()) for chunk in _chunks(texts)]
        counts = pl.concat([pl.DataFrame(schema={"word": pl.String, "count": pl.UInt32}), *parts])
        counts = counts.group_by("word").agg(pl.col("count").sum()).filter(pl.col("count") >= at_least)
        return cls(counts.sort(["count", "word"], descending=[True, False])["word"])

    def encode(self, texts: pl.Series) -> Encoded:
        """The texts as ids; types that aren't known become `UNKNOWN`."""
        known = pl.DataFrame({"word": self.types, "id": np.arange(2, len(self), dtype=np.int32)})
        ids, lengths = [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
        for chunk in _chunks(texts):
            split = _split(chunk).join(known, on="word", how="left", maintain_order="left")
            ids.append(split["id"].fill_null(UNKNOWN).to_numpy())
            lengths.append(np.bincount(split["row"].to_numpy(), minlength=chunk.len()).astype(np.int64))
        starts = np.concatenate([[0], np.cumsum(np.concatenate(lengths))])
        return Encoded(np.concatenate(ids), starts)


def _chunks(texts: pl.Series) -> Iterator[pl.Series]:
    yield from (texts.slice(start, CHUNK) for start in range(0, texts.len(), CHUNK))


def _split(texts: pl.Series) -> pl.DataFrame:
    """One line a word: `row` (its text's place) and `word`; a text without words has none."""
    return (
        pl.DataFrame({"word": texts})
        .select(row=pl.int_range(pl.len(), dtype=pl.Int64), word=words(pl.col("word")))
        .explode("word", empty_as_null=False)
        .drop_nulls("word")
    )
