"""Accepted drafts: what the screen let through and no expert took back, and what an expert let through."""

from collections.abc import Sequence

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

ACCEPTED = """
SELECT sample_id FROM verdict ANTI JOIN settled USING (recipe, sample_id)
WHERE recipe = $recipe AND ruleset = $ruleset AND outcome = 'accepted'
UNION ALL
SELECT sample_id FROM settled WHERE recipe = $recipe AND verdict <> 'reject'
"""
"""An expert's last word stands over the screen's. An edited draft counts as the one that it was."""


def by_stratum(home: Home, recipe: str, ruleset: str) -> pl.DataFrame:
    """Drafts of each stratum: `stratum`, `drafted`, `accepted`, and `waiting`, the borderline ones nobody decided."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT stratum, count(*) AS drafted, count(a.sample_id) AS accepted, count(w.sample_id) AS waiting"
            f" FROM drafted JOIN sample USING (recipe, sample_id) LEFT JOIN ({ACCEPTED}) AS a USING (sample_id)"
            " LEFT JOIN (SELECT sample_id FROM verdict ANTI JOIN settled USING (recipe, sample_id) WHERE"
            " recipe = $recipe AND ruleset = $ruleset AND outcome = 'borderline') AS w USING (sample_id)"
            " WHERE recipe = $recipe GROUP BY stratum ORDER BY stratum",
            {"recipe": recipe, "ruleset": ruleset},
        ).pl()


def by_anchor(home: Home, recipe: str, ruleset: str) -> dict[str, int]:
    """How many drafts are accepted, by what follows the number of the turn in their ranks: the name of the anchor."""
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT substr(rank, 8) AS anchor, count(*) FROM drafted SEMI JOIN ({ACCEPTED}) USING (sample_id)"
            " WHERE recipe = $recipe GROUP BY anchor",
            {"recipe": recipe, "ruleset": ruleset},
        ).fetchall()
    return dict(found)


def among(home: Home, recipe: str, ruleset: str, ranks: Sequence[str]) -> set[tuple[str, str]]:
    """Setup and rank of those of some slots whose drafts are accepted; of slots with the same draft, the first."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT setup, rank FROM draft SEMI JOIN (SELECT unnest($ranks::VARCHAR[]) AS rank) USING (rank)"
            f" SEMI JOIN drafted USING (recipe, sample_id, rank) SEMI JOIN ({ACCEPTED}) USING (sample_id)"
            " WHERE recipe = $recipe AND state = 'drafted'",
            {"recipe": recipe, "ruleset": ruleset, "ranks": list(ranks)},
        ).fetchall()
    return set(found)
