"""The door of the review page: who gets in, what may change something, and what every route must refuse."""

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount
from starlette.testclient import TestClient

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.data.samples import digest
from outcross.errors import InputError
from outcross.review import app as server
from outcross.review.app import ROUTES, serve
from outcross.review.cookies import csrf
from outcross.review.doors import Door, Me, show
from outcross.review.guard import LIMITS, TYPES
from outcross.review.pages import HERE
from tests.review_items import an_item
from tests.visitors import enter, field, session, stranger, tables, visit

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SEAL = {
    "content-security-policy": CSP,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-dns-prefetch-control": "off",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
RANKS = ["reviewer", "adjudicator", "manager"]
PASSWORD = "correct horse battery"

RULING = {"verdict": "approve", "shown_hash": digest("what is shown"), "idem": "idem-of-a-thief-00"}
FOREIGN: dict[str, dict[str, Any]] = {
    "/decide": {"ruling": RULING},
    "/skip": {"reason": "unsafe"},
    "/draft": {"rev": 1, "body": "stolen"},
    "/heartbeat": {},
    "/undo": {},
    "/diff": {"unit": 0, "text": "stolen"},
    "/flag": {"note": "stolen"},
    "/dispute": {"note": "stolen"},
    "/guideline": {},
}
"""Routes that name a thing by its token, and what else they are sent."""
OWN = {"/", "/training", "/adjudicate", "/claim", "/account", "/sign-in", "/sign-out", "/signed-out", "/enter"}
"""Routes that name nothing that somebody else could own: a link's token is its own proof."""
ACTS = ("pause", "reinstate", "grant", "revoke", "retire")
MANAGED = {"/statistics", "/reviewers", *(f"/reviewers/{act}" for act in ACTS)}
"""Routes of managers, for whom nobody is foreign; of the first, what others get is tested in test_manage."""


def _room(request: Request, me: Me) -> Response:
    return show(request, "account.html", password=False, said="", error="", here=me.name)


def _changed(me: Me) -> dict[str, str]:
    return {"changed": me.name}


def _name(door: Door) -> str:
    return f"{door.method} {door.path}"


ROOMS = [
    Door("GET", "/for-managers", _room, "manager", menu="For managers"),
    Door("POST", "/for-managers", _changed, "manager", takes="form"),
    Door("GET", "/for-adjudicators/{item}", _room, "adjudicator"),
    Door("POST", "/for-adjudicators/{item}", _changed, "adjudicator"),
]
"""Rooms that this test adds, so that the rules for higher roles are tried whatever rooms there are."""

EVERY = [*ROUTES, *ROOMS]
CHANGES = [door for door in EVERY if door.method == "POST"]
PRIVATE = [door for door in EVERY if door.least]


@pytest.fixture(autouse=True)
def _more_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "ROUTES", tuple(EVERY))


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    with visit(queue) as client:
        yield client


def send(client: TestClient, door: Door, proof: str | None = None, **headers: str) -> httpx.Response:
    """What the page itself would send through a door, with nothing in it but the proof that the page sent it."""
    path = door.path.replace("{item}", "0")
    if door.method == "GET":
        return client.get(path, headers=headers, follow_redirects=False)
    given = csrf(session(client)) if proof is None else proof
    headers = {"Content-Type": TYPES[door.takes], "X-CSRF-Token": given} | headers
    body = f"csrf={given}" if door.takes == "form" else "{}"
    return client.post(path, headers=headers, content=body, follow_redirects=False)


# --- Every route ---


def test_every_route_is_a_declared_door_and_says_whose_things_it_touches(client: TestClient) -> None:
    routes = client.app.routes  # type: ignore[attr-defined]
    found = {(method, route.path) for route in routes if isinstance(route, APIRoute) for method in route.methods}
    assert found == {(door.method, door.path) for door in EVERY}
    assert [route.path for route in routes if isinstance(route, Mount)] == ["/static"]
    assert all(isinstance(route, APIRoute | Mount) for route in routes)
    assert {door.path for door in ROUTES} == set(FOREIGN) | OWN | MANAGED, "whose things does a new route touch?"


