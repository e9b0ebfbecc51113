"""Keys at the review page in a real Chromium: what each means, when none does, and where people put them."""

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys

from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_items import an_item
from tests.reviewing import MARKS, Shift, Visit, buttons, make_queue, mode, rulings, settle, taken, text

pytestmark = MARKS

MODULES = """
const [done] = arguments;
(async () => {
    const { FRAME } = await import("/static/keys.js");
    const { SCREENS, SETTLING } = await import("/static/item.js");
    const all = {};
    for (const name of [...Object.values(SCREENS), SETTLING]) {
        const { KEYS, ASKS = {} } = await import(`/static/${name}.js`);
        all[name] = { KEYS, ASKS };
    }
    done({ FRAME, all });
})();
"""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = make_queue(tmp_path, Shift())
    queue.enqueue([an_item(1), an_item(2), an_item(3)])
    return queue


def keys(table: dict[str, Any]) -> list[str]:
    return [key for spec in table.values() for key in spec["keys"]]


def test_no_screen_has_a_key_of_the_frame_nor_one_key_twice(driver: Chrome, page: Visit) -> None:
    page()
    known = driver.execute_async_script(MODULES)
    frame = keys(known["FRAME"])
    assert {"?", "h", "u", "s", "r", "f", "/", "j", "k", "Escape", "Ctrl+Enter"} <= set(frame)
    assert set(known["all"]) == {"text", "pair", "steps", "turns", "adjudicate"}
    for name, screen in known["all"].items():
        own = keys(screen["KEYS"])
        assert len(set(own)) == len(own), name
        assert not set(own) & set(frame), name
        for ask, question in screen["ASKS"].items():
            letters = keys(question.get("words") or {})
            assert len(set(letters)) == len(letters), (name, ask)
            assert not set(letters) & {"Escape", "Enter", "Ctrl+Enter"}, (name, ask)


def test_the_bar_shows_the_legal_keys_as_buttons_that_work(queue: Queue, driver: Chrome, page: Visit) -> None:
    page()
    assert buttons(driver) == ["1", "2 e", "3"]
    assert buttons(driver, "tools") == ["/", "s", "f", "r", "j", "k", "?"]
    driver.find_element("css selector", "[aria-keyshortcuts='3']").click()
    assert buttons(driver) == ["a", "b", "c", "d", "e", "f", "o"]
    assert buttons(driver, "tools") == ["Escape"]
    press(driver, "1")  # legal a moment ago, and not now
    press(driver, Keys.ESCAPE)
    driver.find_element("css selector", "[aria-keyshortcuts='1']").click()
    settle(driver)
    assert taken(queue) == 1
    assert "u" in buttons(driver, "tools")
    Management(queue.path).set_policy("sums", Policy(guideline="Be exact."))
    page()
    assert "h" in buttons(driver, "tools"), "a guideline can be opened where there is one"


@pytest.mark.parametrize(
    "how", ["repeat: true", "isComposing: true", "altKey: true", "ctrlKey: true", "metaKey: true", "keyCode: 229"]
)
def test_a_key_is_dead_in_repeats_with_modifiers_and_while_composing(driver: Chrome, page: Visit, how: str) -> None:
    page()
    press_three = f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '3', bubbles: true, {how}}}))"
    driver.execute_script(press_three)
    assert mode(driver) == "reading"
    driver.execute_script(press_three.replace(how, "repeat: false"))
    assert mode(driver) == "reject"


