"""The client keeps its promises against a real HTTP server that misbehaves on demand."""

import asyncio
import json
import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import aclosing
from itertools import count

import pytest
from pydantic import SecretStr, ValidationError

from outcross.errors import ServerUnavailable
from outcross.serving.asking import client, connection
from outcross.serving.asking.client import Answer, Chat, Failure, Message, complete
from outcross.serving.endpoint import Endpoint
from tests.openai_server import MODEL, Running, openai_server

SCHEMA = {"type": "object", "properties": {"question": {"type": "string"}, "answer": {"type": "string"}}}
REFUSED_PORT = 9  # discard: nothing listens there


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF", 0.02)


def chats(n: int) -> list[Chat]:
    return [
        Chat(key=f"k{i}", messages=(Message(role="user", content=f"Ask about {i}."),), max_tokens=200, seed=i)
        for i in range(n)
    ]


def endpoint(server: Running | str, concurrency: int = 16, api_key: str | None = None) -> Endpoint:
    base_url = server if isinstance(server, str) else server.base_url
    key = None if api_key is None else SecretStr(api_key)
    return Endpoint(base_url=base_url, model=MODEL, model_depth=0, concurrency=concurrency, api_key=key)


def ask(where: Endpoint, asked: Iterable[Chat]) -> list[Answer | Failure]:
    async def collect() -> list[Answer | Failure]:
        return [outcome async for outcome in complete(where, asked)]

    return asyncio.run(collect())


def keys(outcomes: list[Answer | Failure]) -> list[str]:
    return sorted(outcome.key for outcome in outcomes)


def keys_of(n: int) -> list[str]:
    return sorted(chat.key for chat in chats(n))


def test_every_chat_is_answered_and_paid_for_once(tmp_path):
    with openai_server(tmp_path / "log") as server:
        outcomes = ask(endpoint(server), chats(200))
    assert keys(outcomes) == sorted(chat.key for chat in chats(200))
    assert all(isinstance(outcome, Answer) and outcome.attempts == 1 for outcome in outcomes)
    assert len(server.served()) == len(set(server.served())) == 200


def test_an_answer_carries_its_counts_and_its_log_probability(tmp_path):
    with openai_server(tmp_path / "log") as server:
        (answer,) = ask(endpoint(server), chats(1))
    assert isinstance(answer, Answer)
    assert (answer.tokens_in, answer.tokens_out) == (3, len(answer.text.split()))
    assert answer.mean_logprob is not None
    assert answer.mean_logprob < 0
    assert answer.finish_reason == "stop"


def test_a_schema_reaches_the_server_and_a_cut_answer_is_still_an_answer(tmp_path):
    (plain,) = chats(1)
    asked = [
        Chat(key="whole", messages=plain.messages, max_tokens=200, seed=0, schema=SCHEMA),
        Chat(key="cut", messages=plain.messages, max_tokens=3, seed=0, schema=SCHEMA),
    ]
    with openai_server(tmp_path / "log") as server:
        answers = {outcome.key: outcome for outcome in ask(endpoint(server), asked)}
    assert json.loads(answers["whole"].text).keys() == {"question", "answer"}
    assert (answers["cut"].finish_reason, answers["cut"].tokens_out) == ("length", 3)


def test_no_more_requests_are_in_flight_than_asked_for(tmp_path):
    with openai_server(tmp_path / "log", latency=0.05) as server:
        ask(endpoint(server, concurrency=5), chats(40))
        assert server.stats() == {"asked": 40, "served": 40, "flying": 0, "peak": 5}


def test_a_slow_answer_holds_up_no_other(tmp_path):
    """All that isn't slow has been answered while the slow ones still keep some of the twenty workers."""
    with openai_server(tmp_path / "log", faults=["slow:0.05"]) as server:

        async def until_only_slow_ones_fly() -> int:
            seen = 0
            async with aclosing(complete(endpoint(server, concurrency=20), chats(100))) as outcomes:
                async for _ in outcomes:
                    seen += 1
                    stats = server.stats()
                    if stats["asked"] == 100 and seen == stats["served"] == 100 - stats["flying"]:
                        return stats["flying"]
            return 0

        assert 0 < asyncio.run(until_only_slow_ones_fly()) < 20