def test_every_answer_is_sealed(queue: Queue, client: TestClient) -> None:
    paths = {door.path for door in EVERY}
    files = {f"/static/{path.name}" for path in (HERE / "static").iterdir()}
    others = {"/static/none", "/static/../app.py", "/docs", "/openapi.json", "/favicon.ico"}
    with stranger(queue) as visitor, visit(queue, "grace", "manager") as manager:
        for path in sorted(paths | files | others):
            for person in (client, visitor, manager):
                for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
                    for kind in TYPES.values():
                        answer = person.request(
                            method, path, headers={"Content-Type": kind}, content="{", follow_redirects=False
                        )
                        sealed = {name: answer.headers.get(name) for name in SEAL}
                        assert sealed == SEAL, (method, path, answer.status_code)
                        assert answer.status_code != 500, (method, path)


@pytest.mark.parametrize("door", PRIVATE, ids=_name)
def test_nothing_is_seen_or_done_without_a_session(queue: Queue, door: Door) -> None:
    with stranger(queue) as visitor:
        before = tables(queue)
        page = send(visitor, door, Accept="text/html")
        assert (page.status_code, page.headers["location"]) == (303, "/sign-in")
        if door.method == "POST":
            called = send(visitor, door)
            assert called.status_code == 401
            assert "signed out" in called.json()["error"]
        assert tables(queue) == before


@pytest.mark.parametrize("role", RANKS)
@pytest.mark.parametrize("door", PRIVATE, ids=_name)
def test_a_door_opens_from_its_least_role_on(queue: Queue, door: Door, role: str) -> None:
    assert door.least
    with visit(queue, "ada", role) as person:  # type: ignore[arg-type]
        answer = send(person, door)
    if RANKS.index(role) < RANKS.index(door.least):
        assert answer.status_code == 403
        assert f"this is for {door.least}s" in answer.text
    else:
        assert answer.status_code not in {401, 403, 404, 405}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": ""}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "multipart/form-data"}, 415),
        ({"Content-Type": "the other kind"}, 415),
        ({"Content-Length": "10000000"}, 413),
    ],
    ids=str,
)
@pytest.mark.parametrize("door", CHANGES, ids=_name)
def test_only_the_page_itself_can_change_anything(
    queue: Queue, door: Door, headers: dict[str, str], status: int
) -> None:
    queue.enqueue([an_item(1)])
    if headers.get("Content-Type") == "the other kind":
        headers = {"Content-Type": TYPES["form" if door.takes == "json" else "json"]}
    with visit(queue, "ada", "manager") as person:
        before = tables(queue)
        answer = send(person, door, **headers)
        assert answer.status_code == status
        assert answer.json()["error"]
        assert tables(queue) == before


@pytest.mark.parametrize("door", CHANGES, ids=_name)
def test_a_change_needs_the_token_of_the_same_session(queue: Queue, door: Door) -> None:
    queue.enqueue([an_item(1)])
    with visit(queue, "ada", "manager") as ada, visit(queue, "grace", "manager") as grace, stranger(queue) as visitor:
        theirs = csrf(session(grace))
        strangers = field(visitor.get("/sign-in").text)
        before = tables(queue)
        for proof in ("", "foreign", "\udcff", theirs, strangers, session(ada)):
            answer = send(ada, door, proof.encode("utf-8", "replace").decode())
            assert answer.status_code == 403, proof
            assert "load it again" in answer.json()["error"]
        assert tables(queue) == before


@pytest.mark.parametrize("door", [door for door in CHANGES if door.least is None], ids=_name)
def test_a_visitors_form_needs_the_token_of_the_page_that_it_came_on(queue: Queue, door: Door) -> None:
    with stranger(queue) as visitor, stranger(queue) as other:
        assert "out of date" in send(visitor, door, csrf("")).text, "no cookie, so no token is right"
        proof = field(visitor.get("/sign-in").text)
        assert "out of date" in send(other, door, proof).text
        assert "out of date" not in send(visitor, door, proof).text


@pytest.mark.parametrize("door", CHANGES, ids=_name)
def test_reading_changes_nothing(queue: Queue, door: Door) -> None:
    queue.enqueue([an_item(1)])
    with visit(queue, "ada", "manager") as person:
        before = tables(queue)
        answer = person.get(door.path.replace("{item}", "0"), follow_redirects=False)
        reads = {read.path for read in EVERY if read.method == "GET"}
        assert (answer.status_code == 405) is (door.path not in reads)
        assert tables(queue) == before


