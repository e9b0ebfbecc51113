"""Registry: the judges by name, and those that a recipe names among its `[screen.<name>]` tables."""

from collections.abc import Mapping
from typing import Any, cast

from outcross.data.recipe import Recipe
from outcross.errors import RecipeError
from outcross.tasks.judging.appointment import Judge
from outcross.tasks.judging.likelihood import Difficulty, Perplexity
from outcross.tasks.judging.reward import Reward
from outcross.tasks.judging.rubric import Rubric
from outcross.validators.registry import build
from outcross.validators.rule import RULE_KEYS

JUDGES: Mapping[str, type[Judge]] = {made.name: made for made in (Perplexity, Difficulty, Reward, Rubric)}
"""In the order that they ask in: what costs least first."""


def judges(recipe: Recipe) -> tuple[Judge, ...]:
    """Make the judges that a recipe names.

    Raises:
        RecipeError: a limit is unknown, or its value can't be used; or a table sets a rule.
    """
    named = {name: table for name, table in recipe.screen.items() if name in JUDGES}
    for name, table in named.items():
        if ruled := sorted(RULE_KEYS & table.keys()):
            raise RecipeError(f"[screen.{name}] sets `{ruled[0]}`, but a model's judgement only informs; take it out.")
    return cast("tuple[Judge, ...]", build(named, cast("Any", JUDGES)))
