"""What people write at the review page, in a real Chromium: no word is lost."""

import time
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys

from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_contents import PROOF
from tests.review_items import an_item
from tests.reviewing import MARKS, OFFLINE, Visit, draft, make_queue, rulings, settle, text

pytestmark = MARKS


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


def back(driver: Chrome) -> None:
    settle(driver)
    press(driver, "u")
    settle(driver)


def test_an_answer_that_is_taken_back_survives_a_reload(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1, PROOF), an_item(2)])
    page()
    press(driver, "b", "c", "Not so.", Keys.ENTER)
    press(driver, Keys.ENTER)
    back(driver)
    until(lambda: "Not so." in draft(queue))
    page()
    assert "Not so." in text(driver, ".step.bad .detail")
    press(driver, Keys.ENTER)
    settle(driver)
    assert [(row.verdict, row.note) for row in rulings(queue)] == [("error", "Not so.")]


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
