"""The reviewer's desk: what is said, what is never said, and how text is set."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from outcross.data.review.claims import LEASE
from outcross.data.review.items import Shown, Source
from outcross.data.review.queue import Queue
from outcross.data.samples import Content, Conversation, Instruction, Preference, Reasoning, Text, Trajectory
from outcross.errors import StoreBusy
from outcross.review.formulas import ATTRIBUTES
from outcross.review.pages import TEMPLATES, render
from outcross.review.screen import hidden, screen
from outcross.review.typeset import BARE, CLASSES
from tests.review_items import MODEL, Clock, an_item
from tests.visitors import visit

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@pytest.fixture
def client(queue: Queue) -> Iterator[TestClient]:
    with visit(queue) as client:
        yield client


def sent(claim: dict[str, str], verdict: str = "approve", **more: object) -> dict[str, object]:
    facts = {"verdict": verdict, "shown_hash": claim["shown_hash"], "idem": "idem-" + claim["token"][:20]}
    return {"token": claim["token"], "ruling": facts | more}


def test_an_item_is_claimed_decided_and_followed_by_the_next(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1, prio=1), an_item(2)])
    first = client.post("/claim", json={}).json()
    assert "What is 1 + 1?" in first["html"]
    assert client.post("/decide", json=sent(first["claim"], "reject", reasons=["inaccurate"])).json() == {
        "verdict": "reject"
    }
    second = client.post("/claim", json={}).json()
    assert "What is 2 + 2?" in second["html"]
    assert second["today"] == 1
    assert client.post("/skip", json={"token": second["claim"]["token"], "reason": "cannot_judge"}).status_code == 200
    end = client.post("/claim", json={}).json()
    assert end["claim"] is None
    assert "Nothing waits for you" in end["html"]
    assert "1 decided today" in end["html"]
    assert "1 skipped item waits for somebody else" in " ".join(end["html"].split())
    assert [decision.reasons for decision in queue.decisions()] == [("inaccurate",)]


def test_the_browser_is_told_these_things_of_an_item_and_no_others(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    claim = client.post("/claim", json={}).json()["claim"]
    assert set(claim) == {"token", "item", "recipe", "shown_hash", "seconds", "editable", "draft"}


@pytest.mark.parametrize("source", Source.__args__)  # type: ignore[attr-defined]
def test_why_an_item_was_drawn_cannot_be_told_from_the_page(queue: Queue, client: TestClient, source: str) -> None:
    queue.enqueue([an_item(1, recipe="a"), an_item(2, source=source, incl_prob=0.0625, prio=-7.5, need=3)])
    seen = []
    for _ in range(2):
        answer = client.post("/claim", json={})
        claim = answer.json()["claim"]
        done = client.post("/decide", json=sent(claim))
        for secret in (source, "0.0625", "7.5", MODEL, "incl_prob", "prio", "author"):
            assert secret not in answer.text + done.text
        seen.append(re.sub(r"\d+", "", answer.json()["html"]))
    assert seen[0] == seen[1]


def test_a_draft_comes_back_with_its_item(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    token = client.post("/claim", json={}).json()["claim"]["token"]
    assert client.post("/draft", json={"token": token, "rev": 4, "body": "{}"}).json() == {"rev": 4}
    assert client.post("/claim", json={}).json()["claim"]["draft"] == {"rev": 4, "body": "{}"}


def test_a_heartbeat_gives_a_full_lease(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    token = client.post("/claim", json={}).json()["claim"]["token"]
    clock.time += LEASE - 1
    assert client.post("/heartbeat", json={"token": token}).json() == {"seconds": LEASE}
    assert client.post("/claim", json={}).json()["claim"]["seconds"] == LEASE


def test_a_lapsed_claim_is_said_kindly(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    claim = client.post("/claim", json={}).json()["claim"]
    clock.time += LEASE + 1
    answer = client.post("/decide", json=sent(claim))
    assert answer.status_code == 409
    assert "What you typed is kept" in answer.json()["error"]


def test_a_malformed_request_is_explained_without_an_echo(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    claim = client.post("/claim", json={}).json()["claim"]
    answer = client.post("/decide", json=sent(claim, "reject", note="<script>"))
    assert answer.status_code == 422
    assert answer.json() == {"error": "ruling: a rejection needs a reason, and nothing else has one"}
    assert (
        client.post("/decide", json=sent(claim, "edit", edit="It is 2.")).json()["error"].startswith("the text is un")
    )
    assert client.post("/decide", json=sent(claim, reviewer="grace")).status_code == 422


def test_a_busy_queue_asks_for_patience(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise StoreBusy("the queue stayed in use")

    monkeypatch.setattr(Queue, "claim", busy)
    assert client.post("/claim", json={}).status_code == 503


# --- How text is set ---


class Words(HTMLParser):
    """Collects what stands in each element of class `raw`, and all elements by name."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.inside = False
        self.newline = False  # the one that a browser drops at the start of a <pre>

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if dict(attrs).get("class") == "text raw":
            self.inside = True
            self.newline = True
            self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "pre"

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[-1] += data.removeprefix("\n") if self.newline else data
            self.newline = False


