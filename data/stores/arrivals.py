"""Arrivals: the order in which drafts came before the screen, and the parts that it works them off in."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

ARRIVE = """
INSERT INTO arrival (recipe, sample_id, place)
SELECT recipe, sample_id,
       (SELECT coalesce(max(place), 0) FROM arrival WHERE recipe = $recipe)
       + row_number() OVER (ORDER BY sample_id IN (SELECT sample_id FROM signal WHERE recipe = $recipe) DESC, rank,
                                     sample_id)
FROM drafted ANTI JOIN arrival USING (recipe, sample_id) WHERE recipe = $recipe
"""
"""Drafts that were judged before there were places may be released by now, so they come first."""

WAITING = """
SELECT d.sample_id, coalesce(a.place, 0) AS place, d.rank FROM drafted AS d
LEFT JOIN arrival AS a USING (recipe, sample_id)
ANTI JOIN (SELECT sample_id FROM verdict WHERE recipe = $recipe AND ruleset = $ruleset) USING (sample_id)
WHERE d.recipe = $recipe
"""


FIRST = """
SELECT recipe, sample_id, min(rank) AS rank, arg_min(mean_logprob, rank) AS mean_logprob
FROM draft WHERE state = 'drafted' GROUP BY recipe, sample_id
"""
"""Of the answers that made a sample, the one that ranks first."""


@dataclass(frozen=True)
class Part:
    """The drafts without a verdict whose places lie between two, both included."""

    first: int
    last: int
    rows: int


def arrive(home: Home, recipe: str) -> int:
    """Give every draft of a recipe that has none its place, in the order of the plan; return how many got one."""
    with opened(home) as connection:
        found = connection.execute(ARRIVE, {"recipe": recipe}).fetchone()
    return int(found[0]) if found else 0


def places(home: Home, recipe: str) -> pl.DataFrame:
    """All drafts that have a place: `sample_id`, `rank` (the place, as text that sorts)."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, lpad(place::VARCHAR, 12, '0') AS rank FROM arrival WHERE recipe = ? ORDER BY place",
            [recipe],
        ).pl()


def unjudged(home: Home, recipe: str, ruleset: str, part: Part | None = None) -> list[str]:
    """Ids of the drafts without a verdict of a rule set, in the order of their places; of one part, or all."""
    within = "" if part is None else f"AND place BETWEEN {part.first} AND {part.last}"
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT sample_id FROM ({WAITING}) WHERE true {within} ORDER BY place, rank, sample_id",
            {"recipe": recipe, "ruleset": ruleset},
        ).fetchall()
    return [sample_id for (sample_id,) in found]


def parts(home: Home, recipe: str, ruleset: str, rows: int) -> list[Part]:
    """The drafts without a verdict of a rule set, in parts of so many rows, in the order of their places."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT min(place), max(place), count(*) FROM"
            f" (SELECT place, (row_number() OVER (ORDER BY place) - 1) // {rows} AS part FROM ({WAITING}))"
            " GROUP BY part ORDER BY part",
            {"recipe": recipe, "ruleset": ruleset},
        ).fetchall()
    return [Part(*row) for row in found]


def drafts(home: Home, recipe: str, ids: Sequence[str]) -> pl.DataFrame:
    """Drafts in the order of their places: sample_id, rank, place, content, provenance, mean_logprob."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, d.rank, a.place, s.content, s.provenance, d.mean_logprob FROM arrival AS a"
            f" JOIN ({FIRST}) AS d USING (recipe, sample_id) JOIN sample AS s USING (recipe, sample_id)"
            " SEMI JOIN (SELECT unnest($ids::VARCHAR[]) AS sample_id) USING (sample_id)"
            " WHERE recipe = $recipe ORDER BY a.place",
            {"recipe": recipe, "ids": list(ids)},
        ).pl()
