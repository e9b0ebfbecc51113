"""The review page in a real Chromium: hostile text stays text, nothing leaves the machine, only keys decide."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.queue import Queue
from outcross.data.samples import Conversation, Instruction, Turn
from tests.browser import press, until
from tests.review_items import an_item
from tests.review_server import listening
from tests.reviewing import MARKS, Visit, draft, end_session, make_queue, mode, seated, settle, sized, taken, text
from tests.visitors import ticket

pytestmark = MARKS

HOSTILE = [
    "<script>window.__pwned = 1</script>",
    "<img src=x onerror='window.__pwned = 1'>",
    "<svg onload='window.__pwned = 1'><script>window.__pwned = 1</script></svg>",
    "</pre></div></article><script>window.__pwned = 1</script>",
    "</textarea><script>window.__pwned = 1</script>",
    "</template></noscript><iframe srcdoc='<script>parent.__pwned = 1</script>'></iframe>",
    "<a href='javascript:window.__pwned = 1' autofocus onfocus='window.__pwned = 1'>press 1</a>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<form action='http://127.0.0.1:CANARY/' id=f></form><button form=f>Approve</button>",
    "<link rel=stylesheet href='http://127.0.0.1:CANARY/a.css'><style>@import 'http://127.0.0.1:CANARY/b.css';</style>",
    "![x](http://127.0.0.1:CANARY/leak.png) [ref]: http://127.0.0.1:CANARY/",
    "<base href='http://127.0.0.1:CANARY/'><meta http-equiv=refresh content='0;url=http://127.0.0.1:CANARY/'>",
    "<div hx-get='/claim' hx-trigger=load data-editable class=judged id=edit>fake</div>",
    "{{ 7 * 7 }} {% raw %} ${7*7} &lt;b&gt; &amp; &#60;script&#62;",
    "\"><script>window.__pwned = 1</script>' onmouseover='window.__pwned = 1",
    "\u202eevorppa\u202c \u2066isolated\u2069 zero\u200bwidth \x1b[31mred\r return",
]


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return make_queue(tmp_path, time.time)


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Visit]:
    with seated(queue, driver) as visit:
        yield visit


# --- Hostile text, hostile pages ---


def test_hostile_text_stays_text_and_nothing_leaves_the_machine(queue: Queue, driver: Chrome, page: Visit) -> None:
    hits: list[str] = []
    with listening(lambda path: hits.append(path) or "") as canary:
        texts = [text.replace("CANARY", str(canary)) for text in HOSTILE]
        turns = tuple(Turn(role=("user", "assistant")[number % 2], text=text) for number, text in enumerate(texts))
        shown = an_item(1, Instruction(instruction=texts[0], context="\n".join(texts), response="\n".join(texts)))
        queue.enqueue([shown, an_item(2, Conversation(turns=turns), prio=-1)])
        page()
        assert driver.execute_script("return document.querySelector('.fill .text').textContent") == "\n".join(texts)
        press(driver, "e")
        assert "onerror" in driver.find_element(By.CSS_SELECTOR, ".editor textarea").get_property("value")
        press(driver, "!")
        until(lambda: "1 character changed" in text(driver, ".editor .tally"))
        inert(driver)
        press(driver, Keys.BACKSPACE, ctrl=True)
        press(driver, Keys.ESCAPE, "1")
        settle(driver)
        inert(driver)
        seen = "return [...document.querySelectorAll('.turn .text')].map(e => e.textContent)"
        assert driver.execute_script(seen) == texts
        press(driver, "r")
        inert(driver)
        raw = text(driver, ".judged")
        for token in ("U+202E", "U+202C", "U+2066", "U+2069", "U+200B", "U+001B", "U+000D"):
            assert token in raw
        press(driver, "r")
        assert driver.execute_script(seen) == texts
    assert hits == []
    assert foreign(driver) == []
    assert driver.get_log("browser") == []


def inert(driver: Chrome) -> None:
    """No element, attribute or script of the text's own is in the page."""
    assert driver.execute_script("return window.__pwned ?? null") is None
    live = "script, img, svg, math, iframe, a, form, link, style, base, meta, table, [style]"
    assert driver.execute_script(f"return document.querySelectorAll('main :is({live})').length") == 0
    assert driver.execute_script("return document.querySelectorAll('.words :is(button, div.judged, [id])').length") == 0
    names = driver.execute_script(
        "return [...new Set([...document.querySelectorAll('main *')].flatMap(e => e.getAttributeNames()))]"
    )
    assert not [name for name in names if name.startswith(("on", "hx-", "src", "href"))]


def network(driver: Chrome, method: str) -> list[dict[str, Any]]:
    """What the browser asked for, or was answered, since this was last looked at."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [event["params"] for event in events if event["method"] == f"Network.{method}"]


def foreign(driver: Chrome) -> list[str]:
    """Addresses outside this machine's page that the browser asked for."""
    urls = [one["request"]["url"] for one in network(driver, "requestWillBeSent")]
    assert urls
    origin = driver.current_url.rstrip("/")
    return [url for url in urls if not url.startswith((origin, "data:", "about:"))]


