"""Rules: what a score means for a sample, and what all its signals together decide."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields

import polars as pl

from outcross.data.samples import digest
from outcross.errors import RecipeError
from outcross.validators.reasons import reason
from outcross.validators.signals import Validator, params_digest

REJECTED, BORDERLINE, ACCEPTED = "rejected", "borderline", "accepted"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Reject a score below `reject_below`, accept one from `accept_from` up, and leave the rest to an expert."""

    reject_below: float
    accept_from: float

    def __post_init__(self) -> None:
        if not 0 <= self.reject_below <= self.accept_from <= 1:
            raise RecipeError(
                f"a rule needs 0 <= reject_below <= accept_from <= 1, not {self.reject_below} and {self.accept_from}."
            )


RULE_KEYS = frozenset(field.name for field in fields(Rule))
"""The keys of a recipe's `[screen.<name>]` table that make its rule; all others are the validator's limits."""

DEFAULTS: Mapping[str, Rule] = {
    "shape": Rule(reject_below=0.5, accept_from=1.0),
    "refusal": Rule(reject_below=0.5, accept_from=1.0),
    "length": Rule(reject_below=0.2, accept_from=0.6),
    "language": Rule(reject_below=0.2, accept_from=0.5),
    "repetition": Rule(reject_below=0.4, accept_from=0.6),
    "copied": Rule(reject_below=0.3, accept_from=0.7),
    "near_duplicate": Rule(reject_below=0.1, accept_from=0.4),
    "repeated_task": Rule(reject_below=0.1, accept_from=0.4),
    "heldout_overlap": Rule(reject_below=0.3, accept_from=0.7),
    "names": Rule(reject_below=0.3, accept_from=0.8),
}
"""What a recipe gets that names a validator and sets no rule for it."""


def from_settings(settings: Mapping[str, Mapping[str, float]]) -> dict[str, Rule]:
    """The rule of every validator that a recipe's `[screen]` tables name; a key left out keeps its default.

    Raises:
        RecipeError: a name is unknown, or a rule's limits are out of order.
    """
    rules = {}
    for name, table in settings.items():
        if name not in DEFAULTS:
            raise RecipeError(f"[screen.{name}] names no validator; there are {', '.join(sorted(DEFAULTS))}.")
        limits = asdict(DEFAULTS[name]) | {key: value for key, value in table.items() if key in RULE_KEYS}
        try:
            rules[name] = Rule(**limits)
        except RecipeError as error:
            raise RecipeError(f"[screen.{name}]: {error}") from None
    return rules


def decide(signals: pl.DataFrame, rules: Mapping[str, Rule]) -> pl.DataFrame:
    """Settle every sample: one rejecting signal rejects it, else one doubtful signal makes it borderline.

    A failure, a score that is no number, and a signal that is missing are doubtful: a sample is accepted
    only when every rule has a signal that says so.

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
    doubtful = pl.col("failure").is_not_null() | score.is_null() | (score < pl.col("accept_from"))
    rejects = pl.col("failure").is_null() & (score < pl.col("reject_below")).fill_null(value=False)
    return pl.when(rejects).then(0).when(doubtful).then(1).otherwise(2)


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