@pytest.mark.parametrize("fault", ["500", "503", "429", "408", "disconnect", "garbage"])
def test_a_passing_fault_is_tried_again_until_answered(tmp_path, fault):
    with openai_server(tmp_path / "log", faults=[f"{fault}:0.5"]) as server:
        outcomes = ask(endpoint(server), chats(40))
    assert keys(outcomes) == keys_of(40)
    assert {outcome.attempts for outcome in outcomes if isinstance(outcome, Answer)} == {1, 2}
    assert len(server.served()) == len(set(server.served())) == 40


@pytest.mark.parametrize("fault", ["500", "429", "disconnect", "garbage"])
def test_a_lasting_fault_ends_in_a_failure_that_may_be_asked_again(tmp_path, fault):
    with openai_server(tmp_path / "log", faults=[f"{fault}:0.3:always"]) as server:
        outcomes = ask(endpoint(server), chats(30))
        failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
        assert server.stats()["asked"] == 30 + 3 * len(failures)
    assert keys(outcomes) == keys_of(30)
    assert failures
    assert all(failure.attempts == 4 and not failure.final for failure in failures)


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_refused_request_is_final_and_not_asked_twice(tmp_path, status):
    with openai_server(tmp_path / "log", faults=[f"{status}:0.3:always"]) as server:
        outcomes = ask(endpoint(server), chats(30))
        assert server.stats()["asked"] == 30
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert failures
    for failure in failures:
        assert failure.final
        assert failure.attempts == 1
        assert failure.reason == f"The server answered with status {status}."
        assert failure.raw == '{"error": {"message": "fault on demand"}}'


def test_garbage_is_kept_with_the_failure(tmp_path):
    with openai_server(tmp_path / "log", faults=["garbage:1:always"]) as server:
        (failure,) = ask(endpoint(server), chats(1))
    assert failure.raw == '{"choices": [{"message": {"con'
    assert failure.reason == "What came back isn't a chat completion in JSON."


def test_the_servers_own_waiting_time_is_kept_up_to_a_limit(monkeypatch):
    monkeypatch.setattr(client, "BACKOFF", 0)
    assert client._pause(1, connection.retry_after("7")) == 7
    assert client._pause(1, connection.retry_after("86400")) == connection.LONGEST_WAIT
    assert connection.retry_after("Wed, 01 Jan 2020 00:00:00 GMT") == 0
    assert connection.retry_after("Fri, 01 Jan 2100 00:00:00 GMT") == connection.LONGEST_WAIT
    assert [connection.retry_after(text) for text in (None, "soon", "nan", "")] == [None] * 4
    endless = f"Mon, 01 Jan {10**20} 00:00:00 GMT", f"Mon, 01 Jan 2024 00:00:00 +{10**14}"
    assert [connection.retry_after(text) for text in endless] == [None] * 2


@pytest.mark.parametrize("status", [402, 403, 404])
def test_a_refusal_that_speaks_of_the_server_ends_the_run_and_fails_no_request_for_good(tmp_path, status):
    with (
        openai_server(tmp_path / "log", faults=[f"{status}:1:always"]) as server,
        pytest.raises(ServerUnavailable, match=f"status {status}"),
    ):
        ask(endpoint(server), chats(5))


def test_a_server_that_dies_ends_the_run_after_all_that_is_known(tmp_path):
    with openai_server(tmp_path / "log", latency=0.01, die_after=50) as server:
        known: list[Answer | Failure] = []

        async def collect() -> None:
            async for outcome in complete(endpoint(server, concurrency=4), chats(500)):
                known.append(outcome)  # noqa: PERF401  # an exception must not lose what came before it

        with pytest.raises(ServerUnavailable, match=r"stopped answering .* run the same again"):
            asyncio.run(collect())
    assert all(isinstance(outcome, Answer) for outcome in known)
    assert 50 - 4 <= len(known) < 50  # those in flight with the fiftieth are lost with it
    assert len(set(keys(known))) == len(known)


