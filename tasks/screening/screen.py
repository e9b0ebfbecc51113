"""The screen: validators over drafts, rules over their signals, and the audits drawn from what they decide."""

from dataclasses import dataclass

from outcross.data.recipe import Recipe
from outcross.data.stores import arrivals, screening
from outcross.data.stores.arrivals import Part
from outcross.data.stores.home import Home
from outcross.tasks.screening.routes import draw
from outcross.tasks.screening.signalling import arrive, check, compare, sketch
from outcross.tasks.screening.suite import Screen
from outcross.validators import rules


def unjudged(home: Home, recipe: Recipe, part: Part | None = None) -> list[str]:
    """Ids of drafts without a verdict under the present rules, in the order in which they came; of a part, or all."""
    return arrivals.unjudged(home, recipe.name, Screen.of(recipe).ruleset, part)


def parts(home: Home, recipe: Recipe, rows: int) -> list[Part]:
    """The drafts without a verdict in parts of so many rows, once each has its place."""
    arrive(home, recipe)
    sketch(home, recipe)
    return arrivals.parts(home, recipe.name, Screen.of(recipe).ruleset, rows)


def screen(home: Home, recipe: Recipe, ids: list[str]) -> int:
    """Judge some drafts: the signals that are missing, then a verdict each; return how many verdicts were new.

    A rule that changed decides again from the stored signals; a validator that changed runs alone.
    """
    arrive(home, recipe)
    check(home, recipe, ids)
    sketch(home, recipe)
    compare(home, recipe, ids)
    return decide(home, recipe, ids).new


@dataclass(frozen=True)
class Decided:
    """What deciding some drafts came to."""

    new: int
    """Verdicts that weren't there."""
    outcomes: dict[str, int]


def decide(home: Home, recipe: Recipe, ids: list[str]) -> Decided:
    """Give some drafts their verdicts, from the signals that are there."""
    made = Screen.of(recipe)
    verdicts = rules.decide(screening.signals(home, recipe.name, made.keys, ids), made.rules)
    verdicts = draw(verdicts, home.audit_key(), recipe.review, made.ruleset)
    new = screening.add_verdicts(home, recipe.name, made.ruleset, verdicts)
    return Decided(new, dict(verdicts.group_by("outcome").len().iter_rows()))
