"""Whatever is put in a request's places is a value and no code: nothing runs, breaks or reaches anything else."""

import json
import urllib.parse
from collections.abc import Iterator
from html import unescape
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from starlette.testclient import TestClient

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from outcross.review import passwords
from outcross.review.app import ROUTES
from outcross.review.cookies import csrf
from outcross.review.guard import TYPES
from tests.hostile import EVALUATED, FORMS, MALFORMED, QUERIES, WORDS, json_bodies, spoilt
from tests.review_items import an_item, sql
from tests.visitors import HASH, enter, session, tables, ticket, visit

LITERAL = "{{7777*7777}} ' OR '1'='1' -- ../../etc/passwd"
SOMEBODYS = ("reviewer", "completed_by", "user", "role", "author_id", "source", "score", "correct", "seq", "at", "item")
"""What other tools let a body say, and ours lets nobody say."""


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    """A manager, who may use every door."""
    queue.enqueue([an_item(number) for number in range(3)])
    with visit(queue, "ada", "manager") as client:
        yield client


def harmless(queue: Queue, answer: httpx.Response) -> None:
    """Nothing broke, ran, or came out of the machine, and the file has the tables that it had."""
    assert answer.status_code < 500, answer.request.content[:200]
    assert EVALUATED not in answer.text
    assert "root:" not in answer.text
    assert "planted" not in answer.headers.get("set-cookie", "")
    assert not list(queue.path.parent.glob("**/pwned"))


def encoded(word: object) -> bytes:
    return (word if isinstance(word, str) else json.dumps(word)).encode("utf-8", "surrogatepass")


def test_the_lists_name_every_door_and_field() -> None:
    posts = {door.path: door.takes for door in ROUTES if door.method == "POST"}
    assert {path for path, takes in posts.items() if takes == "json"} == set(json_bodies(""))
    assert {path for path, takes in posts.items() if takes == "form"} == set(FORMS)
    assert set(QUERIES) <= {door.path for door in ROUTES if door.method == "GET"}


@pytest.mark.parametrize("path", json_bodies(""))
def test_no_value_in_a_request_breaks_or_reaches_anything(queue: Queue, client: TestClient, path: str) -> None:
    token = client.post("/claim", json={}).json()["items"][0]["token"]
    before = tables(queue)
    bodies = [body for word in WORDS for body in spoilt(json_bodies(token)[path], word)]
    for body in [json.dumps(body).encode() for body in bodies] + MALFORMED:
        harmless(queue, client.post(path, content=body, headers={"Content-Type": TYPES["json"]}))
    after = tables(queue)
    assert after.keys() == before.keys()
    untouched = ("item", "reviewer", "session", "credential", "gold", "policy", "skill")
    assert {name: after[name] for name in untouched} == {name: before[name] for name in untouched}
    queue.verify()


@pytest.mark.parametrize("path", [path for path in FORMS if path != "/sign-out"])
def test_no_field_of_a_form_breaks_or_reaches_anything(
    queue: Queue, client: TestClient, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    nobodys = quick.hash("nobody's")
    monkeypatch.setattr(passwords, "HASHER", quick)
    monkeypatch.setattr(passwords, "_nobodys", lambda: nobodys)
    before = tables(queue)
    headers = {"Content-Type": TYPES["form"]}
    for field in (*FORMS[path], "csrf"):
        for word in WORDS:
            fields = dict.fromkeys(FORMS[path], b"x") | {"csrf": csrf(session(client)).encode()}
            body = urllib.parse.urlencode(fields | {field: encoded(word)})
            harmless(queue, client.post(path, content=body, headers=headers, follow_redirects=False))
    after = tables(queue)
    kept = before.keys() - {"attempt", "event"}
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


@pytest.mark.parametrize("path", [door.path for door in ROUTES if door.method == "GET"])
def test_no_address_breaks_or_reaches_anything(queue: Queue, client: TestClient, path: str) -> None:
    before = tables(queue)
    for word in WORDS:
        asked = urllib.parse.quote(encoded(word)[:2_000], safe="")
        for name in (*QUERIES.get(path, ()), "x"):
            harmless(queue, client.get(f"{path}?{name}={asked}", follow_redirects=False))
        harmless(queue, client.get(f"{path}/{asked}".replace("//", "/"), follow_redirects=False))
    assert tables(queue) == before


@pytest.mark.parametrize("name", ["Cookie", "X-CSRF-Token", "Host", "Referer", "User-Agent", "Accept", "Origin"])
def test_no_header_breaks_or_reaches_anything(queue: Queue, client: TestClient, name: str) -> None:
    cookie = client.app.state.cookies.session  # type: ignore[attr-defined]
    before = tables(queue)
    for word in WORDS:
        value = encoded(word).replace(b"\r\n", b" ").replace(b"\0", b" ")
        value = f"{cookie}=".encode() + value if name == "Cookie" else value
        for method, path in (("GET", "/"), ("GET", "/statistics"), ("POST", "/claim"), ("POST", "/sign-out")):
            headers = {name.encode(): value, b"Content-Type": b"application/json"}
            if method == "GET" or name in {"Cookie", "X-CSRF-Token", "Host"}:
                harmless(queue, client.request(method, path, headers=headers, content="{}", follow_redirects=False))
    assert tables(queue) == before


def test_hostile_names_of_items_and_recipes_are_shown_to_the_character(queue: Queue) -> None:
    content = Instruction(instruction=LITERAL, response=LITERAL)
    queue.enqueue([an_item(1, content, recipe=LITERAL), an_item(2)])
    with visit(queue, "ada", "manager") as client:
        item, _ = client.post("/claim", json={}).json()["items"]
        assert (item["recipe"], item["units"]) == (LITERAL, [LITERAL])
        page = client.get("/statistics", params={"recipe": LITERAL}).text
    for text in (item["html"], page):
        assert LITERAL in unescape(text)
        assert EVALUATED not in text


@pytest.mark.parametrize("path", json_bodies(""))
def test_a_request_can_say_nothing_that_is_the_servers_to_say(queue: Queue, client: TestClient, path: str) -> None:
    queue.add_reviewer("grace")
    token = client.post("/claim", json={}).json()["items"][0]["token"]
    before = tables(queue)
    body = json_bodies(token)[path]
    for field in SOMEBODYS:
        places: list[dict[str, Any]] = [body | {field: "grace"}]
        if path == "/decide":
            places += [body | {"ruling": body["ruling"] | {field: "grace"}}]
        for place in places:
            answer = client.post(path, json=place)
            assert answer.status_code == 422, field
            assert "grace" not in answer.text
    assert tables(queue) == before


def test_a_form_can_say_nothing_that_is_the_servers_to_say(queue: Queue) -> None:
    accounts = Accounts.beside(queue)
    accounts.accept(accounts.invite("grace", by="test"), HASH)
    with visit(queue, "ada") as client:
        enter(client, ticket(queue, "ada"), name="grace", role="manager", reviewer="grace")
        new = {"password": "another one of them", "again": "another one of them", "name": "grace", "role": "manager"}
        sent = {"csrf": csrf(session(client)), "now": ""} | new
        assert client.post("/account", data=sent, follow_redirects=False).status_code == 303
    assert sql(queue, "SELECT name, role FROM reviewer ORDER BY name") == [("ada", "reviewer"), ("grace", "reviewer")]
    assert sql(queue, "SELECT hash FROM credential WHERE reviewer = 'grace'") == [(HASH,)]
