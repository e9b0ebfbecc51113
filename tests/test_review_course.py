"""The run of items at the review page in a real Chromium: no answer is lost, doubled, or given by accident."""

import time
from pathlib import Path

import pytest
from selenium.common import WebDriverException
from selenium.webdriver import Chrome, Keys

from outcross.data.review.claims import LEASE
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from tests.browser import chromium, press, until
from tests.review_items import an_item
from tests.review_server import served, served_apart
from tests.reviewing import (
    MARKS,
    OFFLINE,
    Shift,
    Visit,
    draft,
    make_queue,
    mode,
    rulings,
    settle,
    taken,
    text,
)
from tests.visitors import walk_in

pytestmark = MARKS

FAST = "const real = performance.now.bind(performance); performance.now = () => 10 * real();"
"""A clock by which the quarter of a second that protects a new item is over in 25 ms."""


@pytest.fixture
def queue(tmp_path: Path, shift: Shift) -> Queue:
    return make_queue(tmp_path, shift)


def test_approving_correcting_rejecting_and_skipping(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(number) for number in range(5)])
    page()
    press(driver, "1")
    settle(driver)
    press(driver, "e")
    press(driver, " Indeed.")
    press(driver, Keys.ENTER, ctrl=True)
    settle(driver)
    press(driver, "3", "a")
    settle(driver)
    press(driver, "/")
    press(driver, "Check the sum.")
    press(driver, Keys.ENTER, ctrl=True)
    press(driver, "3", "o")
    press(driver, " It is wrong.", Keys.ENTER)
    settle(driver)
    press(driver, "s", "j")
    until(lambda: mode(driver) == "ended")
    assert [(row.verdict, row.edit, row.reasons, row.note) for row in rulings(queue)] == [
        ("approve", None, (), ""),
        ("edit", "It is 2. Indeed.", (), ""),
        ("reject", None, ("inaccurate",), ""),
        ("reject", None, ("other",), "Check the sum. It is wrong."),
    ]
    assert queue.counts().skipped == 1
    assert "Nothing waits for you" in text(driver, "main")
    assert "1 skipped item waits for somebody else." in text(driver, "main")
    assert driver.get_log("browser") == []


def test_two_hundred_items_by_key_alone_and_none_is_lost_to_a_server_that_pauses(queue: Queue, tmp_path: Path) -> None:
    queue.enqueue([an_item(number) for number in range(200)])
    with chromium(tmp_path / "profile") as driver, served_apart(queue) as server:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": FAST})
        walk_in(driver, queue, server.address)
        settle(driver)
        for number in range(200):
            asked = text(driver, ".asked .words")
            if number == 50:
                settle(driver)
                server.pause()
            keys = "1" if number % 3 else "3d"
            driver.execute_async_script("setTimeout(arguments[0], 30)")
            press(driver, *keys)
            if number == 51:  # one answer is on its way, so that this one waits
                assert mode(driver) == "saving"
                until(lambda: text(driver, "#asking") == "Saving…")
                press(driver, "1", "1")
                time.sleep(3)
                assert text(driver, ".asked .words") == asked
                server.resume()
            if number < 199:
                until(lambda asked=asked: mode(driver) == "reading" and text(driver, ".asked .words") != asked)
        until(lambda: mode(driver) == "ended")
    rows = rulings(queue)
    expected = ["approve" if number % 3 else "reject" for number in range(200)]
    assert [row.verdict for row in rows] == expected
    assert len({row.item for row in rows}) == 200


def test_a_tab_that_is_closed_right_after_the_key_loses_nothing(queue: Queue, driver: Chrome) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    with served_apart(queue) as server:
        home = driver.current_window_handle
        driver.switch_to.new_window("tab")
        walk_in(driver, queue, server.address)
        settle(driver)
        server.pause()
        press(driver, "1")
        driver.close()
        server.resume()
        driver.switch_to.window(home)
        until(lambda: taken(queue) == 1)


def test_a_key_that_is_held_down_decides_once(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(number) for number in range(4)])
    page()
    key = {"type": "keyDown", "key": "1", "code": "Digit1", "text": "1"}
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", key)
    for _ in range(20):
        driver.execute_cdp_cmd("Input.dispatchKeyEvent", key | {"autoRepeat": True})
        driver.execute_async_script("setTimeout(arguments[0], 30)")
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", key | {"type": "keyUp"})
    settle(driver)
    assert taken(queue) == 1


def test_a_double_tap_does_not_decide_the_next_item(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2), an_item(3)])
    page()
    driver.execute_script(
        """
        const tap = () => document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "1", bubbles: true}));
        tap();
        tap();
        """
    )
    settle(driver)
    assert taken(queue) == 1
    assert "2 + 2" in text(driver, "main")


