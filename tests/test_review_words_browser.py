"""What people write at the review page, in a real Chromium: no word is lost, and none goes with another answer."""

import time
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from outcross.data.review.queue import Queue
from outcross.data.samples import Content, Instruction
from tests.browser import press, until
from tests.review_contents import PROOF, TALK
from tests.review_items import an_item, sql
from tests.reviewing import MARKS, OFFLINE, Visit, draft, make_queue, mode, rulings, settle, text

pytestmark = MARKS

SUM = Instruction(instruction="What is 1 + 1?", response="It is 2.")


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


def remark(driver: Chrome, words: str = "My remark.") -> None:
    press(driver, "/")
    press(driver, words)
    press(driver, Keys.ENTER, ctrl=True)


def back(driver: Chrome) -> None:
    settle(driver)
    press(driver, "u")
    settle(driver)


# --- Explanations and notes ---


@pytest.mark.parametrize(
    ("content", "explain", "submit"),
    [
        (PROOF, ("b", "c", "Not so.", Keys.ENTER), Keys.ENTER),
        (TALK, ("b", "o", Keys.ENTER, "Not so.", Keys.ENTER), "3"),
    ],
    ids=["steps", "turns"],
)
def test_a_note_goes_along_with_what_explains_the_answer(
    queue: Queue, driver: Chrome, page: Visit, content: Content, explain: tuple[str, ...], submit: str
) -> None:
    queue.enqueue([an_item(1, content)])
    page()
    press(driver, *explain)
    remark(driver)
    press(driver, submit)
    settle(driver)
    assert [row.note for row in rulings(queue)] == ["Not so.\nMy remark."]


def test_a_note_that_the_explanation_took_in_is_not_sent_twice(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    remark(driver, f"One.{Keys.ENTER}Two.")
    press(driver, "3", "o")
    press(driver, " Three.", Keys.ENTER)
    settle(driver)
    assert [row.note for row in rulings(queue)] == ["One. Two. Three."]


def test_an_explanation_and_a_note_that_are_too_long_together_are_kept_and_refused(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1, PROOF)])
    page()
    press(driver, "b", "c", "x" * 1500, Keys.ENTER)
    remark(driver, "y" * 1000)
    press(driver, Keys.ENTER)
    settle(driver)
    assert "have 2501 characters together, and 2000 fit" in text(driver, "#notice")
    remark(driver, Keys.BACKSPACE * 600)
    press(driver, Keys.ENTER)
    settle(driver)
    assert [row.note for row in rulings(queue)] == ["x" * 1500 + "\n" + "y" * 400]


@pytest.mark.parametrize(
    ("content", "explained", "other"),
    [
        (SUM, ("3", "o", "Not so.", Keys.ENTER), ("1",)),
        (PROOF, ("b", "c", "Not so.", Keys.ENTER, Keys.ENTER), ("g",) * 7 + (Keys.ENTER,)),
        (PROOF, ("x", "Not so.", Keys.ENTER), ("g",) * 7 + (Keys.ENTER,)),
        (TALK, ("b", "o", Keys.ENTER, "Not so.", Keys.ENTER, "3"), ("g", "[", "[", "g", "1")),
    ],
    ids=["text", "steps", "give up", "turns"],
)
def test_an_explanation_that_is_taken_back_with_its_verdict_does_not_go_with_another(
    queue: Queue, driver: Chrome, page: Visit, content: Content, explained: tuple[str, ...], other: tuple[str, ...]
) -> None:
    queue.enqueue([an_item(1, content)])
    page()
    press(driver, *explained)
    back(driver)
    press(driver, *other)
    settle(driver)
    assert [row.note for row in rulings(queue)] == [""]


def test_a_note_stays_when_its_explanation_is_taken_back(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, PROOF)])
    page()
    press(driver, "b", "c", "Not so.", Keys.ENTER)
    remark(driver)
    press(driver, Keys.ENTER)
    back(driver)
    press(driver, *"ggggggg", Keys.ENTER)
    settle(driver)
    assert [(row.verdict, row.note) for row in rulings(queue)] == [("correct", "My remark.")]


def test_what_explains_a_bad_turn_is_not_sent_of_a_good_one(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, TALK)])
    page()
    press(driver, "b", "o", Keys.ENTER, "Too curt.", Keys.ENTER)
    press(driver, "g", "g", "1")
    settle(driver)
    assert [(row.verdict, row.note) for row in rulings(queue)] == [("success", "")]


def test_a_remark_on_the_guideline_that_does_not_arrive_comes_back_to_be_sent_of_its_own_item(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1)])
    page()
    driver.execute_script("""
        const real = fetch;
        window.fetch = (path, options) => path === "/flag"
          ? new Promise((_, fail) => setTimeout(fail, 300, new TypeError())) : real(path, options);
        window.back = () => { window.fetch = real; };
    """)
    press(driver, "f")
    press(driver, "What of zero?")
    press(driver, Keys.ENTER, ctrl=True)
    press(driver, "1")
    until(lambda: mode(driver) == "write")
    assert "doesn’t answer" in text(driver, "#notice")
    assert "Nothing waits" in text(driver, "main")
    driver.execute_script("back()")
    press(driver, Keys.ENTER, ctrl=True)
    until(lambda: sql(queue, "SELECT note FROM gap") == [("What of zero?",)])
    assert mode(driver) == "ended"


# --- Drafts ---


def test_an_answer_that_is_taken_back_survives_a_reload(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, PROOF), an_item(2)])
    page()
    press(driver, "b", "c", "Not so.", Keys.ENTER)
    remark(driver)
    press(driver, Keys.ENTER)
    back(driver)
    until(lambda: "Not so." in draft(queue))
    page()
    assert "Not so." in text(driver, ".step.bad .detail")
    press(driver, Keys.ENTER)
    settle(driver)
    assert [(row.verdict, row.note) for row in rulings(queue)] == [("error", "Not so.\nMy remark.")]


def test_a_draft_that_found_no_server_is_saved_when_there_is_one_and_the_notice_goes(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1)])
    page()
    press(driver, "e")
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    press(driver, " Kept.")
    until(lambda: "isn’t saved yet" in text(driver, "#notice"))
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE | {"offline": False})
    until(lambda: "Kept." in draft(queue))
    until(lambda: text(driver, "#notice") == "")
