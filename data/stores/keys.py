"""Keys: what is known of right answers, so that a verifier can tell whether a draft has one."""

from collections.abc import Mapping

import polars as pl
from pydantic import JsonValue

from outcross.data.samples import canonical
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.data.stores.migrate import migrate_duckdb
from outcross.data.stores.rows import insert_new


def add(home: Home, recipe: str, keys: Mapping[str, Mapping[str, JsonValue]]) -> int:
    """Store keys by sample; one that a sample has stays as it first came. Return how many were new.

    Raises:
        ValueError: a key holds a number that JSON has no text for.
    """
    if not keys:
        return 0
    rows = [(recipe, sample_id, canonical(dict(key))) for sample_id, key in keys.items()]
    frame = pl.DataFrame(rows, schema=dict.fromkeys(["recipe", "sample_id", "key"], pl.Utf8), orient="row")
    home.root.mkdir(parents=True, exist_ok=True)
    with lease(home.vault) as connection:
        migrate_duckdb(connection, "vault")
        return insert_new(connection, "answer_key", frame, ["recipe", "sample_id"])


def read(home: Home, recipe: str) -> dict[str, str]:
    """By sample, the JSON text of its key; empty where nothing was stored yet."""
    if not home.vault.exists():
        return {}
    with lease(home.vault, read_only=True) as connection:
        # A vault from before there were keys gets its table with the next rows that come in.
        if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE table_name = 'answer_key'").fetchall():
            return {}
        found = connection.execute("SELECT sample_id, key FROM answer_key WHERE recipe = ?", [recipe]).fetchall()
    return dict(found)