@pytest.mark.parametrize("door", [door for door in EVERY if door.path in FOREIGN], ids=_name)
def test_what_belongs_to_somebody_else_is_as_if_it_were_not(queue: Queue, client: TestClient, door: Door) -> None:
    queue.enqueue([an_item(1)])
    queue.add_reviewer("grace")
    theirs = queue.claim("grace")
    assert theirs
    before = tables(queue)
    sent = [{"token": token} | FOREIGN[door.path] for token in (theirs.token, "nobody's")]
    answers = [client.post(door.path, json=body) for body in sent]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    assert tables(queue) == before


@pytest.mark.parametrize("path", ["/docs", "/redoc", "/openapi.json", "/static/", "/static/%2e%2e/app.py"])
def test_nothing_else_is_served(client: TestClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_a_request_of_unknown_length_is_refused(client: TestClient) -> None:
    for door in CHANGES:
        if door.least in {None, "reviewer"}:
            headers = {"Content-Type": TYPES[door.takes]}
            assert client.post(door.path, headers=headers, content=iter([b"{}"])).status_code == 411


def test_a_form_as_long_as_an_item_is_refused(client: TestClient) -> None:
    assert LIMITS["form"] < LIMITS["json"]
    page = field(client.get("/account").text)
    answer = client.post("/sign-out", data={"csrf": page, "x": "x" * LIMITS["form"]})
    assert answer.status_code == 413
    assert client.get("/").status_code == 200


def test_a_failure_is_sealed_and_tells_nothing(
    queue: Queue, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret detail")

    for owner, name, call in (
        (Queue, "lease", lambda: client.post("/claim", json={})),
        (Accounts, "account", lambda: client.get("/")),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(owner, name, fail)
            answer = call()
        assert answer.status_code == 500
        assert "the server&#39;s log says what" in answer.text.replace("'", "&#39;")
        assert "secret" not in answer.text
        assert answer.headers["content-security-policy"] == CSP


def test_a_new_role_holds_only_for_who_comes_in_anew(queue: Queue) -> None:
    accounts = Accounts.beside(queue)
    with visit(queue, "ada", "manager"), visit(queue, "grace", "manager") as grace:
        accounts.set_role("grace", "reviewer", by="ada")
        assert grace.get("/for-managers", follow_redirects=False).status_code == 303
        enter(grace, accounts.sign_in_by_link("grace"))
        assert grace.get("/for-managers").status_code == 403
        assert grace.get("/").status_code == 200


def test_the_menu_has_what_the_role_may_open(queue: Queue) -> None:
    for name, role, told in (("ada", "reviewer", False), ("grace", "manager", True)):
        with visit(queue, name, role) as person:  # type: ignore[arg-type]
            html = person.get("/account").text
            assert ("For managers" in html) is told
            assert html.count('aria-current="page"') == 1


# --- This machine ---


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8787", "127.0.0.1.evil.example", "", "[::1]:8787", "10.0.0.1"]
)
def test_a_foreign_host_name_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/", headers={"Host": host})
    assert answer.status_code == 403
    assert "on this machine only" in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8787", "localhost:8787", "LOCALHOST"])
def test_this_machine_by_any_of_its_names_is_let_in(client: TestClient, host: str) -> None:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in client.cookies.jar)
    assert client.get("/", headers={"Host": host, "Cookie": cookies}).status_code == 200


def test_the_page_answers_on_this_machine_only(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[str] = []
    said: list[str] = []

    def run(_: uvicorn.Server, sockets: list[socket.socket]) -> None:
        bound.extend("http://{}:{}/".format(*one.getsockname()) for one in sockets)

    monkeypatch.setattr(uvicorn.Server, "run", run)
    serve(queue, port=0, announce=said.append)
    assert bound == said
    assert bound[0].startswith("http://127.0.0.1:")


def test_a_taken_port_is_named(queue: Queue) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=rf"port {port} of 127.0.0.1 can't be used.*Choose another"):
            serve(queue, port=port)
