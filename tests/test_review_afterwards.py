"""What follows a decision at the review page in a real Chromium: second thoughts, lessons, and the way on."""

import re
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_items import an_item
from tests.review_server import served_apart
from tests.reviewing import (
    MARKS,
    Shift,
    Visit,
    buttons,
    make_queue,
    mode,
    rulings,
    settle,
    taken,
    text,
)
from tests.visitors import walk_in

pytestmark = MARKS


@pytest.fixture
def queue(tmp_path: Path, shift: Shift) -> Queue:
    return make_queue(tmp_path, shift)


def test_a_decision_can_be_taken_back_as_if_it_had_never_been(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2), an_item(3)])
    page()
    press(driver, "3", "d")
    settle(driver)
    assert re.fullmatch(r"u\s+Undo\s+\d+", text(driver, "[data-action=undo]"))
    assert text(driver, "#today") == "1"
    press(driver, "u")
    settle(driver)
    assert text(driver, "#today") == "0"
    assert "1 + 1" in text(driver, ".asked")
    assert text(driver, "#asking") == "Taken back: reject (style)"
    assert taken(queue) == 0
    press(driver, "1")
    settle(driver)
    assert "2 + 2" in text(driver, ".asked"), "the item that was on show comes back"
    assert [(row.verdict, row.supersedes) for row in rulings(queue)] == [("approve", None)]


def test_a_later_change_of_mind_supersedes(queue: Queue, driver: Chrome, page: Visit, shift: Shift) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    press(driver, "e")
    press(driver, "!")
    press(driver, Keys.ENTER, ctrl=True)
    settle(driver)
    shift.by = 11
    press(driver, "u")
    settle(driver)
    assert text(driver, "#asking").startswith("You revise: edit")
    assert driver.find_element("css selector", ".editor textarea").get_property("value") == "It is 2.!"
    press(driver, Keys.ESCAPE)
    settle(driver)
    assert "2 + 2" in text(driver, ".asked"), "who leaves it as it was goes on"
    assert taken(queue) == 1


def test_a_superseding_answer_names_the_one_before(queue: Queue, driver: Chrome, page: Visit, shift: Shift) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    press(driver, "1")
    settle(driver)
    shift.by = 11
    press(driver, "u")
    settle(driver)
    press(driver, "3", "a")
    settle(driver)
    first, second = rulings(queue)
    assert (first.verdict, second.verdict, second.supersedes) == ("approve", "reject", first.seq)


def test_training_says_how_it_was_and_takes_a_dispute(queue: Queue, driver: Chrome, page: Visit) -> None:
    known = Gold(
        item=an_item(1, source="gold"), answer=Answer(verdict="approve"), explanation="One and one.", training=True
    )
    Management(queue.path).add_gold([known])
    page("training")
    assert "Training" in text(driver, ".band")
    assert "u" not in buttons(driver, "tools")
    press(driver, "3", "a")
    until(lambda: mode(driver) == "after")
    assert "One and one." in text(driver, "#panel")
    assert buttons(driver) == ["Enter", "d"]
    settle(driver)
    press(driver, "d")
    press(driver, "It is right.")
    press(driver, Keys.ENTER, ctrl=True)
    until(lambda: text(driver, "[data-action=dispute]").endswith("Disputed"))
    press(driver, Keys.ENTER)
    until(lambda: mode(driver) == "ended")


def test_a_second_look_keeps_or_changes_the_answer(queue: Queue, driver: Chrome, page: Visit) -> None:
    hint = '{"score": 0.41, "reasons": ["too short"], "signals": {"length": 0.41}}'
    queue.enqueue([an_item(number, hint=hint) for number in range(3)])
    page()
    for keys in ("1", Keys.ENTER):
        press(driver, keys)
        settle(driver)
    assert "1 + 1" in text(driver, ".asked")
    press(driver, "1")
    until(lambda: mode(driver) == "after")
    assert "too short" in text(driver, "#panel")
    assert "1 + 1" in text(driver, ".asked"), "the item that it is about stays in view"
    settle(driver)
    press(driver, "c")
    settle(driver)
    press(driver, "3", "a")
    settle(driver)
    assert [(row.verdict, row.revealed) for row in rulings(queue)] == [
        ("approve", False), ("approve", False), ("reject", True),
    ]  # fmt: skip


def test_coming_back_from_a_second_look_says_that_the_answer_after_it_was_not_sent(
    queue: Queue, driver: Chrome
) -> None:
    hint = '{"score": 0.41, "reasons": ["too short"], "signals": {"length": 0.41}}'
    queue.enqueue([an_item(number, hint=hint, prio=-number) for number in range(3)])
    with served_apart(queue) as server:
        walk_in(driver, queue, server.address)
        settle(driver)
        server.pause()
        press(driver, "1")
        driver.execute_async_script("setTimeout(arguments[0], 300)")
        press(driver, "3", "a")
        assert mode(driver) == "saving"
        server.resume()
        until(lambda: mode(driver) == "after")
        settle(driver)
        press(driver, "c")
        settle(driver)
        assert text(driver, "#notice") == ""
        press(driver, "1")
        settle(driver)
        assert "1 + 1" in text(driver, ".asked")
        assert "wasn’t sent, because you went back to the one before it" in text(driver, "#notice")


def test_a_guideline_that_comes_late_does_not_open_beside_another_item(queue: Queue, driver: Chrome) -> None:
    for number, recipe in enumerate(("one", "two")):
        queue.enqueue([an_item(number, recipe=recipe, prio=-number)])
        Management(queue.path).set_policy(recipe, Policy(guideline=f"The guideline of {recipe}."))
    with served_apart(queue) as server:
        walk_in(driver, queue, server.address)
        settle(driver)
        server.pause()
        press(driver, "h", "1")
        until(lambda: text(driver, "#recipe") == "two")
        server.resume()
        settle(driver)
        assert not driver.find_element("id", "drawer").is_displayed()
        press(driver, "h")
        until(lambda: "The guideline of two." in text(driver, "#drawer"))


def test_the_guideline_opens_beside_the_item_and_gaps_in_it_are_told(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    Management(queue.path).set_policy("sums", Policy(guideline="Sums are *exact*."))
    page()
    press(driver, "h")
    until(lambda: "Sums are" in text(driver, "#drawer"))
    press(driver, Keys.ESCAPE)
    assert not driver.find_element("id", "drawer").is_displayed()
    press(driver, "f")
    press(driver, "What of rounding?")
    press(driver, Keys.ENTER, ctrl=True)
    until(lambda: "editors" in driver.find_element("id", "status").get_property("textContent"))
    assert mode(driver) == "reading"


def test_who_is_paused_is_told_so_and_what_to_do(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    Management(queue.path).pause("ada")
    page()
    assert "Your reviewing is paused" in text(driver, "main")
    assert driver.find_element("link text", "Practise in training")