def test_another_page_on_this_machine_can_change_nothing(queue: Queue, driver: Chrome, page: Visit) -> None:
    """Another port is the same site, so the cookie travels; the page must refuse all the same."""
    queue.enqueue([an_item(1)])
    page()
    target = driver.current_url
    token = queue.claim("ada").token  # type: ignore[union-attr]
    attack = f"""<!doctype html><form method=post enctype=text/plain action="{target}skip" target=f>
        <input name='{{"token":"{token}","reason":"unsafe","x":"' value='"}}'></form><iframe name=f></iframe>
        <script>document.forms[0].submit();
        fetch("{target}skip", {{method: "POST", mode: "no-cors", credentials: "include",
            headers: {{"Content-Type": "text/plain"}}, body: '{{"token":"{token}","reason":"unsafe"}}'}})
            .finally(() => {{ document.title = "asked"; }});</script>"""
    with listening(lambda _: attack) as evil:
        driver.get(f"http://127.0.0.1:{evil}/")
        until(lambda: driver.title == "asked")
        assert skipped(driver) == {403}
    assert queue.counts().skipped == 0
    assert queue.counts().claimed == 1


def skipped(driver: Chrome) -> set[int]:
    """How the page's server answered what was posted to /skip."""
    answers = [one["response"] for one in network(driver, "responseReceived")]
    return {answer["status"] for answer in answers if answer["url"].endswith("/skip")}


# --- Keys that do nothing ---


def test_letters_are_dead_with_modifiers_in_repeats_and_while_composing(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    for dead in ("repeat: true", "isComposing: true", "altKey: true", "ctrlKey: true", "metaKey: true", "keyCode: 229"):
        driver.execute_script(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '1', bubbles: true, {dead}}}))"
        )
        assert mode(driver) == "reading"
    settle(driver)
    assert taken(queue) == 0
    press(driver, "1")
    settle(driver)
    assert taken(queue) == 1, "the same key by itself decides"


def test_letters_are_text_in_a_field_and_an_unsent_correction_cannot_be_approved_away(
    queue: Queue, driver: Chrome, page: Visit
) -> None:
    queue.enqueue([an_item(1)])
    page()
    press(driver, "2")
    press(driver, "1 3 s r u ?")
    field = driver.find_element(By.CSS_SELECTOR, ".editor textarea")
    assert field.get_property("value") == "It is 2.1 3 s r u ?"
    press(driver, Keys.ESCAPE, "1")
    settle(driver)
    assert (mode(driver), taken(queue)) == ("reading", 0)
    assert text(driver, "#asking") == "Your correction isn’t submitted"
    press(driver, Keys.BACKSPACE, ctrl=True)
    press(driver, "1")
    settle(driver)
    assert taken(queue) == 1


def test_enter_ends_a_composition_before_it_sends(queue: Queue, driver: Chrome, page: Visit) -> None:
    """Who writes Japanese confirms each word with Enter."""
    queue.enqueue([an_item(1)])
    page()
    press(driver, "3", "o")
    compose = {"text": "にほん", "selectionStart": 3, "selectionEnd": 3}
    driver.execute_cdp_cmd("Input.imeSetComposition", compose)
    enter = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}
    driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "rawKeyDown", **enter})
    assert mode(driver) == "write"
    driver.execute_cdp_cmd("Input.insertText", {"text": "日本"})
    assert taken(queue) == 0
    press(driver, Keys.ENTER)
    until(lambda: taken(queue) == 1)
    assert [row.note for row in Queue(queue.path, now=lambda: time.time() + 60).decisions()] == ["日本"]


def test_keys_are_dead_behind_the_menu_and_the_help(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1)])
    page()
    driver.find_element(By.CSS_SELECTOR, ".who").click()
    press(driver, "1", "3")
    press(driver, Keys.ESCAPE)
    assert not driver.find_element(By.ID, "menu").is_displayed()
    press(driver, "?")
    until(lambda: driver.find_element(By.ID, "help").is_displayed())
    press(driver, "1", "3", Keys.ESCAPE)
    assert not driver.find_element(By.ID, "help").get_attribute("open")
    settle(driver)
    assert (mode(driver), taken(queue)) == ("reading", 0)


# --- Signed out ---


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


def test_an_answer_that_came_too_late_is_said_to_be_unsent(queue: Queue, driver: Chrome, page: Visit) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    end_session(queue, driver)
    press(driver, "1")
    until(lambda: mode(driver) == "out")
    assert "Your last answer wasn’t sent" in text(driver, "#notice")
    assert taken(queue) == 0


# --- Windows ---


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 450), (390, 844)])
def test_no_window_needs_sideways_scrolling(queue: Queue, driver: Chrome, page: Visit, width: int, height: int) -> None:
    queue.enqueue([an_item(1, Instruction(instruction="w" * 500, context="c" * 500, response="r" * 500))])
    with sized(driver, width, height):
        page()
        for keys in ("3", "o", Keys.ESCAPE, "e", "x", Keys.ESCAPE, "r", "r"):
            press(driver, keys)
            assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), keys
            small = "return [...document.querySelectorAll('#keys button')].filter(b => b.offsetHeight < 44).length"
            assert driver.execute_script(small) == 0
