"""Coming and going at the review page: passwords, one-time links, and what is left of a session that ended."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from starlette.testclient import TestClient

from outcross.data.review.accounts import DAY, IDLE, Accounts
from outcross.data.review.queue import Queue
from outcross.review import passwords
from outcross.review.cookies import csrf
from tests.review_items import Clock
from tests.visitors import enter, field, session, stranger, tables, ticket, visit

PASSWORD = "correct horse battery"


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    with visit(queue) as client:
        yield client


def join(queue: Queue, name: str = "ada") -> None:
    """Give somebody an account with a password."""
    accounts = Accounts.beside(queue)
    accounts.accept(accounts.invite(name, by="test"), passwords.hashed(PASSWORD, name))


def sign_in(client: TestClient, name: str = "ada", password: str = PASSWORD) -> httpx.Response:
    page = field(client.get("/sign-in").text)
    sent = {"csrf": page, "name": name, "password": password}
    return client.post("/sign-in", data=sent, headers={"Accept": "text/html"}, follow_redirects=False)


def test_the_session_cookie_is_for_this_page_alone(queue: Queue) -> None:
    join(queue)
    with stranger(queue) as person:
        answer = sign_in(person)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        cookie, farewell = answer.headers.get_list("set-cookie")
        parts = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert parts == {"secure", "httponly", "samesite=strict", "path=/"}
        assert cookie.startswith("__Host-outcross-")
        assert "-visitor=" in farewell
        assert person.get("/").status_code == 200


def test_two_homes_have_two_cookies(tmp_path: Path) -> None:
    names = set()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        with visit(Queue(tmp_path / folder / "review.sqlite")) as person:
            names |= set(person.cookies)
    assert len(names) == 2


def test_a_cookie_set_beforehand_is_replaced_at_sign_in(queue: Queue) -> None:
    join(queue)
    with stranger(queue) as victim, visit(queue, "eve") as eve:
        for planted in ("chosen by eve", session(eve)):
            victim.cookies.set(victim.app.state.cookies.session, planted, domain="127.0.0.1", path="/")  # type: ignore[attr-defined]
            enter(victim, ticket(queue, "ada"))
            assert session(victim) not in {"", planted}
            assert "ada" in victim.get("/account").text
        assert eve.get("/", follow_redirects=False).status_code == 303, "the session that was there is ended"
        kept = Accounts.beside(queue).account("chosen by eve")
    assert kept is None


def test_the_cookie_of_before_sign_out_opens_nothing(queue: Queue, client: TestClient) -> None:
    name, old = client.app.state.cookies.session, session(client)  # type: ignore[attr-defined]
    answer = client.post("/sign-out", data={"csrf": csrf(old)}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/signed-out")
    assert session(client) == ""
    assert "You are signed out" in client.get("/signed-out").text
    client.cookies.set(name, old, domain="127.0.0.1", path="/")
    assert client.post("/claim", json={}).status_code == 401
    assert client.get("/", follow_redirects=False).headers["location"] == "/sign-in"


@pytest.mark.parametrize("after", [IDLE, DAY])
def test_a_session_runs_out(queue: Queue, client: TestClient, clock: Clock, after: float) -> None:
    for _ in range(int(after // (IDLE - 1))):
        assert client.post("/claim", json={}).status_code == 200
        clock.time += IDLE - 1
    clock.time += IDLE - 1 if after == DAY else 2
    assert client.post("/claim", json={}).status_code == 401


def test_who_is_kept_out_is_out_at_the_next_request(queue: Queue, client: TestClient) -> None:
    queue.add_reviewer("grace", "manager")
    Accounts.beside(queue).set_active("ada", active=False, by="grace")
    assert client.post("/claim", json={}).status_code == 401


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("ada", ""), ("nobody", PASSWORD), ("", "")])
def test_a_refused_sign_in_says_the_same_whatever_was_wrong(queue: Queue, name: str, password: str) -> None:
    join(queue)
    with stranger(queue) as person:
        answer = sign_in(person, name, password)
        assert answer.status_code == 403
        assert "The name and the password don&#39;t go together." in answer.text
        assert session(person) == ""


def test_too_many_wrong_passwords_are_said_with_the_time_to_wait(queue: Queue) -> None:
    join(queue)
    with stranger(queue) as person:
        for _ in range(5):
            assert sign_in(person, password="wrong").status_code == 403
        answer = sign_in(person)
        assert answer.status_code == 429
        assert "try again in 15 minutes" in answer.text


def test_a_one_time_link_is_used_up_by_its_form_alone(queue: Queue) -> None:
    token = ticket(queue)
    with stranger(queue) as person, stranger(queue) as late:
        before = tables(queue)
        for method in ("GET", "HEAD", "GET"):
            person.request(method, "/enter", params={"token": token})
        assert tables(queue) == before
        enter(person, token)
        assert person.get("/").status_code == 200
        answer = late.get("/enter", params={"token": token})
        assert answer.status_code == 403
        assert "used already, or is too old" in answer.text


def test_an_invitation_asks_for_a_password_until_one_will_do(queue: Queue) -> None:
    token = Accounts.beside(queue).invite("grace", "adjudicator", by="test")
    with stranger(queue) as person:
        page = person.get("/enter", params={"token": token})
        assert "sign in as adjudicator" in page.text
        for one, two, said in (
            ("short", "short", "10 to 1,000 characters"),
            (PASSWORD, "another one of them", "two different passwords"),
        ):
            sent = {"csrf": field(page.text), "token": token, "password": one, "again": two}
            answer = person.post("/enter", data=sent, headers={"Accept": "text/html"})
            assert answer.status_code == 422
            assert said in answer.text
        enter(person, token, password=PASSWORD, again=PASSWORD)
        assert "adjudicator" in person.get("/account").text
    with stranger(queue) as again:
        assert sign_in(again, "grace").status_code == 303


def test_a_password_is_changed_by_who_knows_it(queue: Queue) -> None:
    join(queue)
    with stranger(queue) as ada, stranger(queue) as elsewhere:
        sign_in(ada)
        sign_in(elsewhere)
        new = {"password": "another one of them", "again": "another one of them"}
        for now, status in (("wrong", 403), (PASSWORD, 303)):
            page = {"csrf": csrf(session(ada)), "now": now}
            headers = {"Accept": "text/html"}
            answer = ada.post("/account", data=page | new, headers=headers, follow_redirects=False)
            assert answer.status_code == status
        assert "Your password is changed" in ada.get(answer.headers["location"]).text
        assert elsewhere.get("/", follow_redirects=False).status_code == 303
        assert sign_in(elsewhere).status_code == 403
        assert sign_in(elsewhere, password="another one of them").status_code == 303


def test_no_secret_is_logged(queue: Queue, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(0)
    join(queue)
    token = ticket(queue, "grace")
    with stranger(queue) as person:
        sign_in(person, password="wrong password")
        sign_in(person)
        enter(person, token)
        said = [record.getMessage() for record in caplog.records if record.name.startswith(("outcross", "uvicorn"))]
        for secret in (PASSWORD, "wrong password", token, session(person)):
            assert not [line for line in said if secret in line]
