"""Prompts: what is sent to a model for a slot of the plan, and the digests that name it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

import jinja2
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import SandboxedEnvironment
from pydantic import JsonValue

from outcross.data.recipe import Recipe
from outcross.data.samples import KINDS, Sample, digest
from outcross.errors import RecipeError
from outcross.serving.chats import Message
from outcross.serving.endpoint import Endpoint
from outcross.tasks.drafting.attributes import measured
from outcross.tasks.drafting.environments import Task
from outcross.tasks.drafting.languages import language
from outcross.tasks.drafting.plan import Slot

# Recipes travel between teams, so a template may use its fields and nothing else. Prompts are no HTML.
TEMPLATES = SandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)

SHAPING = {"script", "exchanges", "tools", "max_calls", "languages", "stratum", "vary"}
"""Fields of a recipe's `[draft]`, beside its templates, that shape what is asked or what is made of it."""
LONGEST_LIST = 24
"""Of what a model writes as a list, such as steps."""


def prompt_digest(recipe: Recipe) -> str:
    """Names the templates that a recipe's prompts are made from."""
    draft = recipe.draft
    # What came later is in it only where a recipe says so: prompts that were there before keep their names.
    more = draft.model_dump(mode="json", include=SHAPING, exclude_defaults=True)
    return digest([draft.system, draft.ask, draft.given, list(draft.writes), draft.examples, *([more] if more else [])])


def setup_digest(recipe: Recipe, endpoints: Sequence[Endpoint]) -> str:
    """Names models, their depths, templates and sampling parameters, whatever the servers' addresses.

    A slot of the plan that was answered under a setup is not asked again under the same one, even if the
    vault has grown since and other examples would be shown.

    Args:
        endpoints: the models that speak for a slot, in their order.
    """
    draft = recipe.draft
    first, *others = [[one.model, one.weights_digest, one.model_depth] for one in endpoints]
    sampling = [draft.temperature, draft.top_p, draft.max_tokens]
    return digest([*first, prompt_digest(recipe), sampling, *([others] if others else [])])


def given_fields(recipe: Recipe, slot: Slot) -> dict[str, str]:
    """The content fields that the model doesn't write, for a slot."""
    target = {**_posed(slot.anchor), **language(recipe, slot), "vary": slot.vary}
    return {name: render(recipe, text, target) for name, text in recipe.draft.given.items()}


def _posed(anchor: Sample | Task) -> dict[str, JsonValue]:
    """The fields that templates of given ones may name."""
    return {"question": anchor.question} if isinstance(anchor, Task) else anchor.content.model_dump(mode="json")


def beside(recipe: Recipe, slot: Slot) -> dict[str, object]:
    """What a request may name beside content fields: the slot's `seed`, its language, and what it varies by.

    A seed is its own first example; a target is nobody's, and its answer must not be seen.
    """
    seed = {"seed": _posed(slot.anchor)} if slot.anchor in slot.examples else {}
    return {**seed, **language(recipe, slot), "vary": slot.vary}


def drafts_stratum(recipe: Recipe, slot: Slot, own: str) -> str:
    """The stratum of a draft for a row of the stratum `own`."""
    template = recipe.draft.stratum
    return render(recipe, template, {"stratum": own} | language(recipe, slot)) if template else own


def messages(recipe: Recipe, slot: Slot, given: Mapping[str, str]) -> tuple[Message, ...]:
    """What a model is told for a slot: the recipe's words, the examples as turns, and the request itself.

    Raises:
        RecipeError: a template of the recipe doesn't render.
    """
    return tuple(_messages(recipe, slot, given))


def _messages(recipe: Recipe, slot: Slot, given: Mapping[str, str]) -> Iterator[Message]:
    yield Message(role="system", content=recipe.draft.system)
    more = beside(recipe, slot)
    for example in _shown(recipe, slot):
        own = {**language(recipe, slot), "vary": {**slot.vary, **measured(recipe, example)}}
        said = example.content.model_dump_json()
        yield from _example(recipe.name, recipe.draft.ask, recipe.draft.writes, said, json.dumps(own))
    yield Message(role="user", content=render(recipe, recipe.draft.ask, {**given, **more}))


@lru_cache(maxsize=1024)
def _example(recipe: str, ask: str, writes: tuple[str, ...], content: str, more: str) -> tuple[Message, Message]:
    """A row as a request and its answer. A plan shows few rows again and again, and rendering is what takes time."""
    fields = json.loads(content)
    written = {name: fields[name] for name in writes}
    return (
        Message(role="user", content=_rendered(recipe, ask, {**fields, **json.loads(more)})),
        Message(role="assistant", content=json.dumps(written, ensure_ascii=False)),
    )


def _shown(recipe: Recipe, slot: Slot) -> tuple[Sample, ...]:
    """The examples that stand as turns; none where the request holds its row, which would be answered by itself."""
    if "seed" not in _named(recipe.draft.ask):
        return slot.examples
    if recipe.draft.examples:
        raise RecipeError(
            f"recipe {recipe.name}: [draft] `ask` names `seed`, and no row shows what to make of one; set `examples` "
            f"to 0, not {recipe.draft.examples}."
        )
    return ()


def render(recipe: Recipe, template: str, fields: Mapping[str, object]) -> str:
    """A template of the recipe over some fields.

    Raises:
        RecipeError: it doesn't render.
    """
    return _rendered(recipe.name, template, fields)


def _rendered(recipe: str, template: str, fields: Mapping[str, object]) -> str:
    try:
        return _compiled(template).render(fields).strip()
    except (jinja2.TemplateError, TypeError, ValueError, OverflowError, MemoryError) as error:
        raise RecipeError(f"recipe {recipe}: the template {template[:60]!r} doesn't render: {error}.") from error


_compiled = lru_cache(maxsize=256)(TEMPLATES.from_string)
"""Compiling a template takes a hundred times as long as rendering it."""


@lru_cache(maxsize=256)
def _named(template: str) -> frozenset[str]:
    """The variables that a template names; none where it can't be read, which rendering says."""
    try:
        return frozenset(find_undeclared_variables(TEMPLATES.parse(template)))
    except jinja2.TemplateError:
        return frozenset()


def schema(recipe: Recipe) -> dict[str, JsonValue]:
    """JSON schema of what the model writes: the kind's own fields, without the limits on lengths of texts.

    Limits are checked on what comes back: as a grammar, a length limit of thousands slows a server to a crawl. Lists
    end after `LONGEST_LIST`, which stops a small model that would go on for ever.
    """
    return _schema(recipe.kind, recipe.draft.writes)


@lru_cache(maxsize=64)
def _schema(kind: str, writes: tuple[str, ...]) -> dict[str, JsonValue]:
    full = KINDS[kind].model_json_schema()
    properties = {name: _open(full["properties"][name]) for name in writes}
    return {
        "type": "object",
        "properties": properties,
        "required": list(writes),
        "additionalProperties": False,
        **({"$defs": _open(full["$defs"])} if "$defs" in full else {}),
    }


def _open(node: JsonValue) -> JsonValue:
    closed = {"maxLength", "minLength", "pattern", "title", "default"}
    if isinstance(node, dict):
        kept = ((key, value) for key, value in node.items() if key not in closed)
        return {key: LONGEST_LIST if key == "maxItems" else _open(value) for key, value in kept}
    return [_open(value) for value in node] if isinstance(node, list) else node
