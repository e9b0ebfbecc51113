"""Certificates and what they rest on: accepted drafts, their probabilities of being right, experts' words on them."""

from collections.abc import Collection
from datetime import UTC, datetime

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened

EVER = datetime(9000, 1, 1, tzinfo=UTC)

ACCEPTED = """
SELECT verdict.sample_id, verdict.ruleset, made.setup, made.model, sample.stratum, sample.provenance, verdict.incl_prob,
       epoch_us(verdict.judged_at) / 1e6 AS judged_at
FROM verdict JOIN sample USING (recipe, sample_id) JOIN (
    SELECT recipe, sample_id, arg_min(setup, (answered_at, rank, setup)) AS setup,
           arg_min(model, (answered_at, rank, setup)) AS model
    FROM draft WHERE state = 'drafted' GROUP BY recipe, sample_id
) AS made USING (recipe, sample_id)
WHERE verdict.recipe = ? AND verdict.ruleset = ? AND verdict.outcome = 'accepted' AND verdict.judged_at <= ?
AND NOT EXISTS (
    FROM decision WHERE decision.recipe = verdict.recipe AND decision.sample_id = verdict.sample_id
    AND decision.reviewed_at < verdict.judged_at
)
ORDER BY verdict.sample_id
"""
"""Who made the rules knew what was decided before them: such decisions can't prove that the rules are good."""

DECIDED = """
SELECT sample_id, verdict, answer ->> 'verdict' AS said, first_value(reviewed_at) OVER told AS decided_at,
       -- What was drawn with a small probability stays drawn when a larger budget raises it.
       greatest(drawn.incl_prob, coalesce(risen.incl_prob, 0)) AS incl_prob,
       coalesce((answer ->> 'active_ms')::DOUBLE, 0) / 1000 AS seconds
FROM (
    SELECT * FROM decision WHERE recipe = ? AND reviewed_at <= ?
    QUALIFY row_number() OVER (PARTITION BY sample_id, reviewer ORDER BY reviewed_at DESC, seq DESC) = 1
) AS drawn LEFT JOIN risen USING (recipe, sample_id)
WINDOW told AS (PARTITION BY sample_id ORDER BY reviewed_at)
QUALIFY row_number() OVER (
    PARTITION BY sample_id
    ORDER BY stage = 'adjudication' DESC, coalesce(answer ->> 'verdict' IN ('give_up', 'cannot_tell'), false),
        reviewed_at DESC, seq DESC
) = 1
ORDER BY sample_id
"""
"""The experts' last word at some moment, by the same order as the view `settled` has."""

PEOPLE = """
SELECT DISTINCT reviewer FROM decision
WHERE recipe = ? AND list_contains(?::VARCHAR[], sample_id) ORDER BY reviewer
"""


def accepted(home: Home, recipe: str, ruleset: str, until: datetime = EVER) -> pl.DataFrame:
    """The drafts that a rule set had accepted, ordered by id. A draft that several setups gave counts for the first.

    Those that experts had decided before the rule set judged them are left out.

    Returns:
        sample_id, ruleset, setup, model, stratum, provenance (JSON), incl_prob, and judged_at, in seconds since the
        epoch.
    """
    with opened(home) as connection:
        return connection.execute(ACCEPTED, [recipe, ruleset, until]).pl()


def decided(home: Home, recipe: str, until: datetime = EVER) -> pl.DataFrame:
    """What experts had decided: sample_id, verdict, said (its own words), decided_at (first), incl_prob, seconds."""
    with opened(home) as connection:
        return connection.execute(DECIDED, [recipe, until]).pl()


def people(home: Home, recipe: str, ids: Collection[str]) -> list[str]:
    """Who decided any of these drafts, by name."""
    with opened(home) as connection:
        return [name for (name,) in connection.execute(PEOPLE, [recipe, list(ids)]).fetchall()]


def add_scorer(home: Home, recipe: str, scorer: str, content: str, scores: pl.DataFrame) -> int:
    """Store a fit and what it gives drafts (sample_id, p_right), whatever isn't there yet; return how many were new."""
    fitted = pl.DataFrame([{"scorer": scorer, "recipe": recipe, "content": content}])
    given = scores.select("sample_id", "p_right", recipe=pl.lit(recipe), scorer=pl.lit(scorer))
    with opened(home) as connection:
        insert_new(connection, "scorer", fitted, ["recipe", "scorer"])
        return insert_new(connection, "p_right", given, ["recipe", "scorer", "sample_id"])


def scorer(home: Home, recipe: str, scorer: str) -> str | None:
    """The content of a fit; None where it isn't there."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT content FROM scorer WHERE recipe = ? AND scorer = ?", [recipe, scorer]
        ).fetchone()
    return found[0] if found else None


def p_right(home: Home, recipe: str, scorer: str) -> pl.DataFrame:
    """What a fit gave drafts: sample_id, p_right."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, p_right FROM p_right WHERE recipe = ? AND scorer = ? ORDER BY sample_id",
            [recipe, scorer],
        ).pl()


def add(home: Home, certificate_id: str, recipe: str, regime: str, content: str, issued_at: datetime) -> None:
    """Store a certificate, unless it is there."""
    row = {
        "certificate_id": certificate_id,
        "recipe": recipe,
        "regime": regime,
        "content": content,
        "issued_at": issued_at,
    }
    with opened(home) as connection:
        insert_new(connection, "certificate", pl.DataFrame([row]), ["certificate_id"])


def latest(home: Home, recipe: str, regime: str) -> str | None:
    """The content of a regime's newest certificate; None where it has none."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT content FROM certificate WHERE recipe = ? AND regime = ? ORDER BY issued_at DESC, rowid DESC"
            " LIMIT 1",
            [recipe, regime],
        ).fetchone()
    return found[0] if found else None
