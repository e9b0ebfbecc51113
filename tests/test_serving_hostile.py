"""What no well-made server sends is a failure with its reason, never an exception, and costs no key."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from pydantic import SecretStr

from outcross.serving.asking import client
from outcross.serving.asking.client import Answer, Chat, Failure, Message, complete
from outcross.serving.endpoint import Endpoint


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF", 0.02)


class Scripted(threading.Thread):
    """A socket that gives each connection the same bytes, for what a well-made server never sends."""

    def __init__(self, reply: bytes) -> None:
        super().__init__(daemon=True)
        self.reply = reply
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self.socket.getsockname()[1]}/v1"
        self.heard = b""
        self.start()

    def run(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                self.heard += connection.recv(65536)
                connection.sendall(self.reply)


def ask(server: Scripted, api_key: str | None = None) -> list[Answer | Failure]:
    key = None if api_key is None else SecretStr(api_key)
    where = Endpoint(base_url=server.base_url, model="m", model_depth=0, concurrency=2, api_key=key)
    chat = Chat(key="k", messages=(Message(role="user", content="Hello"),), max_tokens=9, seed=1)

    async def collect() -> list[Answer | Failure]:
        return [outcome async for outcome in complete(where, [chat])]

    return asyncio.run(collect())


@pytest.fixture
def scripted() -> Iterator[Callable[..., Scripted]]:
    opened: list[Scripted] = []

    def start(body: object, status: str = "200 OK", extra: str = "") -> Scripted:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(content)}\r\nConnection: close\r\n{extra}\r\n"
        opened.append(Scripted(head.encode() + content))
        return opened[-1]

    yield start
    for server in opened:
        server.socket.close()


@pytest.mark.parametrize(
    "body",
    [
        [],
        {"choices": []},
        {"choices": [{"message": {"content": ["not", "text"]}}]},
        b'{"choices": [{"message": {"content": "half a pair \\ud800"}}]}',
        {"choices": [{"message": {"content": "x"}}], "usage": {"completion_tokens": 10**30}},
        b"\xff\xfe\x00",
        b"",
    ],
)
def test_what_is_no_completion_becomes_a_failure_and_never_an_exception(scripted, body):
    server = scripted(body)
    (failure,) = ask(server)
    assert isinstance(failure, Failure)
    assert (failure.attempts, failure.final) == (4, False)
    failure.raw.encode()  # storable


def test_an_answer_without_counts_or_log_probabilities_is_an_answer(scripted):
    tokens = {"content": [{"logprob": -1.0}, {"logprob": None}, {"logprob": -3.0}]}
    bare = scripted({"choices": [{"message": {"content": None}}]})
    partly = scripted({"choices": [{"message": {"content": "x"}, "logprobs": tokens}]})
    (first,) = ask(bare)
    (second,) = ask(partly)
    assert (first.text, first.tokens_in, first.mean_logprob, first.finish_reason) == ("", 0, None, None)
    assert second.mean_logprob == -2.0


def test_numbers_that_are_no_log_probabilities_are_left_out(scripted):
    made_up = {"content": [{"logprob": value} for value in (-1e308, -1e308, -2.0, 1e308, 1e308)]}
    (answer,) = ask(scripted({"choices": [{"message": {"content": "x"}, "logprobs": made_up}]}))
    assert answer.mean_logprob == -2.0


@pytest.mark.parametrize(
    "choice",
    [
        {"message": {"content": None, "refusal": "No."}},
        {"message": {"content": "x"}, "finish_reason": "content_filter"},
    ],
)
def test_a_models_refusal_is_final(scripted, choice):
    server = scripted({"choices": [choice]})
    (failure,) = ask(server)
    assert failure.final
    assert failure.reason == "The model refused to answer."


def test_a_redirect_is_refused_and_the_key_goes_nowhere_else(scripted):
    thief = scripted({})
    server = scripted({}, "307 Moved", f"Location: {thief.base_url}/chat/completions\r\n")
    (failure,) = ask(server, "sk-mine")
    assert failure.final
    assert b"sk-mine" in server.heard
    assert thief.heard == b""


def test_a_key_that_the_server_repeats_isnt_kept(scripted):
    server = scripted({"error": "no rights for sk-mine"}, "400 Bad Request")
    (failure,) = ask(server, "sk-mine")
    assert failure.raw == '{"error": "no rights for …"}'
