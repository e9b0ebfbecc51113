"""The warehouse: what models drafted, what validators and experts made of it. Append only, keyed by content."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import duckdb
import polars as pl

from outcross.data.samples import Sample
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.data.stores.migrate import migrate_duckdb
from outcross.data.stores.rows import STORED, from_row, insert_new, to_frame


@contextmanager
def opened(home: Home) -> Iterator[duckdb.DuckDBPyConnection]:
    """Lease the warehouse for one short transaction, its schema up to date."""
    home.root.mkdir(parents=True, exist_ok=True)
    with lease(home.warehouse) as connection:
        migrate_duckdb(connection, "warehouse")
        yield connection


def add_samples(connection: duckdb.DuckDBPyConnection, recipe: str, samples: Sequence[Sample]) -> int:
    """Store a recipe's synthetic and hybrid samples; return how many were new.

    Recipes share none: the same text may come to each under another licence.
    """
    frame = to_frame(samples).drop("source", "licence", "attestation").with_columns(pl.lit(recipe).alias("recipe"))
    return insert_new(connection, "sample", frame, ["recipe", "sample_id"])


def samples(home: Home, recipe: str, ids: Sequence[str]) -> dict[str, Sample]:
    """A recipe's stored samples among these ids, by id."""
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT {STORED} FROM sample SEMI JOIN (SELECT unnest(?::VARCHAR[]) AS sample_id) USING (sample_id)"
            " WHERE recipe = ? ORDER BY sample_id",
            [list(ids), recipe],
        ).fetchall()
    return {sample.sample_id: sample for sample in (from_row(*row) for row in found)}


def drafted(home: Home, recipe: str) -> pl.DataFrame:
    """A recipe's drafts in their order: sample_id, rank, content, provenance."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT d.sample_id, d.rank, s.content, s.provenance FROM drafted d JOIN sample s USING (recipe, sample_id)"
            " WHERE d.recipe = ? ORDER BY d.rank, d.sample_id",
            [recipe],
        ).pl()


def strata(home: Home, recipe: str) -> pl.DataFrame:
    """The stratum of each stored sample of a recipe: sample_id, stratum."""
    with opened(home) as connection:
        return connection.execute("SELECT sample_id, stratum FROM sample WHERE recipe = ? ORDER BY ALL", [recipe]).pl()
