"""The review page for everybody, in a real Chromium: by keys alone, zoomed, in the dark, and read aloud."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.accounts import Accounts
from outcross.data.review.answers import Ruling
from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Content
from outcross.review.passwords import hashed
from tests.browser import press, until
from tests.review_contents import COURSE, PAIR, PROOF, TALK
from tests.review_items import a_gold, an_item
from tests.review_server import served
from tests.reviewing import MARKS, Visit, make_queue, mode, seated, settle, sized, taken, text
from tests.visitors import member

pytestmark = MARKS

PASSWORD = "seven green lamps"

FAINT = """
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const known = new Map();
const rgba = (color) => {
  if (!known.has(color)) {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    known.set(color, [r, g, b, a / 255]);
  }
  return known.get(color);
};
const over = ([r, g, b, a], under) => [r, g, b].map((one, at) => one * a + under[at] * (1 - a));
const ground = (element) => {
  const under = element.parentElement ? ground(element.parentElement) : rgba("Canvas").slice(0, 3);
  return over(rgba(getComputedStyle(element).backgroundColor), under);
};
const light = (rgb) => {
  const [r, g, b] = rgb.map((one) => one / 255).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (one, other) => {
  const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
};
const see = (element, ground) => {
  const [r, g, b, a] = rgba(getComputedStyle(element).color);
  let opacity = a;
  for (let one = element; one; one = one.parentElement) opacity *= getComputedStyle(one).opacity;
  return over([r, g, b, opacity], ground);
};
const faint = [];
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true }) || element.closest(".unseen, option, script, noscript")) continue;
  const style = getComputedStyle(element);
  const size = parseFloat(style.fontSize);
  const needs = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
  const under = ground(element);
  const has = contrast(see(element, under), under);
  if (has < needs) faint.push(`${has.toFixed(2)}: ${element.className} ${element.tagName} ${walker.currentNode.data.trim().slice(0, 30)}`);
}
return faint;
"""
"""Texts with less contrast than WCAG 2.2 asks for (1.4.3): 4.5 to 1, or 3 to 1 where they are large."""

NEED_NAMES = {
    "button", "link", "textbox", "region", "dialog", "alertdialog", "complementary", "navigation", "progressbar",
    "meter", "table", "timer", "group", "checkbox", "combobox", "heading",
}  # fmt: skip


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    with seated(queue, driver) as visit:
        yield visit


@pytest.fixture
def schemed(driver: Chrome, scheme: str) -> Iterator[None]:
    emulate(driver, scheme)
    yield
    emulate(driver, "light")


def emulate(driver: Chrome, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def unnamed(driver: Chrome) -> list[str]:
    """Things that a screen reader would meet and could not name, as the browser itself works the names out."""
    nodes = driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    met = [node for node in nodes if not node["ignored"] and node["role"]["value"] in NEED_NAMES]
    assert met
    return [node["role"]["value"] for node in met if not node.get("name", {}).get("value", "").strip()]


def sound(driver: Chrome, where: str) -> None:
    """What a person needs to see and hear the page as it stands."""
    assert driver.execute_script(FAINT) == [], where
    assert unnamed(driver) == [], where
    ids = driver.execute_script("return [...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids)), where
    assert driver.execute_script("return document.querySelectorAll('h1').length") == 1, where


def tabs(driver: Chrome, reached: str, most: int = 60) -> list[str]:
    """Go on by Tab until what `reached` selects has the focus; returns which parts of the page were passed."""
    passed: list[str] = []
    for _ in range(most):
        press(driver, Keys.TAB)
        part = driver.execute_script(
            "const part = document.activeElement.closest('.asked, .judged, #keys, #tools, header');"
            "return part && (part.id || part.classList[part.classList.length - 1])"
        )
        if part and part not in passed[-1:]:
            passed.append(part)
        if driver.execute_script(f"return document.activeElement.matches({reached!r})"):
            return passed
    raise AssertionError(f"{reached} was not reached: {passed}")


def test_a_day_by_keys_alone_from_signing_in_to_signing_out(queue: Queue, driver: Chrome) -> None:
    accounts = Accounts.beside(queue)
    member(accounts, "grace")
    accounts.change_password("grace", hashed(PASSWORD, "grace"))
    queue.enqueue([an_item(1), an_item(2)])
    with served(queue) as address:
        driver.get(f"{address}sign-in")
        tabs(driver, "[name=name]")
        press(driver, "grace", Keys.TAB, PASSWORD, Keys.ENTER)
        settle(driver)
        press(driver, "1")
        settle(driver)
        assert tabs(driver, "[data-action=approve]") == ["keys"], "from what is judged the keys are next"
        press(driver, Keys.ENTER)
        until(lambda: mode(driver) == "ended")
        assert taken(queue) == 2
        tabs(driver, ".who")
        press(driver, Keys.ENTER)
        tabs(driver, "[href='/account']")
        press(driver, Keys.ENTER)
        until(lambda: driver.current_url.endswith("/account"))
        tabs(driver, ".who")
        press(driver, Keys.ENTER)
        tabs(driver, "#menu button")
        press(driver, Keys.ENTER)
        until(lambda: driver.current_url.endswith("/signed-out"))


def test_the_focus_goes_through_the_page_in_its_order(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    driver.execute_script("document.activeElement.blur()")
    assert tabs(driver, "[data-action=help]") == ["top", "asked", "judged", "keys", "tools"]


def split(queue: Queue, content: Content) -> None:
    """An item on which two have said different things."""
    with_labels = {"labels": (1, -1, *[None] * 5), "reasons": ("logic",), "note": "Not so.", "edit": "Step two."}
    queue.enqueue([an_item(9, content, need=2)])
    for name, answer in {"bob": {"verdict": "error", **with_labels}, "cy": {"verdict": "correct", "labels": (1,) * 7}}.items():
        queue.add_reviewer(name)
        claim = queue.claim(name)
        assert claim is not None
        facts = {"shown_hash": claim.shown_hash, "idem": f"idem-of-{name}-{claim.token[:8]}", **answer}
        queue.submit(claim.token, name, Ruling.model_validate(facts))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.usefixtures("schemed")
def test_every_state_can_be_read_and_read_aloud(queue: Queue, driver: Chrome, page: Visit) -> None:
    hint = '{"score": 0.41, "reasons": ["too short"], "signals": {"length": 0.41}}'
    first = {"reading": "", "note": "/", "help": "?"}
    queue.enqueue([an_item(1, hint=hint), *(an_item(n, c, prio=-n) for n, c in enumerate([PAIR, PROOF, COURSE, TALK], 2))])
    Management(queue.path).set_policy("sums", Policy(guideline="Sums are exact."))
    page()
    for where, key in first.items():
        press(driver, *key)
        sound(driver, where)
        press(driver, Keys.ESCAPE)
    press(driver, "h")
    until(lambda: driver.find_element(By.ID, "drawer").is_displayed())
    press(driver, "e")
    press(driver, " Or 3, if 2 < 1.")
    until(lambda: "changed" in text(driver, ".editor .tally"))
    sound(driver, "guideline and editing")
    press(driver, Keys.ESCAPE, "3")
    sound(driver, "rejecting")
    press(driver, "a")
    until(lambda: mode(driver) == "after" or "Which sea" in text(driver, "main"))
    settle(driver)
    for keys in (["2", "a"], ["g", "b", "c", "It isn’t."], ["b", "a"], ["b", "a", Keys.ENTER, "t"]):
        press(driver, Keys.ENTER) if mode(driver) == "after" else None
        settle(driver)
        for key in keys:
            press(driver, key)
            sound(driver, f"{text(driver, '#recipe')} after {key}")
        press(driver, Keys.ESCAPE, Keys.ESCAPE, "s", "j")
        settle(driver)
    sound(driver, "the end")
