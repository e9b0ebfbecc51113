"""Languages: which one a slot is drafted in, where a recipe names several."""

from bisect import bisect
from itertools import accumulate

from outcross.data.recipe import Recipe
from outcross.data.samples import digest
from outcross.errors import RecipeError
from outcross.tasks.drafting.plan import Slot
from outcross.validators.text.languages import NAMES


def language(recipe: Recipe, slot: Slot) -> dict[str, str]:
    """`language`, in English, and `language_code` of a slot, as templates name them; empty without languages.

    A slot's own is drawn by its name and the recipe's weights: always the same one, whatever the other slots have.

    Raises:
        RecipeError: the recipe names a code that is no language which the screen could tell.
    """
    weights = dict(sorted(recipe.draft.languages.items()))
    if not weights:
        return {}
    if unknown := sorted(weights.keys() - NAMES.keys()):
        raise RecipeError(
            f"recipe {recipe.name}: [draft.languages] names {unknown[0]!r}, which is no language that the screen could "
            "tell. Give ISO 639 codes, such as de, fr or zh."
        )
    limits = list(accumulate(weights.values()))
    point = int(digest([recipe.name, slot.rank, "language"])[:13], 16) / 16**13 * limits[-1]
    code = list(weights)[bisect(limits[:-1], point)]
    return {"language": NAMES[code], "language_code": code}
