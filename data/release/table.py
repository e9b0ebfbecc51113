"""The tables of a release: samples with weights, each content field a column; their ancestors; decisions; pairs."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import duckdb
import polars as pl
import pyarrow as pa

from outcross.data.release.merkle import root
from outcross.data.release.pairs import SCHEMA as PAIRS
from outcross.data.samples import CONTENT, Provenance, Sample, canonical
from outcross.data.stores.rows import to_frame

OWN = ["sample_id", "kind", "origin", "klass", "depth", "stratum", "weight", "source", "licence"]
"""Columns that every release table has before its kind's content."""

PROOF = ["provenance", "provenance_digest"]
"""And those after it."""


class Weight(NamedTuple):
    """What the mixture gave one row."""

    klass: str
    """human, hybrid, reviewed or unreviewed."""
    weight: float
    """Expected times that the row is drawn in one pass over the mixture."""


class Tables(NamedTuple):
    """All that a release's DuckDB file holds."""

    samples: pa.Table
    """What is trained on; see `build`."""
    ancestors: pa.Table
    """What that was made from; see `ancestors`."""
    decisions: pa.Table
    """What experts decided of it; see `outcross.data.release.decided`."""
    pairs: pa.Table
    """What they edited, against what the model had written; see `outcross.data.release.pairs`."""

    def roots(self) -> dict[str, str]:
        """The Merkle roots, by their names in the manifest.

        They commit to each row's id, provenance, stratum, class and weight, to each ancestor's id and
        provenance, and to all of each decision and each pair.
        """
        return {
            "rows_root": _root(self.samples, ["sample_id", "provenance_digest", "stratum", "klass", "weight"]),
            "ancestors_root": _root(self.ancestors, ["sample_id", "provenance_digest"]),
            "decisions_root": _root(self.decisions, self.decisions.column_names),
            "pairs_root": _root(self.pairs, self.pairs.column_names),
        }


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


def _root(table: pa.Table, columns: list[str]) -> str:
    """Over the rows in the order of their first column, whatever order the table has them in."""
    ordered = table.select(columns).sort_by(columns[0])
    return root([canonical(list(row.values())) for row in ordered.to_pylist()])


def store(path: Path, tables: Tables) -> None:
    """Write the tables into a new DuckDB file, closed when this returns."""
    with duckdb.connect(str(path)) as connection:
        for name, table in tables._asdict().items():
            connection.register("incoming", table)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming ORDER BY 1")
            connection.unregister("incoming")
        # Closing would do it too, and keep silent about a disk that refuses.
        connection.execute("CHECKPOINT")


def load(connection: duckdb.DuckDBPyConnection) -> Tables:
    """What `store` wrote, ordered by the first column. Releases from before there were pairs have none."""
    there = {name for (name,) in connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()}
    read = {
        name: connection.execute(f"SELECT * FROM {name} ORDER BY 1").to_arrow_table()
        for name in Tables._fields
        if name in there or name != "pairs"
    }
    return Tables(**{"pairs": PAIRS.empty_table(), **read})


def rebuild(row: Mapping[str, object]) -> Sample:
    """The sample that a row of `samples` holds, from the very columns that a training job reads.

    Raises:
        ValueError: the columns are no sample (pydantic's ValidationError is one).
    """
    skip = {*OWN, *PROOF} - {"kind"}
    content = CONTENT.validate_python({name: value for name, value in row.items() if name not in skip})
    provenance = Provenance.model_validate(json.loads(str(row["provenance"])))
    return Sample(content=content, provenance=provenance)
