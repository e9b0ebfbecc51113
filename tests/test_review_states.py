"""Every state of the review page in a real Chromium: each can be read, heard and reached, in every window and light."""

from pathlib import Path

import pytest
from selenium.webdriver import Chrome

from outcross.data.review.queue import Queue
from tests.review_states import states
from tests.reviewing import MARKS, Visit, sized
from tests.seeing import doubled, faint, unnamed

pytestmark = MARKS

PHONE = (390, 844)
DESK = (1440, 900)
ZOOMED = (720, 450)
"""What a desk's window holds at 200 %."""

HIDDEN = """
return [...document.querySelectorAll("#notice, #asking, #keys button, #field :is(input, textarea)")]
  .filter((one) => one.checkVisibility() && one.textContent + one.value !== "")
  .filter((one) => one.getBoundingClientRect().bottom > innerHeight || one.getBoundingClientRect().top < 0)
  .map((one) => one.outerHTML);
"""
"""What is said, asked or offered, and can't be seen without scrolling."""


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "review.sqlite", chance=lambda: 0.99)
    queue.add_reviewer("ada", "adjudicator")
    return queue


@pytest.mark.parametrize(
    ("window", "scale", "dark"),
    [(DESK, 1, False), (PHONE, 1, True), (ZOOMED, 2, False)],
    ids=["desk", "phone", "zoomed"],
)
def test_every_state_can_be_read_heard_and_reached(
    queue: Queue, driver: Chrome, page: Visit, window: tuple[int, int], scale: int, dark: bool
) -> None:
    seen = set()
    with sized(driver, *window, scale=scale, dark=dark):
        for state in states(queue, driver, page):
            seen.add(state)
            assert faint(driver) == [], state
            assert unnamed(driver) == [], state
            assert doubled(driver) == [], state
            assert driver.execute_script(HIDDEN) == [], state
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), state
    assert len(seen) == 31
