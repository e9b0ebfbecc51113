"""Nothing that a reviewer's browser is told gives away why an item was drawn: a guesser learns from all of it."""

import json
import random
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import numpy as np
import pytest
from starlette.testclient import TestClient

from outcross.data.review import gold
from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.items import Item
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.review.desk import GRACE
from tests.crowd import KINDS, content
from tests.guesser import area, guessed
from tests.review_items import Clock, an_item, sql
from tests.visitors import visit

ITEMS = 600
"""Borderline and audited, half of each; half as much gold again is mixed in."""
GOLD = 500
"""More than will be drawn, so that none is drawn for being left over."""
MARGIN = 0.07
"""By how much the guesser may be off chance; a deviation of guesses by chance is a third of it."""
TIMES_MARGIN = 0.1
"""As much for times, which another program on this machine makes differ on each run: four deviations."""

KNOWN = {
    "instruction": "approve",
    "text": "approve",
    "preference": "chosen",
    "reasoning": "correct",
    "conversation": "success",
}


@dataclass
class Seen:
    """All that a browser is told of items, in the order in which it is told, beside why each was drawn."""

    told: list[dict[str, Any]] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    times: list[tuple[float, float, float]] = field(default_factory=list)
    """Seconds of the request that brings the item, of its decision, and of the next, which commits that."""


def a_mixture(queue: Queue) -> None:
    """Items whose texts have nothing to do with why they were drawn."""
    chance = random.Random(3)
    numbers = chance.sample(range(10_000), GOLD + ITEMS)
    made = [an_item(n, content(KINDS[n % 5], chance.random() < 0.3, n, chance)) for n in numbers]
    known = [Gold(item=one, answer=_answer(one), explanation="It is so.") for one in made[:GOLD]]
    Management.beside(queue).add_gold(known)
    drawn = [("border", 1.0), ("audit", 0.2)] * (ITEMS // 2)
    chance.shuffle(drawn)
    facts = zip(made[GOLD:], drawn, strict=True)
    queue.enqueue([one.model_copy(update={"source": source, "incl_prob": share}) for one, (source, share) in facts])


def _answer(item: Item) -> Answer:
    kind = item.shown.content.kind
    return Answer(verdict=KNOWN[kind], labels=(1, 1, 1) if kind == "reasoning" else ())


def _ruling(item: dict[str, Any]) -> dict[str, Any]:
    """What is right of every item."""
    facts: dict[str, Any] = {"shown_hash": item["shown_hash"], "idem": f"idem-{item['token'][:20]}", "active_ms": 5_000}
    match item["kind"]:
        case "preference":
            side = "b" if item["units"][0].endswith("Really.") else "a"
            return facts | {"verdict": side, "strength": 1}
        case "reasoning":
            return facts | {"verdict": "correct", "labels": [1, 1, 1]}
        case kind:
            return facts | {"verdict": KNOWN[kind]}


def work_through(client: TestClient, queue: Queue, clock: Clock) -> Seen:
    """Judge every item as the page does, and keep what it is told."""
    seen, spent = Seen(), [0.0]
    answer = client.post("/claim", json={})
    have: list[str] = []
    keep: dict[str, dict[str, Any]] = {}
    brought: dict[str, int] = {}
    while items := answer.json()["items"]:
        for place, item in enumerate(items):
            if item["token"] not in keep:
                keep[item["token"]] = _told(answer, item, place)
                brought[item["token"]] = len(spent) - 1
        now = items[0]["token"]
        sent = {"token": now, "ruling": _ruling(keep[now]["item"]), "have": [one["token"] for one in items[1:]]}
        began = time.perf_counter()
        answer = client.post("/decide", json=sent)
        spent.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
        keep[now] |= {"after": {name: value for name, value in answer.json().items() if name != "items"}}
        have.append(now)
        clock.time += GRACE + 1
    spent += [0.0]
    sources = dict(sql(queue, "SELECT token, source FROM claim JOIN item ON item.id = item"))
    for number, token in enumerate(have, start=1):
        seen.told.append(keep[token])
        seen.sources.append(str(sources[token]))
        seen.times.append((spent[brought[token]], spent[number], spent[number + 1]))
    return seen


def _told(answer: httpx.Response, item: dict[str, Any], place: int) -> dict[str, Any]:
    headers = {name: value for name, value in answer.headers.items() if name != "content-length"}
    return {
        "headers": headers,
        "status": answer.status_code,
        "place": place,
        "item": item,
        "size": len(json.dumps(item)),
    }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    with pytest.MonkeyPatch.context() as patch:
        # Drawn anew on each run, ids would let the guesser be lucky now and then.
        drawn = random.Random(5)
        patch.setattr(secrets, "token_hex", lambda size: drawn.randbytes(size).hex())
        patch.setattr(gold, "SHARE", 1 / 3)
        patch.setattr(gold, "FIRST_SHARE", 1 / 3)
        clock = Clock()
        queue = Queue(tmp_path_factory.mktemp("secrecy") / "review.sqlite", now=clock, chance=drawn.random)
        a_mixture(queue)
        with visit(queue) as client:
            yield work_through(client, queue, clock)


def either(seen: Seen, source: str) -> tuple[list[int], np.ndarray]:
    """The places of what was drawn as `source` or as borderline, and which of them were the former."""
    chosen = [place for place, one in enumerate(seen.sources) if one in {source, "border"}]
    return chosen, np.array([seen.sources[place] == source for place in chosen])


@pytest.mark.parametrize("source", ["gold", "audit"])
def test_no_guesser_tells_what_is_secret_from_what_the_browser_sees(seen: Seen, source: str) -> None:
    chosen, secret = either(seen, source)
    assert min(secret.sum(), (~secret).sum()) > ITEMS / 3
    assert abs(guessed([seen.told[place] for place in chosen], secret) - 0.5) < MARGIN
    assert abs(area(np.array(chosen, dtype=float), secret) - 0.5) < MARGIN, "the order tells"


@pytest.mark.parametrize("source", ["gold", "audit"])
def test_no_guesser_tells_it_from_how_long_an_answer_takes(seen: Seen, source: str) -> None:
    chosen, secret = either(seen, source)
    for times in np.array([seen.times[place] for place in chosen]).T:
        assert abs(area(times, secret) - 0.5) < TIMES_MARGIN


def _letter(told: dict[str, Any], source: str) -> None:
    told["item"]["html"] += f"<i>{source[0]}</i>"


def _longer_id(told: dict[str, Any], source: str) -> None:
    told["item"]["item"] += "0" * (source != "border")


def _key(told: dict[str, Any], source: str) -> None:
    told["item"] |= {"score": 0.5} if source == "audit" else {"explanation": None} if source == "gold" else {}


def _header(told: dict[str, Any], source: str) -> None:
    told["headers"]["server-timing"] = f"queue;dur={1.0 + (source == 'border')}"


@pytest.mark.parametrize("leak", [_letter, _longer_id, _key, _header])
@pytest.mark.parametrize("source", ["gold", "audit"])
def test_the_guesser_finds_a_leak_where_there_is_one(
    seen: Seen, source: str, leak: Callable[[dict[str, Any], str], None]
) -> None:
    chosen, secret = either(seen, source)
    told = json.loads(json.dumps([seen.told[place] for place in chosen]))
    for one, place in zip(told, chosen, strict=True):
        leak(one, seen.sources[place])
    assert guessed(told, secret) > 0.9
