"""Evaluation sets: files whose texts no training row may repeat."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from outcross.data.corpora.candidates import Refusal
from outcross.data.corpora.jsonl import lines, parse
from outcross.errors import InputError


def texts(file: Path) -> Iterator[tuple[str, str]]:
    """All texts in a file of JSON objects, one a line, or in a Parquet file, each with its row's name.

    Raises:
        InputError: the file can't be read, or one of its lines is no JSON object: a set that is read in part would let
            through what the rest holds.
    """
    for number, row in _rows(file):
        for text in _strings(row):
            if text.strip():
                yield f"{file.name}#{number}", text


def frame(files: Iterable[Path]) -> pl.DataFrame:
    """The texts of some sets, as validators take held-out ones: `sample_id`, `source`, `text`.

    Raises:
        InputError: see `texts`.
    """
    named = [row for file in files for row in texts(file)]
    rows = [(f"evaluation/{number}", *row) for number, row in enumerate(named)]
    return pl.DataFrame(rows, schema=dict.fromkeys(["sample_id", "source", "text"], pl.String), orient="row")


def _rows(file: Path) -> Iterator[tuple[int, object]]:
    if file.suffix == ".parquet":
        try:
            with pq.ParquetFile(file, pre_buffer=False) as opened:
                batches = (row for batch in opened.iter_batches() for row in batch.to_pylist())
                yield from enumerate(batches, start=1)
        except (OSError, ValueError) as error:
            raise InputError(f"{file} can't be read as Parquet: {error}.") from error
        return
    for number, line in lines(file):
        row = parse(file, number, line)
        if isinstance(row, Refusal):
            raise InputError(f"{file}, line {number}: {row.reason}. Put it right: all of the set must be known.")
        if row is not None:
            yield number, row


def _strings(value: object) -> Iterator[str]:
    """The texts at any depth of a row."""
    match value:
        case str():
            yield value
        case dict():
            for inner in value.values():
                yield from _strings(inner)
        case list():
            for inner in value:
                yield from _strings(inner)
        case _:
            pass
