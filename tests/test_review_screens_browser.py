"""Each kind's screen in a real Chromium: keys alone lead to the decision that the queue holds."""

import time
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Action, Reasoning, ToolCall, Turn
from outcross.review.screen import CAP
from tests.browser import press, until
from tests.review_contents import COURSE, HOSTILE, LONG, PAIR, PROOF, ROWS, TALK
from tests.review_items import an_item
from tests.reviewing import (
    MARKS,
    Visit,
    answered,
    buttons,
    draft,
    make_queue,
    mode,
    rulings,
    settle,
    sized,
    taken,
    text,
)
from tests.seeing import unnamed

pytestmark = MARKS


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


def shift(driver: Chrome, key: str) -> None:
    ActionChains(driver).key_down(Keys.SHIFT).send_keys(key).key_up(Keys.SHIFT).perform()


def current(driver: Chrome, row: str) -> str:
    return driver.find_element(By.CSS_SELECTOR, f"{row}[aria-current]").get_attribute("aria-label") or ""


def said(queue: Queue) -> Any:
    """The one decision."""
    (row,) = rulings(queue)
    return row


# --- Pairs ---


def pairs(queue: Queue, count: int) -> None:
    queue.enqueue([an_item(number, PAIR, prio=-number) for number in range(count)])


@pytest.mark.parametrize(("chance", "left", "right"), [(0.9, "chosen", "rejected"), (0.1, "rejected", "chosen")])
def test_a_preference_is_stored_by_answer_wherever_it_stood(
    queue: Queue, driver: Chrome, page: Visit, chance: float, left: str, right: str
) -> None:
    queue._chance = lambda: chance
    pairs(queue, 4)
    page()
    for count, keys in enumerate([Keys.ARROW_LEFT, Keys.ARROW_RIGHT, "1", "2"], 1):
        press(driver, keys, Keys.ENTER)
        answered(queue, driver, count)
    rows = rulings(queue)
    assert [row.verdict for row in rows] == [left, right, left, right]
    assert {(row.strength, row.swapped, row.reasons) for row in rows} == {(1, chance < 0.5, ())}


