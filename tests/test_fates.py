"""What an expert's answer makes of a draft, for every kind: in the warehouse, in a release, and in its proof."""

import json
import re
import sqlite3
from pathlib import Path

import duckdb
import pytest

import outcross
from outcross.data.recipe import Recipe
from outcross.data.release.verify import verify
from outcross.data.review.judgements import Records
from outcross.data.samples import CONTENT, Content, Origin, Sample
from outcross.data.stores import decisions, vault, warehouse
from outcross.data.stores.home import Home
from outcross.review.outcomes import outcomes
from outcross.tasks import review
from outcross.tasks.release import release
from tests import judging, make, released

DOCS = (Path(__file__).parents[1] / "docs" / "review.md").read_text(encoding="utf-8")

PAIR = {"kind": "preference", "prompt": "Why is it dark?", "chosen": "The sun set.", "rejected": "It is magic."}
PROOF = {
    "kind": "reasoning",
    "problem": "What is 3 + 4 + 5?",
    "steps": [f"Step {n} adds a number." for n in range(7)],
    "answer": "12",
}
TALK = {
    "kind": "conversation",
    "turns": [
        {"role": "user", "text": "Good morning."},
        {"role": "assistant", "text": "Hello there."},
        {"role": "user", "text": "Where is the station?"},
        {"role": "assistant", "text": "It is nowhere."},
        {"role": "user", "text": "Thank you."},
    ],
}
OPENED = {"kind": "conversation", "turns": [TALK["turns"][1], TALK["turns"][0]]}
CALL = {"call_id": "c1", "tool": "search", "arguments": '{"q": 1}'}
TRIP = {
    "kind": "trajectory",
    "turns": [
        {"role": "user", "text": "Find it."},
        {"role": "assistant", "text": "I search.", "calls": [CALL]},
        {"role": "tool", "text": "nothing", "answers": "c1"},
        {"role": "assistant", "text": "It is gone."},
    ],
}
TASK = {"kind": "instruction", "instruction": "What does it do?", "response": "It joins texts."}
PLAIN = {"kind": "text", "text": "Rain fell on the town."}

FIRST_BAD = [1, 1, -1, None, None, None, None]
PER_STEP = [1, 0, -1, 1, 0, 1, 1]
WRONG = {"reasons": ["logic"], "note": "It doesn't follow."}
BAD_TURN = [None, 1, None, -1, None]
BAD_CALL = [None, -1, None, None]


def queued(home: Home, content: dict, **changes: object) -> tuple[Recipe, Sample]:
    """A recipe of the content's kind with people's rows and one borderline draft before experts."""
    recipe = make.recipe(home, home.root / "mine.jsonl", name="mine")
    rules = recipe.review.model_copy(update={"reviewers": 1, "overlap_share": 0.0, **changes})
    mixture = {**recipe.mixture, "human_floor": 0.25}
    recipe = recipe.model_copy(update={"kind": content["kind"], "review": rules, "mixture": mixture})
    of_people = [
        make.human().model_copy(update={"content": CONTENT.validate_python(_other(content, n))}) for n in range(4)
    ]
    vault.add(home, "mine", [("mixture", one) for one in of_people])
    draft = make.imported(CONTENT.validate_python(content))
    released.drafted(home, recipe, [draft], "borderline")
    assert review.enqueue(home, recipe) == 1
    return recipe, draft


def _other(content: dict, number: int) -> dict:
    """The same with other words, as a person's row."""
    first = next(name for name in ("instruction", "prompt", "problem", "text", "turns") if name in content)
    if first != "turns":
        return {**content, first: f"A person's own words, number {number}."}
    return {**content, "turns": [{"role": "user", "text": f"Number {number}."}, *content["turns"][1:]]}


def accepted(home: Home) -> list[bool]:
    """Of each settled item whether the statistics, and the query in their docs, count it as one that made a row."""
    connection = sqlite3.connect(f"{home.queue.as_uri()}?mode=ro", uri=True)
    for query in re.findall(r"^```sql\n(CREATE.*?)^```$", DOCS, re.M | re.S):
        connection.execute(query)
    documented = [bool(kept) for (kept,) in connection.execute("SELECT kept FROM outcome")]
    connection.close()
    assert documented == outcomes(Records(home.queue).frames())["kept"].to_list()
    return documented


