"""A decision sent twice, late, from two windows or by a clock that jumps: each item is decided once, by its holder."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from outcross.data.review.claims import LEASE
from outcross.data.review.queue import Queue
from outcross.review.desk import GRACE
from tests.review_items import Clock, an_item, ruling, sql, taken
from tests.visitors import stranger, visit

HOUR = 3600.0


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    with visit(queue) as client:
        yield client


def another_window(queue: Queue, client: TestClient) -> TestClient:
    """A window of the same browser."""
    window = stranger(queue)
    window.headers["X-CSRF-Token"] = client.headers["X-CSRF-Token"]
    window.cookies.update(client.cookies)
    return window


def items(client: TestClient) -> list[dict[str, Any]]:
    return client.post("/claim", json={}).json()["items"]


def decide(client: TestClient, item: dict[str, Any], key: str = "a", **more: object) -> httpx.Response:
    said = {"verdict": "approve", "shown_hash": item["shown_hash"], "idem": f"idem-{item['item'][:20]}-{key}"}
    return client.post("/decide", json={"token": item["token"], "ruling": said | more})


def said(queue: Queue) -> list[tuple[str, str]]:
    """The verdicts that stand or are held, by the first letter of their key."""
    rows = sql(queue, "SELECT verdict, idem FROM standing UNION ALL SELECT ruling ->> 'verdict', idem FROM held")
    return [(str(verdict), str(idem)[-1]) for verdict, idem in rows]


def test_the_same_decision_sent_from_many_windows_at_once_counts_once(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1, need=3), an_item(2)])
    first = items(client)[0]
    windows = [another_window(queue, client) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda window: decide(window, first), windows))
    assert {answer.status_code for answer in answers} == {200}
    assert said(queue) == [("approve", "a")]
    assert sql(queue, "SELECT count(*) FROM claim WHERE state = 'done'") == [(1,)]


def test_two_windows_show_the_same_item_and_only_the_first_answer_counts(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    other = another_window(queue, client)
    shown, again = items(client), items(other)
    assert [item["token"] for item in shown] == [item["token"] for item in again]
    assert decide(client, shown[0]).status_code == 200
    late = decide(other, again[0], "b", verdict="reject", reasons=["style"])
    assert late.status_code == 409
    assert "decided in another window" in late.json()["error"]
    assert said(queue) == [("approve", "a")]
    assert items(other)[0]["token"] == shown[1]["token"]


def test_a_recorded_request_undoes_no_later_word(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    first = items(client)[0]
    decide(client, first)
    clock.time += GRACE + 1
    client.post("/undo", json={"token": first["token"]})
    assert decide(client, first, "b", verdict="reject", reasons=["style"], revises=True).status_code == 200
    clock.time += GRACE + 1
    for again in (decide(client, first), decide(client, first, "b", verdict="reject", reasons=["style"], revises=True)):
        assert again.status_code == 200
    assert said(queue) == [("reject", "b")]
    assert len(queue.decisions()) == 2


def test_a_key_is_good_for_the_item_that_it_was_made_for(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    first, second = items(client)
    decide(client, first)
    idem = f"idem-{first['item'][:20]}-a"
    assert decide(client, second, idem=idem).status_code == 422
    assert decide(client, second, shown_hash=first["shown_hash"]).status_code == 422, "another item was on the screen"
    assert said(queue) == [("approve", "a")]


def test_a_clock_that_jumps_ahead_ends_leases_and_loses_no_word(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    first, second = items(client)
    decide(client, first)
    clock.time += LEASE + 1
    assert decide(client, second).status_code == 409
    assert said(queue) == [("approve", "a")]
    assert len(queue.decisions()) == 1
    queue.add_reviewer("grace")
    claim = taken(queue, "grace")
    queue.submit(claim.token, "grace", ruling(claim))
    assert decide(client, second).status_code == 409
    assert len(queue.decisions()) == 2
    queue.verify()


def test_a_clock_that_is_set_back_takes_nothing_back(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(number) for number in range(4)])
    first, second = items(client)
    decide(client, first)
    clock.time += GRACE + 1
    decide(client, second)
    clock.time -= HOUR
    third = items(client)[0]
    assert decide(client, third, active_ms=5_000).status_code == 200
    assert decide(client, first).status_code == 200, "said already"
    clock.time += 2 * HOUR
    rows = queue.decisions()
    assert sorted(row.item for row in rows) == sorted(item["item"] for item in (first, second, third))
    assert all(0 <= row.active_ms <= row.wall_ms for row in rows)
    queue.verify()
