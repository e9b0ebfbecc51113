"""What is somebody else's: no role, no door and no token gets at it, and a token of theirs is as good as none."""

from collections.abc import Callable
from typing import Any

import pytest

from outcross.data.review.claims import LEASE
from outcross.data.review.items import Role
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from tests.hostile import json_bodies
from tests.review_items import Clock, a_gold, an_item, ruling, taken
from tests.visitors import tables, visit

ROLES: list[Role] = ["reviewer", "adjudicator", "manager"]
DOORS = [path for path, body in json_bodies("").items() if "token" in body]


def _open(queue: Queue, clock: Clock) -> str:
    return taken(queue, "grace").token


def _lapsed(queue: Queue, clock: Clock) -> str:
    token = taken(queue, "grace").token
    queue.save_draft(token, "grace", 1, "her words")
    clock.time += LEASE + 1
    return token


def _skipped(queue: Queue, clock: Clock) -> str:
    token = taken(queue, "grace").token
    queue.skip(token, "grace", "cannot_judge")
    return token


def _held(queue: Queue, clock: Clock) -> str:
    claim = taken(queue, "grace")
    queue.submit(claim.token, "grace", ruling(claim), grace=10)
    return claim.token


def _decided(queue: Queue, clock: Clock) -> str:
    claim = taken(queue, "grace")
    queue.submit(claim.token, "grace", ruling(claim))
    return claim.token


def _trained(queue: Queue, clock: Clock) -> str:
    claim = taken(queue, "grace", "training")
    queue.submit(claim.token, "grace", ruling(claim))
    return claim.token


def _adjudicating(queue: Queue, clock: Clock) -> str:
    for name, verdict in (("linus", "approve"), ("margaret", "reject")):
        claim = taken(queue, name)
        queue.submit(claim.token, name, ruling(claim, verdict))
    return taken(queue, "grace", "adjudication").token


THEIRS = [_open, _lapsed, _skipped, _held, _decided, _trained, _adjudicating]


@pytest.fixture
def queue(queue: Queue) -> Queue:
    """Work of every sort for grace, who may do all of it."""
    queue.add_reviewer("grace", "adjudicator")
    queue.add_reviewer("linus")
    queue.add_reviewer("margaret")
    queue._chance = lambda: 0.99
    queue.enqueue([an_item(1, need=2)])
    Management.beside(queue).add_gold([a_gold(100, training=True)])
    return queue


@pytest.mark.parametrize("made", THEIRS, ids=lambda made: made.__name__.strip("_"))
@pytest.mark.parametrize("role", ROLES)
def test_anothers_token_is_as_good_as_none_whatever_ones_role(
    queue: Queue, clock: Clock, role: Role, made: Callable[[Queue, Clock], str]
) -> None:
    theirs = made(queue, clock)
    with visit(queue, "ada", role) as ada:
        before = tables(queue)
        for path in DOORS:
            found = [ada.post(path, json=json_bodies(token)[path]) for token in (theirs, "nobodys-token")]
            assert [answer.status_code for answer in found] == [409, 409], path
            assert found[0].json() == found[1].json(), path
            assert found[0].headers == found[1].headers, path
        assert tables(queue) == before


@pytest.mark.parametrize("desk", ["review", "training", "adjudication"])
@pytest.mark.parametrize("role", ROLES)
def test_saying_that_one_has_anothers_item_brings_nothing_of_it(
    queue: Queue, clock: Clock, role: Role, desk: str
) -> None:
    tokens = [_adjudicating(queue, clock), _trained(queue, clock)]
    with visit(queue, "ada", role) as ada:
        answer = ada.post("/claim", json={"desk": desk, "have": tokens})
        items: list[dict[str, Any]] = answer.json()["items"]
        assert not {item["token"] for item in items} & set(tokens)
        assert len(items) == (desk == "training"), "the one item that waits is grace's"


def test_a_reviewer_gets_nothing_at_the_adjudicators_desk(queue: Queue, clock: Clock) -> None:
    token = _adjudicating(queue, clock)
    queue.release(token, "grace")
    for role, count in (("reviewer", 0), ("adjudicator", 1)):
        with visit(queue, f"some {role}", role) as person:  # type: ignore[arg-type]
            answer = person.post("/claim", json={"desk": "adjudication"}).json()
            assert len(answer["items"]) == count
            assert ("is no adjudicator" in (answer["end"] or "")) is (role == "reviewer")


REPLY = {
    "/claim": {"items", "today", "end"},
    "/decide": {"items", "today", "end", "grace", "feedback", "look"},
    "/undo": {"item", "today"},
    "/skip": {"skipped"},
    "/draft": {"rev"},
    "/heartbeat": {"seconds"},
    "/diff": {"html"},
    "/flag": {"flagged"},
    "/dispute": {"disputed"},
    "/guideline": {"html"},
}
ITEM = {"token", "seconds", "item", "recipe", "kind", "stage", "shown_hash", "html", "units", "per_step"}
ITEM |= {"guideline", "rivals", "draft", "before", "revises"}
ANSWER = {"verdict", "reasons", "note", "edit", "labels", "strength"}


def test_every_reply_has_these_keys_and_no_others(queue: Queue) -> None:
    with visit(queue) as ada:
        replies = {"/claim": ada.post("/claim", json={}).json()}
        (item,) = replies["/claim"]["items"]
        token = item["token"]
        for path in ("/heartbeat", "/draft", "/diff", "/flag", "/guideline"):
            replies[path] = ada.post(path, json=json_bodies(token)[path]).json()
        facts = {"verdict": "approve", "shown_hash": item["shown_hash"], "idem": "idem-of-this-answer"}
        replies["/decide"] = ada.post("/decide", json={"token": token, "ruling": facts}).json()
        replies["/undo"] = ada.post("/undo", json={"token": token}).json()
        replies["/skip"] = ada.post("/skip", json={"token": token, "reason": "unsafe"}).json()
        (lesson,) = ada.post("/claim", json={"desk": "training"}).json()["items"]
        facts |= {"shown_hash": lesson["shown_hash"], "idem": "idem-of-the-lesson"}
        ada.post("/decide", json={"token": lesson["token"], "ruling": facts, "desk": "training"})
        replies["/dispute"] = ada.post("/dispute", json={"token": lesson["token"], "note": "No."}).json()
    assert {path: set(reply) for path, reply in replies.items()} == REPLY
    back = replies["/undo"]["item"]
    assert {*item} == {*lesson} == {*back} == ITEM
    assert set(back["before"]) == ANSWER
    assert set(back["draft"]) == {"rev", "body"}
    assert set(REPLY) == set(json_bodies(""))