def test_letters_are_dead_in_a_field_and_an_unsent_correction_cannot_be_approved_away(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    page()
    press(driver, "2")
    press(driver, "1 3 s r ?")
    assert driver.find_element("css selector", ".editor textarea").get_property("value") == "It is 2.1 3 s r ?"
    assert buttons(driver) == ["Control+Enter"]
    assert buttons(driver, "tools") == ["Control+Backspace", "Escape"]
    press(driver, Keys.ESCAPE)
    press(driver, "1")
    settle(driver)
    assert taken(queue) == 0
    press(driver, Keys.BACKSPACE, ctrl=True)
    press(driver, "1")
    settle(driver)
    assert rulings(queue)[0].verdict == "approve"


def test_a_word_composed_by_an_input_method_decides_nothing(queue: Queue, driver: Chrome, page: Visit) -> None:
    page()
    press(driver, "e")
    composing = {"selectionStart": 1, "selectionEnd": 1}
    driver.execute_cdp_cmd("Input.imeSetComposition", {"text": "さ", **composing})
    press(driver, Keys.ENTER)
    driver.execute_cdp_cmd("Input.insertText", {"text": "三"})
    assert "三" in driver.find_element("css selector", ".editor textarea").get_property("value")
    settle(driver)
    assert taken(queue) == 0


def test_enter_ends_a_composition_before_it_sends(queue: Queue, driver: Chrome, page: Visit) -> None:
    """Who writes Japanese confirms each word with Enter."""
    page()
    press(driver, "3", "o")
    driver.execute_cdp_cmd("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    enter = {"type": "rawKeyDown", "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", enter)
    assert mode(driver) == "write"
    driver.execute_cdp_cmd("Input.insertText", {"text": "日本"})
    press(driver, Keys.ENTER)
    settle(driver)
    assert [row.note for row in rulings(queue)] == ["日本"]


def test_keys_are_dead_behind_the_menu(queue: Queue, driver: Chrome, page: Visit) -> None:
    page()
    driver.find_element("css selector", ".who").click()
    press(driver, "1", "3")
    settle(driver)
    assert (mode(driver), taken(queue)) == ("reading", 0)
    press(driver, Keys.ESCAPE, "1")
    settle(driver)
    assert taken(queue) == 1


@pytest.mark.parametrize(("key", "code"), [("ф", "KeyA"), ("a", "KeyQ")])
def test_a_letter_is_found_on_other_layouts(driver: Chrome, page: Visit, key: str, code: str) -> None:
    """By what it types, or by its place where it types no Latin letter."""
    page()
    press(driver, "3")
    event = "new KeyboardEvent('keydown', {key: arguments[0], code: arguments[1], bubbles: true})"
    driver.execute_script(f"document.body.dispatchEvent({event})", key, code)
    settle(driver)
    assert "2 + 2" in text(driver, ".asked")


def test_keys_are_put_elsewhere_clashes_are_refused_and_all_can_be_put_back(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    page()
    press(driver, "?")
    until(lambda: driver.find_element("id", "help").get_property("open"))
    press(driver, "1", "s")
    assert mode(driver) == "reading", "nothing is decided under the dialog"
    change(driver, "text.approve", "s")
    assert text(driver, "#key-said") == "s is taken by “Skip”."
    change(driver, "frame.submit", "x")
    assert "while you type" in text(driver, "#key-said")
    change(driver, "text.approve", "y")
    press(driver, Keys.ESCAPE)
    page()
    assert buttons(driver)[0] == "y"
    press(driver, "1")
    settle(driver)
    assert taken(queue) == 0
    press(driver, "y")
    settle(driver)
    assert taken(queue) == 1
    press(driver, "?")
    until(lambda: driver.find_element("id", "help").get_property("open"))
    driver.find_element("id", "keys-reset").click()
    press(driver, Keys.ESCAPE)
    until(lambda: buttons(driver)[0] == "1")


@pytest.mark.parametrize(
    ("action", "key", "said"),
    [
        ("text.approve", "3", "taken by “Reject”"),
        ("frame.undo", "1", "taken by “Approve”"),
        ("frame.undo", "g", "taken by “Good”"),
        ("text.reject.style", "a", "taken by “Inaccurate”"),
        ("text.approve", Keys.ENTER, "can’t be given another meaning"),
    ],
)
def test_a_key_that_means_something_on_any_screen_where_it_would_be_met_is_refused(
    driver: Chrome, page: Visit, action: str, key: str, said: str
) -> None:
    page()
    press(driver, "?")
    until(lambda: driver.find_element("id", "help").is_displayed())
    change(driver, action, key)
    assert said in text(driver, "#key-said")
    assert driver.execute_script("return localStorage.getItem('outcross-keys')") is None
    press(driver, Keys.ESCAPE)


def change(driver: Chrome, name: str, key: str) -> None:
    driver.find_element("css selector", f"[data-key='{name}']").click()
    press(driver, key)


def test_who_uses_the_keyboard_alone_meets_things_in_the_order_in_which_they_stand(driver: Chrome, page: Visit) -> None:
    page()
    assert "judged" in driver.switch_to.active_element.get_attribute("class")
    met = []
    for _ in range(3):
        press(driver, Keys.TAB)
        met.append(driver.switch_to.active_element.get_attribute("aria-keyshortcuts"))
    assert met == ["1", "2 e", "3"]
    press(driver, Keys.ENTER)
    assert driver.switch_to.active_element.get_attribute("aria-keyshortcuts") == "a", "a question takes the focus along"
