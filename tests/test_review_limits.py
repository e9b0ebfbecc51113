"""How much one person, one text or one request may ask of the review page, and what becomes of more."""

import asyncio
import json
import re
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from pydantic import ValidationError
from starlette.testclient import TestClient

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.data.samples import (
    MAX_PARTS,
    MAX_TEXT,
    Action,
    Conversation,
    Instruction,
    Reasoning,
    ToolCall,
    Trajectory,
    Turn,
)
from outcross.errors import ClaimLost
from outcross.review import desk
from outcross.review.cookies import Cookies, csrf
from outcross.review.guard import AT_ONCE, LIMITS
from outcross.review.screen import MAX_SET
from outcross.review.typeset import MAX_TEXT as SETTABLE
from outcross.review.typeset import typeset
from tests.review_items import an_item
from tests.review_server import served
from tests.visitors import tables, ticket, visit

MEGABYTE = 1024 * 1024


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    with visit(queue) as client:
        yield client


# --- Texts ---


@pytest.mark.parametrize(("size", "status"), [(MEGABYTE, 422), (3 * MEGABYTE, 413)])
def test_a_giant_text_is_refused_in_a_sentence_before_anything_is_done_with_it(
    queue: Queue, client: TestClient, monkeypatch: pytest.MonkeyPatch, size: int, status: int
) -> None:
    queue.enqueue([an_item(1)])
    item = client.post("/claim", json={}).json()["items"][0]
    before = tables(queue)
    monkeypatch.setattr(desk, "diff", pytest.fail)
    monkeypatch.setattr(Queue, "submit", pytest.fail)
    monkeypatch.setattr(Queue, "save_draft", pytest.fail)
    text = "x" * size
    edit = {"verdict": "edit", "edit": text, "shown_hash": item["shown_hash"], "idem": "idem-of-a-giant-1"}
    for path, more in (
        ("/decide", {"ruling": edit}),
        ("/draft", {"rev": 1, "body": text}),
        ("/diff", {"unit": 0, "text": text}),
        ("/flag", {"note": text}),
    ):
        answer = client.post(path, json={"token": item["token"]} | more)
        assert answer.status_code == status, path
        assert len(answer.content) < 300
        assert "at most" in answer.json()["error"] or "too long" in answer.json()["error"]
    assert tables(queue) == before


def test_the_longest_text_that_may_be_sent_fits_whatever_it_holds(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    item = client.post("/claim", json={}).json()["items"][0]
    for char in ("x", "\n", '"', "語", "\U0001f600"):
        body = json.dumps({"token": item["token"], "unit": 0, "text": char * MAX_TEXT}, ensure_ascii=False)
        answer = client.post("/diff", content=body.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code == 200, char


MANY = MAX_PARTS + 1
ENDLESS = {
    "steps": lambda: Reasoning(problem="?", steps=("so",) * MANY, answer="!"),
    "turns": lambda: Conversation(turns=(Turn(role="user", text="so"),) * MANY),
    "actions": lambda: Trajectory(turns=(Action(role="user", text="so"),) * MANY),
    "calls": lambda: Action(role="assistant", calls=(ToolCall(call_id="c", tool="t", arguments=""),) * MANY),
    "letters": lambda: Instruction(instruction="?", response="x" * (MAX_TEXT + 1)),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_no_sample_is_longer_than_a_page_can_show(name: str) -> None:
    with pytest.raises(ValidationError, match="at most"):
        ENDLESS[name]()


def test_of_one_item_only_so_much_is_set_for_reading(queue: Queue, client: TestClient) -> None:
    step = r"**bold** $\(\text{ " * 400
    steps = ("x" * SETTABLE + " **far too long**", *(step,) * 20)
    queue.enqueue([an_item(1, Reasoning(problem="*?*", steps=steps, answer="**!**"))])
    html = str(client.post("/claim", json={}).json()["items"][0]["html"])
    shown = re.findall(r'<div class="rendered" dir="auto">(.*?)\s*</div>\s*<pre class="text raw"', html, re.DOTALL)
    plain = ["t-plain" in part for part in shown]
    much = MAX_SET // len(step)
    assert plain == [False, True, *[False] * much, *[True] * (20 - much), False], "the short answer has room"
    assert all(step in part for part in shown[2 + much : -1]), "and no letter is lost"


def test_code_beyond_what_is_set_still_looks_like_code() -> None:
    assert typeset("if *a*:\n    b", "code", plainly=True) == "<pre><code>if *a*:\n    b</code></pre>"


# --- Requests ---


@pytest.mark.parametrize("path", ["/claim", "/sign-in"])
def test_a_body_in_chunks_is_refused_though_a_length_stands_beside_it(queue: Queue, path: str) -> None:
    """On a real connection: where both are there, the chunks are what is read."""
    accounts = Accounts.beside(queue)
    token = accounts.accept(ticket(queue))
    kind = "application/json" if path == "/claim" else "application/x-www-form-urlencoded"
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nContent-Type: {kind}\r\n"
        f"Cookie: {Cookies(queue.path).session}={token}\r\nX-CSRF-Token: {csrf(token)}\r\n"
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with served(queue) as address:
        port = int(address.rstrip("/").rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
            connection.sendall(head.encode())
            answer = connection.recv(4096)  # before a single chunk was sent
    assert answer.startswith(b"HTTP/1.1 411 ")
    assert b"content-security-policy: default-src 'none'" in answer


def test_limits_leave_room_for_the_longest_text(client: TestClient) -> None:
    assert LIMITS["json"] > 4 * MAX_TEXT
    assert LIMITS["form"] < MEGABYTE


CROWD = 60
"""Requests at once: more than the server has threads for."""


@pytest.mark.parametrize("path", ["/heartbeat", "/sign-in"])
def test_one_persons_requests_wait_for_each_other_and_keep_nobody_else_waiting(
    queue: Queue, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    at_work: set[int] = set()
    most: list[int] = []
    gate = threading.Event()

    def slow(*_: object) -> None:
        at_work.add(threading.get_ident())
        most.append(len(at_work))
        gate.wait(20)
        at_work.discard(threading.get_ident())
        raise ClaimLost("It took too long.")

    async def storm() -> None:
        with visit(queue, "grace") as grace, visit(queue, "ada") as ada:
            entrance = {ada.app.state.cookies.visitor: "somebody"}  # type: ignore[attr-defined]
            cookies = entrance if path == "/sign-in" else dict(ada.cookies)
            sent = {"data": {"csrf": csrf("somebody")}} if path == "/sign-in" else {"json": {"token": "x"}}
            server = {"transport": httpx.ASGITransport(ada.app), "base_url": "https://127.0.0.1:8787"}
            async with (
                httpx.AsyncClient(**server, headers=ada.headers, cookies=cookies) as many,
                httpx.AsyncClient(**server, headers=grace.headers, cookies=dict(grace.cookies)) as other,
            ):
                asked = [asyncio.create_task(many.post(path, **sent)) for _ in range(CROWD)]
                try:
                    async with asyncio.timeout(10):
                        while len(at_work) < AT_ONCE:
                            await asyncio.sleep(0)
                        assert (await other.post("/claim", json={})).status_code == 200
                finally:
                    gate.set()
                    answers = await asyncio.gather(*asked)
            assert {answer.status_code for answer in answers} == {409}, "each is heard in the end"

    monkeypatch.setattr(Queue, "heartbeat", slow)
    monkeypatch.setattr(Accounts, "attempt", slow)
    asyncio.run(storm())
    assert max(most) == AT_ONCE
