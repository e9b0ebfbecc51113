"""The warehouse's notes of what was published, so that a manifest changed later is noticed."""

from collections.abc import Mapping

import duckdb
import polars as pl

from outcross.data.samples import digest
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened


def note(home: Home, name: str, version: int, manifest: Mapping[str, object]) -> None:
    """Note a version; the first note of it stands."""
    row = {"name": name, "version": version, "manifest_digest": digest(manifest), "rows": manifest["rows"]}
    with opened(home) as connection:
        insert_new(connection, "release", pl.DataFrame([row]), ["name", "version"])


def noted(connection: duckdb.DuckDBPyConnection, name: str) -> dict[int, str]:
    """Manifest digests by version, of an open warehouse."""
    found = connection.execute("SELECT version, manifest_digest FROM release WHERE name = ?", [name])
    return dict(found.fetchall())
