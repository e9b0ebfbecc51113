"""Vectors: what a static table of word pieces makes of a text, in whole numbers, so that every sum of them is exact."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array

from outcross.validators.text.words import words

_LONGEST = 100
"""Characters of a word that is looked up, as in BERT; a longer one is unknown."""


@dataclass(frozen=True, eq=False)
class Vectors:
    """A table of static embeddings: a vector for each piece of words, such as `distil` makes.

    Args:
        pieces: the vocabulary of WordPiece, pieces within a word beginning with `##`.
        table: shape (pieces, dimensions), float32, each row weighted for the mean.
    """

    pieces: tuple[str, ...]
    table: NDArray[np.float32]

    @cached_property
    def _index(self) -> Mapping[str, int]:
        return {piece: row for row, piece in enumerate(self.pieces)}

    def of(self, texts: pl.Series) -> NDArray[np.float32]:
        """The direction of each text, shape (texts, dimensions), in whole numbers of -127 to 127; zeros where unknown.

        With 256 dimensions the product of two is below 2 ** 24, which float32 counts exactly in whatever order.
        """
        spread = texts.to_frame("text").select(word=words(pl.col("text"))).with_row_index("row").explode("word")
        known = spread.drop_nulls("word").group_by("row", "word", maintain_order=True).len()
        different = known["word"].unique(maintain_order=True)
        found = [self._split(word) for word in different]
        rows = np.repeat(np.arange(len(found)), [len(one) for one in found])
        flat = np.array([piece for one in found for piece in one], dtype=np.int64)
        cut = csr_array((np.ones(flat.size), (rows, flat)), shape=(len(found), len(self.pieces)))
        order = pl.DataFrame({"word": different}).with_row_index("at")
        counted = known.join(order, on="word", how="left", maintain_order="left")
        held = csr_array(
            (counted["len"].to_numpy().astype(np.float64), (counted["row"].to_numpy(), counted["at"].to_numpy())),
            shape=(len(texts), len(found)),
        )
        # A text's pieces are summed in the order of the vocabulary, whatever texts stand beside it.
        counts = held @ cut
        counts.sort_indices()
        sums = counts @ self.table.astype(np.float64)
        longest = np.abs(sums).max(axis=1, initial=0.0, keepdims=True)
        scaled: NDArray[np.float64] = np.divide(sums * 127, longest, out=np.zeros_like(sums), where=longest > 0)
        return np.rint(scaled).astype(np.float32)

    def _split(self, word: str) -> list[int]:
        """The pieces of a word, each the longest that fits (WordPiece); none where one is missing."""
        found, start, index = [], 0, self._index
        while start < len(word) <= _LONGEST:
            ends = range(len(word), start, -1)
            piece = next((index[name] for end in ends if (name := "##" * (start > 0) + word[start:end]) in index), None)
            if piece is None:
                return []
            found.append(piece)
            start += len(self.pieces[piece]) - 2 * (start > 0)
        return found
