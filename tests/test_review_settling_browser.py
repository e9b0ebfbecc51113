"""After decisions, in a real Chromium: an adjudicator settles splits, training teaches, a second look is offered."""

import json
import sqlite3
import time
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_contents import HOSTILE, PAIR, PROOF, TALK
from tests.review_items import an_item
from tests.review_server import served_apart
from tests.reviewing import MARKS, Visit, answered, buttons, make_queue, mode, rulings, settle, split, text
from tests.visitors import walk_in

pytestmark = MARKS


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


def words(driver: Chrome, selector: str) -> str:
    """A text to the character, those without ink included."""
    return str(driver.find_element(By.CSS_SELECTOR, selector).get_property("textContent"))


# --- Adjudication ---


ERROR = {
    "verdict": "error", "labels": (1, -1, *[None] * 5), "reasons": ("logic",), "note": "Not so.", "edit": "Step two.",
}  # fmt: skip
RIGHT = {"verdict": "correct", "labels": (1,) * 7}


@pytest.fixture
def adjudicating(queue: Queue) -> Queue:
    with sqlite3.connect(queue.path) as connection:
        connection.execute("UPDATE reviewer SET role = 'adjudicator' WHERE name = 'ada'")
    return queue


@pytest.mark.parametrize(("key", "place"), [("1", 0), ("2", 1)])
def test_an_answer_is_taken_and_its_cause_named(
    adjudicating: Queue, driver: Chrome, page: Visit, key: str, place: int
) -> None:
    split(adjudicating, an_item(1, PROOF, need=2), ERROR, RIGHT)
    page("adjudicate")
    shown = [rival.text for rival in driver.find_elements(By.CSS_SELECTOR, ".rival strong")]
    assert sorted(shown) == ["No step is bad", "Step 2 is the first bad one"]
    assert "peer" not in driver.page_source
    press(driver, key, "r")
    answered(adjudicating, driver, 3)
    row = rulings(adjudicating)[-1]
    expected = {"No step is bad": RIGHT, "Step 2 is the first bad one": ERROR}[shown[place]]
    assert (row.verdict, row.labels) == (expected["verdict"], expected["labels"])
    assert (row.stage, row.cause, row.both_fine) == ("adjudication", "reviewer_error", False)
    assert row.takes is not None


def test_an_adjudicator_may_answer_anew_on_the_kinds_own_screen(
    adjudicating: Queue, driver: Chrome, page: Visit
) -> None:
    split(adjudicating, an_item(1, PROOF, need=2), ERROR, RIGHT)
    page("adjudicate")
    press(driver, "3", "g", "g", "b", Keys.ESCAPE, Keys.ESCAPE)
    assert buttons(driver)[0] == "1", "back at the reviews"
    press(driver, "3", "t", "c", "It isn’t 3.", Keys.ENTER, Keys.ENTER, "i")
    answered(adjudicating, driver, 3)
    row = rulings(adjudicating)[-1]
    assert (row.verdict, row.labels) == ("error", (1, 1, -1, None, None, None, None))
    assert (row.cause, row.takes, row.note) == ("ambiguous_item", None, "It isn’t 3.")


def test_both_answers_may_do_and_a_gap_in_the_guideline_is_told(
    adjudicating: Queue, driver: Chrome, page: Visit
) -> None:
    split(adjudicating, an_item(1, PAIR, need=2), {"verdict": "a", "strength": 1}, {"verdict": "tie"})
    page("adjudicate")
    press(driver, "4")
    assert "r" not in buttons(driver), "nobody was wrong"
    press(driver, "g", "Say what saltier means.", Keys.ENTER)
    answered(adjudicating, driver, 3)
    row = rulings(adjudicating)[-1]
    assert (row.both_fine, row.cause) == (True, "guideline_gap")
    assert row.verdict in ("chosen", "tie")


def test_who_settles_is_led_from_the_end_of_the_review_to_what_waits(
    adjudicating: Queue, driver: Chrome, page: Visit
) -> None:
    split(adjudicating, an_item(1, PAIR, need=2), {"verdict": "a", "strength": 1}, {"verdict": "tie"})
    page()
    driver.find_element(By.LINK_TEXT, "settle it").click()
    settle(driver)
    assert mode(driver) == "reading"
    assert driver.current_url.endswith("/adjudicate")


def test_an_item_may_be_broken(adjudicating: Queue, driver: Chrome, page: Visit) -> None:
    failed = {"verdict": "fail", "labels": (None, 1, None, -1)}
    split(adjudicating, an_item(1, TALK, need=2), {"verdict": "success"}, failed)
    page("adjudicate")
    press(driver, "5", "i")
    answered(adjudicating, driver, 3)
    assert [(row.verdict, row.takes) for row in rulings(adjudicating)][-1] == ("broken", None)


def test_a_gap_in_the_guideline_is_told_with_the_answer_and_settles_no_other_item(
    adjudicating: Queue, driver: Chrome
) -> None:
    for number in range(3):
        split(adjudicating, an_item(number, PAIR, need=2), {"verdict": "a", "strength": 1}, {"verdict": "tie"})
    with served_apart(adjudicating) as server:
        walk_in(driver, adjudicating, server.address)
        settle(driver)
        driver.get(f"{server.address}adjudicate")
        settle(driver)
        first = text(driver, "#item-id")
        server.pause()
        press(driver, "4", "g", "Say what saltier means.", Keys.ENTER)
        until(lambda: text(driver, "#item-id") != first)
        second = text(driver, "#item-id")
        driver.execute_async_script("setTimeout(arguments[0], 260)")
        press(driver, "s", "c")
        server.resume()
        until(lambda: text(driver, "#item-id") not in (first, second))
        settle(driver)
    settled = [row for row in rulings(adjudicating) if row.stage == "adjudication"]
    assert [(row.item[:8], row.cause) for row in settled] == [(first, "guideline_gap")]


# --- Afterwards ---


def test_training_says_what_was_right_and_goes_on(queue: Queue, driver: Chrome, page: Visit) -> None:
    known = Answer(verdict="error", labels=(1, -1))
    Management(queue.path).add_gold(
        Gold(item=an_item(number, PROOF), answer=known, explanation=HOSTILE, training=True) for number in range(2)
    )
    page("training")
    press(driver, "g", "b", "c", "No.", Keys.ENTER, Keys.ENTER)
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".lesson.right"))
    assert words(driver, ".lesson .text") == HOSTILE
    assert driver.execute_script("return window.__pwned ?? null") is None
    settle(driver)
    press(driver, Keys.ENTER)
    until(lambda: mode(driver) == "reading")
    settle(driver)
    press(driver, "b", "c", "No.", Keys.ENTER, Keys.ENTER)
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".lesson.wrong"))
    assert "Step 2 is the first bad one" in text(driver, ".lesson")
    assert "2 of 20 answered, 1 right" in text(driver, ".lesson")


def test_a_second_look_comes_after_the_decision(queue: Queue, driver: Chrome, page: Visit) -> None:
    hint = json.dumps({"score": 0.41, "reasons": [HOSTILE], "signals": {"judge": 0.3}})
    queue.enqueue([an_item(1, TALK, hint=hint)])
    page()
    assert "0.41" not in driver.page_source
    press(driver, "1")
    until(lambda: driver.find_elements(By.CSS_SELECTOR, ".look"))
    assert "0.41" in text(driver, ".look")
    assert words(driver, ".look .text") == HOSTILE
    assert driver.execute_script("return window.__pwned ?? null") is None
