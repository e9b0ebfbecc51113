"""The managers' pages in a real Chromium: forms work, plots stand, and nothing runs over a phone's edge."""

from collections.abc import Iterator
from urllib.parse import urljoin

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import presence_of_element_located
from selenium.webdriver.support.wait import WebDriverWait

from outcross.data.review.queue import Queue
from tests.browser import chromium
from tests.crowd import Crowd, Member, drafts, known
from tests.review_items import an_item
from tests.review_server import served
from tests.reviewing import MARKS
from tests.visitors import walk_in

pytestmark = MARKS


@pytest.fixture(scope="module")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Queue:
    path = tmp_path_factory.mktemp("crowd") / "review.sqlite"
    crowd = Crowd(path, [Member("ada"), Member("bob " * 15 + "bob", 0.8), Member("cyd", 0.7)])
    crowd.management.add_gold(known(20, crowd.chance))
    crowd.queue.enqueue(drafts(60, crowd.chance))
    crowd.queue.enqueue([an_item(1_000, recipe="other", skill="instruction:en")])
    crowd.management.grant_skill("ada", "other", "instruction:en")
    crowd.work(12)
    return crowd.queue


@pytest.fixture(scope="module", params=[1440, 390])
def page(request: pytest.FixtureRequest, queue: Queue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with served(queue) as address, chromium(tmp_path_factory.mktemp("profile"), width=request.param) as driver:
        walk_in(driver, queue, address, "mia", "manager")
        yield driver


def visit(page: Chrome, path: str) -> None:
    page.get(urljoin(page.current_url, path))


@pytest.mark.parametrize("path", ["/statistics", "/statistics?reviewer=ada", "/reviewers"])
def test_pages_fit_their_window_and_break_no_rule_of_the_page(page: Chrome, path: str) -> None:
    page.get_log("browser")
    visit(page, path)
    assert page.find_element(By.CSS_SELECTOR, ".sheet h1").text
    wide, window = page.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window
    assert [said for said in page.get_log("browser") if path in said["message"]] == []


def test_marks_of_a_plot_stand_inside_it(page: Chrome) -> None:
    visit(page, "/statistics")
    outside = """
        return [...document.querySelectorAll(".chart")].flatMap((chart) => {
          const frame = chart.getBoundingClientRect();
          return [...chart.querySelectorAll(".point, .dot, rect")].map((mark) => mark.getBoundingClientRect())
            .filter((mark) => mark.left < frame.left - 8 || mark.right > frame.right + 8
                           || mark.top < frame.top - 8 || mark.bottom > frame.bottom + 8);
        }).length"""
    assert page.execute_script("return document.querySelectorAll('.chart .point, .chart .dot').length") > 10
    assert page.execute_script(outside) == 0


def test_a_reviewer_is_paused_and_reinstated_by_their_button(page: Chrome) -> None:
    for button, state in (("Pause", "paused since"), ("Reinstate", "at work")):
        visit(page, "/reviewers")
        row = "//tr[th/a/bdi='ada']"
        page.find_element(By.XPATH, f"{row}//button[.='{button}']").click()
        changed = presence_of_element_located((By.XPATH, f"{row}[contains(., '{state}')]"))
        assert WebDriverWait(page, 10).until(changed)
