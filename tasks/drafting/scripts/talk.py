"""The script of conversations: a person and an assistant in turn, both played by a model."""

from collections.abc import Mapping, Sequence

from outcross.data.recipe import Recipe
from outcross.serving.chats import Message
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import beside, given_fields, render
from outcross.tasks.drafting.scripts.script import Call, NoSample, Script, call, content


def talk(recipe: Recipe, slot: Slot) -> Script:
    """Ask for each turn in plain text, but for the first where the recipe gives it.

    `system` is what the assistant is told, and `ask` what whoever plays the person is told: a template over the `turns`
    so far, and `seed`. The given field `turns` is the person's first turn; where it is empty, that one is played too.
    """
    opening = given_fields(recipe, slot).get("turns", "")
    turns = [_turn("user", opening)] if opening else []
    while len(turns) < 2 * recipe.draft.exchanges:
        role, told = ("assistant", _as_assistant) if len(turns) % 2 else ("user", _as_person)
        said = (yield from call(Call(messages=told(recipe, slot, turns)))).strip()
        if not said:
            raise NoSample(f"turn {len(turns) + 1}, the {role}'s, is empty", _so_far(turns))
        if turns and said == turns[-1]["text"]:
            raise NoSample(f"turn {len(turns) + 1}, the {role}'s, repeats the one before", _so_far(turns))
        turns.append(_turn(role, said))
    return content(recipe, {"turns": turns}, _so_far(turns))


def _turn(role: str, text: str) -> dict[str, str]:
    return {"role": role, "text": text}


def _as_assistant(recipe: Recipe, _: Slot, turns: Sequence[Mapping[str, str]]) -> tuple[Message, ...]:
    said = ({"role": turn["role"], "content": turn["text"]} for turn in turns)
    return (Message(role="system", content=recipe.draft.system), *map(Message.model_validate, said))


def _as_person(recipe: Recipe, slot: Slot, turns: Sequence[Mapping[str, str]]) -> tuple[Message, ...]:
    """The conversation stands in one text: a model that is told to be a person in turns of its own answers them."""
    asked = render(recipe, recipe.draft.ask, {"turns": turns, **beside(recipe, slot)})
    return (Message(role="user", content=asked),)


def _so_far(turns: Sequence[Mapping[str, str]]) -> str:
    return "\n\n".join(f"{turn['role']}: {turn['text']}" for turn in turns)
