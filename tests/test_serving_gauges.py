"""What vLLM shows at /metrics is read, whatever else stands there, and a server without it isn't asked twice."""

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.serving.asking import connection, gauges, watch
from outcross.serving.asking.client import Client
from outcross.serving.asking.gauges import Gauges, parse
from outcross.serving.chats import Answer, Chat, Message
from outcross.serving.endpoint import Endpoint
from tests.openai_server import MODEL, completion, openai_server

PAGE = b"""\
# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{engine="0",model_name="org/m"} 30.0
vllm:num_requests_running{engine="1",model_name="org/m"} 12.0
vllm:num_requests_running{engine="0",model_name="other"} 99.0
# TYPE vllm:num_requests_waiting gauge
vllm:num_requests_waiting{engine="0",model_name="org/m"} 4.0
vllm:num_requests_waiting{engine="1",model_name="org/m"} 1.0
vllm:num_requests_waiting{engine="0",model_name="other"} 99.0
vllm:num_requests_waiting_by_reason{engine="0",model_name="org/m",reason="capacity"} 4.0
vllm:kv_cache_usage_perc{engine="0",model_name="org/m"} 0.25
vllm:kv_cache_usage_perc{engine="1",model_name="org/m"} 0.75
vllm:num_preemptions_total{engine="0",model_name="org/m"} 2.0
vllm:num_preemptions_created{engine="0",model_name="org/m"} 1.7769301736864786e+09
vllm:request_queue_time_seconds_bucket{engine="0",le="0.3",model_name="org/m"} 5.0
vllm:request_queue_time_seconds_count{engine="0",model_name="org/m"} 9.0
vllm:request_queue_time_seconds_sum{engine="0",model_name="org/m"} 1.5e+01
process_cpu_seconds_total 12.5
"""


def test_a_models_engines_are_added_up_and_other_models_are_not():
    assert parse(PAGE, "org/m") == Gauges(running=42, waiting=5, cache=0.75, preemptions=2, queued=15)
    assert parse(PAGE, "other") == Gauges(running=99, waiting=99)


def test_a_model_that_goes_by_another_of_its_names_is_taken_for_all_that_is_there():
    seen = parse(PAGE, "alias")
    assert (seen.running, seen.waiting) == (141, 104)


def test_a_name_with_quotes_and_braces_is_found():
    page = 'vllm:num_requests_running{engine="0",model_name="a\\"}{\\\\b"} 1\n'
    page += 'vllm:num_requests_waiting{model_name="a\\"}{\\\\b"} 2\n'
    assert parse(page.encode() + PAGE, 'a"}{\\b') == Gauges(running=1, waiting=2)


def test_numbers_that_mean_nothing_are_left_out():
    page = b"vllm:num_requests_running NaN\nvllm:num_requests_running 3\nvllm:num_requests_waiting -1\n"
    assert parse(page, "m") is None
    assert parse(page + b"vllm:num_requests_waiting 1e400\nvllm:num_requests_waiting 2 1700000000000\n", "m") == Gauges(
        running=3, waiting=2
    )


@given(st.binary(max_size=2000) | st.text(max_size=500).map(lambda text: b"vllm:num_requests_running{" + text.encode()))
def test_no_page_is_an_error(page):
    assert parse(page, "m") is None or isinstance(parse(page, "m"), Gauges)


@pytest.mark.parametrize("mess", [b'"', b'""', b"\\", b'"\\', b'a="\\\\",', b"{", b"vllm:num_requests_running{"])
def test_a_long_mess_is_read_in_no_more_than_a_pass(mess):
    """The test would take hours if a pattern went back over what it has read."""
    assert parse(b"vllm:num_requests_running{" + mess * (gauges.MOST_BYTES // 4 // len(mess)), "m") is None


def test_what_the_stand_in_shows_is_read_and_the_limit_comes_to_just_above_its_slots(tmp_path):
    async def run(where: Endpoint) -> tuple[int, Client]:
        async with Client(where) as client:
            outcomes = await asyncio.gather(*(client.ask(chat) for chat in chats(1500)))
            assert all(isinstance(outcome, Answer) for outcome in outcomes)
            return client.limit, client

    with openai_server(tmp_path / "log", latency=0.1, metrics=50, canned=True) as server:
        limit, client = asyncio.run(run(endpoint(server.base_url, 1000)))
        assert server.stats()["peak"] < 200
    assert 50 <= limit < 100
    assert client.tally.queued > 0
    assert client.tally.waited > 0
    assert client.tally.peak < 200
    assert (client.tally.asked, client.tally.attempts) == (1500, 1500)


@contextmanager
def page(status: int, body: bytes | None) -> Iterator[tuple[str, list[str]]]:
    """A server that answers chats, and gives this page for its gauges; None keeps the reader waiting."""
    asked: list[str] = []
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            if body is None:
                over.wait(20)
                self.close_connection = True
                return
            self.reply(status, body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            over.wait(0.03)
            asked_for = {"model": MODEL, "messages": [{"role": "user", "content": "Hello"}]}
            self.reply(200, json.dumps(completion(asked_for, ["chat"])).encode())

        def reply(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
        over.set()
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, b"{}"), (200, b"<html>"), (200, b"\xff" * 100), (200, PAGE * 6000), (500, PAGE), (200, None)],
    ids=["missing", "something else", "no text", "huge", "broken", "hangs"],
)
def test_a_server_without_gauges_is_asked_for_them_once(monkeypatch, status, body):
    monkeypatch.setattr(watch, "QUICK_LOOK", 0.02)
    monkeypatch.setattr(gauges, "TIMEOUT", 0.2)

    async def run(where: Endpoint) -> None:
        async with Client(where) as client:
            for chat in chats(15):
                assert isinstance(await client.ask(chat), Answer)

    with page(status, body) as (base_url, asked):
        asyncio.run(run(endpoint(base_url, 4)))
    assert asked == ["/metrics"]


def test_a_page_that_is_too_long_is_given_up_on(monkeypatch):
    monkeypatch.setattr(gauges, "MOST_BYTES", 1000)

    async def run(where: Endpoint) -> None:
        async with connection.Connection(where) as link:
            await gauges.look(link, where.model)

    with page(200, PAGE * 2) as (base_url, _), pytest.raises(connection.Trouble, match="longer than"):
        asyncio.run(run(endpoint(base_url, 4)))


def endpoint(base_url: str, concurrency: int) -> Endpoint:
    return Endpoint(base_url=base_url, model=MODEL, model_depth=0, concurrency=concurrency)


def chats(n: int) -> list[Chat]:
    return [
        Chat(key=f"k{i}", messages=(Message(role="user", content=f"Ask about {i}."),), max_tokens=20, seed=i)
        for i in range(n)
    ]
