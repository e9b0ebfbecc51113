"""Prompts: what is sent to a model for a slot of the plan, and the digests that name it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import jinja2
from jinja2.sandbox import SandboxedEnvironment
from pydantic import JsonValue

from outcross.data.recipe import Recipe
from outcross.data.samples import KINDS, Sample, digest
from outcross.errors import RecipeError
from outcross.serving.chats import Chat, Message
from outcross.serving.endpoint import Endpoint
from outcross.tasks.environments import Task
from outcross.tasks.plan import Slot

# Recipes travel between teams, so a template may use its fields and nothing else. Prompts are no HTML.
TEMPLATES = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


@dataclass(frozen=True)
class Request:
    """A slot, and what is sent for it to one model."""

    slot: Slot
    given: dict[str, str]
    """Content fields that the model doesn't write."""
    chat: Chat


def prompt_digest(recipe: Recipe) -> str:
    """Names the templates that a recipe's prompts are made from."""
    draft = recipe.draft
    return digest([draft.system, draft.ask, draft.given, list(draft.writes), draft.examples])


def setup_digest(recipe: Recipe, endpoint: Endpoint) -> str:
    """Names model, its depth, templates and sampling parameters, whatever the server's address.

    A slot of the plan that was answered under a setup is not asked again under the same one, even if the
    vault has grown since and other examples would be shown.
    """
    draft = recipe.draft
    sampling = [draft.temperature, draft.top_p, draft.max_tokens]
    return digest([endpoint.model, endpoint.weights_digest, endpoint.model_depth, prompt_digest(recipe), sampling])


def requests(recipe: Recipe, endpoint: Endpoint, slots: Sequence[Slot]) -> Iterator[Request]:
    """What is sent for each slot; the chat's key is a digest of all of it.

    Raises:
        RecipeError: a template of the recipe doesn't render.
    """
    shape = schema(recipe)
    setup = setup_digest(recipe, endpoint)
    for slot in slots:
        target = _posed(slot.anchor)
        given = {name: _render(recipe, text, target) for name, text in recipe.draft.given.items()}
        messages = tuple(_messages(recipe, slot, given))
        # A text that comes back keeps the row it made first, a wrong depth with it; so another depth has another seed.
        seed = (int(digest([recipe.name, slot.rank])[:8], 16) + endpoint.model_depth) % 2**31
        chat = Chat(
            key=digest([setup, [message.model_dump() for message in messages], shape, seed]),
            messages=messages,
            schema=shape,
            temperature=recipe.draft.temperature,
            top_p=recipe.draft.top_p,
            max_tokens=recipe.draft.max_tokens,
            seed=seed,
        )
        yield Request(slot, given, chat)


def _posed(anchor: Sample | Task) -> dict[str, JsonValue]:
    """The fields that templates of given ones may name."""
    return {"question": anchor.question} if isinstance(anchor, Task) else anchor.content.model_dump(mode="json")


def _messages(recipe: Recipe, slot: Slot, given: Mapping[str, str]) -> Iterator[Message]:
    yield Message(role="system", content=recipe.draft.system)
    for example in slot.examples:
        fields = example.content.model_dump(mode="json")
        written = {name: fields[name] for name in recipe.draft.writes}
        yield Message(role="user", content=_render(recipe, recipe.draft.ask, fields))
        yield Message(role="assistant", content=json.dumps(written, ensure_ascii=False))
    yield Message(role="user", content=_render(recipe, recipe.draft.ask, given))


def _render(recipe: Recipe, template: str, fields: Mapping[str, object]) -> str:
    try:
        return TEMPLATES.from_string(template).render(fields).strip()
    except (jinja2.TemplateError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise RecipeError(f"recipe {recipe.name}: the template {template[:60]!r} doesn't render: {error}.") from error


def schema(recipe: Recipe) -> dict[str, JsonValue]:
    """JSON schema of what the model writes: the kind's own fields, without the limits on lengths.

    Limits are checked on what comes back: as a grammar, a length limit of thousands slows a server to a crawl.
    """
    full = KINDS[recipe.kind].model_json_schema()
    properties = {name: _open(full["properties"][name]) for name in recipe.draft.writes}
    return {
        "type": "object",
        "properties": properties,
        "required": list(recipe.draft.writes),
        "additionalProperties": False,
        **({"$defs": _open(full["$defs"])} if "$defs" in full else {}),
    }


def _open(node: JsonValue) -> JsonValue:
    closed = {"maxLength", "minLength", "pattern", "title", "default"}
    if isinstance(node, dict):
        return {key: _open(value) for key, value in node.items() if key not in closed}
    return [_open(value) for value in node] if isinstance(node, list) else node
