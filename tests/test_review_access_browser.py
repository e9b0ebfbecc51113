"""The review page for everybody, in a real Chromium: by keys alone, zoomed, in the dark, and read aloud."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from outcross.review.passwords import hashed
from tests.browser import press, until
from tests.review_items import an_item
from tests.review_server import served
from tests.review_states import states
from tests.reviewing import MARKS, Visit, mode, seated, settle, sized, taken
from tests.seeing import doubled, faint, unnamed
from tests.visitors import member

pytestmark = MARKS

PASSWORD = "seven green lamps"
PHONE = (390, 844)
DESK = (1440, 900)
ZOOMED = (720, 450)
"""What a desk's window holds at 200 %."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "review.sqlite", chance=lambda: 0.99)
    queue.add_reviewer("ada", "adjudicator")
    return queue


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    with seated(queue, driver) as visit:
        yield visit


@pytest.mark.parametrize(
    ("window", "scale", "dark"),
    [(DESK, 1, False), (PHONE, 1, True), (ZOOMED, 2, False)],
    ids=["desk", "phone", "zoomed"],
)
def test_every_state_can_be_read_and_read_aloud(
    queue: Queue, driver: Chrome, page: Visit, window: tuple[int, int], scale: int, dark: bool
) -> None:
    seen = set()
    with sized(driver, *window, scale=scale, dark=dark):
        for state in states(queue, driver, page):
            seen.add(state)
            assert faint(driver) == [], state
            assert unnamed(driver) == [], state
            assert doubled(driver) == [], state
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), state
            assert hidden(driver) == [], state
    assert len(seen) == 31


def hidden(driver: Chrome) -> list[str]:
    """What is said or asked, and can't be seen without scrolling."""
    return driver.execute_script(
        """
        return [...document.querySelectorAll("#notice, #asking, #keys button, #field :is(input, textarea)")]
          .filter((one) => one.checkVisibility() && one.textContent + one.value !== "")
          .filter((one) => one.getBoundingClientRect().bottom > innerHeight || one.getBoundingClientRect().top < 0)
          .map((one) => one.outerHTML);
        """
    )


def tabs(driver: Chrome, reached: str) -> list[str]:
    """Go on by Tab until what `reached` selects has the focus; returns which parts of the page were passed."""
    passed: list[str] = []
    for _ in range(40):
        press(driver, Keys.TAB)
        part = driver.execute_script(
            """
            const part = document.activeElement.closest(".asked, .judged, #keys, #tools, header");
            return part && (part.id || part.classList[part.classList.length - 1]);
            """
        )
        passed += [part] if part and part not in passed[-1:] else []
        if driver.execute_script("return document.activeElement.matches(arguments[0])", reached):
            return passed
    raise AssertionError(f"Tab does not lead to {reached}, but to {passed}")


def test_a_day_by_keys_alone_from_signing_in_to_signing_out(queue: Queue, driver: Chrome) -> None:
    accounts = Accounts.beside(queue)
    member(accounts, "grace")
    accounts.change_password("grace", hashed(PASSWORD, "grace"))
    queue.enqueue([an_item(1), an_item(2)])
    with served(queue) as address:
        driver.get(f"{address}sign-in")
        press(driver, "grace", Keys.TAB, PASSWORD, Keys.ENTER)
        settle(driver)
        press(driver, "1")
        settle(driver)
        assert tabs(driver, "[data-action=approve]") == ["keys"], "after what is judged come the keys"
        press(driver, Keys.ENTER)
        until(lambda: mode(driver) == "ended")
        assert taken(queue) == 2
        for link, reached in {"[href='/account']": "/account", "#menu button": "/signed-out"}.items():
            tabs(driver, ".who")
            press(driver, Keys.ENTER)
            tabs(driver, link)
            press(driver, Keys.ENTER)
            until(lambda reached=reached: driver.current_url.endswith(reached))


def test_the_focus_goes_through_the_page_in_its_order(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    driver.find_element(By.CSS_SELECTOR, "h1 a").send_keys(Keys.SHIFT, Keys.TAB)
    assert tabs(driver, "[data-action=help]") == ["top", "asked", "judged", "keys", "tools"]


def test_blocks_of_a_long_text_are_reached_by_key(queue: Queue, driver: Chrome, page: Visit) -> None:
    long = "\n\n".join(f"{number}. " + "On and on. " * 60 for number in range(30))
    queue.enqueue([an_item(1, Instruction(instruction="q", response=long))])
    page()
    top = "return document.querySelector('.judged').scrollTop"
    tops = [driver.execute_script(top)]
    for _ in range(3):
        press(driver, "j")
        tops.append(driver.execute_script(top))
    assert tops == sorted(set(tops))
    for _ in range(3):
        press(driver, "k")
    assert driver.execute_script(top) == 0
