"""Languages: which one a slot is drafted in, where a recipe names several."""

from outcross.data.recipe import Recipe
from outcross.errors import RecipeError
from outcross.tasks.drafting.attributes import chance, weighted
from outcross.tasks.drafting.plan import Slot
from outcross.validators.text.languages import NAMES


def language(recipe: Recipe, slot: Slot) -> dict[str, str]:
    """`language`, in English, and `language_code` of a slot, as templates name them; empty without languages.

    A slot's own is drawn by its name and the recipe's weights: always the same one, whatever the other slots have.

    Raises:
        RecipeError: the recipe names a code that is no language which the screen could tell.
    """
    weights = recipe.draft.languages
    if not weights:
        return {}
    if unknown := sorted(weights.keys() - NAMES.keys()):
        raise RecipeError(
            f"recipe {recipe.name}: [draft.languages] names {unknown[0]!r}, which is no language that the screen could "
            "tell. Give ISO 639 codes, such as de, fr or zh."
        )
    code = weighted(weights, chance(recipe, slot.rank, "language"))
    return {"language": NAMES[code], "language_code": code}
