"""The table of a release: samples with weights, each content field a column, and the ancestors beside them."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pyarrow as pa

from outcross.data.release.merkle import root
from outcross.data.samples import CONTENT, Provenance, Sample, canonical
from outcross.data.stores.rows import to_frame

OWN = ["sample_id", "kind", "origin", "klass", "depth", "stratum", "weight", "source", "licence"]
PROOF = ["provenance", "provenance_digest"]


class Weight(NamedTuple):
    """What the mixture gave one row."""

    klass: str
    """human, hybrid, reviewed or unreviewed."""
    weight: float
    """Expected times that the row is drawn in one pass over the mixture."""


def build(samples: Iterable[Sample], weights: Mapping[str, Weight]) -> pa.Table:
    """The `samples` table, ordered by id: what it is, its content's fields, then its proof.

    A content field that is no text (steps, turns) becomes a column of lists and structs.

    Args:
        samples: all of one kind; each has a weight.
    """
    ordered = sorted(samples, key=lambda sample: sample.sample_id)
    given = [weights[sample.sample_id] for sample in ordered]
    own = to_frame(ordered).with_columns(
        pl.Series("klass", [entry.klass for entry in given], dtype=pl.Utf8),
        pl.Series("weight", [entry.weight for entry in given], dtype=pl.Float64),
    )
    contents = pa.Table.from_pylist([sample.content.model_dump(mode="json", exclude={"kind"}) for sample in ordered])
    table = own.select(OWN).to_arrow()
    for name in contents.column_names:
        table = table.append_column(name, contents.column(name))
    for name in PROOF:
        table = table.append_column(name, own[name].to_arrow())
    return table


def ancestors(samples: Iterable[Sample]) -> pa.Table:
    """The `ancestors` table: rows that the samples were made from, as content and provenance texts."""
    ordered = sorted(samples, key=lambda sample: sample.sample_id)
    return to_frame(ordered).select("sample_id", "origin", "content", *PROOF).to_arrow()


def rows_root(table: pa.Table) -> str:
    """The Merkle root that commits to each row's id, provenance, stratum, class and weight."""
    return _root(table, ["sample_id", "provenance_digest", "stratum", "klass", "weight"])


def ancestors_root(table: pa.Table) -> str:
    """The Merkle root that commits to each ancestor's id and provenance."""
    return _root(table, ["sample_id", "provenance_digest"])


def _root(table: pa.Table, columns: list[str]) -> str:
    """Over the rows in id order, whatever order the table has them in."""
    ordered = table.select(columns).sort_by("sample_id")
    return root([canonical(list(row.values())) for row in ordered.to_pylist()])


def store(path: Path, table: pa.Table, ancestry: pa.Table) -> None:
    """Write both tables into a new DuckDB file, closed when this returns."""
    with duckdb.connect(str(path)) as connection:
        connection.register("incoming", table)
        connection.execute("CREATE TABLE samples AS SELECT * FROM incoming ORDER BY sample_id")
        connection.register("incoming_ancestors", ancestry)
        connection.execute("CREATE TABLE ancestors AS SELECT * FROM incoming_ancestors ORDER BY sample_id")


def rebuild(row: Mapping[str, object]) -> Sample:
    """The sample that a row of `samples` holds, from the very columns that a training job reads.

    Raises:
        ValueError: the columns are no sample (pydantic's ValidationError is one).
    """
    skip = {*OWN, *PROOF} - {"kind"}
    content = CONTENT.validate_python({name: value for name, value in row.items() if name not in skip})
    provenance = Provenance.model_validate(json.loads(str(row["provenance"])))
    return Sample(content=content, provenance=provenance)