EDITS: list[tuple[dict, dict, dict]] = [
    (TASK, {"verdict": "edit", "edit": "It joins two texts."}, {"response": "It joins two texts."}),
    (PLAIN, {"verdict": "edit", "edit": "Rain fell."}, {"text": "Rain fell."}),
    (PAIR, {"verdict": "b", "strength": 2}, {"chosen": "It is magic.", "rejected": "The sun set."}),
    (PAIR, {"verdict": "both_bad", "edit": "Night fell."}, {"chosen": "Night fell.", "rejected": "The sun set."}),
    (PROOF, {"verdict": "correct", "labels": [1] * 7}, {"labels": (1,) * 7}),
    (PROOF, {"verdict": "error", "labels": FIRST_BAD, **WRONG}, {"labels": tuple(FIRST_BAD)}),
    (
        TALK,
        {"verdict": "partial", "labels": BAD_TURN, "edit": "It is left of the church."},
        {"turns": [*TALK["turns"][:3], {"role": "assistant", "text": "It is left of the church."}]},
    ),
    (
        TRIP,
        {"verdict": "fail", "labels": BAD_CALL, "edit": "Which one do you mean?"},
        {"turns": [TRIP["turns"][0], {"role": "assistant", "text": "Which one do you mean?"}]},
    ),
]


@pytest.mark.parametrize(("content", "said", "change"), EDITS)
def test_an_answer_that_changes_a_draft_makes_a_hybrid_that_a_release_proves(home, content, said, change):
    recipe, draft = queued(home, content)
    queue = judging.sit_down(home, "ada")
    judging.answer(queue, "ada", lambda _: said)
    assert review.collect(home) == 1
    (row,) = decisions.settled(home, "mine").rows()
    expected: Content = CONTENT.validate_python({**content, **change})
    made = warehouse.samples(home, "mine", [row[2]])[row[2]]
    assert row[:2] == (draft.sample_id, "edit")
    assert accepted(home) == [True]
    assert made.content == expected
    assert (made.provenance.origin, made.provenance.editor) == (Origin.HYBRID, "ada")
    assert made.provenance.parents == (draft.as_parent,)
    published = release(home, recipe)
    frame = outcross.read("mine", home=home.root)
    assert frame.filter(klass="hybrid")["sample_id"].to_list() == [made.sample_id]
    assert verify(home, published).rows == frame.height
    assert review.collect(home) == 0
    assert release(home, recipe) == published


@pytest.mark.parametrize(
    ("content", "said", "fate"),
    [
        (TASK, {"verdict": "approve"}, "approve"),
        (TASK, {"verdict": "reject", "reasons": ["unsafe"]}, "reject"),
        (PAIR, {"verdict": "a", "strength": 1}, "approve"),
        (PAIR, {"verdict": "tie"}, "reject"),
        (PAIR, {"verdict": "both_bad"}, "reject"),
        (PROOF, {"verdict": "bad_problem", "note": "It has no question."}, "reject"),
        (TALK, {"verdict": "success"}, "approve"),
        (TALK, {"verdict": "fail", "labels": BAD_TURN}, "reject"),
        (TRIP, {"verdict": "partial", "labels": BAD_CALL}, "reject"),
        (OPENED, {"verdict": "partial", "labels": [-1, None], "edit": "Good day."}, "reject"),
    ],
)
def test_an_answer_that_changes_nothing_lets_the_draft_in_or_keeps_it_out(home, content, said, fate):
    recipe, draft = queued(home, content)
    judging.answer(judging.sit_down(home, "ada"), "ada", lambda _: said)
    review.collect(home)
    assert decisions.settled(home, "mine").rows() == [(draft.sample_id, fate, None)]
    assert accepted(home) == [fate == "approve"]
    verify(home, release(home, recipe))
    classes = outcross.read("mine", home=home.root)["klass"].to_list()
    assert classes.count("reviewed") == (fate == "approve")
    assert set(classes) <= {"human", "reviewed"}


def test_a_step_after_the_first_bad_one_stays_without_a_label_and_a_neutral_one_is_never_null(home):
    recipe, _ = queued(home, PROOF, steps="per_step")
    judging.answer(judging.sit_down(home, "ada"), "ada", lambda _: {"verdict": "error", "labels": PER_STEP, **WRONG})
    review.collect(home)
    verify(home, release(home, recipe))
    frame = outcross.read("mine", home=home.root)
    assert frame.filter(klass="hybrid")["labels"].to_list() == [PER_STEP]


def test_the_answer_in_its_own_words_lies_beside_the_fate(home):
    queued(home, PROOF)
    said = {"verdict": "error", "labels": FIRST_BAD, "edit": "Step 2 adds five.", **WRONG}
    judging.answer(judging.sit_down(home, "ada"), "ada", lambda _: said)
    review.collect(home)
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        answer, stage = connection.execute("SELECT answer, stage FROM decision").fetchone()
    held = json.loads(answer)
    assert stage == "review"
    assert {key: held[key] for key in ("verdict", "labels", "edit", "note", "guideline")} == {
        "verdict": "error",
        "labels": FIRST_BAD,
        "edit": "Step 2 adds five.",
        "note": "It doesn't follow.",
        "guideline": "1.0",
    }
