"""Routes: which drafts go before experts, why each one does, and how likely that was."""

from collections.abc import Mapping

import numpy as np
import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Review
from outcross.data.stores import screening
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.certifying.scores import fit
from outcross.tasks.screening.suite import Screen
from outcross.validators import budget
from outcross.validators.registry import REPEATS
from outcross.validators.repeats.copied import Copied
from outcross.validators.routing import audited, drawn
from outcross.validators.rule import INFORMS
from outcross.validators.rules import ACCEPTED, BORDERLINE, REJECTED

UNSEEN = frozenset({*REPEATS, Copied.name})
"""Validators that hold against a draft what it has in common with other rows, which nobody sees who reads it alone."""

AUDITS = {ACCEPTED: "audit", REJECTED: "reject_audit"}
"""What an audit is called, by the outcome of what it draws."""

UNKNOWN = 0.5
"""Probability that a draft is right of which no validator has said anything."""


def draw(verdicts: pl.DataFrame, key: bytes, review: Review, ruleset: str) -> pl.DataFrame:
    """Draw the audits of accepted and of rejected drafts, and say how likely each draft is to be asked about.

    Rejected drafts that are too like other rows aren't audited: a reviewer would find nothing wrong with them, and
    what a reviewer approves may go into a release. Under a budget a borderline draft begins with `explore_share`;
    see `spread`.

    Args:
        verdicts: `sample_id`, `outcome`, `reasons`, as from `rules.decide`.
        key: the home's audit key.
        review: the recipe's.
        ruleset: what gave the verdicts; each draws audits of its own.

    Returns:
        The verdicts with `audited` and `incl_prob`.
    """
    outcome = pl.col("outcome")
    named = pl.col("reasons").list.eval(pl.element().str.split(":").list.first())
    alone = named.list.set_intersection(sorted(UNSEEN)).list.len() == 0
    borderline = 1.0 if review.budget_minutes is None else review.explore_share
    asked = verdicts.with_columns(
        incl_prob=pl.when(outcome == BORDERLINE)
        .then(borderline)
        .when(outcome == ACCEPTED)
        .then(review.audit_share)
        .when(alone)
        .then(review.reject_audit_share)
        .otherwise(0.0)
    )
    accepted = asked.filter(outcome == ACCEPTED)["sample_id"]
    rejected = dict(asked.filter(outcome == REJECTED).select("sample_id", "incl_prob").iter_rows())
    found = audited(accepted, key, review.audit_share, ruleset) | drawn(rejected, key, "reject_audit")
    return asked.with_columns(audited=pl.col("sample_id").is_in(sorted(found)))


def spread(home: Home, recipe: Recipe, worth: Mapping[str, float]) -> int:
    """Spread the experts' time over the borderline drafts: raise probabilities as far as it allows; return how many.

    Without a budget all rise to 1. A probability never falls, so that running this again, after whatever interruption,
    raises none; with more time, or no end of it, more of the drafts are drawn and none falls out.

    Args:
        worth: by stratum, what one more row there is worth; see `valued`.
    """
    made = Screen.of(recipe)
    rows = screening.verdicts(home, recipe.name, made.ruleset).filter(pl.col("outcome") == BORDERLINE)
    minutes = recipe.review.budget_minutes
    chances = np.ones(rows.height) if minutes is None else _chances(home, recipe, made, rows, worth, minutes * 60)
    risen = rows.with_columns(chance=pl.Series(chances)).filter(pl.col("chance") > pl.col("incl_prob"))
    return screening.raise_chances(home, recipe.name, risen.select("sample_id", incl_prob="chance"))


def _chances(
    home: Home, recipe: Recipe, made: Screen, drafts: pl.DataFrame, worth: Mapping[str, float], time: float
) -> budget.Floats:
    """What `budget.probabilities` gives for so many seconds; a second opinion takes as long as the first.

    Scores rest on no decision here. A probability that was fitted on a draft's own decision would raise the chance of
    being drawn of those that were found wrong and of no others, and estimates that weigh by it would be too low.
    """
    ids = drafts["sample_id"].to_list()
    rows = drafts.join(_scores(home, recipe, made, ids), on="sample_id", how="left", maintain_order="left")
    rows = rows.join(screening.sizes(home, recipe.name, ids), on="sample_id", how="left", maintain_order="left")
    need, share = recipe.review.needed(recipe.kind), recipe.review.overlap_share
    people = 1 + share if need == 1 else need
    seconds = people * budget.seconds(rows["characters"].cast(pl.Float64).to_numpy())
    least = np.maximum(rows["incl_prob"].to_numpy(), recipe.review.explore_share)
    return budget.probabilities(valued(rows, worth), seconds, least, time)


