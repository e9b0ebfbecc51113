"""Coverage: what a recipe's plan has for each stratum of people's rows, and how far it has come."""

from collections import Counter
from dataclasses import dataclass
from itertools import chain, islice, repeat

from outcross.data.recipe import Recipe
from outcross.data.stores import accepted
from outcross.data.stores.home import Home
from outcross.tasks.drafting.anchors import Anchors, anchors
from outcross.tasks.drafting.rounds import rounds
from outcross.tasks.screening.suite import Screen


@dataclass(frozen=True)
class Stratum:
    """One stratum: people's rows, and the drafts that are planned and made of it."""

    name: str
    mixture: int
    """People's rows in the mixture; where there are none, nothing is drafted."""
    seeds: int
    targets: int
    planned: int
    """Of the plan's first slots."""
    drafted: int
    accepted: int
    near: int
    """Anchors passed over because they nearly repeat an earlier one."""
    leaks: int
    """Seeds and targets passed over because they repeat a held-out text."""
    long: int
    """Seeds and targets passed over because they are longer than `max_prompt`."""


def coverage(home: Home, recipe: Recipe, count: int) -> list[Stratum]:
    """All strata with people's rows, those first that the plan covers first; no model is asked.

    Args:
        count: slots that are wanted.
    """
    there = anchors(home, recipe)
    planned = _planned(recipe, there, count)
    made = accepted.by_stratum(home, recipe.name, Screen.of(recipe).ruleset)
    drafted, taken = (dict(made.select("stratum", column).iter_rows()) for column in ("drafted", "accepted"))
    names = dict.fromkeys([*there.strata, *sorted({*there.people, *there.counts, *drafted})])
    return [
        Stratum(
            name,
            mixture=there.people.get(name, 0),
            seeds=counts["seed"],
            targets=counts["target"],
            planned=planned[name],
            drafted=drafted.get(name, 0),
            accepted=taken.get(name, 0),
            near=counts["near"],
            leaks=counts["leak"],
            long=counts["long"],
        )
        for name, counts in ((name, there.counts.get(name, Counter())) for name in names)
    ]


def _planned(recipe: Recipe, there: Anchors, count: int) -> Counter[str]:
    """Strata of the plan's first slots."""
    if recipe.environment:
        return Counter({recipe.environment.stratum: count})
    sizes = {stratum: len(group) for stratum, group in there.strata.items()}
    turns = chain.from_iterable(rounds(sizes) for _ in repeat(None)) if sizes else iter(())
    return Counter(stratum for stratum, _ in islice(turns, count))
