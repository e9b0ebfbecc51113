"""Suite: a recipe's validators with the rules over them."""

from dataclasses import dataclass

from outcross.data.recipe import Recipe
from outcross.validators import rules
from outcross.validators.registry import REPEATS, build
from outcross.validators.rule import Rule
from outcross.validators.signals import Validator, params_digest


@dataclass(frozen=True)
class Screen:
    """A recipe's validators with the rules over them."""

    validators: tuple[Validator, ...]
    rules: dict[str, Rule]

    @classmethod
    def of(cls, recipe: Recipe) -> "Screen":
        """Build what the recipe's `[screen]` tables name.

        Raises:
            RecipeError: a name, a limit or a rule doesn't hold.
        """
        made = build(recipe.screen)
        return cls(made, rules.from_settings(recipe.screen, made))

    @property
    def ruleset(self) -> str:
        """Names everything that decides a verdict."""
        return rules.ruleset_digest(self.validators, self.rules)

    @property
    def keys(self) -> set[tuple[str, int, str]]:
        """Name, version and limits of each validator, as signals are stored under."""
        return {(one.name, one.version, params_digest(one)) for one in self.validators}

    @property
    def checks(self) -> tuple[Validator, ...]:
        """Those that look at a sample alone."""
        return tuple(one for one in self.validators if one.name not in REPEATS)

    @property
    def repeats(self) -> tuple[Validator, ...]:
        """Those that compare it with others."""
        return tuple(one for one in self.validators if one.name in REPEATS)
