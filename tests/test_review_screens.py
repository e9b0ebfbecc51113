"""The screens as the server sends them: all of an item in its place, and nothing that tells its answer."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from outcross.data.review.answers import Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Action, Content, Conversation, Preference, Reasoning, ToolCall, Trajectory, Turn
from outcross.review.arguments import laid_out
from outcross.review.rivals import rivalry, spoken
from outcross.review.screen import CAP, screen
from tests import visitors
from tests.review_items import Clock, an_item

PAIR = Preference(prompt="Which sea is saltier?", chosen="The Red Sea is.", rejected="The Baltic is.")
PROOF = Reasoning(problem="6 · 7?", steps=("6 · 7 = 42.", "So it is 42."), answer="42")
COURSE = Trajectory(
    turns=(
        Action(role="user", text="Is it raining in Zürich?"),
        Action(role="assistant", calls=(ToolCall(call_id="c1", tool="weather", arguments='{"city":"Zürich"}'),)),
        Action(role="tool", text="dry", answers="c1"),
        Action(role="assistant", text="No, it is dry."),
    )
)
TALK = Conversation(turns=(Turn(role="user", text="Hello?"), Turn(role="assistant", text="Hello.")))


def visit(queue: Queue, chance: float = 1.0) -> TestClient:
    """Ada's own page, an adjudicator's; a `chance` of 1 keeps gold away and pairs as they are."""
    queue._chance = lambda: chance
    queue.add_reviewer("ada", "adjudicator")
    return visitors.visit(queue, "ada")


def claim(client: TestClient, desk: str = "review") -> dict[str, Any]:
    items: list[dict[str, Any]] = client.post("/claim", json={"desk": desk}).json()["items"]
    return items[0]


def ruling(shown_hash: str, verdict: str, idem: str = "idem-of-this-test", **more: object) -> dict[str, object]:
    return {"verdict": verdict, "shown_hash": shown_hash, "idem": idem, **more}


def decide(client: TestClient, item: dict[str, Any], verdict: str, **more: object) -> Any:
    sent = {"token": item["token"], "ruling": ruling(item["shown_hash"], verdict, **more)}
    answer = client.post("/decide", json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()


def split(queue: Queue, *answers: dict[str, Any]) -> None:
    """Let two others answer the one item that waits, so that somebody must settle it."""
    for number, answer in enumerate(answers):
        queue.add_reviewer(f"peer-{number}")
        held = queue.claim(f"peer-{number}")
        assert held is not None
        sent = Ruling.model_validate(ruling(held.shown_hash, idem=f"idem-of-the-peer-{number}", **answer))
        queue.submit(held.token, f"peer-{number}", sent)


# --- Nothing tells the answer ---


@pytest.mark.parametrize(("chance", "order"), [(0.9, ["The Red Sea is.", "The Baltic is."]), (0.1, None)])
def test_a_pair_stands_in_the_order_that_the_claim_says(queue: Queue, chance: float, order: list[str] | None) -> None:
    queue.enqueue([an_item(1, PAIR)])
    item = claim(visit(queue, chance))
    order = order or ["The Baltic is.", "The Red Sea is."]
    assert item["units"] == order
    assert [item["html"].index(text) for text in order] == sorted(item["html"].index(text) for text in order)


def test_the_page_of_a_pair_is_the_same_whichever_answer_is_the_better_one(tmp_path: Path, clock: Clock) -> None:
    """One sample with its answers exchanged, shown swapped, reads byte for byte as the other shown straight."""
    other = PAIR.model_copy(update={"chosen": PAIR.rejected, "rejected": PAIR.chosen})
    seen = []
    for number, (content, chance) in enumerate([(PAIR, 0.9), (other, 0.1)]):
        queue = Queue(tmp_path / f"{number}.sqlite", now=clock)
        queue.enqueue([an_item(1, content)])
        seen.append(masked(claim(visit(queue, chance))))
    assert seen[0] == seen[1]
    assert not {"chosen", "rejected", "swapped"} & set(re.findall(r"\w+", seen[0]))


def masked(item: dict[str, Any]) -> str:
    """What the browser gets, without what is drawn anew for each claim."""
    return json.dumps(item | {"token": "", "item": "", "shown_hash": "", "seconds": 0}, ensure_ascii=False)


@pytest.mark.parametrize("content", [PAIR, PROOF, COURSE, TALK], ids=lambda content: content.kind)
def test_gold_cannot_be_told_from_other_items(tmp_path: Path, clock: Clock, content: Content) -> None:
    verdict = {"preference": "chosen", "reasoning": "correct"}.get(content.kind, "success")
    seen = []
    for source in ("border", "audit", "gold"):
        queue = Queue(tmp_path / f"{source}.sqlite", now=clock)
        if source == "gold":
            known = Gold(item=an_item(1, content), answer=Answer(verdict=verdict), explanation="SECRET")
            Management(queue.path, now=clock).add_gold([known])
            queue.enqueue([an_item(2, content.model_copy(), recipe="sums", prio=1.0)])
        else:
            queue.enqueue([an_item(1, content, source=source)])
        client = visit(queue, 0.0 if source == "gold" else 0.1)
        seen.append(masked(claim(client)))
    assert seen[0] == seen[1] == seen[2]
    assert "SECRET" not in seen[2]


@pytest.mark.parametrize("content", [PAIR, PROOF, COURSE], ids=lambda content: content.kind)
def test_a_peers_answer_changes_nothing_that_a_reviewer_sees(tmp_path: Path, clock: Clock, content: Content) -> None:
    given = {
        "preference": {"verdict": "tie", "note": "PEER"},
        "reasoning": {"verdict": "give_up", "note": "PEER"},
    }.get(content.kind, {"verdict": "cannot_tell", "note": "PEER"})
    seen = []
    for peers in (0, 1):
        queue = Queue(tmp_path / f"{peers}.sqlite", now=clock, chance=lambda: 0.9)
        queue.enqueue([an_item(1, content, need=2)])
        split(queue, *[given] * peers)
        seen.append(
            masked(claim(visit(queue, 0.1)))
        )  # a pair second answer first, as whoever comes after a peer has it
    assert seen[0] == seen[1]
    assert "PEER" not in seen[1]


@pytest.mark.parametrize("chance", [0.9, 0.1])
def test_an_adjudicator_is_told_places_and_never_which_answer_is_the_better_one(queue: Queue, chance: float) -> None:
    queue._chance = lambda: chance
    queue.enqueue([an_item(1, PAIR, need=2)])
    split(queue, {"verdict": "a", "strength": 2}, {"verdict": "a", "strength": 1, "reasons": ["accuracy"]})
    item = claim(visit(queue), "adjudication")
    assert not {"chosen", "rejected", "peer"} & set(re.findall(r"[a-z]+", json.dumps(item)))
    praised = "The Red Sea is." if chance > 0.5 else "The Baltic is."  # what the first peer saw at the left
    place = "ab"[item["units"].index(praised)]
    assert [rival["verdict"] for rival in item["rivals"] if rival["strength"] == 2] == [place]
    assert f"{place.upper()} is much better" in item["html"]


@pytest.mark.parametrize(("chance", "order"), [(0.9, ["correct", "error"]), (0.1, ["error", "correct"])])
def test_chance_orders_the_two_reviews(queue: Queue, chance: float, order: list[str]) -> None:
    queue._chance = lambda: 0.9
    queue.enqueue([an_item(1, PROOF, need=2)])
    error = {"verdict": "error", "labels": [-1, None], "reasons": ["logic"], "note": "No."}
    split(queue, {"verdict": "correct", "labels": [1, 1]}, error)
    item = claim(visit(queue, chance), "adjudication")
    assert [rival["verdict"] for rival in item["rivals"]] == order


def test_an_answer_taken_back_comes_in_the_words_of_the_screen(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1, PAIR)])
    client = visit(queue, 0.1)
    item = claim(client)
    decide(client, item, "b", strength=1)
    clock.time += 60
    back = client.post("/undo", json={"token": item["token"]}).json()["item"]
    assert back["revises"]
    assert back["before"]["verdict"] == "b"
    assert queue.decisions()[0].verdict == "chosen"


@given(st.sampled_from(["a", "b"]), st.booleans())
def test_a_verdict_reads_on_the_screen_as_it_was_said_there(said: str, swapped: bool) -> None:
    from outcross.data.review.answers import stored

    assert spoken(Answer(verdict=stored(said, swapped), strength=1), swapped).verdict == said


# --- Where things stand ---


def laid(content: Content, **more: Any) -> Any:
    return screen(an_item(1, content).shown, **more)


def test_a_long_result_is_cut_at_a_line_and_loses_nothing() -> None:
    text = "\n".join(f"row {number}" for number in range(4_000))
    acts = laid(Trajectory(turns=(*COURSE.turns[:2], Action(role="tool", text=text, answers="c1")))).acts
    start, rest = acts[2].said.text, acts[2].more.text
    assert start + rest == text
    assert len(start) <= CAP
    assert start.endswith("\n")
    assert acts[2].heading == "Result of weather"


def test_a_result_without_line_ends_is_cut_all_the_same() -> None:
    acts = laid(Trajectory(turns=(COURSE.turns[0], Action(role="tool", text="x" * (CAP + 5))))).acts
    assert (len(acts[1].said.text), len(acts[1].more.text)) == (CAP, 5)
    assert acts[1].heading == "Result of an unknown call"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.lists(VALUES) | st.dictionaries(st.text(), VALUES), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_laying_arguments_out_moves_space_alone(value: object, ascii_only: bool, indent: Any) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    pretty = laid_out(text)
    assert pretty is not None
    assert json.loads(pretty) == value
    assert pretty == laid_out(pretty)


def test_laying_arguments_out_keeps_digits_escapes_and_keys_that_come_twice() -> None:
    assert laid_out('{"n":1.50e3,"n":10000000000000000000001,"s":"\\u00e9 {,}"}') == (
        '{\n  "n": 1.50e3,\n  "n": 10000000000000000000001,\n  "s": "\\u00e9 {,}"\n}'
    )


@pytest.mark.parametrize("text", ["", "weather(city)", '{"a": NaN}', '{"a":1', "[" * 100_000, '"a string"', "7"])
def test_what_is_no_json_object_is_left_as_it_is(text: str) -> None:
    assert laid_out(text) is None


def test_deep_arguments_do_not_blow_up() -> None:
    text = "[" * 500 + ",".join("1" * 50_000) + "]" * 500
    assert len(laid_out(text) or "") < 30 * len(text)


# --- Where two reviewers part ---


@pytest.mark.parametrize(
    ("content", "answer", "name"),
    [
        (PROOF, Answer(verdict="error", labels=(1, -1), edit="So it is 6 · 7 = 42."), "Step 2"),
        (COURSE, Answer(verdict="fail", labels=(None, 1, None, -1), edit="No, it is dry today."), "Turn 4"),
        (PAIR, Answer(verdict="both_bad", edit="The Baltic is not."), "B"),
    ],
)
def test_a_correction_is_set_against_what_it_corrects(content: Content, answer: Answer, name: str) -> None:
    rival = rivalry(content, [answer, Answer(verdict="tie")], swapped=False)[0]
    assert rival.changes == name
    assert rival.change is not None
    assert "".join(piece.text for piece in rival.change.pieces if piece.op != "out") == answer.edit


def test_labels_that_differ_are_marked_on_both_sides() -> None:
    one, other = Answer(verdict="error", labels=(1, -1)), Answer(verdict="correct", labels=(1, 1))
    assert [rival.labels for rival in rivalry(PROOF, [one, other], swapped=False)] == [
        ((1, False), (-1, True)),
        ((1, False), (1, True)),
    ]


def test_labels_set_against_none_all_differ() -> None:
    one, other = Answer(verdict="correct", labels=(1, 0)), Answer(verdict="bad_problem", note="odd")
    assert [rival.labels for rival in rivalry(PROOF, [one, other], swapped=False)] == [((1, True), (0, True)), ()]


# --- What is said afterwards ---


@pytest.fixture
def train(queue: Queue, clock: Clock) -> Callable[..., str]:
    """Answers so many training items, and returns what is said after the last."""

    def answer(answers: list[str], content: Content = PROOF, known: str = "correct", **more: Any) -> str:
        entries = [
            Gold(
                item=an_item(number, content, skill=f"{content.kind}:en", sample_id=f"{number:064x}"),
                answer=Answer(verdict=known, labels=more.pop("labels", ())),
                explanation="Because <b>it</b> is so.",
                training=True,
            )
            for number in range(len(answers))
        ]
        Management(queue.path, now=clock).add_gold(entries)
        client = visit(queue, 0.1)
        said = ""
        for number, verdict in enumerate(answers):
            facts: dict[str, object] = {"labels": [1, 1]} if verdict == "correct" else {}
            facts = {"note": "unclear"} if verdict == "give_up" else facts
            facts = {"strength": 1} if verdict in ("a", "b") else facts
            item = claim(client, "training")
            said = decide(client, item, verdict, idem=f"idem-of-training-{number}", **facts)["feedback"]
        return " ".join(said.split())

    return answer


def test_feedback_says_right_or_wrong_and_why(train: Callable[..., str]) -> None:
    said = train(["give_up"])
    assert "Not the known answer" in said
    assert "Given up" in said
    assert "<strong>No step is bad</strong>" in said
    assert "Because &lt;b&gt;it&lt;/b&gt; is so." in said
    assert "1 of 20 answered, 0 right. To qualify takes 16 right of 20." in said


def test_feedback_names_the_known_answer_of_a_pair_by_its_place(train: Callable[..., str]) -> None:
    said = train(["a"], PAIR, "chosen")
    assert "<dd>A is better</dd>" in said
    assert "<strong>B is better</strong>" in said, "the pair was shown the other way round"
    assert "chosen" not in said


def test_feedback_says_when_the_reviewer_has_qualified(train: Callable[..., str]) -> None:
    assert "<strong>You have qualified</strong> with 17 of 20 right" in train(["correct"] * 17 + ["give_up"] * 3)


def test_feedback_says_when_an_attempt_is_over(train: Callable[..., str]) -> None:
    said = train(["give_up"] * 5 + ["correct"] * 15)
    assert "with 15 of 20 right; 16 were needed" in said
    assert "in 24 hours" in said


def test_the_second_look_says_what_the_validators_thought(queue: Queue) -> None:
    hint = {"score": 0.41, "reasons": ["too <short>"], "signals": {"length": 0.2, "judge": 0.9}}
    queue.enqueue([an_item(1, PROOF, hint=json.dumps(hint))])
    client = visit(queue)
    item = claim(client)
    assert "0.41" not in json.dumps(item)
    look = " ".join(decide(client, item, "correct", labels=[1, 0])["look"].split())
    for said in ("No step is bad", "<strong>0.41</strong> of 1", "too &lt;short&gt;", "length", "0.20", "judge"):
        assert said in look
