"""Registry: the validators by name, and how a recipe's tables make them."""

import math
from collections.abc import Mapping
from dataclasses import asdict

from outcross.errors import RecipeError
from outcross.validators.checks.confidence import Confidence
from outcross.validators.checks.grounded import Grounded
from outcross.validators.checks.language import Language
from outcross.validators.checks.length import Length
from outcross.validators.checks.names import Names
from outcross.validators.checks.pair import Pair
from outcross.validators.checks.quality import Quality
from outcross.validators.checks.refusal import Refusal
from outcross.validators.checks.repetition import Repetition
from outcross.validators.checks.shape import Shape
from outcross.validators.checks.steps import Steps
from outcross.validators.checks.toxicity import Toxicity
from outcross.validators.privacy.personal import Personal
from outcross.validators.privacy.secrets import Secrets
from outcross.validators.repeats.copied import Copied
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.repeats.repeated_task import RepeatedTask
from outcross.validators.repeats.semantic import Semantic
from outcross.validators.rule import RULE_KEYS
from outcross.validators.signals import Validator

CHECKS: Mapping[str, type[Validator]] = {
    made.name: made
    for made in (
        Shape,
        Refusal,
        Length,
        Quality,
        Language,
        Repetition,
        Copied,
        Pair,
        Steps,
        Grounded,
        Personal,
        Secrets,
        Toxicity,
        Names,
        Confidence,
    )
}
"""Those that look at a sample alone, the cheap ones first."""

REPEATS: Mapping[str, type[Validator]] = {
    made.name: made for made in (NearDuplicate, RepeatedTask, Semantic, HeldoutOverlap)
}
"""Those that compare a sample with others, so that they need the references."""

VALIDATORS: Mapping[str, type[Validator]] = {**CHECKS, **REPEATS}
"""All, in the order that they run in."""


def build(
    settings: Mapping[str, Mapping[str, float]], known: Mapping[str, type[Validator]] = VALIDATORS
) -> tuple[Validator, ...]:
    """Make the validators that a recipe's `[screen.<name>]` tables name, in the registry's order.

    Args:
        settings: by name, the validator's limits; keys of the rule may stand among them and are passed over.
        known: those that may be named.

    Raises:
        RecipeError: a name or a limit is unknown, or a limit's value can't be used.
    """
    if unknown := sorted(settings.keys() - known.keys()):
        raise RecipeError(f"[screen.{unknown[0]}] names no validator; there are {', '.join(sorted(known))}.")
    return tuple(_make(name, made, settings[name]) for name, made in known.items() if name in settings)


def _make(name: str, made: type[Validator], table: Mapping[str, float]) -> Validator:
    defaults = asdict(made())
    limits = {key: value for key, value in table.items() if key not in RULE_KEYS}
    if unknown := sorted(limits.keys() - defaults.keys()):
        allowed = ", ".join(sorted(defaults.keys() | RULE_KEYS))
        raise RecipeError(f"[screen.{name}] has no `{unknown[0]}`; it may set {allowed}.")
    return made(**{key: _as_kind(name, key, value, type(defaults[key])) for key, value in limits.items()})


def _as_kind(name: str, key: str, value: object, kind: type[int | float]) -> float:
    """The value as a whole number or a fraction, as the limit is, so that 1 and 1.0 give one digest."""
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and kind(value) == value:
        return kind(value)
    wanted = "a whole number" if kind is int else "a number"
    raise RecipeError(f"[screen.{name}] `{key}` is {value!r}; give {wanted}.")
