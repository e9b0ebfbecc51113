"""People at the review page, for tests: strangers, and those who came in by a one-time link."""

import re
import sqlite3
from typing import Any

from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from starlette.testclient import TestClient

from outcross.data.review.accounts import Accounts
from outcross.data.review.items import Role
from outcross.data.review.queue import Queue
from outcross.review.app import create_app
from outcross.review.cookies import csrf

HASH = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$aGFzaA"
"""What `Accounts` keeps; it doesn't look inside."""


def stranger(queue: Queue) -> TestClient:
    """Somebody without a session, whose browser marks its requests as the page's own."""
    client = TestClient(create_app(queue), base_url="https://127.0.0.1:8787", raise_server_exceptions=False)
    client.headers["Sec-Fetch-Site"] = "same-origin"
    return client


def visit(queue: Queue, name: str = "ada", role: Role = "reviewer") -> TestClient:
    """Somebody signed in, with the headers that the page's script sends."""
    client = stranger(queue)
    enter(client, ticket(queue, name, role))
    client.headers["X-CSRF-Token"] = csrf(session(client))
    return client


def ticket(queue: Queue, name: str = "ada", role: Role = "reviewer") -> str:
    """The token of a link that signs them in, once they have an account."""
    queue.add_reviewer(name, role)
    return Accounts.beside(queue).sign_in_by_link(name)


def enter(client: TestClient, token: str, **fields: str) -> None:
    """Open a one-time link, and send its form."""
    page = client.get("/enter", params={"token": token})
    sent = {"csrf": field(page.text), "token": token} | fields
    answer = client.post("/enter", data=sent, follow_redirects=False)
    assert answer.status_code == 303, answer.text


def field(html: str, name: str = "csrf") -> str:
    """A hidden field's value."""
    found = re.search(rf'<input type="hidden" name="{name}" value="([^"]*)">', html)
    assert found, html
    return found[1]


def session(client: TestClient) -> str:
    """What the session cookie holds; empty where there is none."""
    name = client.app.state.cookies.session  # type: ignore[attr-defined]
    return client.cookies.get(name) or ""


def walk_in(driver: Chrome, queue: Queue, address: str, name: str = "ada", role: Role = "reviewer") -> None:
    """Sign somebody in, in a real browser at the page's `address` (with its last slash)."""
    driver.get(f"{address}enter?token={ticket(queue, name, role)}")
    driver.find_element(By.CSS_SELECTOR, "form button").click()


def tables(queue: Queue) -> dict[str, list[tuple[Any, ...]]]:
    """All that the file holds, by table."""
    with sqlite3.connect(queue.path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}


def member(accounts: Accounts, name: str, role: str = "reviewer") -> str:
    """Somebody who has chosen a password; returns their session."""
    return accounts.accept(accounts.invite(name, role, by="test"), HASH)  # type: ignore[arg-type]
