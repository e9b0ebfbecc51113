"""Rule: what a score means for a sample."""

from dataclasses import dataclass, fields

from outcross.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Reject a score below `reject_below`, accept one from `accept_from` up, and leave the rest to an expert.

    With both at 0 the score only informs: neither it nor a failure keeps a sample from being accepted.
    """

    reject_below: float
    accept_from: float

    def __post_init__(self) -> None:
        if not 0 <= self.reject_below <= self.accept_from <= 1:
            raise RecipeError(
                f"a rule needs 0 <= reject_below <= accept_from <= 1, not {self.reject_below} and {self.accept_from}."
            )


INFORMS = Rule(reject_below=0.0, accept_from=0.0)

RULE_KEYS = frozenset(field.name for field in fields(Rule))
"""The keys of a recipe's `[screen.<name>]` table that make its rule; all others are the validator's limits."""
