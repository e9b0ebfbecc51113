"""The embedded model answers for real, to its owner alone, and never outlives the process that started it."""

import asyncio
import json
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from outcross.errors import ServerUnavailable
from outcross.serving.asking.client import Answer, Chat, Message, complete
from outcross.serving.endpoint import Endpoint, connect
from outcross.serving.servers import embedded
from outcross.settings import Settings

pytest.importorskip("xllamacpp")

SCHEMA = {
    "type": "object",
    "properties": {"fruit": {"type": "string", "maxLength": 20}, "colour": {"enum": ["red", "green", "yellow"]}},
    "required": ["fruit", "colour"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with connect(Settings(base_url=None, model=None)) as started:
        yield started


def chat(key: str, text: str, **more: object) -> Chat:
    return Chat(key=key, messages=(Message(role="user", content=text),), **{"max_tokens": 60, "seed": 1, **more})


def ask(endpoint: Endpoint, *chats: Chat) -> list:
    async def collect() -> list:
        return [outcome async for outcome in complete(endpoint, chats)]

    return asyncio.run(collect())


def test_it_answers_to_the_schema_with_a_log_probability(endpoint):
    prompt = "Name a fruit and its colour as JSON with the keys fruit and colour."
    answers = ask(endpoint, *[chat(str(seed), prompt, seed=seed, schema=SCHEMA, temperature=0.7) for seed in range(4)])
    for answer in answers:
        assert isinstance(answer, Answer)
        assert answer.mean_logprob is not None
        assert answer.mean_logprob < 0
        assert answer.tokens_in > 10
    whole = [json.loads(answer.text) for answer in answers if answer.finish_reason == "stop"]
    assert whole
    assert all(value.keys() == {"fruit", "colour"} and value["colour"] in {"red", "green", "yellow"} for value in whole)


def test_the_weights_are_named_by_their_digest(endpoint):
    assert endpoint.model == "SmolLM2-135M-Instruct.Q4_1"
    assert endpoint.weights_digest == "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"


def test_only_its_owner_may_ask_it(endpoint):
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1}).encode()
    request = urllib.request.Request(
        f"{endpoint.base_url}/chat/completions", body, {"Content-Type": "application/json"}
    )
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(request, timeout=10)


def test_a_prompt_beyond_the_context_is_a_final_failure(endpoint):
    (failure,) = ask(endpoint, chat("long", "word " * 3000))
    assert failure.final
    assert "context size" in failure.raw


def test_it_closes_at_once_with_requests_in_flight_and_opens_again():
    with embedded.serve() as first:
        where = Endpoint(
            base_url=first.base_url, model=embedded.MODEL, model_depth=0, concurrency=8, api_key=first.api_key
        )
        errors: list[Exception] = []

        def keep_asking() -> None:
            try:
                ask(where, *[chat(str(i), "Tell a long story.", max_tokens=1500, seed=i) for i in range(8)])
            except ServerUnavailable as error:
                errors.append(error)

        asking = threading.Thread(target=keep_asking)
        asking.start()
        time.sleep(1.5)
    asking.join(60)
    assert len(errors) == 1
    with embedded.serve() as second:
        again = Endpoint(
            base_url=second.base_url, model=embedded.MODEL, model_depth=0, concurrency=8, api_key=second.api_key
        )
        assert isinstance(ask(again, chat("k", "Hello", max_tokens=4))[0], Answer)


PARENT = """
import time
from outcross.serving.servers import embedded
popen = embedded.subprocess.Popen
class Told(popen):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        print(self.pid, flush=True)
embedded.subprocess.Popen = Told
with embedded.serve() as server:
    print(server.base_url, flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("wait_for_start", [True, False])
def test_a_killed_parent_leaves_no_orphan(wait_for_start):
    parent = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    if wait_for_start:
        assert parent.stdout.readline().startswith("http://127.0.0.1:")
    parent.kill()
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 60
    while _runs(child) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


INTERRUPTED = """
import os, signal, time
from outcross.serving import endpoint
from outcross.serving.servers import embedded
signal.signal(signal.SIGINT, lambda *_: None)
with embedded.serve() as server:
    os.killpg(os.getpgrp(), signal.SIGINT)
    time.sleep(0.5)
    print(endpoint.served_models(server.base_url, server.api_key))
"""


def test_an_interrupt_from_the_terminal_leaves_the_model_to_its_parent():
    command = [sys.executable, "-c", INTERRUPTED]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True, timeout=120)
    assert done.stdout == f"['{embedded.MODEL}']\n", done.stderr


def test_weights_that_cant_be_loaded_are_reported_with_the_reason(tmp_path, monkeypatch):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"not a model")
    monkeypatch.setattr(embedded, "weights", lambda: broken)
    with (
        pytest.raises(ServerUnavailable, match=r"didn't start \(RuntimeError: Failed to init server"),
        embedded.serve(),
    ):
        pass


def test_nothing_reaches_the_terminal(capfd):
    unsupported = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^[((("}}, "required": ["a"]}
    with embedded.serve() as server:
        where = Endpoint(
            base_url=server.base_url, model=embedded.MODEL, model_depth=0, concurrency=1, api_key=server.api_key
        )
        ask(where, chat("k", "Hello", max_tokens=4, schema=unsupported))
    assert capfd.readouterr() == ("", "")
