"""Signals and verdicts: what validators said, and what a rule set made of it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened

SIGNAL = ["sample_id", "recipe", "validator", "version", "params_digest"]
VERDICT = ["sample_id", "recipe", "ruleset"]


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
    """A rule set's verdicts: sample_id, outcome, reasons, audited, incl_prob."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, outcome, reasons, audited, incl_prob FROM verdict WHERE recipe = ? AND ruleset = ?"
            " ORDER BY sample_id",
            [recipe, ruleset],
        ).pl()


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
        audited=int(found["audited"].sum()),
        reasons=tuple(reasons.iter_rows()),
    )
