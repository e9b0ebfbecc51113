"""Who is signed out while at work, in a real Chromium: told so, and nothing that they wrote is lost."""

import time
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_items import an_item
from tests.reviewing import MARKS, Visit, draft, end_session, make_queue, mode, settle, taken, text
from tests.visitors import ticket

pytestmark = MARKS


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


def test_who_is_signed_out_signs_in_again_and_finds_every_word(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    press(driver, "e")
    press(driver, " First.")
    until(lambda: "First." in draft(queue))
    end_session(queue, driver)
    press(driver, " Second.")
    until(lambda: mode(driver) == "out")
    assert "What you typed is kept" in text(driver, "#notice")
    assert "Second." not in draft(queue)
    address = driver.current_url
    press(driver, Keys.ENTER)
    until(lambda: driver.current_url.endswith("/sign-in"))
    driver.get(f"{address}enter?token={ticket(queue)}")
    driver.find_element(By.CSS_SELECTOR, "form button").click()
    settle(driver)
    assert driver.find_element(By.CSS_SELECTOR, ".editor textarea").get_property("value") == "It is 2. First. Second."


def test_what_was_typed_waits_until_the_server_has_taken_it(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    press(driver, "e")
    end_session(queue, driver)
    press(driver, " Kept.")
    until(lambda: mode(driver) == "out")
    address = driver.current_url
    gone = """
        const real = fetch;
        window.fetch = (path, options) => (path === "/draft" ? Promise.reject(new TypeError()) : real(path, options));
        window.back = () => { window.fetch = real; };
    """
    script = driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": gone})
    driver.get(f"{address}enter?token={ticket(queue)}")
    driver.find_element(By.CSS_SELECTOR, "form button").click()
    until(lambda: mode(driver) == "failed")
    assert "doesn’t answer" in text(driver, "#notice")
    driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)
    driver.execute_script("back()")
    press(driver, Keys.ENTER)
    settle(driver)
    assert driver.find_element(By.CSS_SELECTOR, ".editor textarea").get_property("value") == "It is 2. Kept."
    assert driver.execute_script("return sessionStorage.length") == 0


def test_an_answer_that_came_too_late_is_said_to_be_unsent(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    end_session(queue, driver)
    press(driver, "1")
    until(lambda: mode(driver) == "out")
    assert "Your last answer wasn’t sent" in text(driver, "#notice")
    assert taken(queue) == 0
