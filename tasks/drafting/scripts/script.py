"""Scripts: how a slot of the plan becomes a sample, in one call of a model or in several.

A script is a generator. It yields what it wants, a `Call` of a model or the `Use` of a tool, is sent what came of it,
an `Answer` or the tool's text, and returns the content of the sample. It decides by nothing but its arguments and what
it was sent, so that one that was interrupted can be run again on the answers that are there already. It never sees a
cut-off answer: one that ran into its limit of tokens is no sample.
"""

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import JsonValue, ValidationError

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Content, explain
from outcross.serving.chats import Answer, Message
from outcross.tasks.drafting.plan import Slot


@dataclass(frozen=True, kw_only=True)
class Call:
    """One question to a model; what isn't said here is the recipe's."""

    messages: tuple[Message, ...]
    schema: Mapping[str, JsonValue] | None = None
    """The JSON schema of the answer; any text where None."""
    voice: int = 0
    """Which of the slot's models is asked, in their order: see `Fleet.voices`."""


@dataclass(frozen=True, kw_only=True)
class Use:
    """A tool that is to be run."""

    tool: str
    arguments: str
    """JSON, as the model wrote it."""


class NoSample(Exception):
    """What a model answered makes no sample of the wanted kind; the text says why, in a phrase."""

    def __init__(self, reason: str, raw: str | None = None) -> None:
        super().__init__(reason)
        self.raw = raw
        """What it answered."""


Script = Generator[Call | Use, Any, Content]
Writer = Callable[[Recipe, Slot], Script]


def call(asked: Call) -> Generator[Call | Use, Any, str]:
    """The text that a model answers."""
    answer: Answer = yield asked
    return answer.text


def fields(said: str) -> dict[str, JsonValue]:
    """The JSON object that a model answered.

    Raises:
        NoSample: it is none.
    """
    try:
        written = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise NoSample(f"not JSON: {error}", said) from None
    if not isinstance(written, dict):
        raise NoSample(f"a JSON {type(written).__name__} where an object is wanted", said)
    return written


def content(recipe: Recipe, parts: Mapping[str, object], said: str) -> Content:
    """A content of the recipe's kind.

    Raises:
        NoSample: the parts are none.
    """
    try:
        return CONTENT.validate_python({**parts, "kind": recipe.kind})
    except ValidationError as error:
        raise NoSample(explain(error), said) from None
