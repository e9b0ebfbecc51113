"""Drafting runs: what each took of every model, and what all of them together came to."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import polars as pl
from pydantic import AwareDatetime, Field

from outcross.data.samples import Digest, Filled, Record
from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

BY_MODEL = """
SELECT * EXCLUDE (recipe), accepted / judged AS acceptance,
    1000 * accepted / nullif(tokens_in + tokens_out, 0) AS per_thousand, cost / nullif(accepted, 0) AS cost_per_accepted
FROM drafting LEFT JOIN (
    SELECT recipe, model, count(DISTINCT sample_id) AS judged,
        count(DISTINCT sample_id) FILTER (outcome = 'accepted') AS accepted
    FROM draft JOIN verdict USING (recipe, sample_id) WHERE ruleset = $ruleset GROUP BY ALL
) USING (recipe, model)
WHERE recipe = $recipe ORDER BY model
"""

TOTALS = """
SELECT model, arg_max(licence, ended_at) AS licence, arg_max(share, ended_at) AS share,
    sum(requests)::BIGINT AS requests, sum(attempts)::BIGINT AS attempts,
    sum(tokens_in)::BIGINT AS tokens_in, sum(tokens_out)::BIGINT AS tokens_out,
    sum(tokens_out) / nullif(sum(epoch(ended_at - started_at)), 0) AS tokens_a_second, sum(cost) AS cost,
    sum(waited) AS waited, sum(queued) AS queued, max(peak) AS peak, sum(drafted)::BIGINT AS drafted,
    sum(invalid)::BIGINT AS invalid, sum(failed)::BIGINT AS failed, sum(missed)::BIGINT AS missed
FROM drafting_run WHERE recipe = $recipe AND started_at >= coalesce($since, started_at) GROUP BY model ORDER BY model
"""

NULLABLE: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(("weights_digest", "licence", "stopped"), pl.Utf8),
    **dict.fromkeys(("price_in", "price_out", "cost"), pl.Float64),
}
"""Types of the columns that may hold nothing else than nulls."""


class Run(Record):
    """What one run took of one model, and what the model's slots came to."""

    run_id: Filled
    model: Filled
    weights_digest: Digest | None = None
    licence: str | None = None
    share: float = Field(gt=0, le=1)
    """Of the slots."""
    started_at: AwareDatetime
    ended_at: AwareDatetime
    requests: int = 0
    """Questions that came to an answer or to none."""
    attempts: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    price_in: float | None = None
    """Money for a million tokens."""
    price_out: float | None = None
    cost: float | None = None
    """None where no price is known."""
    waited: float = 0.0
    """Seconds that all questions together waited here for room."""
    queued: float = 0.0
    """Seconds that requests stood in the server's line, as it says itself."""
    peak: int = 0
    """The most in flight at once."""
    drafted: int = 0
    invalid: int = 0
    failed: int = 0
    missed: int = 0
    stopped: str | None = None
    """Why it ended before all was done, as a sentence."""


class Terms(NamedTuple):
    """On which terms a model answered in its last run."""

    licence: str | None
    price_in: float | None
    price_out: float | None


class Spent(NamedTuple):
    """Tokens of a model's answers for a recipe, in all runs, killed ones too."""

    tokens_in: int
    tokens_out: int


def add(home: Home, recipe: str, rows: Sequence[Run]) -> None:
    """Note what a run took of each model."""
    frame = pl.DataFrame([row.model_dump() for row in rows], schema_overrides=NULLABLE, infer_schema_length=None)
    with opened(home) as connection:
        connection.register("ended", frame.with_columns(recipe=pl.lit(recipe)).to_arrow())
        connection.execute("INSERT INTO drafting_run BY NAME SELECT * FROM ended")
        connection.unregister("ended")


def latest(home: Home, recipe: str) -> list[Run]:
    """The last run of a recipe, model by model; empty where none has ended yet."""
    if not home.warehouse.exists():
        return []
    columns = ", ".join(Run.model_fields)
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT {columns} FROM drafting_run WHERE recipe = $1 AND run_id ="
            " (SELECT arg_max(run_id, ended_at) FROM drafting_run WHERE recipe = $1) ORDER BY model",
            [recipe],
        ).fetchall()
    return [Run.model_validate(dict(zip(Run.model_fields, row, strict=True))) for row in found]


def totals(home: Home, recipe: str, since: datetime | None = None) -> pl.DataFrame:
    """What the runs of a recipe that ended took of each model, all of them or those since a moment.

    Columns as in `Run`, with `tokens_a_second` that came out; the licence and share are those of the last run.
    """
    with opened(home) as connection:
        return connection.execute(TOTALS, {"recipe": recipe, "since": since}).pl()


def terms(home: Home) -> dict[str, Terms]:
    """Licences and prices by model, as the last run of each had them."""
    if not home.warehouse.exists():
        return {}
    with opened(home) as connection:
        found = connection.execute("SELECT model, licence, price_in, price_out FROM terms").fetchall()
    return {model: Terms(*rest) for model, *rest in found}


def spent(home: Home, recipe: str) -> dict[str, Spent]:
    """What a recipe's answers took so far, by the model or models that gave them."""
    with opened(home) as connection:
        found = connection.execute(
            "SELECT model, tokens_in, tokens_out FROM spent WHERE recipe = ? ORDER BY model", [recipe]
        ).fetchall()
    return {model: Spent(int(tokens_in), int(tokens_out)) for model, tokens_in, tokens_out in found}


def by_model(home: Home, recipe: str, ruleset: str) -> pl.DataFrame:
    """A recipe's models with what their slots came to and took, and what a rule set made of their drafts.

    Columns: model, drafted, invalid, failed, missed, attempts, tokens_in, tokens_out, cost, judged, accepted,
    acceptance (of the judged), per_thousand (accepted, of all tokens), cost_per_accepted; null where it isn't known.
    """
    with opened(home) as connection:
        return connection.execute(BY_MODEL, {"recipe": recipe, "ruleset": ruleset}).pl()
