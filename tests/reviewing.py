"""What tests with a browser do at the review page, and see there."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from outcross.data.review.accounts import Accounts
from outcross.data.review.answers import Ruling
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from tests.browser import CHROMIUM, DRIVER, MISSING, until
from tests.review_server import served
from tests.visitors import walk_in

MARKS = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING),
    pytest.mark.xdist_group("browser"),
]

Visit = Callable[..., None]

OFFLINE = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
DAY = 24 * 3600


class Shift:
    """The real time, moved on by hand."""

    by = 0.0

    def __call__(self) -> float:
        return time.time() + self.by


@contextmanager
def seated(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    """Serves the queue; what it yields opens a desk there, once the queue holds what the test put in."""
    with served(queue) as address:
        walk_in(driver, queue, address)
        # Signing in leads to the desk, which asks for an item: not one that the test is about to enqueue.
        until(lambda: quiet(driver))

        def visit(desk: str = "") -> None:
            driver.get_log("performance")
            driver.get_log("browser")
            driver.get(address + desk)
            settle(driver)

        yield visit
        driver.execute_script("localStorage.clear()")
        driver.get("about:blank")


def mode(driver: Chrome) -> str | None:
    return driver.execute_script("return document.body.dataset.mode")


def quiet(driver: Chrome) -> bool:
    """Whether the desk is open, and neither waits for an item nor sends an answer."""
    return mode(driver) not in {None, "", "saving"} and driver.execute_script("return sending.hidden")


def settle(driver: Chrome) -> None:
    """Let what is on its way arrive, and the quarter of a second pass in which something new can't be decided."""
    until(lambda: quiet(driver))
    driver.execute_async_script("setTimeout(arguments[0], 260)")


def answered(queue: Queue, driver: Chrome, count: int) -> None:
    """Let the server have so many answers, and the desk the next item."""
    until(lambda: taken(queue) == count)
    settle(driver)


@contextmanager
def sized(driver: Chrome, width: int, height: int, *, scale: int = 1, dark: bool = False) -> Iterator[None]:
    """A window of so many CSS pixels; at a `scale` of 2 the glass has twice as many, as at 200 % zoom."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
    usual = {"width": 1440, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    _emulate(driver, metrics, "dark" if dark else "light")
    try:
        yield
    finally:
        _emulate(driver, usual, "light")


def _emulate(driver: Chrome, metrics: dict[str, object], scheme: str) -> None:
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def buttons(driver: Chrome, place: str = "keys") -> list[str]:
    """The keys that are shown."""
    found = driver.find_elements(By.CSS_SELECTOR, f"#{place} button")
    return [button.get_attribute("aria-keyshortcuts") or "" for button in found]


def text(driver: Chrome, selector: str) -> str:
    """What is to be read there; empty where there is no such element."""
    return next((element.text for element in driver.find_elements(By.CSS_SELECTOR, selector)), "")


def taken(queue: Queue) -> int:
    """How many answers the server has, those included that can still be taken back."""
    with sqlite3.connect(queue.path) as connection:
        return connection.execute("SELECT (SELECT count(*) FROM held) + (SELECT count(*) FROM decision)").fetchone()[0]


def rulings(queue: Queue) -> list[DecisionRow]:
    """What came of the answers, once none can be taken back."""
    return Queue(queue.path, now=lambda: time.time() + DAY).decisions()


def draft(queue: Queue) -> str:
    """What the server has of unfinished work."""
    with sqlite3.connect(queue.path) as connection:
        return "".join(body for (body,) in connection.execute("SELECT body FROM draft"))


def split(queue: Queue, item: Item, *answers: dict[str, Any]) -> None:
    """Enqueue an item on which as many peers have given these answers."""
    queue.enqueue([item])
    for number, answer in enumerate(answers):
        peer = f"peer-{number}"
        queue.add_reviewer(peer)
        claim = queue.claim(peer)
        assert claim is not None
        facts = {"shown_hash": claim.shown_hash, "idem": f"idem-of-{peer}-{item.sample_id[:20]}", **answer}
        queue.submit(claim.token, peer, Ruling.model_validate(facts))


def end_session(queue: Queue, driver: Chrome) -> None:
    """Sign the browser's person out behind the page's back, as time does."""
    for cookie in driver.get_cookies():
        Accounts.beside(queue).sign_out(cookie["value"])


def make_queue(folder: Path, clock: Callable[[], float]) -> Queue:
    """A queue with one reviewer, and no gold mixed in by chance."""
    queue = Queue(folder / "review.sqlite", now=clock, chance=lambda: 0.99)
    queue.add_reviewer("ada")
    return queue
