"""A reviewer's first minutes: from the command, by the link that it prints and by keys alone, to the tenth decision."""

import re
import subprocess
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.queue import Queue
from tests.browser import press, until
from tests.review_items import an_item
from tests.reviewing import MARKS, rulings, settle, taken
from tests.running import BIN

pytestmark = MARKS


@pytest.fixture
def waiting(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "review.sqlite")
    queue.enqueue([an_item(number) for number in range(12)])
    return queue


def test_the_printed_link_and_ten_keys_make_ten_decisions(waiting: Queue, driver: Chrome) -> None:
    command = [BIN / "outcross", "review", "--as", "ada", "--port", "0", "--home", waiting.path.parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            link = next(re.finditer(r"http://\S+enter\?token=\S+", "".join(server.stdout.readline() for _ in range(2))))
            driver.get(link[0])
            driver.find_element(By.CSS_SELECTOR, "form button").send_keys(Keys.ENTER)
            for number in range(1, 11):
                settle(driver)
                press(driver, "1")
                until(lambda expected=number: taken(waiting) == expected)
        finally:
            server.terminate()
            driver.get("about:blank")
    assert [row.verdict for row in rulings(waiting)] == ["approve"] * 10
