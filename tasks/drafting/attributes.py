"""Attributes: what drafts are varied by, each drawn from weights that the recipe says or from people's own rows.

What was drawn for a draft follows from the recipe, the rank of its slot and, for what people's rows say, the seeds that
the vault held when it was answered: the vault only grows, and knows when each row came.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate

from outcross.data.reading import Reading, read
from outcross.data.recipe import Recipe
from outcross.data.recipe_drafting import HUMAN, Measure
from outcross.data.samples import Sample, digest
from outcross.errors import RecipeError
from outcross.validators.text.words import WORD

_QUESTION = re.compile(r"[?？؟][\s\"'”’)\]]*$", re.MULTILINE)


def _words(reading: Reading) -> str:
    return str(len(re.findall(WORD, reading.response)))


def _opening(reading: Reading) -> str:
    first = re.search(WORD, reading.prompt or reading.response)
    return first[0] if first else ""


def _form(reading: Reading) -> str:
    return "question" if _QUESTION.search(reading.prompt) else "command"


MEASURES: Mapping[Measure, Callable[[Reading], str]] = {"words": _words, "opening": _opening, "form": _form}
"""What can be drawn from people's rows: the number of words of the answer, the first word of the task (of the text,
where it poses none), and whether a line of the task ends with a question mark."""


def measured(recipe: Recipe, row: Sample) -> dict[str, str]:
    """What a row of people's says of the attributes that are drawn from such rows."""
    reading = read(row.content)
    return {name: measure(reading) for name, measure in MEASURES.items() if recipe.draft.vary.get(name) == HUMAN}


def draw(recipe: Recipe, rank: str, rows: Sequence[Sample]) -> dict[str, str]:
    """Draw each attribute that the recipe names, for one slot.

    Those from people's rows are all measured on one row, so that they go together as people have them.

    Args:
        rank: the slot's.
        rows: seeds of its stratum.

    Raises:
        RecipeError: an attribute is to be drawn from people's rows, and there are none.
    """
    vary = recipe.draft.vary
    drawn = {
        name: weighted(weights, chance(recipe, rank, name))
        for name, weights in vary.items()
        if not isinstance(weights, str)
    }
    if len(drawn) == len(vary):
        return drawn
    if not rows:
        raise RecipeError(
            f"recipe {recipe.name}: [draft.vary] draws {', '.join(sorted(vary.keys() - drawn.keys()))} from people's "
            "seed rows, and there are none. Raise `seed_share`, or give values with weights."
        )
    return drawn | measured(recipe, rows[int(chance(recipe, rank, HUMAN) * len(rows))])


def chance(recipe: Recipe, rank: str, name: str) -> float:
    """A number from 0 to below 1, the same for the same slot and name."""
    return int(digest([recipe.name, rank, name])[:13], 16) / 16**13


def weighted(weights: Mapping[str, float], point: float) -> str:
    """The value into whose part of the whole weight a number from 0 to below 1 falls."""
    values = sorted(weights)
    ends = list(accumulate(weights[value] for value in values))
    return next(value for value, end in zip(values, ends, strict=True) if point * ends[-1] < end)
