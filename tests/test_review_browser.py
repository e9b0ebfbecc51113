"""The review page in a real Chromium: hostile text stays text, and nothing leaves the machine."""

import json
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from tests.browser import press, until
from tests.review_items import an_item
from tests.review_server import listening
from tests.reviewing import MARKS, Shift, Visit, make_queue, settle, text

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
    return make_queue(tmp_path, Shift())


def test_hostile_text_stays_text_and_nothing_leaves_the_machine(queue: Queue, driver: Chrome, page: Visit) -> None:
    hits: list[str] = []
    with listening(lambda path: hits.append(path) or "") as canary:
        texts = [text.replace("CANARY", str(canary)) for text in HOSTILE]
        queue.enqueue(
            [an_item(1, Instruction(instruction=texts[0], context="\n".join(texts), response="\n".join(texts)))]
        )
        page()
        seen = "return [...document.querySelectorAll('.text')].map(e => e.textContent)"
        assert driver.execute_script(seen) == [texts[0], "\n".join(texts), "\n".join(texts)]
        press(driver, "e")
        assert "onerror" in driver.find_element(By.CSS_SELECTOR, ".editor textarea").get_property("value")
        press(driver, "<script>window.__pwned = 1</script>")
        until(lambda: "changed" in text(driver, ".editor .tally"))
        inert(driver)
        press(driver, Keys.BACKSPACE, ctrl=True)
        press(driver, Keys.ESCAPE, "r")
        inert(driver)
        for token in ("U+202E", "U+202C", "U+2066", "U+2069", "U+200B", "U+001B", "U+000D"):
            assert token in text(driver, ".judged")
        press(driver, "r")
        assert driver.execute_script(seen) == [texts[0], "\n".join(texts), "\n".join(texts)]
        press(driver, "1")
        settle(driver)
    assert hits == []
    assert foreign(driver) == []
    assert driver.get_log("browser") == []


def inert(driver: Chrome) -> None:
    """No element, attribute or script of the text's own is in the page."""
    assert driver.execute_script("return window.__pwned ?? null") is None
    live = "script, img, svg, math, iframe, a, form, link, style, base, meta, table, button, [style]"
    assert driver.execute_script(f"return document.querySelectorAll('main :is({live})').length") == 0
    names = driver.execute_script(
        "return [...new Set([...document.querySelectorAll('main *')].flatMap(e => e.getAttributeNames()))]"
    )
    assert not [name for name in names if name.startswith(("on", "hx-", "src", "href"))]


def foreign(driver: Chrome) -> list[str]:
    """Addresses outside this machine's page that the browser asked for."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    urls = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
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
    seen: set[int] = set()
    with listening(lambda _: attack) as evil:
        driver.get(f"http://127.0.0.1:{evil}/")
        # The browser keeps from both what they were answered, and logs it of the form alone.
        until(lambda: driver.title == "asked" and skipped(driver, seen))
    assert seen == {403}
    assert queue.counts().skipped == 0
    assert queue.counts().claimed == 1


def skipped(driver: Chrome, seen: set[int]) -> set[int]:
    """Note how the page's server has answered posts to /skip since this was last asked."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    answers = [event["params"]["response"] for event in events if event["method"] == "Network.responseReceived"]
    seen |= {answer["status"] for answer in answers if answer["url"].endswith("/skip")}
    return seen
