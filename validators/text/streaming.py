"""Streaming: a frame taken a piece at a time, so that what is worked out on it needs no more memory than a piece."""

import itertools
from collections.abc import Callable

import polars as pl

_PIECE = 6_000_000
"""Bytes of a piece: 10,000 rows with 500 bytes of text."""
_ROW = 100
"""Bytes that a row counts for beside its text, so that rows without any end a piece too."""


def streamed(judge: Callable[[pl.DataFrame], pl.DataFrame], frame: pl.DataFrame, *texts: str) -> pl.DataFrame:
    """What `judge` returns for each piece of a frame, one below the other.

    Args:
        judge: what it returns for a row doesn't depend on the other rows.
        frame: any rows.
        texts: the columns of text that count for the size of a piece.
    """
    size = pl.sum_horizontal(pl.lit(_ROW, pl.Int64), *(pl.col(name).str.len_bytes().cast(pl.Int64) for name in texts))
    numbers = frame.select((size.cum_sum() // _PIECE).alias("piece")).with_row_index("row")
    starts = numbers.unique("piece", keep="first", maintain_order=True)["row"].to_list()
    pieces = itertools.pairwise([*starts, frame.height])
    return pl.concat([judge(frame[start:stop]) for start, stop in pieces] or [judge(frame)])
