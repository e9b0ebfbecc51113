"""How far reviewed rows can be trusted: the values that followed from the judgements of each moment."""

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

SCHEMA = {"recipe": pl.String, "sample_id": pl.String, "posterior": pl.Float64, "reviewers": pl.Int32}


def add(home: Home, values: pl.DataFrame) -> int:
    """Store the values (columns as in `SCHEMA`, a sample of a recipe once) that differ; return how many did."""
    if values.is_empty():
        return 0
    with opened(home) as connection:
        connection.register("incoming", values.to_arrow())
        found = connection.execute(
            "INSERT INTO trust (recipe, sample_id, posterior, reviewers) SELECT recipe, sample_id, posterior, reviewers"
            " FROM incoming ANTI JOIN trusted USING (recipe, sample_id, posterior, reviewers)"
        ).fetchone()
        connection.unregister("incoming")
    return int(found[0]) if found else 0


def current(home: Home, recipe: str) -> dict[str, float]:
    """The newest value of each of a recipe's samples that has one, in (0, 1]."""
    with opened(home) as connection:
        found = connection.execute("SELECT sample_id, posterior FROM trusted WHERE recipe = ?", [recipe]).fetchall()
    return dict(found)


def editors(home: Home) -> pl.DataFrame:
    """Who made each hybrid sample: recipe, sample_id, kind, editor."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT recipe, sample_id, kind, provenance ->> 'editor' AS editor FROM sample WHERE origin = 'hybrid'"
            " ORDER BY recipe, sample_id"
        ).pl()
