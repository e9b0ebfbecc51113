"""Explaining a screen: what each validator hit and why, what it leaves of people's variety, and what it took."""

from dataclasses import dataclass

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.stores import costs, screening
from outcross.data.stores.home import Home
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.mixing.contraction import measure
from outcross.tasks.screening.suite import Screen
from outcross.validators.rule import INFORMS
from outcross.validators.signals import Validator, params_digest
from outcross.verifiers.registry import VERIFIERS

TOP = 3
"""Reasons that are named of each validator."""

VARIES = r"“[^”]*”|`[^`]*`|\b[0-9a-f]{12,}\b|\d+(?:[.,]\d+)*"
"""What differs between rows with one and the same reason: quotations, ids and numbers."""


@dataclass(frozen=True)
class Left:
    """What a validator's own rule leaves of some rows' rare words: 1 where nothing is lost, None where too few tell."""

    kappa: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Explained:
    """One validator, over the drafts of a recipe that it has judged."""

    validator: str
    version: int
    judged: int
    rejected: int
    doubtful: int
    """Kept back for an expert, those on which the validator failed included; 0 where it only informs."""
    failed: int
    reasons: tuple[tuple[str, int], ...]
    """The commonest reasons of rows that it doesn't accept, with what varies in them left out."""
    drafts: Left | None
    people: Left | None
    """What it would leave of people's own rows if these were drafts."""
    milliseconds: float | None
    """CPU time for a thousand rows, over all runs; None where it hasn't run here, or works in processes of its own."""


def explain(home: Home, recipe: Recipe) -> list[Explained]:
    """The validators of a recipe's screen, in the order that they run in."""
    made = Screen.of(recipe)
    signals = screening.signals(home, recipe.name, made.keys)
    gates = {(row["validator"], row["origin"]): row for row in _gates(home, recipe).iter_rows(named=True)}
    took = {row[:3]: row[3:] for row in costs.total(home, recipe.name).iter_rows()}
    return [
        _explained(made, one, signals.filter(pl.col("validator") == one.name), gates, took) for one in made.validators
    ]


def _gates(home: Home, recipe: Recipe) -> pl.DataFrame:
    return measure(home, recipe, candidates(home, recipe)).gates


def _explained(
    made: Screen,
    validator: Validator,
    signals: pl.DataFrame,
    gates: dict[tuple[str, str], dict[str, float | None]],
    took: dict[tuple[str, int, str], tuple[int, float]],
) -> Explained:
    rule, score = made.rules[validator.name], pl.col("score")
    # A score that only informs keeps nothing back, nor does its failure; why it failed is worth telling all the same.
    kept_back = signals.filter(score.is_null() | (score < rule.accept_from))
    reason = pl.coalesce("failure", "reason").str.replace_all(VARIES, "…")
    reasons = kept_back.group_by(reason=reason).len().sort(["len", "reason"], descending=[True, False])
    rejected = signals.filter(score < rule.reject_below).height
    rows, seconds = took.get((validator.name, validator.version, params_digest(validator)), (0, 0.0))
    return Explained(
        validator=validator.name,
        version=validator.version,
        judged=signals.height,
        rejected=rejected,
        doubtful=0 if rule == INFORMS else kept_back.height - rejected,
        failed=signals["failure"].count(),
        reasons=tuple(reasons.head(TOP).iter_rows()),
        drafts=_left(gates.get((validator.name, "synthetic"))),
        people=_left(gates.get((validator.name, "human"))),
        milliseconds=1e6 * seconds / rows if rows and validator.name not in VERIFIERS else None,
    )


def _left(gate: dict[str, float | None] | None) -> Left | None:
    return None if gate is None else Left(gate["kappa"], gate["low"], gate["high"])
