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


def claims(client: TestClient, *have: str) -> list[dict[str, object]]:
    """The item to judge and the next one."""
    answer = client.post("/claim", json={"have": have})
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


def sent(claim: dict[str, object], verdict: str = "approve", **more: object) -> dict[str, object]:
    facts = {"verdict": verdict, "shown_hash": claim["shown_hash"], "idem": f"idem-{claim['token']}"[:40]}
    return {"token": claim["token"], "ruling": facts | more}


def decided(queue: Queue) -> list[tuple[str, ...]]:
    """What was decided, once nothing can be taken back; each with its reasons."""
    later = Queue(queue.path, now=lambda: queue._now() + 60)
    return [(row.verdict, *row.reasons) for row in later.decisions()]


def test_an_item_is_claimed_decided_and_followed_by_the_next_which_is_there_already(
    queue: Queue, client: TestClient
) -> None:
    queue.enqueue([an_item(1, prio=1), an_item(2)])
    first, second = claims(client)
    assert "What is 1 + 1?" in str(first["html"])
    assert "What is 2 + 2?" in str(second["html"])
    ruled = sent(first, "reject", reasons=["inaccurate"]) | {"have": [second["token"]]}
    answer = client.post("/decide", json=ruled).json()
    assert [set(item) for item in answer["items"]] == [{"token", "seconds"}], "what the page has isn't sent again"
    assert answer["items"][0]["token"] == second["token"]
    assert (answer["today"], answer["grace"], answer["end"]) == (1, 10, None)
    assert client.post("/skip", json={"token": second["token"], "reason": "cannot_judge"}).status_code == 200
    answer = client.post("/claim", json={}).json()
    assert answer["items"] == []
    end = " ".join(answer["end"].split())
    assert "Nothing waits for you" in end
    assert "1 decided today. 1 skipped item waits for somebody else." in end
    assert decided(queue) == [("reject", "inaccurate")]


def test_within_its_grace_a_decision_is_taken_back_as_if_it_had_never_been(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    client.post("/decide", json=sent(claim, "reject", reasons=["style"]))
    assert queue.decisions() == [], "nothing is on record yet"
    item = client.post("/undo", json={"token": claim["token"]}).json()["item"]
    assert (item["before"]["verdict"], item["before"]["reasons"], item["revises"]) == ("reject", ["style"], False)
    assert decided(queue) == []


def test_after_its_grace_a_decision_is_superseded(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    client.post("/decide", json=sent(claim))
    clock.time += 11
    item = client.post("/undo", json={"token": claim["token"]}).json()["item"]
    again = sent(item, "reject", reasons=["style"], revises=item["revises"], idem="another-idem-of-the-page")
    assert client.post("/decide", json=again).status_code == 200
    clock.time += 11
    first, second = queue.decisions()
    assert (second.verdict, second.supersedes) == ("reject", first.seq)


TOLD = {
    "token", "seconds", "item", "recipe", "kind", "stage", "shown_hash", "html", "units", "per_step",
    "guideline", "rivals", "draft", "before", "revises",
}  # fmt: skip


def test_the_browser_is_told_these_things_of_an_item_and_no_others(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    assert set(claim) == TOLD


@pytest.mark.parametrize("source", sorted(set(Source.__args__) - {"gold"}))  # type: ignore[attr-defined]
def test_why_an_item_was_drawn_cannot_be_told_from_the_page(queue: Queue, client: TestClient, source: str) -> None:
    queue.enqueue(
        [an_item(1, recipe="a"), an_item(2, source=source, incl_prob=0.0625, prio=-7.5, need=3, score=0.4375)]
    )
    seen = []
    for claim in claims(client):
        done = client.post("/decide", json=sent(claim))
        for secret in (source, "0.0625", "7.5", "0.4375", MODEL, "incl_prob", "prio", "author", "score"):
            assert secret not in str(claim) + done.text
        seen.append(re.sub(r"\d+", "", str(claim["html"])))
    assert seen[0] == seen[1]


def test_a_draft_comes_back_with_its_item(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    token = claims(client)[0]["token"]
    assert client.post("/draft", json={"token": token, "rev": 4, "body": "{}"}).json() == {"rev": 4}
    assert claims(client)[0]["draft"] == {"rev": 4, "body": "{}"}


def test_a_heartbeat_gives_a_full_lease(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    token = str(claims(client)[0]["token"])
    clock.time += LEASE - 1
    assert client.post("/heartbeat", json={"token": token}).json() == {"seconds": LEASE}
    assert claims(client, token) == [{"token": token, "seconds": LEASE}]


def test_a_lapsed_claim_is_said_kindly(queue: Queue, client: TestClient, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    clock.time += LEASE + 1
    answer = client.post("/decide", json=sent(claim))
    assert answer.status_code == 409
    assert "What you typed is kept" in answer.json()["error"]


def test_a_malformed_request_is_explained_without_an_echo(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    answers = [
        client.post("/decide", json=sent(claim, verdict, **more))
        for verdict, more in [
            ("reject", {"note": "<script>"}),
            ("edit", {"edit": "It is 2."}),
            ("approve", {"reviewer": "grace"}),
        ]
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert not [answer for answer in answers if "<script>" in answer.text]
    assert "reason" in answers[0].json()["error"]
    assert answers[1].json()["error"].startswith("the text is un")
    assert decided(queue) == []


def test_a_correction_is_compared_with_the_text_that_it_corrects(queue: Queue, client: TestClient) -> None:
    queue.enqueue([an_item(1)])
    (claim,) = claims(client)
    sides = {"token": claim["token"], "unit": 0, "text": "It is <2>."}
    assert "&lt;2&gt;" in client.post("/diff", json=sides).json()["html"]
    answer = client.post("/diff", json=sides | {"unit": 1})
    assert (answer.status_code, answer.json()["error"]) == (422, "there is no text 1 to correct in this item.")


def test_a_busy_queue_asks_for_patience(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise StoreBusy("the queue stayed in use")

    monkeypatch.setattr(Queue, "lease", busy)
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
        ("unassigned\U000e0000\U000e0041\U000e0241\U000e0fff", 4),
        ("ignored\u180b\u180d\u180e\u180f\u2065\ufff0\ufff8", 7),
        ("filled\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0", 8),
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
