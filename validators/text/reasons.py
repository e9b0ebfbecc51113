"""Reasons: sentences that name the numbers behind a score."""

from itertools import zip_longest

import polars as pl


def reason(template: str, *parts: pl.Expr | str) -> pl.Expr:
    """Fill the `{}` of a template with columns, row by row.

    `pl.format` does the same, but in Polars 2.1 it panics on some columns that come out of a join
    (https://github.com/pola-rs/polars/issues/25525).
    """
    columns = [pl.col(part) if isinstance(part, str) else part for part in parts]
    pieces = [pl.lit(piece) for piece in template.split("{}")]
    return pl.concat_str([piece for pair in zip_longest(pieces, columns) for piece in pair if piece is not None])
