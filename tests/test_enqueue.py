"""What goes before experts: the same draw after every crash, the recipe's own terms, and nothing that says why."""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from outcross.data.recipe import Recipe
from outcross.data.review.items import Item
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.stores import screening, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import ReviewError
from outcross.tasks import review
from outcross.tasks.imports import import_drafts
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from outcross.validators.rule import INFORMS
from tests import make

SHARE = 0.3


WHOLE = "It looks for value {0} and finds it at place {1}."
SHORTER = ("Place {1}.", "It looks for value {0} here.", WHOLE)


def drafted(home: Home, count: int = 60, answers: Sequence[str] = (WHOLE,), **rules: object) -> Recipe:
    """A recipe with imported drafts that nobody has judged yet."""
    home.root.mkdir(exist_ok=True)
    (home.root / "audit.key").write_bytes(b"k" * 32)
    recipe = make.recipe(home, home.root / "people.jsonl", stratum="")
    recipe = recipe.model_copy(update={"review": recipe.review.model_copy(update={"audit_share": SHARE, **rules})})
    vault.add(home, "mine", [("mixture", make.human("It adds two numbers and returns what they make."))])
    rows = [
        {"question": f"Where is value {n}?", "answer": answers[n % len(answers)].format(n, n * 7)} for n in range(count)
    ]
    import_drafts(home, recipe, make.write_jsonl(home.root / "theirs.jsonl", rows), "their-model")
    return recipe


def facts(home: Home) -> list[tuple[object, ...]]:
    """Of each item all that its drawing decided."""
    frame = Records(home.queue).frames().items
    return sorted(frame.select("sample_id", "source", "incl_prob", "need", "skill", "score").rows())


class Crashed(Exception):
    """The process is gone."""


def screen_and_enqueue(home: Home, recipe: Recipe) -> int:
    screen(home, recipe, unjudged(home, recipe))
    return review.enqueue(home, recipe)


def crashing(function: Callable[..., object], *, late: bool, calls: int) -> Callable[..., object]:
    """The function, whose n-th call crashes before it has done anything, or after it has done all."""
    left = [calls]

    def crash(*words: object, **more: object) -> object:
        left[0] -= 1
        if left[0]:
            return function(*words, **more)
        if late:
            function(*words, **more)
        raise Crashed

    return crash


STEPS: list[tuple[object, str, int]] = [
    (screening, "add_signals", 3),
    (screening, "add_verdicts", 1),
    (screening, "raise_chances", 1),
    (screening, "signals", 1),
    (Management, "set_policy", 1),
    (warehouse, "samples", 2),
    (Queue, "enqueue", 1),
    (Queue, "enqueue", 3),
]


@pytest.mark.parametrize("late", [False, True])
def test_however_often_it_crashes_the_same_audits_are_drawn_with_the_same_need(home, tmp_path, monkeypatch, late):
    unbroken = Home(tmp_path / "unbroken")
    monkeypatch.setattr(review, "PART", 5)
    screen_and_enqueue(unbroken, drafted(unbroken, overlap_share=SHARE))
    recipe = drafted(home, overlap_share=SHARE)
    for owner, name, calls in STEPS:
        with monkeypatch.context() as broken:
            broken.setattr(owner, name, crashing(getattr(owner, name), late=late, calls=calls))
            with pytest.raises(Crashed):
                screen_and_enqueue(home, recipe)
    screen_and_enqueue(home, recipe)
    assert facts(home) == facts(unbroken)
    assert len(facts(home)) > 10
    assert {row[2] for row in facts(home)} == {SHARE}
    assert {row[3] for row in facts(home)} == {1, 2}
    assert review.enqueue(home, recipe) == 0
    Queue(home.queue).verify()


def scarce(home: Home) -> Recipe:
    """A recipe whose drafts are rejected, borderline and accepted, a third each, and whose experts have little time."""
    recipe = drafted(home, 120, SHORTER, reject_audit_share=SHARE, budget_minutes=4.0, explore_share=0.25)
    return recipe.model_copy(update={"screen": {"length": {"minimum": 4, "target": 11}}})


