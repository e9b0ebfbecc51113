"""Columns: those of a corpus in Parquet files, whatever they are stored as, in the form that validators read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from outcross.errors import InputError
from outcross.validators.signals import SAMPLES

_DIGITS = 20


def as_texts(rows: pl.DataFrame) -> pl.DataFrame:
    """The same columns as texts; a `rank` in whole numbers with zeros before it, so that it sorts as they do."""
    return rows.select(_as_text(name, kind) for name, kind in rows.schema.items())


def _as_text(name: str, kind: pl.DataType) -> pl.Expr:
    text = pl.col(name).cast(pl.String)
    return text.str.zfill(_DIGITS) if name == "rank" and kind.is_integer() else text


def count(file: Path) -> int:
    """Rows of a file that samples can be made of.

    Raises:
        InputError: it is no Parquet file, or has no text to judge, no `sample_id`, or no texts where they must be.
    """
    try:
        there = pq.read_metadata(file)
    except (OSError, ValueError) as error:
        raise InputError(f"{file} can't be read as Parquet: {error}.") from None
    schema = there.schema.to_arrow_schema()
    names = set(schema.names)
    for name in sorted(names & {*SAMPLES.names(), "text", "origin"}):
        if pa.types.is_nested(schema.field(name).type):
            raise InputError(f"{file} has {schema.field(name).type} in its column `{name}`; give texts there.")
    if not (names & {"response", "text"} and "sample_id" in names):
        raise InputError(
            f"{file} has the columns {', '.join(sorted(names))}. Name the text to judge `response` or `text`, the task "
            "before it, if there is one, `prompt`, and give each row a `sample_id`."
        )
    return int(there.num_rows)


def once(files: Sequence[Path]) -> None:
    """Refuse ids that don't name one row each; what is kept of an id until all are read is 8 bytes.

    Raises:
        InputError: one is missing or stands twice.
    """
    hashes = [np.zeros(0, dtype=np.uint64)]
    for file in files:
        with pq.ParquetFile(file, pre_buffer=False) as opened:
            for batch in opened.iter_batches(columns=["sample_id"]):
                ids = as_texts(pl.DataFrame(batch))["sample_id"]
                if ids.null_count():
                    raise InputError(f"{file} has rows without a `sample_id`; give each row one of its own.")
                hashes.append(ids.hash().to_numpy())
    every = np.sort(np.concatenate(hashes))
    again = every[1:][every[1:] == every[:-1]]
    if again.size:
        found = (as_texts(pl.read_parquet(file, columns=["sample_id"]))["sample_id"] for file in files)
        named = next(ids.filter(ids.hash().is_in(again[:1]))[0] for ids in found if ids.hash().is_in(again[:1]).any())
        raise InputError(f"the `sample_id` {named!r} stands twice in the files; give each row one of its own.")
