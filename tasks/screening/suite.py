"""Suite: a recipe's validators with the rules over them."""

from collections.abc import Mapping
from dataclasses import dataclass

from outcross.data.recipe import Recipe
from outcross.tasks.judging.names import NAMES
from outcross.validators import profiles, rules
from outcross.validators.profiles import Settings
from outcross.validators.registry import CHECKS, REPEATS, build
from outcross.validators.rule import Rule
from outcross.validators.signals import Validator, params_digest
from outcross.verifiers.registry import VERIFIERS

KNOWN: Mapping[str, type[Validator]] = {**CHECKS, **VERIFIERS, **REPEATS}
"""All that a recipe may name, in the order that they run in."""


@dataclass(frozen=True)
class Screen:
    """A recipe's validators with the rules over them."""

    validators: tuple[Validator, ...]
    rules: dict[str, Rule]

    @classmethod
    def of(cls, recipe: Recipe) -> "Screen":
        """Build what the recipe's profile and its `[screen]` tables name.

        Raises:
            RecipeError: a name, a limit or a rule doesn't hold.
        """
        settings = profiles.settings(recipe.profile, recipe.screen)
        return cls.of_settings({name: table for name, table in settings.items() if name not in NAMES})

    @classmethod
    def of_settings(cls, settings: Settings) -> "Screen":
        """Build the validators that tables name, with their rules.

        Raises:
            RecipeError: a name, a limit or a rule doesn't hold.
        """
        made = build(settings, KNOWN)
        return cls(made, rules.from_settings(settings, made))

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
