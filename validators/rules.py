"""Rules: what a score means for a sample, and what all its signals together decide."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict

import polars as pl

from outcross.data.samples import digest
from outcross.errors import RecipeError
from outcross.validators.rule import RULE_KEYS, Rule
from outcross.validators.signals import Validator, params_digest
from outcross.validators.text.reasons import reason

REJECTED, BORDERLINE, ACCEPTED = "rejected", "borderline", "accepted"


def from_settings(
    settings: Mapping[str, Mapping[str, float]], validators: Iterable[Validator | type[Validator]]
) -> dict[str, Rule]:
    """The rule of each validator: its own, but for the keys that its `[screen.<name>]` table sets.

    Raises:
        RecipeError: a rule's limits are out of order.
    """
    rules = {}
    for validator in validators:
        said = {key: value for key, value in settings.get(validator.name, {}).items() if key in RULE_KEYS}
        try:
            rules[validator.name] = Rule(**asdict(validator.rule) | said)
        except RecipeError as error:
            raise RecipeError(f"[screen.{validator.name}]: {error}") from None
    return rules


def decide(signals: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """Settle every sample: one rejecting signal rejects it, else one doubtful signal makes it borderline.

    A failure, a score that is no number, and a signal that is missing are doubtful: a sample is accepted
    only when every rule has a signal that says so. A rule that only informs decides nothing.

    Args:
        signals: the columns of `SIGNALS`, in any order, for as many samples as wanted.
        rules: by the validator's name.

    Returns:
        `sample_id`, `outcome` (`accepted`, `borderline` or `rejected`) and `reasons` (a list of
        "validator: reason" for the signals that don't accept, the worst first), in the order of `sample_id`.

    Raises:
        RecipeError: there is no rule at all, or a signal comes from a validator without one.
    """
    if not rules:
        raise RecipeError("no validator has a rule, so nothing can be accepted; name one under [screen].")
    if unknown := sorted(set(signals["validator"].unique()) - rules.keys()):
        raise RecipeError(f"no rule says what the scores of {', '.join(unknown)} mean; add one under [screen].")
    limits = pl.DataFrame(
        [{"validator": name, **asdict(rule)} for name, rule in rules.items()],
        schema={"validator": pl.String, "reject_below": pl.Float64, "accept_from": pl.Float64},
    )
    judged = (
        signals.select("sample_id")
        .unique()
        .join(limits, how="cross")
        .join(signals, on=["sample_id", "validator"], how="left")
        .with_columns(pl.col("score").fill_nan(None))
        .with_columns(level=_level(), said=reason("{}: {}", "validator", _said()))
        .sort("level", "score", "validator", "said", nulls_last=True)
    )
    doubts = pl.col("said").filter(pl.col("level") < 2)
    outcomes = judged.group_by("sample_id").agg(outcome=pl.col("level").min(), reasons=doubts)
    names = {0: REJECTED, 1: BORDERLINE, 2: ACCEPTED}
    return outcomes.with_columns(
        pl.col("outcome").replace_strict(names, return_dtype=pl.String)
    ).sort("sample_id")  # fmt: skip


def _level() -> pl.Expr:
    """0 rejects, 1 is doubtful, 2 accepts."""
    score = pl.col("score")
    informs = pl.col("accept_from") == 0
    doubtful = pl.col("failure").is_not_null() | score.is_null() | (score < pl.col("accept_from"))
    rejects = pl.col("failure").is_null() & (score < pl.col("reject_below")).fill_null(value=False)
    return pl.when(informs).then(2).when(rejects).then(0).when(doubtful).then(1).otherwise(2)


def _said() -> pl.Expr:
    given = pl.when(pl.col("reason") != "").then("reason")
    score = reason("score {}", pl.col("score").round(2))
    return pl.coalesce("failure", given, score, pl.lit("no signal yet"))


def ruleset_digest(validators: Iterable[Validator], rules: Mapping[str, Rule]) -> str:
    """Digest of all that decides: the validators' names, versions and limits, and their rules, in any order.

    Raises:
        RecipeError: a validator has no rule, or a rule no validator.
    """
    made = {validator.name: validator for validator in validators}
    if odd := sorted(made.keys() ^ rules.keys()):
        raise RecipeError(f"{', '.join(odd)}: each validator needs one rule, and each rule its validator.")
    return digest(
        {
            name: {
                "version": validator.version,
                "params": params_digest(validator),
                "reject_below": float(rules[name].reject_below),
                "accept_from": float(rules[name].accept_from),
            }
            for name, validator in made.items()
        }
    )
