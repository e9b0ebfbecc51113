"""What a real vLLM answers, read by the real client: texts, schemas, log-probabilities, gauges."""

import asyncio
import json
from collections.abc import Mapping

import pytest
from jsonschema import validate
from pydantic import JsonValue

from outcross.data.recipe import load
from outcross.data.samples import KINDS
from outcross.serving.asking import gauges
from outcross.serving.asking.client import Answer, Chat, Failure, Message, ask, complete
from outcross.serving.endpoint import connect
from outcross.serving.servers.weights import folder_digest
from outcross.serving.wires.measures import WIRES, Passage, offered
from outcross.settings import Settings
from outcross.tasks.drafting.prompts import schema
from tests.vllm.server import CONCURRENCY, Vllm

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(900)]


def chat(key: str, text: str, **more: object) -> Chat:
    return Chat(key=key, messages=(Message(role="user", content=text),), **{"max_tokens": 24, "seed": 1, **more})


def outcomes(server: Vllm, *chats: Chat) -> list[Answer | Failure]:
    async def collect() -> list[Answer | Failure]:
        return [outcome async for outcome in complete(server.endpoint, chats)]

    return asyncio.run(collect())


def answers(server: Vllm, *chats: Chat) -> dict[str, Answer]:
    came = outcomes(server, *chats)
    assert all(isinstance(one, Answer) for one in came), came
    assert len(came) == len(chats)
    return {one.key: one for one in came}


def test_answers_come_with_their_tokens_counted_and_their_log_probability(server):
    said = answers(server, *[chat(str(n), f"Count from {n}.", seed=n) for n in range(CONCURRENCY)])
    for one in said.values():
        assert one.text
        assert one.tokens_in > 5
        assert 1 <= one.tokens_out <= 24
        assert one.mean_logprob < 0
        assert one.finish_reason in {"stop", "length"}


def test_a_burst_of_long_prompts_with_seeds_leaves_the_engine_alive(server):
    """What ends the engine under vLLM's own settings on a CPU: prompts read in parts, and a seed each."""
    long = "word " * 600
    assert len(answers(server, *[chat(str(n), f"{n} {long}", seed=n, max_tokens=4) for n in range(CONCURRENCY)])) == 32
    assert server.well()


def test_a_seed_decides_the_text_of_a_request_that_is_alone(server):
    texts = [answers(server, chat("k", "Tell a story.", seed=seed))["k"].text for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def bounded(node: JsonValue) -> JsonValue:
    """A schema whose every text and list is short, so that an answer to it comes to its end."""
    if isinstance(node, list):
        return [bounded(value) for value in node]
    if not isinstance(node, dict):
        return node
    inner: dict[str, JsonValue] = {key: bounded(value) for key, value in node.items()}
    if node.get("type") == "string" and not node.keys() & {"enum", "const"}:
        return {**inner, "maxLength": 12}
    return {**inner, "maxItems": max(2, node.get("minItems", 0))} if node.get("type") == "array" else inner


def shape(server: Vllm, kind: str) -> Mapping[str, JsonValue]:
    """What a recipe of a kind sends for a model that writes all of it."""
    recipe = load(server.home, "docstrings")
    writes = tuple(name for name in KINDS[kind].model_fields if name != "kind")
    return schema(recipe.model_copy(update={"kind": kind, "draft": recipe.draft.model_copy(update={"writes": writes})}))


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_to_the_schema_of_a_kind_is_valid(server, kind):
    wanted = bounded(shape(server, kind))
    prompt = f"Write a short {kind} in JSON."
    chats = [chat(str(seed), prompt, seed=seed, schema=wanted, max_tokens=500) for seed in range(8)]
    for said in answers(server, *chats).values():
        assert said.finish_reason == "stop", said
        value = json.loads(said.text)
        validate(value, wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_the_schema_that_recipes_send_holds_without_bounds(server, kind):
    wanted = shape(server, kind)
    chats = [chat(str(seed), f"Write a {kind} in JSON.", seed=seed, schema=wanted, max_tokens=60) for seed in range(8)]
    for said in answers(server, *chats).values():
        assert said.text.lstrip().startswith("{")
        if said.finish_reason == "stop":
            validate(json.loads(said.text), wanted)


def test_the_log_probabilities_of_a_text_are_those_of_its_tokens(server):
    assert offered(server.endpoint, "likelihood") == "prompt_logprobs"
    likely, odd = "One, two, three, four, five, six.", "One, frog, the, seven, blue, of."

    async def measure() -> dict[str, list[tuple[str, float | None]]]:
        passages = [Passage(key=text, text=text) for text in (likely, odd)]
        outcomes = [outcome async for outcome in ask(server.endpoint, passages, WIRES["prompt_logprobs"])]
        return {outcome.key: json.loads(outcome.text) for outcome in outcomes}

    means = {}
    for text, tokens in asyncio.run(measure()).items():
        assert tokens[0] == ["", None]  # of the first token, vLLM tells nothing
        assert text.endswith("".join(token for token, _ in tokens[1:]))
        measured = [logprob for _, logprob in tokens[1:]]
        assert all(logprob <= 0 for logprob in measured)
        means[text] = sum(measured) / len(measured)
    assert means[likely] > means[odd]


def test_a_model_that_writes_gives_no_rewards(server):
    assert offered(server.endpoint, "reward") == ""


def test_a_prompt_beyond_the_context_is_refused_for_good(server):
    failure = outcomes(server, chat("long", "word " * 9000))[0]
    assert isinstance(failure, Failure)
    assert failure.final
    assert failure.attempts == 1


def test_whoever_connects_from_its_home_knows_its_weights_and_its_key(server):
    with connect(Settings(home=server.home.root, base_url=server.base_url, api_key=None, model=None)) as endpoint:
        assert endpoint.api_key == server.noted.api_key
        assert endpoint.weights_digest == folder_digest(next((server.home.root / "weights").iterdir()))
        assert endpoint.model_depth == 0


def test_its_gauges_are_read(server):
    seen = gauges.parse(server.metrics().encode(), server.endpoint.model)
    assert seen is not None
    assert seen.running == seen.waiting == 0
    answers(server, chat("k", "Hello", max_tokens=2))
    assert server.answered() >= 1
