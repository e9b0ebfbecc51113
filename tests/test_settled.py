"""Which word counts, and what waits: several people, their second thoughts, an adjudicator, and who couldn't tell."""

from pathlib import Path

import pytest

from outcross.data.recipe import Recipe
from outcross.data.review.answers import Adjudication, Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Item
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import CONTENT
from outcross.data.stores import decisions, vault
from outcross.data.stores.home import Home
from outcross.tasks import review
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.release import release
from tests import judging, make, released, review_items
from tests.test_fates import FIRST_BAD, PROOF, TASK, WRONG, queued

OK = {"verdict": "approve"}
NO = {"verdict": "reject", "reasons": ["inaccurate"]}
RIGHT = {"verdict": "correct", "labels": [1] * 7}
WRONG_STEP = {"verdict": "error", "labels": FIRST_BAD, **WRONG}
GIVEN_UP = {"verdict": "give_up", "note": "I can't follow it."}


def settled(home: Home) -> list[str]:
    """The fate of each draft that has one, once all that is ready is collected."""
    review.collect(home)
    return decisions.settled(home, "mine")["verdict"].to_list()


def revised(queue: Queue, name: str, said: dict[str, object]) -> None:
    """Say something else of the item that they decided."""
    ((token, shown),) = review_items.sql(
        queue, "SELECT token, payload_hash FROM claim JOIN item ON item.id = item WHERE reviewer = ?", name
    )
    ruling = {**said, "revises": True, "idem": "a-later-ruling-1", "shown_hash": shown}
    queue.submit(str(token), name, Ruling.model_validate(ruling))