def test_a_preference_is_strong_with_shift_or_at_a_second_press_and_has_several_reasons(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    pairs(queue, 4)
    page()
    press(driver, "1", "1", "a", "h", Keys.ENTER)
    answered(queue, driver, 1)
    press(driver, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, "s", "l", "s", Keys.ENTER)  # on, and off again
    answered(queue, driver, 2)
    shift(driver, Keys.ARROW_LEFT)
    press(driver, "i", Keys.ENTER)
    answered(queue, driver, 3)
    shift(driver, "2")
    press(driver, Keys.ENTER)
    answered(queue, driver, 4)
    assert [(row.verdict, row.strength, row.reasons) for row in rulings(queue)] == [
        ("chosen", 2, ("accuracy", "helpfulness")),
        ("rejected", 1, ("style",)),
        ("chosen", 2, ("instruction",)),
        ("rejected", 2, ()),
    ]


def test_neither_answer_may_win_and_the_better_of_two_bad_ones_can_be_rewritten(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    pairs(queue, 4)
    page()
    press(driver, "=", "s", Keys.ENTER)
    answered(queue, driver, 1)
    press(driver, "4", Keys.ENTER)
    answered(queue, driver, 2)
    press(driver, "0", "a", "e", Keys.ENTER, "b")
    press(driver, " Or so.")
    press(driver, Keys.ESCAPE)
    assert "1" not in " ".join(buttons(driver)), "an unsent rewriting can't be lost to a preference"
    press(driver, "e")
    press(driver, Keys.ENTER, ctrl=True)
    answered(queue, driver, 3)
    press(driver, "3", Keys.ENTER)
    answered(queue, driver, 4)
    assert [(row.verdict, row.strength, row.reasons, row.edit) for row in rulings(queue)] == [
        ("tie", None, ("safety",), None),
        ("both_bad", None, (), None),
        ("both_bad", None, ("accuracy",), "The Baltic is. Or so."),
        ("tie", None, (), None),
    ]


# --- Steps ---


def steps(queue: Queue, content: Reasoning = PROOF) -> None:
    queue.enqueue([an_item(1, content)])


def test_after_the_last_step_come_those_that_were_passed_over(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    page()
    press(driver, *[Keys.ARROW_DOWN] * 6, "g")
    assert current(driver, ".step") == "Step 1"
    press(driver, *"gggggg", Keys.ENTER)
    answered(queue, driver, 1)
    assert said(queue).labels == (1,) * 7


def test_the_first_bad_step_ends_the_labels(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    page()
    press(driver, "g", "g", "b", "c", "It isn’t 3.", Keys.ENTER)
    assert len(driver.find_elements(By.CSS_SELECTOR, ".step.after")) == 4
    press(driver, Keys.ARROW_DOWN, "g")
    assert "after the first bad one" in text(driver, "#notice")
    press(driver, Keys.ENTER)
    answered(queue, driver, 1)
    row = said(queue)
    assert row.labels == (1, 1, -1, None, None, None, None)
    assert (row.verdict, row.reasons, row.note, row.edit) == ("error", ("calculation",), "It isn’t 3.", None)


def test_labels_beyond_a_step_that_turns_out_bad_are_not_sent(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    page()
    press(driver, "g", "n", "g", "g", "g", "g", "g", Keys.ARROW_UP, Keys.ARROW_UP, "k", "j", Keys.ARROW_UP)
    assert current(driver, ".step").startswith("Step 4")
    press(driver, "b", "o", "Too bold.", Keys.ENTER, Keys.ENTER)
    answered(queue, driver, 1)
    assert said(queue).labels == (1, 0, 1, -1, None, None, None)


def test_a_bad_step_is_explained_before_it_is_sent_and_may_be_corrected(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    steps(queue)
    page()
    press(driver, "b", Keys.ESCAPE, Keys.ENTER)
    assert mode(driver) == "fault"
    press(driver, "l", Keys.ENTER)
    assert "A few words" in text(driver, "#notice")
    press(driver, "Not so.", Keys.ENTER)
    press(driver, "e")
    press(driver, " Rather.")
    press(driver, Keys.ENTER, ctrl=True)
    answered(queue, driver, 1)
    row = said(queue)
    assert (row.reasons, row.note, row.edit) == (("logic",), "Not so.", "Step by step, 1. Rather.")


def test_a_solution_is_right_once_every_step_has_a_label(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    page()
    press(driver, "n", "q", "g", "g", "g", "g")
    press(driver, Keys.ENTER)  # a step is still without a label, and one unsure
    press(driver, "g")
    settle(driver)
    assert taken(queue) == 0
    assert "unsure: label it, give up or skip" in text(driver, "#asking")
    assert "Enter" not in buttons(driver)
    press(driver, *[Keys.ARROW_UP] * 5, "g", Keys.ENTER)
    answered(queue, driver, 1)
    assert (said(queue).verdict, said(queue).labels) == ("correct", (0, 1, 1, 1, 1, 1, 1))


def test_all_that_remains_is_good_only_once_it_has_been_looked_at(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue, LONG)
    page()
    press(driver, "n")
    shift(driver, "g")
    assert "Look at step" in text(driver, "#notice")
    for _ in range(40):
        press(driver, Keys.PAGE_DOWN)
        driver.execute_async_script("setTimeout(arguments[0], 350)")
        shift(driver, "g")
        if "Enter" in buttons(driver):
            break
    press(driver, Keys.ENTER)
    answered(queue, driver, 1)
    assert said(queue).labels == (0, 1, 1, 1)


@pytest.mark.parametrize(("key", "verdict"), [("x", "give_up"), ("p", "bad_problem")])
def test_who_cannot_judge_says_why(queue: Queue, driver: Chrome, page: Visit, key: str, verdict: str) -> None:
    steps(queue)
    page()
    press(driver, "g", key, Keys.ENTER)
    assert mode(driver) == "write"
    press(driver, "Seven what?", Keys.ENTER)
    answered(queue, driver, 1)
    row = said(queue)
    assert (row.verdict, row.note, row.labels) == (verdict, "Seven what?", ())


def test_where_the_recipe_says_so_labels_go_on_after_an_error(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    Management(queue.path).set_policy("sums", Policy(steps="per_step"))
    page()
    press(driver, "g", "b", "m", "Misread.", Keys.ENTER)
    assert driver.find_elements(By.CSS_SELECTOR, ".step.after") == []
    press(driver, Keys.ARROW_DOWN, "g", "b", "n", "g", "g")
    press(driver, Keys.ENTER)
    answered(queue, driver, 1)
    row = said(queue)
    assert (row.labels, row.reasons) == ((1, -1, 1, -1, 0, 1, 1), ("misread",))


def test_labels_and_their_words_survive_a_reload_and_an_undo(queue: Queue, driver: Chrome, page: Visit) -> None:
    steps(queue)
    page()
    press(driver, "g", "b", "u", "No ground.", Keys.ENTER)
    until(lambda: "No ground." in draft(queue))
    page()
    assert [mark.text for mark in driver.find_elements(By.CSS_SELECTOR, ".step .mark") if mark.text] == ["good", "bad"]
    press(driver, Keys.ENTER)
    answered(queue, driver, 1)
    press(driver, "u")
    until(lambda: mode(driver) == "reading")
    settle(driver)
    assert text(driver, ".step.bad .detail") == "Unsupported: No ground."
    press(driver, "n", "g", "g", "g", "g", "g", Keys.ENTER)
    answered(queue, driver, 1)
    assert (said(queue).verdict, said(queue).labels) == ("correct", (1, 0, 1, 1, 1, 1, 1))


# --- Turns ---


def test_a_conversation_is_labelled_turn_by_turn_and_as_a_whole(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, TALK)])
    page()
    assert current(driver, ".turn").startswith("Turn 2")
    press(driver, "g")
    assert current(driver, ".turn").startswith("Turn 4")
    press(driver, "n", "[")
    press(driver, "g")
    assert "Only the assistant’s turns" in text(driver, "#notice")
    press(driver, "]", "1")
    answered(queue, driver, 1)
    assert (said(queue).verdict, said(queue).labels) == ("success", (None, 1, None, 0))


def test_a_failure_has_the_turn_that_went_wrong_and_it_can_be_rewritten(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1, TALK)])
    page()
    press(driver, "2")
    assert "Mark the first turn that went wrong" in text(driver, "#notice")
    press(driver, "g", "b", "a", Keys.ENTER, "1")
    assert "Turn 4 is marked bad" in text(driver, "#notice")
    press(driver, "e")
    press(driver, " Or 4.")
    press(driver, Keys.ENTER, ctrl=True)
    press(driver, "3")
    answered(queue, driver, 1)
    row = said(queue)
    assert (row.verdict, row.labels, row.reasons, row.edit) == (
        "fail", (None, 1, None, -1), ("inaccurate",), "It is 5. Or 4.",
    )  # fmt: skip


def test_the_faults_of_tool_calls_mark_their_turn(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, COURSE)])
    page()
    press(driver, "w", "x", "]", "]", "y", "z", "2")
    answered(queue, driver, 1)
    row = said(queue)
    assert (row.verdict, row.labels) == ("partial", (None, -1, None, -1))
    assert set(row.reasons) == {"wrong_arguments", "wrong_tool", "ignored_result", "unsafe_action"}


def test_a_reason_that_has_no_name_is_written_down(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, TALK)])
    page()
    press(driver, "b", "o", Keys.ENTER, "Too curt.", Keys.ENTER, "3")
    answered(queue, driver, 1)
    assert (said(queue).reasons, said(queue).note) == (("other",), "Too curt.")