@pytest.mark.parametrize("late", [False, True])
def test_however_often_it_crashes_a_budget_draws_the_same_drafts_with_the_same_probabilities(
    home, tmp_path, monkeypatch, late
):
    unbroken = Home(tmp_path / "unbroken")
    monkeypatch.setattr(review, "PART", 10)
    screen_and_enqueue(unbroken, scarce(unbroken))
    recipe = scarce(home)
    for owner, name, calls in STEPS[1:]:
        with monkeypatch.context() as broken:
            broken.setattr(owner, name, crashing(getattr(owner, name), late=late, calls=calls))
            with pytest.raises(Crashed):
                screen_and_enqueue(home, recipe)
    screen_and_enqueue(home, recipe)
    assert facts(home) == facts(unbroken)
    drawn: dict[object, set[object]] = {}
    for _, source, chance, *_ in facts(home):
        drawn.setdefault(source, set()).add(chance)
    assert drawn.keys() == {"audit", "reject_audit", "border", "explore"}
    assert drawn["audit"] == drawn["reject_audit"] == {SHARE}
    assert all(0.25 <= chance < 1 for chance in drawn["border"] | drawn["explore"])
    assert review.enqueue(home, recipe, {"mine": 9.0}) == 0, "whatever strata have come to be worth meanwhile"


def test_a_process_killed_while_it_enqueues_leaves_whole_parts_and_the_next_one_adds_the_rest(home):
    recipe = drafted(home)
    screen(home, recipe, unjudged(home, recipe))
    lines = [
        "import os, signal, sys",
        "from pathlib import Path",
        "from outcross.data import recipe as recipes",
        "from outcross.data.review.queue import Queue",
        "from outcross.data.stores.home import Home",
        "from outcross.tasks import review",
        f"home = Home(Path({str(home.root)!r}))",
        "recipe = recipes.load(home, 'mine')",
        "review.PART = 5",
        "insert, seen = review.Queue.enqueue, []",
        "def counted(self, items):",
        "    for item in items:",
        "        seen.append(item)",
        "        if len(seen) == 8:",
        "            os.kill(os.getpid(), signal.SIGKILL)",
        "        yield item",
        "review.Queue.enqueue = lambda self, items: insert(self, counted(self, items))",
        "review.enqueue(home, recipe)",
    ]
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=Path(__file__).parents[1], check=False)
    assert done.returncode == -9
    assert len(facts(home)) == 5
    review.enqueue(home, recipe)
    drawn = screening.verdicts(home, "mine", Screen.of(recipe).ruleset).filter(audited=True)["sample_id"]
    assert {row[0] for row in facts(home)} == set(drawn)


def test_nothing_that_a_reviewer_sees_tells_an_audit_from_a_doubtful_draft(home):
    recipe = drafted(home, 3, audit_share=1.0)
    screen_and_enqueue(home, recipe)
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    claim = queue.claim("ada")
    assert claim is not None
    assert "audit" not in claim.model_dump_json()
    (sample,) = warehouse.samples(home, "mine", [facts(home)[0][0]]).values()
    border, audit = (Item.of(sample, recipe="mine", source=source, incl_prob=1.0) for source in ("border", "audit"))
    assert (border.payload_hash, border.prio) == (audit.payload_hash, audit.prio)


def test_an_item_carries_the_recipes_terms(home):
    recipe = drafted(home, 5, audit_share=1.0, reviewers=3, qualify=True, language="de", second_look=True)
    screen_and_enqueue(home, recipe)
    with Queue(home.queue)._connected() as connection:
        rows = connection.execute("SELECT need, skill, score, hint FROM item").fetchall()
    assert {(row["need"], row["skill"]) for row in rows} == {(3, "instruction:de")}
    hint = json.loads(rows[0]["hint"])
    assert hint.keys() == {"score", "reasons", "signals"}
    made = Screen.of(recipe)
    decisive = [score for name, score in hint["signals"].items() if made.rules[name] != INFORMS]
    assert min(decisive) == hint["score"] == rows[0]["score"]
    assert hint["signals"].keys() == {one.name for one in made.validators}


def test_without_a_second_look_nothing_is_kept_to_be_shown(home):
    recipe = drafted(home, 3, audit_share=1.0)
    screen_and_enqueue(home, recipe)
    with Queue(home.queue)._connected() as connection:
        assert {row[0] for row in connection.execute("SELECT hint FROM item")} == {None}


def test_the_guideline_is_in_force_before_anybody_decides_and_an_earlier_one_is_refused(home):
    recipe = drafted(home, 3, audit_share=1.0, guideline="Be fair.", guideline_version="2.1")
    screen_and_enqueue(home, recipe)
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    claim = queue.claim("ada")
    assert claim is not None
    assert (claim.policy.guideline, claim.policy.version) == ("Be fair.", "2.1")
    head = queue.verify()
    review.enqueue(home, recipe)
    assert queue.verify() == head, "the same rules again are no event"
    back = recipe.model_copy(update={"review": recipe.review.model_copy(update={"guideline_version": "2.0"})})
    with pytest.raises(ReviewError, match=r"at version 2\.1, and 2\.0 is an earlier one"):
        review.enqueue(home, back)