def test_a_lapsed_claim_is_said_and_its_words_come_back(
    queue: Queue, driver: Chrome, page: Visit, shift: Shift
) -> None:
    queue.enqueue([an_item(1)])
    queue.add_reviewer("grace")
    page()
    press(driver, "e")
    press(driver, " Kept.")
    shift.by = LEASE + 60
    taken_by_grace = queue.claim("grace")
    assert taken_by_grace is not None
    press(driver, Keys.ENTER, ctrl=True)
    until(lambda: mode(driver) == "lost")
    assert "What you typed is kept" in text(driver, "#notice")
    until(lambda: "Kept." in draft(queue))
    settle(driver)
    queue.release(taken_by_grace.token, "grace")
    press(driver, Keys.ENTER)
    settle(driver)
    assert mode(driver) == "reading"
    assert driver.find_element("css selector", ".editor textarea").get_property("value") == "It is 2. Kept."


def test_an_answer_that_was_not_taken_brings_its_item_back(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    claim = queue.claim("ada")
    assert claim
    queue.skip(claim.token, "ada", "cannot_judge")  # in another window
    press(driver, "1")
    until(lambda: mode(driver) == "lost")
    assert "1 + 1" in text(driver, ".asked")
    assert "decided in another window" in text(driver, "#notice")
    driver.execute_async_script("setTimeout(arguments[0], 260)")
    press(driver, Keys.ENTER)
    settle(driver)
    assert "2 + 2" in text(driver, ".asked")


def test_a_server_that_is_gone_loses_nothing_and_is_said(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(number) for number in range(3)])
    page()
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    press(driver, "1")
    until(lambda: mode(driver) == "failed")
    assert "doesn’t answer" in text(driver, "#notice")
    assert taken(queue) == 0
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE | {"offline": False})
    press(driver, Keys.ENTER)
    settle(driver)
    assert taken(queue) == 1
    assert "1 + 1" in text(driver, ".asked")


def test_answers_go_on_after_more_items_have_come_back_than_the_server_is_told_of(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(number) for number in range(8)])
    page()
    for key in (*"11111", *"uuuuu", *"333333"):
        press(driver, *([key, "a"] if key == "3" else key))
        settle(driver)
        assert text(driver, "#notice") == ""
    assert taken(queue) == 6


def test_a_large_answer_is_sent_while_a_large_draft_is_on_its_way(queue: Queue, driver: Chrome) -> None:
    """Browsers refuse to send what may outlive its tab once that is more than 64 KiB in all."""
    queue.enqueue([an_item(1, Instruction(instruction="q", response="word " * 9_000))])
    with served_apart(queue) as server:
        walk_in(driver, queue, server.address)
        settle(driver)
        press(driver, "e")
        until(lambda: text(driver, ".editor .tally") == "unchanged")
        server.pause()
        press(driver, "!")
        driver.execute_async_script("setTimeout(arguments[0], 1500)")  # its draft and its comparison are on their way
        assert text(driver, "#notice") == ""
        press(driver, Keys.ENTER, ctrl=True)
        driver.execute_async_script("setTimeout(arguments[0], 1500)")
        assert mode(driver) == "saving"
        server.resume()
        until(lambda: taken(queue) == 1)
        settle(driver)
        assert text(driver, "#notice") == ""


def test_a_correction_survives_a_reload_and_can_be_restored_and_brought_back(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1, Instruction(instruction="q", response="one\r\ntwo"))])
    page()
    press(driver, "e")
    until(lambda: text(driver, ".editor .tally") == "unchanged")
    press(driver, Keys.ENTER, ctrl=True)  # nothing to submit yet
    press(driver, "!")
    until(lambda: text(driver, ".editor .tally").startswith("1 character changed"))
    assert text(driver, ".compared ins") == "!"
    until(lambda: "two!" in draft(queue))
    page()
    box = driver.find_element("css selector", ".editor textarea")
    assert box.get_property("value") == "one\ntwo!"
    press(driver, "e")
    press(driver, Keys.BACKSPACE, ctrl=True)
    assert box.get_property("value") == "one\ntwo"
    press(driver, Keys.BACKSPACE, ctrl=True)
    assert box.get_property("value") == "one\ntwo!"
    press(driver, Keys.ENTER, ctrl=True)
    settle(driver)
    assert rulings(queue)[0].edit == "one\r\ntwo!", "the line ends are the reviewer's business only if changed"


def test_a_browser_that_dies_loses_no_more_than_a_second_of_typing(queue: Queue, tmp_path: Path) -> None:
    queue.enqueue([an_item(1)])
    typed: list[float] = []
    with served(queue) as address, chromium(tmp_path / "profile") as driver:
        walk_in(driver, queue, address)
        settle(driver)
        press(driver, "e")
        while len(typed) < 60:
            driver.execute_cdp_cmd("Input.insertText", {"text": "x"})
            typed.append(time.monotonic())
        died = time.monotonic()
        with pytest.raises(WebDriverException):
            driver.execute_cdp_cmd("Browser.crash", {})
    assert draft(queue).count("x") >= sum(moment < died - 1 for moment in typed)


def test_only_time_with_somebody_there_counts_as_work(queue: Queue, driver: Chrome, page: Visit, shift: Shift) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    press(driver, Keys.SHIFT)
    driver.execute_script("const now = Date.now; Date.now = () => now() + 600_000")
    shift.by = 600
    press(driver, "1")
    settle(driver)
    row = rulings(queue)[0]
    assert row.wall_ms > 600_000
    assert 60_000 <= row.active_ms < 70_000, "a minute after the last input, and the seconds before it"