def valued(rows: pl.DataFrame, worth: Mapping[str, float]) -> budget.Floats:
    """What a second of an expert's time on each draft is worth, shape (n,); see `budget.value`.

    Args:
        rows: `stratum`, `characters`, and `score`, which stands for the probability that the draft is right.
        worth: by stratum, in whatever unit; 0 where nothing is said, and the same everywhere where it is empty.
    """
    unsaid = 0.0 if worth else 1.0
    facts = rows.select(
        pl.col("stratum").replace_strict(dict(worth), default=unsaid, return_dtype=pl.Float64),
        pl.col("score").fill_null(UNKNOWN),
        pl.col("characters").cast(pl.Float64),
    )
    price, right, characters = facts.to_numpy().T
    return budget.value(price, right, budget.seconds(characters))


def asked(home: Home, recipe: Recipe) -> pl.DataFrame:
    """What goes before experts by now.

    Returns:
        `sample_id`, `outcome`, `reasons`, `audited`, `incl_prob`, ordered by id; `route`, which is `audit`,
        `reject_audit`, `border`, or `explore` for the borderline drafts that a budget leaves out at no worth; `score`,
        the probability that it is right, or where that isn't known yet the weakest of the signals that decide, null
        where there is none; and `signals`, all of them, as a list of validator
        and score.
    """
    made = Screen.of(recipe)
    found = screening.verdicts(home, recipe.name, made.ruleset)
    routes = pl.DataFrame(_routes(home, recipe, found), schema=["sample_id", "route"], orient="row")
    wanted = found.join(routes.cast(pl.String), on="sample_id", how="inner", maintain_order="left")
    scores = _scores(home, recipe, made, wanted["sample_id"].to_list()).join(
        _calibrated(home, recipe), on="sample_id", how="left"
    )
    scores = scores.select("sample_id", pl.coalesce("p_right", "score").alias("score"), "signals")
    return wanted.join(scores, on="sample_id", how="left", maintain_order="left")


def _routes(home: Home, recipe: Recipe, found: pl.DataFrame) -> list[tuple[str, str]]:
    key, review, outcome = home.audit_key(), recipe.review, pl.col("outcome")
    chances = found.filter(outcome == BORDERLINE).select("sample_id", "incl_prob")
    ahead = drawn(dict(chances.iter_rows()), key, "budget")
    # The tickets are the same, so these are a part of those.
    anyhow = {} if review.budget_minutes is None else dict.fromkeys(ahead, review.explore_share)
    routes = dict.fromkeys(ahead, "border") | dict.fromkeys(drawn(anyhow, key, "budget"), "explore")
    audits = found.filter("audited", outcome.is_in(AUDITS)).select("sample_id", outcome.replace_strict(AUDITS))
    return [*routes.items(), *audits.iter_rows()]


def _scores(home: Home, recipe: Recipe, made: Screen, ids: list[str]) -> pl.DataFrame:
    """`sample_id`, `score`, the weakest of the signals that decide, and `signals`, of the drafts that have any."""
    signals = screening.signals(home, recipe.name, made.keys, ids).drop_nulls("score")
    decides = pl.col("validator").is_in([name for name, rule in made.rules.items() if rule != INFORMS])
    return signals.group_by("sample_id").agg(
        score=pl.col("score").filter(decides).min(), signals=pl.struct("validator", "score")
    )


def _calibrated(home: Home, recipe: Recipe) -> pl.DataFrame:
    """`sample_id` and `p_right`; none where experts have decided too little to fit it on."""
    try:
        return fit(home, recipe).drafts
    except InputError:
        return pl.DataFrame(schema={"sample_id": pl.String, "p_right": pl.Float64})
