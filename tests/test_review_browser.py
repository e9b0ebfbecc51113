"""The review page in a real Chromium: keys decide, hostile text stays text, nothing leaves the machine."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By

from outcross.data.review.claims import LEASE
from outcross.data.review.queue import Queue
from outcross.data.samples import Conversation, Instruction, Turn
from tests.browser import CHROMIUM, DRIVER, MISSING, chromium, press, until
from tests.review_items import an_item
from tests.review_server import listening, served
from tests.visitors import walk_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING),
    pytest.mark.xdist_group("browser"),
]

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


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    return Queue(tmp_path / "review.sqlite")


@pytest.fixture
def page(queue: Queue, driver: Chrome) -> Iterator[Callable[..., None]]:
    """Serves the queue and opens it, once it holds what the test put in."""
    with served(queue) as address:
        walk_in(driver, queue, address)

        def visit() -> None:
            driver.get_log("performance")
            driver.get_log("browser")
            driver.get(address)
            until(lambda: mode(driver) not in {None, "saving"})
            rest(driver)

        yield visit
        driver.get("about:blank")


def mode(driver: Chrome) -> str | None:
    return driver.execute_script("return document.body.dataset.mode")


def rest(driver: Chrome) -> None:
    """Let the quarter of a second pass in which a new item can't be decided."""
    driver.execute_async_script("setTimeout(arguments[0], 300)")


def decided(queue: Queue, driver: Chrome, count: int) -> None:
    until(lambda: len(queue.decisions()) == count and mode(driver) in {"reading", "ended"})
    rest(driver)


def buttons(driver: Chrome) -> list[str]:
    return [
        button.get_attribute("aria-keyshortcuts") or ""
        for button in driver.find_elements(By.CSS_SELECTOR, "#keys button")
    ]


def test_keys_approve_correct_and_reject(queue: Queue, driver: Chrome, page: Callable[[], None]) -> None:
    queue.enqueue([an_item(number) for number in range(5)])
    page()
    press(driver, "1")
    decided(queue, driver, 1)
    press(driver, "e")
    press(driver, " Indeed.")
    press(driver, Keys.ENTER, ctrl=True)
    decided(queue, driver, 2)
    press(driver, "3", "a")
    decided(queue, driver, 3)
    press(driver, "3", "o")
    press(driver, "the sum is wrong", Keys.ENTER)
    decided(queue, driver, 4)
    press(driver, "s", "j")
    until(lambda: mode(driver) == "ended")
    rulings = [(row.verdict, row.edit, row.reasons, row.note) for row in queue.decisions()]
    assert rulings == [
        ("approve", None, (), ""),
        ("edit", "It is 2. Indeed.", (), ""),
        ("reject", None, ("inaccurate",), ""),
        ("reject", None, ("other",), "the sum is wrong"),
    ]
    assert queue.counts().skipped == 1
    end = driver.find_element(By.TAG_NAME, "main").text
    assert "Nothing waits for you" in end
    assert "4 decided today. 1 skipped item waits for somebody else." in end
    assert driver.get_log("browser") == []


def test_the_bar_shows_the_legal_keys_as_buttons_that_work(
    queue: Queue, driver: Chrome, page: Callable[[], None]
) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    assert buttons(driver) == ["1", "2 e", "3", "s", "r", "?"]
    driver.find_element(By.CSS_SELECTOR, "[aria-keyshortcuts='3']").click()
    assert buttons(driver) == ["a", "b", "c", "d", "e", "f", "o", "Escape"]
    press(driver, "1")  # legal a moment ago, and not now
    press(driver, Keys.ESCAPE)
    driver.find_element(By.CSS_SELECTOR, "[aria-keyshortcuts='1']").click()
    decided(queue, driver, 1)
    press(driver, "?")
    assert driver.find_element(By.ID, "help").get_attribute("open")
    press(driver, "1", Keys.ESCAPE)
    assert not driver.find_element(By.ID, "help").get_attribute("open")
    assert len(queue.decisions()) == 1


def test_letters_are_dead_in_fields_with_modifiers_in_repeats_and_while_composing(
    queue: Queue, driver: Chrome, page: Callable[[], None]
) -> None:
    queue.enqueue([an_item(1)])
    page()
    for dead in ("repeat: true", "isComposing: true", "altKey: true", "ctrlKey: true", "metaKey: true", "keyCode: 229"):
        driver.execute_script(
            f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{key: '1', bubbles: true, {dead}}}))"
        )
    press(driver, "2")
    press(driver, "1 3 s r ?")
    assert mode(driver) == "editing"
    assert driver.find_element(By.ID, "edit").get_property("value") == "It is 2.1 3 s r ?"
    assert queue.decisions() == []
    press(driver, Keys.ESCAPE)
    press(driver, "1")  # an unsent correction can't be approved away
    assert mode(driver) == "reading"
    press(driver, Keys.BACKSPACE, ctrl=True)
    press(driver, "1")
    decided(queue, driver, 1)
    assert queue.decisions()[0].verdict == "approve"


def test_a_double_tap_does_not_decide_the_next_item(queue: Queue, driver: Chrome, page: Callable[[], None]) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    page()
    driver.execute_async_script(
        """
        const [done] = arguments;
        const tap = () => document.body.dispatchEvent(new KeyboardEvent("keydown", {key: "1", bubbles: true}));
        new MutationObserver(() => setTimeout(() => { tap(); setTimeout(done, 300); }))
            .observe(document.getElementById("main"), {childList: true});
        tap();
        tap();
        """
    )
    until(lambda: mode(driver) == "reading")
    assert len(queue.decisions()) == 1
    assert "2 + 2" in driver.find_element(By.TAG_NAME, "main").text


