"""The script of most kinds: one answer, an object with the fields that the model writes."""

from outcross.data.recipe import Recipe
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import given_fields, messages, schema
from outcross.tasks.drafting.scripts.script import Call, Script, call, content, fields


def write(recipe: Recipe, slot: Slot) -> Script:
    """Ask once, for an object."""
    given = given_fields(recipe, slot)
    said = yield from call(Call(messages=messages(recipe, slot, given), schema=schema(recipe)))
    return content(recipe, {**fields(said), **given}, said)  # no server need hold the model to its own fields
