"""The keys of the review page in a real Chromium: which are legal is shown, none means two things, all can be moved."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.answers import REASONS
from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_contents import PAIR, PROOF
from tests.review_items import an_item
from tests.reviewing import MARKS, Visit, buttons, make_queue, mode, seated, settle, taken, text

pytestmark = MARKS

TABLES = """
const done = arguments[0];
const { FRAME, OVER, SKIP } = await import("/static/keys.js");
const { SCREENS, SETTLING } = await import("/static/item.js");
const screens = {};
for (const name of [...Object.values(SCREENS), SETTLING]) {
  const { KEYS, ASKS } = await import(`/static/${name}.js`);
  screens[name] = { KEYS, ASKS };
}
done({ FRAME, OVER, SKIP, screens, kinds: Object.keys(SCREENS) });
"""

Table = dict[str, dict[str, Any]]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    with seated(queue, driver) as visit:
        yield visit


# --- None means two things ---


def keys(table: Table) -> list[str]:
    return [key for spec in table.values() for key in spec["keys"]]


def twice(*tables: Table) -> list[str]:
    """Keys that are in more than one place."""
    found = [key for table in tables for key in keys(table)]
    return sorted({key for key in found if found.count(key) > 1})


def without(table: Table, *names: str) -> Table:
    return {name: spec for name, spec in table.items() if name not in names}


def test_no_key_means_two_things_at_once(driver: Chrome, page: Visit) -> None:
    page()
    tables = driver.execute_async_script(f"(async () => {{ {TABLES} }}).apply(null, arguments);")
    frame, over, screens = tables["FRAME"], tables["OVER"], tables["screens"]
    assert set(tables["kinds"]) == set(REASONS), "each kind has a screen"
    assert set(screens) == {"text", "pair", "steps", "turns", "adjudicate"}
    asks = {"skip": tables["SKIP"]}
    for name, screen in screens.items():
        assert twice(frame, screen["KEYS"]) == [], name
        asks |= {f"{name}.{ask}": spec for ask, spec in (screen["ASKS"] or {}).items()}
    for name, ask in asks.items():
        answers = {"done": over["done"]} if ask.get("many") else {}
        assert twice(ask.get("words") or {}, answers, {"back": frame["back"]}) == [], name
    assert twice(without(over, "done", "keep"), {"back": frame["back"]}) == [], "after an answer"


def test_a_clash_would_be_found() -> None:
    table = {"one": {"keys": ["1", "a"]}, "other": {"keys": ["a"]}}
    assert twice(table) == ["a"]
    assert twice({"one": {"keys": ["u"]}}, {"undo": {"keys": ["u"]}}) == ["u"]


# --- What is legal is shown ---


def test_the_bar_shows_the_legal_keys_as_buttons_that_work(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    assert buttons(driver) == ["1", "2 e", "3"]
    assert buttons(driver, "tools") == ["/", "s", "f", "r", "j", "k", "?"]
    driver.find_element(By.CSS_SELECTOR, "[aria-keyshortcuts='3']").click()
    assert buttons(driver) == ["a", "b", "c", "d", "e", "f", "o"]
    assert buttons(driver, "tools") == ["Escape"]
    press(driver, "1")  # legal a moment ago, and not now
    assert taken(queue) == 0
    press(driver, Keys.ESCAPE)
    driver.find_element(By.CSS_SELECTOR, "[aria-keyshortcuts='1']").click()
    settle(driver)
    assert taken(queue) == 1
    assert "u" in buttons(driver, "tools"), "what can be taken back can be taken back now"


def test_while_somebody_types_only_what_types_nothing_is_legal(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    press(driver, "e")
    press(driver, "!")
    assert buttons(driver) == ["Control+Enter"]
    assert buttons(driver, "tools") == ["Control+Backspace", "Escape"]


# --- Other keys ---


def put(driver: Chrome, action: str, key: str) -> str:
    """Move an action to another key; returns what the page says to it."""
    press(driver, "?")
    until(lambda: driver.find_element(By.ID, "help").is_displayed())
    driver.find_element(By.CSS_SELECTOR, f"[data-key='{action}']").click()
    press(driver, key)
    said = text(driver, "#key-said")
    press(driver, Keys.ESCAPE)
    until(lambda: not driver.find_element(By.ID, "help").get_attribute("open"))
    return said


def test_a_key_can_be_moved_and_stays_there(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    assert put(driver, "text.approve", "y") == ""
    assert buttons(driver)[0] == "y"
    page()
    press(driver, "1")
    settle(driver)
    assert taken(queue) == 0, "where it was, it is no longer"
    press(driver, "y")
    settle(driver)
    assert taken(queue) == 1
    press(driver, "?")
    until(lambda: driver.find_element(By.ID, "help").is_displayed())
    driver.find_element(By.ID, "keys-reset").click()
    press(driver, Keys.ESCAPE)
    assert buttons(driver)[0] == "1"


@pytest.mark.parametrize(
    ("action", "key", "said"),
    [
        ("text.approve", "3", "taken by “Reject”"),
        ("text.approve", "u", "taken by “Undo”"),
        ("frame.undo", "1", "taken by “Approve”"),
        ("text.reject.style", "a", "taken by “Inaccurate”"),
        ("frame.submit", "x", "hold Ctrl"),
        ("text.approve", Keys.ENTER, "can’t be given another meaning"),
    ],
)
def test_a_key_that_is_taken_stays_what_it_is(
    queue: Queue, driver: Chrome, page: Visit, action: str, key: str, said: str
) -> None:
    queue.enqueue([an_item(1)])
    page()
    assert said in put(driver, action, key)
    assert driver.execute_script("return localStorage.getItem('outcross-keys')") is None


def test_a_key_may_be_the_same_on_two_screens_and_not_be_the_frames_on_any(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    """The frame's keys hold on all screens, whichever is on show while they are moved."""
    queue.enqueue([an_item(1), an_item(2, PROOF, prio=-1), an_item(3, PAIR, prio=-2)])
    page()
    assert "Good" in put(driver, "frame.undo", "g")
    assert put(driver, "text.approve", "g") == ""
    press(driver, "g")
    settle(driver)
    press(driver, "g")
    assert mode(driver) == "reading"
    assert text(driver, ".step .mark") == "good"
    assert json.loads(driver.execute_script("return localStorage.getItem('outcross-keys')")) == {"text.approve": "g"}