def test_one_of_two_people_settles_nothing(home):
    queued(home, TASK, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob")
    judging.answer(queue, "ada", lambda _: OK)
    assert settled(home) == []
    judging.answer(queue, "bob", lambda _: OK)
    assert settled(home) == ["approve"]


@pytest.mark.parametrize(("takes", "fate"), [("a", "approve"), ("b", "reject")])
def test_an_adjudicators_word_stands_over_those_who_differed(home, takes, fate):
    queued(home, TASK, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob", adjudicator="eve")
    judging.answer(queue, "ada", lambda _: OK)
    judging.answer(queue, "bob", lambda _: NO)
    assert settled(home) == []
    claim = queue.claim("eve", desk="adjudication")
    assert claim is not None
    order = [rival.verdict for rival in claim.rivals]
    place = "ab"[order.index("approve" if takes == "a" else "reject")]
    said = {"verdict": "approve", "adjudication": Adjudication(takes=place, cause="reviewer_error")}
    judging.rule(queue, claim, "eve", said)
    assert settled(home) == [fate]


def test_a_reviewers_word_of_a_later_moment_does_not_undo_an_adjudication(home):
    _, draft = queued(home, TASK, reviewers=2)
    for seq, (name, verdict, stage) in enumerate([("eve", "reject", "adjudication"), ("ada", "approve", "review")]):
        released.decide(
            home, draft, verdict, seq=seq, reviewer=name, stage=stage, reviewed_at=f"2026-01-0{seq + 1}T00:00Z"
        )
    assert settled(home) == ["reject"]


def test_who_could_not_tell_does_not_outweigh_who_could(home):
    queued(home, PROOF, reviewers=1)
    queue = judging.sit_down(home, "ada", "bob")
    judging.answer(queue, "ada", lambda _: GIVEN_UP)
    assert settled(home) == []
    judging.answer(queue, "bob", lambda _: RIGHT)
    assert settled(home) == ["edit"]
    # Whichever came last: the one who gave up does so again, later.
    revised(queue, "ada", {**GIVEN_UP, "note": "Still not."})
    assert settled(home) == ["edit"]


def test_second_thoughts_replace_the_first_ones_also_where_the_first_were_collected(home):
    queued(home, TASK)
    queue = judging.sit_down(home, "ada")
    judging.answer(queue, "ada", lambda _: OK)
    assert settled(home) == ["approve"]
    revised(queue, "ada", NO)
    assert settled(home) == ["reject"]


def test_a_draft_whose_approval_is_disputed_again_waits_though_it_was_collected(home):
    recipe, draft = queued(home, TASK, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob")
    for name in ("ada", "bob"):
        judging.answer(queue, name, lambda _: OK)
    assert settled(home) == ["approve"]
    assert draft.sample_id in candidates(home, recipe).rows
    revised(queue, "ada", NO)
    assert candidates(home, recipe).kept_out[draft.sample_id] == review.DOUBTED


@pytest.fixture
def audited(home: Home) -> tuple[Home, Recipe, str]:
    """An accepted draft that one person is to audit."""
    recipe = make.recipe(home, Path("mine.jsonl"))
    recipe = recipe.model_copy(update={"review": recipe.review.model_copy(update={"overlap_share": 0.0})})
    vault.add(home, "mine", [("mixture", make.human(f"It adds {n}.")) for n in range(8)])
    draft = make.imported(make.human("It joins two texts.").content)
    released.drafted(home, recipe, [draft], "accepted", audited=True)
    review.enqueue(home, recipe)
    return home, recipe, draft.sample_id


def test_an_audited_draft_that_nobody_has_decided_stands_as_it_would_without_the_audit(audited):
    home, recipe, draft = audited
    found = candidates(home, recipe)
    assert draft in found.rows
    assert draft not in found.reviewed
    left_out = {entry["reason"]: entry["rows"] for entry in release(home, recipe).manifest()["left_out"]}
    unproven = "weight 0: no audit bounds the errors of rows accepted without a person in its stratum"
    assert left_out[unproven] == 1, "until some audit is decided, nothing that nobody read weighs anything"


@pytest.mark.parametrize(
    ("reason", "waits"),
    [("unsafe", True), ("broken_item", True), ("cannot_judge", False), ("conflict_of_interest", False)],
)
def test_an_audited_draft_that_somebody_skipped_as_unsafe_waits_until_somebody_else_decides(audited, reason, waits):
    home, recipe, draft = audited
    queue = judging.sit_down(home, "ada", "bob")
    queue.skip(review_items.taken(queue).token, "ada", reason)
    assert (draft in candidates(home, recipe).rows) is not waits
    if waits:
        made = release(home, recipe)
        assert {"reason": review.SKIPPED, "rows": 1} in made.manifest()["left_out"]
    judging.answer(queue, "bob", lambda _: OK)
    review.collect(home)
    found = candidates(home, recipe)
    assert draft in found.rows
    assert draft in found.reviewed


@pytest.mark.parametrize(
    ("first", "second", "reason"),
    [(GIVEN_UP, None, review.UNSURE), (GIVEN_UP, WRONG_STEP, review.DOUBTED), (WRONG_STEP, None, review.DOUBTED)],
)
def test_a_draft_that_waits_says_whether_somebody_found_fault_or_could_not_tell(home, first, second, reason):
    recipe, draft = queued(home, PROOF, reviewers=2)
    queue = judging.sit_down(home, "ada", "bob")
    judging.answer(queue, "ada", lambda _: first)
    if second:
        judging.answer(queue, "bob", lambda _: second)
    assert review.doubted(home, recipe) == {draft.sample_id: reason}


def test_a_draft_that_waits_for_another_who_finds_it_good_is_not_doubted(home):
    recipe, _ = queued(home, PROOF, reviewers=2)
    judging.answer(judging.sit_down(home, "ada"), "ada", lambda _: RIGHT)
    assert review.doubted(home, recipe) == {}


def test_answers_to_known_items_are_no_decisions_on_drafts(home):
    recipe, _ = queued(home, PROOF)
    known = make.imported(CONTENT.validate_python({**PROOF, "problem": "Known?"}))
    item = Item.of(known, recipe="mine", source="gold", incl_prob=1.0)
    error = Answer(verdict="error", labels=tuple(FIRST_BAD))
    Management(home.queue).add_gold([Gold(item=item, answer=error, explanation="Step 3.", training=False)])
    queue = judging.sit_down(home, "ada")
    queue._chance = lambda: 0.0  # so that gold comes first
    assert judging.answer(queue, "ada", lambda _: {"verdict": "error", "labels": FIRST_BAD, **WRONG}) != []
    assert len(queue.decisions()) == 2
    assert review.doubted(home, recipe) == {}, "nobody waits for a known item"
    assert review.collect(home) == 1
    assert known.sample_id not in candidates(home, recipe).rows
