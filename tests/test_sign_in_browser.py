"""Coming and going in a real Chromium: its cookies, its back button, its other pages, and no hand on a mouse."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.review import passwords
from outcross.review.app import ROUTES
from tests.browser import press, until
from tests.review_items import an_item
from tests.review_server import listening, served
from tests.reviewing import MARKS, sized
from tests.seeing import faint
from tests.visitors import tables, ticket, walk_in

pytestmark = MARKS

PASSWORD = "correct horse battery"
WINDOWS = [(1440, 900), (1000, 520), (720, 450), (390, 844)]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "review.sqlite")


@pytest.fixture
def address(queue: Queue, driver: Chrome) -> Iterator[str]:
    with served(queue) as address:
        driver.get_log("performance")
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        yield address
        driver.get("about:blank")


def at(driver: Chrome, address: str, path: str) -> None:
    until(lambda: driver.current_url == address + path)


def test_the_cookie_is_kept_from_scripts_and_given_back_over_plain_loopback(
    queue: Queue, driver: Chrome, address: str
) -> None:
    walk_in(driver, queue, address)
    at(driver, address, "")
    (cookie,) = driver.get_cookies()
    assert cookie["name"].startswith("__Host-outcross-")
    kept = {name: cookie[name] for name in ("secure", "httpOnly", "sameSite", "path")}
    assert kept == {"secure": True, "httpOnly": True, "sameSite": "Strict", "path": "/"}
    assert driver.execute_script("return document.cookie") == ""


def test_keys_alone_lead_from_the_invitation_to_signing_out_and_in_again(
    queue: Queue, driver: Chrome, address: str
) -> None:
    queue.enqueue([an_item(1)])
    driver.get(f"{address}enter?token={Accounts.beside(queue).invite('ada', by='test')}")
    press(driver, Keys.TAB, PASSWORD, Keys.TAB, PASSWORD, Keys.ENTER)
    at(driver, address, "")
    until(lambda: driver.execute_script("return document.body.dataset.mode") == "reading")
    focus(driver, ".who")
    press(driver, Keys.ENTER)
    assert driver.find_element(By.ID, "menu").is_displayed()
    press(driver, Keys.ESCAPE)
    assert not driver.find_element(By.ID, "menu").is_displayed()
    press(driver, Keys.SPACE)
    focus(driver, "#menu button")
    press(driver, Keys.ENTER)
    at(driver, address, "signed-out")
    press(driver, Keys.ENTER)
    at(driver, address, "sign-in")
    press(driver, "ada", Keys.TAB, PASSWORD, Keys.ENTER)
    at(driver, address, "")
    assert queue.decisions() == []


def focus(driver: Chrome, selector: str) -> None:
    """Press Tab until the element has the focus, which must be within a few."""
    for _ in range(25):
        if driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
            return
        press(driver, Keys.TAB)
    raise AssertionError(f"{selector} can't be reached by Tab")


@pytest.mark.parametrize("way", ["back", "address"])
def test_nothing_is_shown_again_after_signing_out(queue: Queue, driver: Chrome, address: str, way: str) -> None:
    queue.enqueue([an_item(1)])
    walk_in(driver, queue, address)
    until(lambda: "What is 1 + 1?" in driver.page_source)
    driver.find_element(By.CSS_SELECTOR, ".who").click()
    driver.find_element(By.CSS_SELECTOR, "#menu button").click()
    at(driver, address, "signed-out")
    if way == "back":
        driver.back()
    else:
        driver.get(address)
    at(driver, address, "sign-in")
    assert "What is 1 + 1?" not in driver.page_source


def test_another_page_on_this_machine_can_send_no_form(queue: Queue, driver: Chrome, address: str) -> None:
    """Another port is the same site, so the cookies travel; every change must be refused all the same."""
    queue.enqueue([an_item(1)])
    queue.add_reviewer("eve")
    walk_in(driver, queue, address)
    at(driver, address, "")
    until(lambda: queue.counts().claimed == 1)
    link = ticket(queue, "eve")
    paths = [door.path for door in ROUTES if door.method == "POST"]
    forms = "".join(
        f"<form method=post action={address[:-1]}{path} target=f{number}><input name=token value={link}>"
        f"<input name=name value=eve><input name=csrf value=x></form><iframe name=f{number}></iframe>"
        for number, path in enumerate(paths)
    )
    attack = f"<!doctype html>{forms}<script>for (const form of document.forms) form.submit();</script>"
    before = tables(queue)
    driver.get_log("performance")
    with listening(lambda _: attack) as evil:
        driver.get(f"http://127.0.0.1:{evil}/")
        seen: dict[str, int] = {}
        until(lambda: len(seen | answered(driver, address, seen)) == len(paths))
    assert seen == dict.fromkeys(paths, 403)
    assert tables(queue) == before


def answered(driver: Chrome, address: str, seen: dict[str, int]) -> dict[str, int]:
    """Note how the page's server has answered at each path since this was last asked."""
    for entry in driver.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        if event["method"] == "Network.responseReceived":
            answer = event["params"]["response"]
            if answer["url"].startswith(address):
                seen["/" + answer["url"].removeprefix(address)] = answer["status"]
    return seen


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize(("width", "height"), WINDOWS)
def test_each_page_fits_its_window_and_can_be_read(
    queue: Queue, driver: Chrome, address: str, width: int, height: int, dark: bool
) -> None:
    accounts = Accounts.beside(queue)
    accounts.accept(accounts.invite("ada", by="test"), passwords.hashed(PASSWORD, "ada"))
    long = "W" * 64
    with sized(driver, width, height, dark=dark):
        for path in ("sign-in", f"enter?token={accounts.invite(long, by='test')}", "enter?token=none", "signed-out"):
            driver.get(address + path)
            fits(driver)
        walk_in(driver, queue, address, "M" * 64)
        at(driver, address, "")
        fits(driver)
        driver.get(address + "account")
        fits(driver)
        driver.find_element(By.CSS_SELECTOR, ".who").click()
        fits(driver)


def fits(driver: Chrome) -> None:
    """All can be reached without sideways scrolling, hit by a thumb, and read (WCAG 2.2: 1.4.3, 1.4.10, 2.5.5)."""
    assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
    assert faint(driver) == []
    above = "return scrollY + (document.querySelector('.card') ?? document.body).getBoundingClientRect().top"
    assert driver.execute_script(above) >= 0, "what is above the window's edge can't be scrolled to"
    if driver.execute_script("return innerWidth < 600"):
        targets = "[...document.querySelectorAll('button, input, .button, #menu a')]"
        small = f"return {targets}.filter(e => e.offsetHeight > 0 && e.offsetHeight < 44).map(e => e.outerHTML)"
        assert driver.execute_script(small) == []
