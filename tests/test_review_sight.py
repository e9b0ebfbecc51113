"""The review page as it is seen: room for long words in small windows, other scripts, long texts, and the clock."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from tests.browser import press, until
from tests.review_items import an_item
from tests.reviewing import MARKS, Shift, Visit, make_queue, mode, settle, sized, text

pytestmark = MARKS

STATES = {
    "reading": (),
    "editing": ("e", " and more"),
    "rejecting": ("3",),
    "writing": ("/",),
    "guideline": ("h",),
    "keys": ("?",),
    "raw": ("r",),
}


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = make_queue(tmp_path, Shift())
    Management(queue.path).set_policy("sums", Policy(guideline="Be exact."))
    return queue


def bring(driver: Chrome, page: Visit, state: str) -> None:
    page()
    for keys in STATES[state]:
        press(driver, keys)
    if state == "editing":
        until(lambda: "changed" in text(driver, ".editor .tally"))
    if state == "guideline":
        until(lambda: driver.find_element("id", "drawer").is_displayed())


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 450), (390, 844)])
def test_no_window_needs_sideways_scrolling(queue: Queue, driver: Chrome, page: Visit, width: int, height: int) -> None:
    """720 by 450 is a window of 1440 by 900 at 200 %."""
    queue.enqueue([an_item(1, Instruction(instruction="w" * 500, context="c" * 500, response="r" * 500))])
    with sized(driver, width, height):
        for state in STATES:
            bring(driver, page, state)
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), state
            seen = "[...document.querySelectorAll('.bar button')].filter((b) => b.checkVisibility())"
            low = driver.execute_script(f"return Math.min(...{seen}.map((b) => b.offsetHeight))")
            assert width > 600 or low >= 44, state


def test_text_from_right_to_left_keeps_its_side_and_numbers_stay_put(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, Instruction(instruction="מהו 2 + 2?", response="התשובה היא 4.\n\n答えは四です。"))])
    page()
    sides = "return [...document.querySelectorAll('main .rendered')].map((e) => getComputedStyle(e).direction)"
    assert set(driver.execute_script(sides)) == {"rtl"}
    press(driver, "e")
    assert driver.execute_script("return getComputedStyle(document.activeElement).direction") == "rtl"
    press(driver, "五")
    until(lambda: text(driver, ".compared ins") == "五")


def test_blocks_are_scrolled_through_by_key(queue: Queue, driver: Chrome, page: Visit) -> None:
    long = "\n\n".join(f"Paragraph {number}. " + "word " * 60 for number in range(40))
    queue.enqueue([an_item(1, Instruction(instruction="q", response=long))])
    page()
    top = "return document.querySelector('.judged').scrollTop"
    press(driver, "j")
    after = driver.execute_script(top)
    assert after > 0
    press(driver, "j")
    assert driver.execute_script(top) > after
    press(driver, "k", "k")
    assert driver.execute_script(top) == 0


def test_the_time_that_is_left_turns_red_under_two_minutes(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    assert text(driver, "#timer") == "15 min left"
    driver.execute_script("const now = Date.now; Date.now = () => now() + 14 * 60_000")
    until(lambda: "urgent" in driver.find_element("id", "timer").get_attribute("class"))
    assert mode(driver) == "reading"


def test_a_heartbeat_keeps_the_item_while_its_person_is_there(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    driver.execute_script("const now = Date.now; Date.now = () => now() + 4 * 60_000")
    until(lambda: text(driver, "#timer") == "11 min left")
    press(driver, Keys.SHIFT)
    until(lambda: text(driver, "#timer") == "15 min left")
    settle(driver)