def test_a_correction_survives_a_reload_and_can_be_restored_and_brought_back(
    queue: Queue, driver: Chrome, page: Callable[[], None]
) -> None:
    queue.enqueue([an_item(1, Instruction(instruction="q", response="one\r\ntwo"))])
    page()
    press(driver, "e")
    assert driver.find_element(By.ID, "changed").text == "unchanged"
    press(driver, Keys.ENTER, ctrl=True)  # nothing to submit yet
    press(driver, "!")
    assert driver.find_element(By.ID, "changed").text == "changed, 1 character longer"
    until(lambda: (claim := queue.claim("ada")) and claim.draft)
    page()
    box = driver.find_element(By.ID, "edit")
    assert box.get_property("value") == "one\ntwo!"
    press(driver, "e")
    press(driver, Keys.BACKSPACE, ctrl=True)
    assert box.get_property("value") == "one\ntwo"
    press(driver, Keys.BACKSPACE, ctrl=True)
    assert box.get_property("value") == "one\ntwo!"
    press(driver, Keys.ENTER, ctrl=True)
    decided(queue, driver, 1)
    assert queue.decisions()[0].edit == "one\r\ntwo!", "the line ends are the reviewer's business only if changed"


def test_a_lapsed_claim_is_said_and_its_words_come_back(queue: Queue, driver: Chrome, page: Callable[[], None]) -> None:
    queue.enqueue([an_item(1)])
    page()
    press(driver, "e")
    press(driver, " Kept.")
    until(lambda: (claim := queue.claim("ada")) and claim.draft and "Kept." in claim.draft.body)
    Queue(queue.path, now=lambda: time.time() + LEASE + 60).add_reviewer("grace")
    later = Queue(queue.path, now=lambda: time.time() + LEASE + 60)  # a fake clock: the lease is over
    taken = later.claim("grace")
    assert taken is not None
    press(driver, Keys.ENTER, ctrl=True)
    until(lambda: mode(driver) == "lost")
    assert "What you typed is kept" in driver.find_element(By.ID, "notice").text
    later.release(taken.token, "grace")
    press(driver, Keys.ENTER)
    until(lambda: mode(driver) == "reading")
    assert driver.find_element(By.ID, "edit").get_property("value") == "It is 2. Kept."


def test_a_server_that_is_gone_loses_nothing_and_is_said(queue: Queue, driver: Chrome) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    with served(queue) as address:
        walk_in(driver, queue, address)
        until(lambda: mode(driver) == "reading")
        rest(driver)
        driver.execute_cdp_cmd("Network.enable", {})
        offline = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
        press(driver, "1")
        until(lambda: mode(driver) == "failed")
        assert "doesn’t answer" in driver.find_element(By.ID, "notice").text
        assert queue.decisions() == []
        driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline | {"offline": False})
        press(driver, Keys.ENTER)
        decided(queue, driver, 1)
        driver.get("about:blank")


def test_hostile_text_stays_text_and_nothing_leaves_the_machine(
    queue: Queue, driver: Chrome, page: Callable[[], None]
) -> None:
    hits: list[str] = []
    with listening(lambda path: hits.append(path) or "") as canary:
        texts = [text.replace("CANARY", str(canary)) for text in HOSTILE]
        turns = tuple(Turn(role="user", text=text) for text in texts)
        shown = an_item(1, Instruction(instruction=texts[0], context="\n".join(texts), response="\n".join(texts)))
        queue.enqueue([shown, an_item(2, Conversation(turns=turns))])
        page()
        assert driver.execute_script("return document.querySelector('.fill .text').textContent") == "\n".join(texts)
        press(driver, "e")
        assert "onerror" in driver.find_element(By.ID, "edit").get_property("value")
        press(driver, Keys.ESCAPE)
        inert(driver)
        press(driver, "1")
        decided(queue, driver, 1)
        seen = driver.execute_script("return [...document.querySelectorAll('.text')].map(e => e.textContent)")
        assert seen == texts
        press(driver, "r")
        inert(driver)
        raw = driver.find_element(By.CSS_SELECTOR, ".judged").text
        for token in ("U+202E", "U+202C", "U+2066", "U+2069", "U+200B", "U+001B", "U+000D"):
            assert token in raw
        press(driver, "r")
        assert driver.execute_script("return [...document.querySelectorAll('.text')].map(e => e.textContent)") == texts
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


def test_another_page_on_this_machine_can_change_nothing(
    queue: Queue, driver: Chrome, page: Callable[[], None]
) -> None:
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
        statuses = skipped(driver)
    assert statuses == {403}
    assert queue.counts().skipped == 0
    assert queue.counts().claimed == 1


def skipped(driver: Chrome) -> set[int]:
    """How the page's server answered what was posted to /skip."""
    events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    answers = [event["params"]["response"] for event in events if event["method"] == "Network.responseReceived"]
    return {answer["status"] for answer in answers if answer["url"].endswith("/skip")}


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (720, 450), (390, 844)])
def test_no_window_needs_sideways_scrolling(
    queue: Queue, driver: Chrome, page: Callable[[], None], width: int, height: int
) -> None:
    queue.enqueue([an_item(1, Instruction(instruction="w" * 500, context="c" * 500, response="r" * 500))])
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page()
    for keys in ("3", "o", Keys.ESCAPE, "e", "x", Keys.ESCAPE, "r", "r"):
        press(driver, keys)
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth"), keys
        small = "return [...document.querySelectorAll('#keys button')].filter(b => b.offsetHeight < 44).length"
        assert driver.execute_script(small) == 0
