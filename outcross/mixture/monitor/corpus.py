"""The three texts of a watch as one corpus: words as ids, in an order that doesn't hang on how the rows came."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.errors import InputError
from outcross.mixture.monitor.cells import Cells
from outcross.mixture.monitor.measures import BUDGET, Reference
from outcross.mixture.monitor.sets import Pool
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tokens import Encoded, Vocabulary

TYPES = 2_000_000
"""Types that are told apart at most, the commonest first: the trigram's limit."""

READ = BUDGET // 3
"""Words of held-out rows that a proxy reads at most."""

MOST_ROWS = 100_000
"""Rows of each side that are read at most: of more, so many at random."""

LEAST_ROWS, LEAST_DOCUMENTS = 30, 10
"""Below so many rows, or documents of people's, nothing is tested."""

COLUMNS = {"document": pl.String, "stratum": pl.String, "text": pl.String}


@dataclass(frozen=True, eq=False)
class Corpus:
    """Release, people's rows and held-out rows together."""

    rows: pl.DataFrame
    """side ("release", "human" or "heldout"), document, document_id, stratum, stratum_id,
    weight, origin; as `words` has them."""
    words: Encoded
    n_types: int
    heldout: NDArray[np.int64]
    """Places of the held-out rows."""
    seed: int
    """Fits the cells."""

    @classmethod
    def of(cls, release: pl.DataFrame, human: pl.DataFrame, heldout: pl.DataFrame, seed: int) -> "Corpus":
        """Read the three frames.

        Raises:
            InputError: a column is missing or of another type, a cell is null or a weight isn't above 0, or a document
                is held out and among people's other rows as well.
        """
        parts = {"release": release, "human": human, "heldout": heldout}
        sides = [_side(frame, name) for name, frame in parts.items()]
        _apart(*(side["document"] for side in sides[1:]))
        rows = pl.concat([_thinned(side, seed) for side in sides])
        rows = rows.with_columns(pl.col("document", "stratum").rank("dense").sub(1).name.suffix("_id"))
        vocabulary = Vocabulary(Vocabulary.of(rows["text"]).types[: TYPES - 2])
        words = vocabulary.encode(rows["text"])
        kept = rows.select((pl.col("side") == "heldout").arg_true())["side"].to_numpy().astype(np.int64)
        return cls(rows.drop("text"), words, len(vocabulary), kept, seed)

    @cached_property
    def cells(self) -> Cells:
        """Fitted on the held-out rows, once something is compared."""
        return Cells.of(self.words, self.heldout, self.seed)

    @cached_property
    def cell(self) -> NDArray[np.int64]:
        """The cell of each row, shape (n_rows,)."""
        return self.cells.assign(self.words)

    def pool(self, keep: pl.Expr) -> Pool:
        """Rows to draw from."""
        return Pool.of(self.rows, self.words, keep)

    def reference(self, stratum: str | None, rng: np.random.Generator) -> Reference:
        """What is held out: of a stratum, where it has rows and documents enough, or of all."""
        kept = self.rows.with_row_index("place").filter(side="heldout")
        own = kept.filter(pl.col("stratum").eq_missing(stratum))
        if own.height >= LEAST_ROWS and own["document"].n_unique() >= LEAST_DOCUMENTS:
            kept = own
        rows = kept["place"].to_numpy().astype(np.int64)
        counts = np.bincount(self.words.take(rows).ids, minlength=self.n_types).astype(np.float64)
        read = rng.permutation(rows)
        read = read[: int(np.searchsorted(np.cumsum(self.words.lengths[read]), READ)) + 1]
        cells = np.bincount(self.cell[rows], minlength=len(self.cells))
        return Reference(self.n_types, Tail.of(counts), self.cell, cells / len(rows), self.words.take(read))


def _side(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    """The columns that are needed, of the types they need.

    Raises:
        InputError: they don't hold.
    """
    needed = COLUMNS | ({"weight": pl.Float64, "origin": pl.String} if name == "release" else {})
    if absent := [column for column in needed if column not in frame.columns]:
        raise InputError(f"the {name} rows to watch lack the column {absent[0]}. They need {', '.join(needed)}.")
    frame = frame.select(pl.col(column).cast(kind) for column, kind in needed.items())
    for column, count in zip(frame.columns, frame.null_count().row(0), strict=True):
        if count:
            raise InputError(f"{count:,} {name} rows to watch have no {column}. Every row needs one.")
    if name != "release":
        return frame.select(pl.lit(name).alias("side"), *COLUMNS, weight=pl.lit(1.0), origin=pl.lit("human"))
    for weight in frame["weight"].filter(~((frame["weight"] > 0) & frame["weight"].is_finite())):
        raise InputError(f"a release's row weighs {weight:g}; it must be a number above 0.")
    return frame.select(pl.lit(name).alias("side"), *needed)


def _thinned(side: pl.DataFrame, seed: int) -> pl.DataFrame:
    """At most `MOST_ROWS` rows that aren't blank, in an order that doesn't hang on how they came."""
    side = side.filter(pl.col("text").str.contains(r"\S"))
    side = side.sort(side.columns)
    if side.height <= MOST_ROWS:
        return side
    return side[np.sort(np.random.default_rng(seed).permutation(side.height)[:MOST_ROWS])]


def _apart(human: pl.Series, heldout: pl.Series) -> None:
    """Refuse held-out documents that people's other rows come from as well.

    Raises:
        InputError: there is one.
    """
    if mixed := len(set(human.unique()) & set(heldout.unique())):
        raise InputError(
            f"{mixed:,} held-out documents have rows among people's training rows. Hold out whole documents."
        )
