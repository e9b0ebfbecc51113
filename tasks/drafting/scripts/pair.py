"""The script of preference pairs: two answers to one prompt, of which nobody knows yet which is the better one."""

import re
from collections.abc import Iterator
from itertools import takewhile

from outcross.data.recipe import Recipe
from outcross.data.samples import Preference, digest
from outcross.serving.chats import Message
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import given_fields, render
from outcross.tasks.drafting.scripts.script import Call, NoSample, Script, call, content

_WORD = re.compile(r"\w+|[^\w\s.,;:!?'\"`*_]")
"""Words, and signs that mean something: the marks that only set prose are left out."""
_FEW = 0.05
"""Share of the words up to which two answers that differ in these alone are nearly the same."""


def pair(recipe: Recipe, slot: Slot) -> Script:
    """Ask two models, or one model twice, in plain text.

    Which of the two stands as the chosen one is drawn by the slot's name, and says nothing until somebody judges: were
    it always the first, the row would say which model wrote it, and a reviewer's "as it stands" would favour that one.
    """
    given = given_fields(recipe, slot)
    asked = tuple(_messages(recipe, slot, given))
    first = (yield from call(Call(messages=asked))).strip()
    second = (yield from call(Call(messages=asked, voice=1))).strip()
    if alike(first, second):
        raise NoSample("the two answers are the same", f"{first}\n---\n{second}")
    answers = (first, second) if _heads(recipe, slot) else (second, first)
    written = dict(zip(("chosen", "rejected"), answers, strict=True))
    return content(recipe, {**given, **written}, f"{first}\n---\n{second}")


def alike(one: str, other: str) -> bool:
    """Whether two answers are nearly the same: one word in twenty differs, in one place, and no number does."""
    mine, theirs = (_WORD.findall(text.casefold()) for text in (one, other))
    longest = max(len(mine), len(theirs))
    changed = longest - _common(mine, theirs) - _common(mine[::-1], theirs[::-1])
    return mine == theirs or (_numbers(mine) == _numbers(theirs) and changed <= longest * _FEW)


def _common(mine: list[str], theirs: list[str]) -> int:
    """How many words both begin with."""
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(mine, theirs, strict=False)))


def _numbers(words: list[str]) -> list[str]:
    return [word for word in words if word[0].isdigit()]


def _heads(recipe: Recipe, slot: Slot) -> bool:
    return int(digest([recipe.name, slot.rank, "chosen"])[0], 16) % 2 == 0


def _messages(recipe: Recipe, slot: Slot, given: dict[str, str]) -> Iterator[Message]:
    """The recipe's words, people's prompts with the answers that they found better, and the prompt itself."""
    yield Message(role="system", content=recipe.draft.system)
    for example in slot.examples:
        # The anchor's own answers would only be repeated.
        if example != slot.anchor and isinstance(said := example.content, Preference):
            yield Message(role="user", content=render(recipe, recipe.draft.ask, said.model_dump(mode="json")))
            yield Message(role="assistant", content=said.chosen)
    yield Message(role="user", content=render(recipe, recipe.draft.ask, given))