def test_a_server_that_comes_back_in_time_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(client, "BACKOFF", 1.0)
    with openai_server(tmp_path / "log") as first:
        port = int(first.base_url.split(":")[2].split("/")[0])
    where = endpoint(first)
    outcomes: list[Answer | Failure] = []
    asking = threading.Thread(target=lambda: outcomes.extend(ask(where, chats(5))))
    asking.start()
    with openai_server(tmp_path / "log", port=port):
        asking.join()
    assert keys(outcomes) == keys_of(5)
    assert all(isinstance(outcome, Answer) for outcome in outcomes)


def test_one_chat_that_only_meets_broken_connections_is_blamed_while_the_server_lives(tmp_path):
    with openai_server(tmp_path / "log", faults=["disconnect:0.1:always"]) as server:
        outcomes = ask(endpoint(server), chats(40))
    failures = [outcome for outcome in outcomes if isinstance(outcome, Failure)]
    assert 0 < len(failures) < 40
    assert all(failure.raw is None and failure.reason.startswith("The connection failed") for failure in failures)


def test_a_key_that_is_turned_down_ends_the_run_and_blames_no_chat(tmp_path):
    with openai_server(tmp_path / "log", api_key="right") as server:
        assert len(ask(endpoint(server, api_key="right"), chats(3))) == 3
        with pytest.raises(ServerUnavailable, match="OUTCROSS_API_KEY"):
            ask(endpoint(server, api_key="wrong"), chats(3))


def test_the_key_stays_out_of_logs_texts_and_failures(tmp_path, caplog):
    secret = "sk-do-not-tell"
    caplog.set_level(logging.DEBUG)
    with openai_server(tmp_path / "log", api_key=secret, faults=["400:0.3:always", "500:0.3:always"]) as server:
        where = endpoint(server, api_key=secret)
        outcomes = ask(where, chats(20))
    seen = [caplog.text, repr(where), str(where), where.model_dump_json(), *map(repr, outcomes)]
    assert not [text for text in seen if secret in text]


def test_a_server_that_never_answers_is_given_up_on(monkeypatch):
    monkeypatch.setattr(connection, "TIMEOUT", 0.1)
    monkeypatch.setattr(connection, "PROBE_TIMEOUT", 0.1)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(ServerUnavailable, match=r"No answer came within 0\.1 s"),
    ):
        ask(endpoint(f"http://127.0.0.1:{silent.getsockname()[1]}/v1"), chats(3))


def test_chats_are_read_no_further_than_the_workers_need(tmp_path):
    """An endless source is fine: leaving the loop early stops reading and asking."""
    read: list[int] = []

    def endless() -> Iterator[Chat]:
        for i in count():
            read.append(i)
            yield Chat(key=str(i), messages=(Message(role="user", content="Go on."),), max_tokens=9, seed=i)

    async def first_ten(where: Endpoint) -> int:
        seen = 0
        async with aclosing(complete(where, endless())) as outcomes:
            async for _ in outcomes:
                seen += 1
                if seen == 10:
                    break
        return seen

    with openai_server(tmp_path / "log", latency=0.02) as server:
        assert asyncio.run(first_ten(endpoint(server, concurrency=4))) == 10
        after = len(read)
        time.sleep(0.1)
        assert len(read) == after <= 10 + 2 * 4


def test_an_error_in_the_source_of_chats_reaches_the_caller(tmp_path):
    def broken() -> Iterator[Chat]:
        yield from chats(3)
        raise LookupError("the source broke")

    with openai_server(tmp_path / "log") as server, pytest.raises(LookupError, match="the source broke"):
        ask(endpoint(server), broken())


def test_nothing_asked_is_nothing_answered():
    assert ask(endpoint(f"http://127.0.0.1:{REFUSED_PORT}/v1"), []) == []


@pytest.mark.parametrize("wrong", [{"seed": 2**31}, {"seed": -1}, {"max_tokens": 0}, {"top_p": 0}, {"messages": ()}])
def test_a_chat_that_no_server_would_take_is_refused_at_once(wrong):
    right = {"key": "k", "messages": chats(1)[0].messages, "max_tokens": 1, "seed": 0}
    with pytest.raises(ValidationError):
        Chat(**{**right, **wrong})
