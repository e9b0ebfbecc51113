"""Samples as table rows and back: the one mapping that all stores share."""

import json
from collections.abc import Iterable, Sequence

import duckdb
import polars as pl

from outcross.data.samples import Sample, canonical

SAMPLE_SCHEMA = {
    "sample_id": pl.Utf8,
    "kind": pl.Utf8,
    "origin": pl.Utf8,
    "depth": pl.Int32,
    "stratum": pl.Utf8,
    "source": pl.Utf8,
    "licence": pl.Utf8,
    "attestation": pl.Utf8,
    "content": pl.Utf8,
    "provenance": pl.Utf8,
    "provenance_digest": pl.Utf8,
}
STORED = "content, provenance"
"""The columns that a sample is rebuilt from; all others repeat what these say, for queries."""


def to_frame(samples: Iterable[Sample]) -> pl.DataFrame:
    """One row a sample, columns as in `SAMPLE_SCHEMA`, content and provenance as canonical JSON."""
    return pl.DataFrame([_row(sample) for sample in samples], schema=SAMPLE_SCHEMA, orient="row")


def _row(sample: Sample) -> tuple[object, ...]:
    provenance = sample.provenance
    return (
        sample.sample_id,
        sample.content.kind,
        provenance.origin.value,
        provenance.depth,
        provenance.stratum,
        provenance.source,
        provenance.licence,
        provenance.attestation,
        canonical(sample.content.model_dump(mode="json")),
        canonical(provenance.model_dump(mode="json")),
        sample.provenance_digest,
    )


def from_row(content: str, provenance: str) -> Sample:
    """Rebuild a sample from its two stored texts.

    Raises:
        pydantic.ValidationError: they are no sample, so the row was not written by this code.
    """
    return Sample.model_validate({"content": json.loads(content), "provenance": json.loads(provenance)})


def insert_new(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame, keys: Sequence[str]) -> int:
    """Insert the rows whose keys the table doesn't have yet, the first of each; return how many those were.

    Args:
        table: one of our own tables; the frame's columns are a subset of its columns.
        keys: columns that name a row, none of them null.
    """
    if frame.is_empty():
        return 0
    columns = ", ".join(frame.columns)
    using = ", ".join(keys)
    fresh = frame.unique(subset=keys, keep="first", maintain_order=True)
    connection.register("incoming", fresh.to_arrow())
    found = connection.execute(
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM incoming ANTI JOIN {table} USING ({using})"
    ).fetchone()
    connection.unregister("incoming")
    return int(found[0]) if found else 0
