"""Every state that the review page can be in, one after the other, for tests that look at it."""

from collections.abc import Iterator

from selenium.webdriver import Chrome, Keys

from outcross.data.review.answers import Answer
from outcross.data.review.gold import Gold
from outcross.data.review.items import Policy
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction
from tests.browser import press, until
from tests.review_contents import COURSE, PAIR, PROOF, TALK
from tests.review_items import an_item
from tests.reviewing import OFFLINE, Visit, end_session, mode, settle, split, text

LETTER = Instruction(
    instruction="Explain\u200b what this function does, and name one input for which it fails.",
    context="def mean(values):\n    '''The mean of a list.'''\n    return sum(values) / len(values)\n",
    response="It adds up the values and divides the sum by how many there are.\n\n"
    "```python\nmean([1, 2, 3])  # 2.0\n```\n\nFor an empty list it raises a ZeroDivisionError.",
)
GUIDELINE = "An answer is approved when all of it is *true* and it does what was asked.\n\nStyle alone is no reason."
HINT = (
    '{"score": 0.41, "reasons": ["The answer is short for its question."], "signals": {"judge": 0.3, "length": 0.41}}'
)
ANSWERS = (
    {"verdict": "error", "labels": (1, -1, *[None] * 5), "reasons": ("logic",), "note": "Not so.", "edit": "Step two."},
    {"verdict": "correct", "labels": (1,) * 7},
)


def states(queue: Queue, driver: Chrome, visit: Visit) -> Iterator[str]:
    """Lead Ada, who is an adjudicator, through all of them; yields the name of each while it is on show."""
    contents = [LETTER, LETTER, PAIR, PROOF, COURSE, TALK]
    queue.enqueue([an_item(number, content, prio=-number) for number, content in enumerate(contents)])
    queue.enqueue([an_item(7, LETTER, prio=-7, recipe="looks", hint=HINT), an_item(8, LETTER, prio=-8)])
    Management(queue.path).set_policy("sums", Policy(guideline=GUIDELINE))
    visit()
    for step in (_text, _pair, _proof, _turns, _troubles):
        yield from step(queue, driver)
    yield from _adjudication(queue, driver, visit)
    yield from _training(queue, driver, visit)
    visit()
    yield "the end"
    Management(queue.path).pause("ada")
    visit()
    yield "paused"
    end_session(queue, driver)
    press(driver, Keys.ENTER)
    until(lambda: mode(driver) == "out")
    yield "signed out"


def _text(_: Queue, driver: Chrome) -> Iterator[str]:
    yield "reading"
    for name, key in {"help": "?", "note": "/", "skip": "s", "reject": "3"}.items():
        press(driver, key)
        until(lambda: driver.execute_script("return help.open || document.body.dataset.mode !== 'reading'"))
        yield name
        press(driver, Keys.ESCAPE)
    press(driver, "h")
    until(lambda: "approved" in text(driver, "#drawer"))
    yield "guideline"
    press(driver, Keys.ESCAPE, "e")
    press(driver, " So it is undefined for it.")
    until(lambda: "character" in text(driver, ".editor .tally"))
    yield "editing"
    press(driver, Keys.ENTER, ctrl=True)
    settle(driver)
    yield "undo countdown"
    press(driver, "r")
    yield "raw"
    press(driver, "r", "1")
    settle(driver)


def _pair(_: Queue, driver: Chrome) -> Iterator[str]:
    yield "pair"
    press(driver, "2", "a")
    yield "pair, why"
    press(driver, Keys.ESCAPE, "4", "e", Keys.ENTER, "b")
    press(driver, " Or so.")
    until(lambda: "character" in text(driver, ".answer + .answer .tally"))
    yield "pair, rewriting"
    press(driver, Keys.BACKSPACE, ctrl=True)
    press(driver, Keys.ESCAPE, "3", Keys.ENTER)
    settle(driver)


def _proof(_: Queue, driver: Chrome) -> Iterator[str]:
    yield "steps"
    press(driver, "g", "n", "b")
    yield "steps, fault"
    press(driver, "c", "It isn’t 3.")
    yield "steps, words"
    press(driver, Keys.ENTER)
    yield "steps, first error"
    press(driver, Keys.ENTER)
    settle(driver)


def _turns(_: Queue, driver: Chrome) -> Iterator[str]:
    press(driver, "w", "t")
    yield "trajectory"
    press(driver, "3")
    settle(driver)
    press(driver, "g", "b", "a")
    yield "conversation, why"
    press(driver, Keys.ENTER, "e")
    press(driver, " Or 4.")
    until(lambda: "character" in text(driver, ".editor:not([hidden]) .tally"))
    yield "conversation, rewriting"
    press(driver, Keys.ESCAPE, "3")
    settle(driver)


def _troubles(queue: Queue, driver: Chrome) -> Iterator[str]:
    press(driver, "1")
    until(lambda: mode(driver) == "after")
    yield "second look"
    settle(driver)
    press(driver, Keys.ENTER)
    settle(driver)
    driver.execute_cdp_cmd("Network.enable", {})
    slow = OFFLINE | {"offline": False, "latency": 1500}
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", slow)
    press(driver, "1")
    until(lambda: mode(driver) == "saving" and text(driver, "#asking") == "Saving…")
    yield "saving"
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", slow | {"latency": 0})
    until(lambda: mode(driver) == "ended")
    queue.enqueue([an_item(20, LETTER)])
    settle(driver)
    press(driver, Keys.ENTER)
    settle(driver)
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE)
    press(driver, "3", "a")
    until(lambda: mode(driver) == "failed")
    yield "failed"
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", OFFLINE | {"offline": False})
    claim = queue.claim("ada")
    assert claim is not None
    queue.skip(claim.token, "ada", "cannot_judge")
    press(driver, Keys.ENTER)
    until(lambda: mode(driver) == "lost")
    yield "lost"


def _adjudication(queue: Queue, driver: Chrome, visit: Visit) -> Iterator[str]:
    split(queue, an_item(30, PROOF, need=2, prio=9), *ANSWERS)
    visit("adjudicate")
    yield "adjudication"
    press(driver, "1")
    yield "adjudication, cause"
    press(driver, "r")
    settle(driver)


def _training(queue: Queue, driver: Chrome, visit: Visit) -> Iterator[str]:
    known = Answer(verdict="approve")
    explanation = "Each sentence is true, and the input is one for which it fails."
    Management(queue.path).add_gold(
        Gold(item=an_item(number, LETTER), answer=known, explanation=explanation, training=True) for number in (40, 41)
    )
    visit("training")
    yield "training"
    for name, keys in {"training, right": "1", "training, wrong": "3a"}.items():
        press(driver, *keys)
        until(lambda: mode(driver) == "after")
        settle(driver)
        yield name
        press(driver, Keys.ENTER)
        settle(driver)
