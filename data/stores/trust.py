"""How far reviewed rows can be trusted: the values that followed from the judgements of each moment."""

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

SCHEMA = {"recipe": pl.String, "sample_id": pl.String, "posterior": pl.Float64, "reviewers": pl.Int32}

HYBRIDS = """
SELECT made.recipe, made.sample_id, made.kind, made.provenance ->> 'editor' AS editor,
       any_value(decision.sample_id) AS draft, any_value(decision.answer ->> 'verdict') AS verdict
FROM sample AS made
LEFT JOIN decision ON decision.recipe = made.recipe AND decision.edited_id = made.sample_id
WHERE made.origin = 'hybrid' GROUP BY ALL ORDER BY made.recipe, made.sample_id
"""
"""Whoever makes the same sample of the same draft has said the same of it."""


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


def hybrids(home: Home) -> pl.DataFrame:
    """Who made each hybrid sample, of which draft, by which verdict: recipe, sample_id, kind, editor, draft, verdict.

    The verdict, in the kind's own words, is null where the warehouse doesn't know it.
    """
    with opened(home) as connection:
        return connection.execute(HYBRIDS).pl()