def seen(content: Content) -> Shown:
    return Shown(content=content, origin="synthetic", document="d", licence="l", parents=1, stratum="s")  # type: ignore[arg-type]


def words(content: Content) -> tuple[list[str], set[str]]:
    shown = seen(content)
    parser = Words()
    parser.feed(render("item.html", screen=screen(shown), shown=shown))
    return parser.texts, parser.tags


def test_templates_escape_every_value() -> None:
    assert TEMPLATES.autoescape is True
    assert TEMPLATES.from_string("{{ x }}").render(x="<b>") == "&lt;b&gt;"


@given(ANY_TEXT.filter(str.strip))
def test_the_raw_form_loses_no_character_and_no_text_becomes_markup_of_its_own(text: str) -> None:
    texts, tags = words(Instruction(instruction="q", context=text, response="r" + text))
    assert tags <= {"article", "section", "h2", "dl", "dt", "dd", "bdi", *BARE, *CLASSES, *ATTRIBUTES}
    assert texts == ["q", text, "r" + text]


def test_a_passage_is_set_by_what_its_field_holds() -> None:
    contexts = {"def f():\n    return 1": "code", "Dear Sir,\nI remain yours.": "prose"}
    for context, look in contexts.items():
        shown = seen(Instruction(instruction="*q*", context=context, response="r"))
        assert [part.look for part in screen(shown).asked] == ["prose", look]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("plain, with\ttabs\nand lines\r\n", 0),
        ("Zürich, 東京, שלום", 0),
        ("a\u202eb\u202c", 2),
        ("zero\u200bwidth\ufeff", 2),
        ("lone\rreturn", 1),
        ("bell\x07", 1),
        ("tag\U000e0041", 1),
        ("smuggled\U000e0101\ufe01", 2),
        ("heart \u2764\ufe0f", 0),
    ],
)
def test_characters_that_cannot_be_seen_are_counted(text: str, count: int) -> None:
    assert hidden(text) == count


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (Preference(prompt="P", chosen="A", rejected="B"), ["P", "A", "B"]),
        (Reasoning(problem="P", steps=("S", "T"), answer="A"), ["P", "S", "T", "A"]),
        (Text(text="T"), ["T"]),
        (
            Conversation.model_validate({"turns": [{"role": r, "text": r} for r in ("user", "assistant")]}),
            ["user", "assistant"],
        ),
        (
            Trajectory.model_validate(
                {
                    "turns": [
                        {"role": "user", "text": "U"},
                        {"role": "assistant", "calls": [{"call_id": "1", "tool": "f", "arguments": "{}"}]},
                    ]
                }
            ),
            ["U", "{}"],
        ),
    ],
)
def test_every_kind_is_shown_in_full(content: Content, expected: list[str]) -> None:
    assert words(content)[0] == expected
