"""Signals and verdicts: what validators said, and what a rule set made of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened

SIGNAL = ["sample_id", "recipe", "validator", "version", "params_digest"]
VERDICT = ["sample_id", "recipe", "ruleset"]

VERDICTS = """
SELECT sample_id, outcome, reasons, audited,
       CASE outcome WHEN 'borderline' THEN greatest(verdict.incl_prob, risen.incl_prob) ELSE verdict.incl_prob END
           AS incl_prob
FROM verdict LEFT JOIN risen USING (recipe, sample_id) WHERE recipe = ? AND ruleset = ? ORDER BY sample_id
"""

REJECT_AUDITS = """
SELECT verdict.sample_id, verdict.reasons, settled.verdict, any_value(decision.answer ->> 'verdict') AS said
FROM verdict LEFT JOIN settled USING (recipe, sample_id)
LEFT JOIN decision ON decision.recipe = settled.recipe AND decision.sample_id = settled.sample_id
    AND decision.verdict = settled.verdict AND decision.edited_id IS NOT DISTINCT FROM settled.edited_id
WHERE verdict.recipe = ? AND verdict.ruleset = ? AND verdict.outcome = 'rejected' AND verdict.audited
GROUP BY ALL ORDER BY verdict.sample_id
"""
"""An edit's own words are those of whoever made the same sample of the same draft."""


def add_signals(home: Home, recipe: str, signals: pl.DataFrame) -> int:
    """Store the frame that a validator run gives; return how many signals were new."""
    with opened(home) as connection:
        return insert_new(connection, "signal", signals.with_columns(pl.lit(recipe).alias("recipe")), SIGNAL)


def signals(
    home: Home, recipe: str, keys: Collection[tuple[str, int, str]], ids: Sequence[str] | None = None
) -> pl.DataFrame:
    """A recipe's signals of the validators given as (name, version, params digest); of some samples, or all."""
    wanted = pl.DataFrame(
        list(keys), schema={"validator": pl.Utf8, "version": pl.Int32, "params_digest": pl.Utf8}, orient="row"
    )
    with opened(home) as connection:
        connection.register("wanted", wanted.to_arrow())
        return connection.execute(
            "SELECT sample_id, validator, version, params_digest, score, reason, failure"
            " FROM signal SEMI JOIN wanted USING (validator, version, params_digest) WHERE recipe = $recipe"
            " AND ($ids IS NULL OR sample_id IN (SELECT unnest($ids::VARCHAR[])))"
            " ORDER BY sample_id, validator",
            {"recipe": recipe, "ids": None if ids is None else list(ids)},
        ).pl()


def add_verdicts(home: Home, recipe: str, ruleset: str, verdicts: pl.DataFrame) -> int:
    """Store verdicts (sample_id, outcome, reasons, audited, incl_prob) of a rule set; return how many were new."""
    frame = verdicts.with_columns(pl.lit(recipe).alias("recipe"), pl.lit(ruleset).alias("ruleset"))
    with opened(home) as connection:
        return insert_new(connection, "verdict", frame, VERDICT)


def verdicts(home: Home, recipe: str, ruleset: str) -> pl.DataFrame:
    """A rule set's verdicts: sample_id, outcome, reasons, audited, incl_prob.

    The probability is that of having been put before experts by now: see `raise_chances`.
    """
    with opened(home) as connection:
        return connection.execute(VERDICTS, [recipe, ruleset]).pl()


def raise_chances(home: Home, recipe: str, chances: pl.DataFrame) -> int:
    """Note that borderline drafts are drawn with higher probabilities now (sample_id, incl_prob); return how many.

    What was drawn at the lower one is drawn at the higher one too, so that estimates go by the highest.
    """
    with opened(home) as connection:
        keys = ["recipe", "sample_id", "incl_prob"]
        return insert_new(connection, "route", chances.with_columns(pl.lit(recipe).alias("recipe")), keys)


def sizes(home: Home, recipe: str, ids: Sequence[str]) -> pl.DataFrame:
    """Of a recipe's stored samples among these ids: sample_id, stratum, and characters, of the content as JSON."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, stratum, length(content) AS characters FROM sample WHERE recipe = $recipe"
            " AND sample_id IN (SELECT unnest($ids::VARCHAR[])) ORDER BY sample_id",
            {"recipe": recipe, "ids": list(ids)},
        ).pl()


def reject_audits(home: Home, recipe: str, ruleset: str) -> pl.DataFrame:
    """What became of the rejected drafts that an audit drew: sample_id, reasons, verdict, said.

    The verdict is the experts' last word, null where there is none yet; `said` is it in the kind's own words, null
    where that is not known.
    """
    with opened(home) as connection:
        return connection.execute(REJECT_AUDITS, [recipe, ruleset]).pl()


@dataclass(frozen=True)
class Outcomes:
    """How a recipe's drafts came out of a rule set."""

    accepted: int
    borderline: int
    rejected: int
    audited: int
    """Of the accepted, those drawn for review all the same."""
    reasons: tuple[tuple[str, int], ...]
    """Validators by how many drafts they kept from being accepted, most first."""


def outcomes(home: Home, recipe: str, ruleset: str) -> Outcomes:
    """Count a rule set's verdicts."""
    found = verdicts(home, recipe, ruleset)
    count = dict(found.group_by("outcome").len().iter_rows())
    reasons = (
        found.filter(pl.col("outcome") != "accepted")
        .explode("reasons")
        .select(pl.col("reasons").str.split(":").list.first().alias("validator"))
        .group_by("validator")
        .len()
        .sort(["len", "validator"], descending=[True, False])
    )
    return Outcomes(
        accepted=count.get("accepted", 0),
        borderline=count.get("borderline", 0),
        rejected=count.get("rejected", 0),
        audited=found.filter(pl.col("audited"), pl.col("outcome") == "accepted").height,
        reasons=tuple(reasons.iter_rows()),
    )
