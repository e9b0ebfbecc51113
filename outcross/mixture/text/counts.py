"""Words of documents as a matrix: what tails, entropies and their resamples are counted from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from outcross.errors import InputError
from outcross.mixture.text.tokens import Encoded, Vocabulary

Floats = NDArray[np.float64]
Keep = NDArray[np.bool_]

KEY = ["document", "stratum"]


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each type occurs in each document, a line for every stratum that the document has rows in."""

    documents: pl.DataFrame
    """document, stratum, rows, words (both unweighted); a pair stands once, in the order of names."""
    types: csr_array[np.float64, tuple[int, int]]
    """Shape (n_lines, n_types): the sum of the weights of a type's occurrences."""

    @classmethod
    def of(cls, texts: pl.DataFrame, vocabulary: Vocabulary) -> "Counts":
        """Count the words of texts.

        Args:
            texts: document, stratum, text, and weight > 0 where rows count differently; without it each counts 1.
            vocabulary: names the columns; types that it lacks are counted as `UNKNOWN`.
        """
        return cls.encoded(texts, vocabulary.encode(texts["text"]), len(vocabulary))

    @classmethod
    def encoded(cls, rows: pl.DataFrame, words: Encoded, n_types: int) -> "Counts":
        """Count rows whose texts are ids already; `rows` is as the texts of `of`, and needs no text."""
        lengths = words.lengths
        line = places(rows, *KEY)
        weight = rows["weight"].to_numpy() if "weight" in rows.columns else np.ones(rows.height)
        occurrences = csr_array((np.ones(words.ids.size), words.ids, words.starts), shape=(rows.height, n_types))
        n_lines = int(line.max(initial=-1)) + 1
        belongs = csr_array((weight, (line, np.arange(rows.height))), shape=(n_lines, rows.height))
        documents = rows.select(KEY).with_columns(words=pl.Series(lengths, dtype=pl.Int64))
        documents = documents.group_by(KEY).agg(rows=pl.len().cast(pl.Int64), words=pl.col("words").sum()).sort(KEY)
        return cls(documents, csr_array(belongs @ occurrences))

    @classmethod
    def merged(cls, parts: Sequence["Counts"]) -> "Counts":
        """The counts of all parts together, all of one vocabulary.

        Raises:
            InputError: there is no part, or parts differ in their number of types.
        """
        if len({part.n_types for part in parts}) != 1:
            raise InputError("counts can be merged where they have the same types; count all by one vocabulary.")
        stacked = pl.concat([part.documents for part in parts])
        line = places(stacked, *KEY)
        documents = stacked.group_by(KEY).agg(pl.col("rows").sum(), pl.col("words").sum()).sort(KEY)
        belongs = csr_array((np.ones(line.size), (line, np.arange(line.size))), shape=(documents.height, line.size))
        return cls(documents, csr_array(belongs @ vstack([part.types for part in parts], format="csr")))

    @property
    def n_types(self) -> int:
        """Columns of the matrix."""
        return int(self.types.shape[1])

    def restrict(self, mask: Keep) -> "Counts":
        """Some lines; `mask` has shape (n_lines,)."""
        return Counts(self.documents.filter(mask), self.types[np.flatnonzero(mask)])

    def total(self) -> Floats:
        """Each type's count over all lines, shape (n_types,)."""
        return np.asarray(self.types.sum(axis=0), dtype=np.float64).ravel()

    def resampled(self, resamples: int, rng: np.random.Generator) -> Floats:
        """How often documents are drawn, with replacement, as many as there are; shape (resamples, n_lines).

        All lines of a document are drawn together. `resampled(...) @ types` are the counts of the resamples.
        """
        document = places(self.documents, "document")
        return draws(int(document.max(initial=-1)) + 1, resamples, rng)[:, document]


def places(rows: pl.DataFrame, *key: str) -> NDArray[np.int64]:
    """The place of each row's key among the different ones in their order, from 0; shape (n_rows,)."""
    return (rows.select(place=pl.struct(key).rank("dense").cast(pl.Int64)) - 1)["place"].to_numpy()


def draws(n: int, resamples: int, rng: np.random.Generator) -> Floats:
    """How often each of `n` things is drawn in n draws with replacement, shape (resamples, n)."""
    drawn = rng.integers(n, size=(resamples, n)) if n else np.zeros((resamples, 0), np.int64)
    places = drawn + n * np.arange(resamples)[:, None]
    return np.bincount(places.ravel(), minlength=resamples * n).reshape(resamples, n).astype(np.float64)