def test_who_cannot_tell_says_so_and_no_more(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, COURSE)])
    page()
    press(driver, "4")
    answered(queue, driver, 1)
    assert (said(queue).verdict, said(queue).labels) == ("cannot_tell", ())


def test_calls_unfold_and_raw_shows_them_as_they_were_written(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, COURSE)])
    page()
    texts = "document.querySelectorAll('.call :is(.rendered, .text)')"
    seen = f"return [...{texts}].filter(e => e.offsetParent).map(e => e.textContent)"
    assert driver.execute_script(seen) == ['{"to":"Milano","day":5.0}']
    press(driver, "t")
    assert driver.execute_script(seen) == ['{\n  "to": "Milano",\n  "day": 5.0\n}']
    press(driver, "r")
    assert driver.execute_script(seen) == ['{"to":"Milano","day":5.0}']
    press(driver, "r", "t")
    long = f"{seen.replace('.call', '.turn.tool')}.join('')"
    assert len(driver.execute_script(long)) <= CAP
    press(driver, "]", "t")
    assert driver.execute_script(long) == ROWS


# --- Everywhere ---


KINDS = {
    "pair": PAIR.model_copy(update={"prompt": HOSTILE, "chosen": HOSTILE, "rejected": "שלום\n東京" * 40}),
    "steps": PROOF.model_copy(update={"steps": (HOSTILE, "w" * 500, "مرحبا " * 50)}),
    "course": COURSE.model_copy(
        update={
            "turns": (
                *COURSE.turns,
                Action(role="assistant", calls=(ToolCall(call_id=HOSTILE, tool=HOSTILE, arguments=HOSTILE),)),
                Action(role="tool", text=HOSTILE * 400, answers=HOSTILE),
            )
        }
    ),
    "talk": TALK.model_copy(update={"turns": (*TALK.turns, Turn(role="assistant", text=HOSTILE))}),
}


SMALL = (
    "[...document.querySelectorAll('#keys button, main button')]"
    ".filter(e => e.offsetParent && e.offsetHeight < 44).map(e => e.textContent)"
)
"""Buttons that are too small for a finger."""


@pytest.mark.parametrize("name", KINDS)
def test_hostile_text_is_text_on_every_screen(queue: Queue, driver: Chrome, page: Visit, name: str) -> None:
    queue.enqueue([an_item(1, KINDS[name])])
    page()
    press(driver, "b" if name != "pair" else "1", Keys.ESCAPE, "r", "r")
    assert driver.execute_script("return window.__pwned ?? null") is None
    live = "script, img, svg, math, iframe, a, form, link, style, base, meta, [style], [onerror]"
    assert driver.execute_script(f"return document.querySelectorAll('main :is({live})').length") == 0
    assert HOSTILE in driver.execute_script(
        "return [...document.querySelectorAll('main .text')].map(e => e.textContent)"
    )
    assert driver.get_log("browser") == []


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 450), (390, 844)])
def test_every_screen_fits_every_window_and_finger(
    queue: Queue, driver: Chrome, page: Visit, width: int, height: int
) -> None:
    queue.enqueue([an_item(number, content, prio=-number) for number, content in enumerate(KINDS.values())])
    with sized(driver, width, height):
        page()
        for _ in KINDS:
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
            assert driver.execute_script(f"return {SMALL}") == []
            assert unnamed(driver) == []
            press(driver, "s", "j")
            settle(driver)
