"""Known answers measure reviewers without their knowing, train them with feedback, and open skills."""

import json
import sqlite3
from pathlib import Path

import polars as pl
import pytest

from outcross.data.review import gold
from outcross.data.review.answers import Answer
from outcross.data.review.claims import LEASE
from outcross.data.review.gold import Gold
from outcross.data.review.items import Desk, Policy
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Preference, Reasoning
from outcross.errors import ClaimLost, ReviewError, VerificationFailed
from tests.review_items import Clock, a_gold, an_item, ruling, sql, taken

SKILL = "instruction:en"

CLAIM = (
    "INSERT INTO claim (item, slot, reviewer, token, taken, expires, state) SELECT id, 0, 'ada', 't', 0, 9e9, 'open'"
)


@pytest.fixture
def queue(tmp_path: Path, clock: Clock) -> Queue:
    """A queue that gives gold wherever there is some."""
    queue = Queue(tmp_path / "review.sqlite", now=clock, chance=lambda: 0.0)
    queue.add_reviewer("ada")
    return queue


@pytest.fixture
def management(queue: Queue, clock: Clock) -> Management:
    return Management(queue.path, now=clock)


def answer(queue: Queue, verdict: str, reviewer: str = "ada", desk: Desk = "review") -> None:
    claim = taken(queue, reviewer, desk)
    queue.submit(claim.token, reviewer, ruling(claim, verdict))


def test_gold_takes_the_place_of_work_and_looks_like_it(queue: Queue, management: Management) -> None:
    assert management.add_gold([a_gold(number) for number in range(100, 103)]) == 3
    assert management.add_gold([a_gold(100)]) == 0
    assert queue.claim("ada") is None, "gold alone is no work"
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    assert claim.shown.content.instruction.startswith("What is 10")  # type: ignore[union-attr]
    assert (claim.stage, claim.recipe) == ("review", "sums")
    assert queue.counts().waiting == 1
    queue.submit(claim.token, "ada", ruling(claim, "reject"))
    (row,) = queue.decisions()
    assert (row.source, row.correct, row.settled) == ("gold", True, False)


def test_each_gold_item_is_shown_once_to_each_reviewer(queue: Queue, management: Management) -> None:
    queue.add_reviewer("grace")
    management.add_gold([a_gold(100)])
    queue.enqueue([an_item(1), an_item(2)])
    for name in ("ada", "grace"):
        answer(queue, "approve", name)
        answer(queue, "approve", name)
    assert [row.source for row in queue.decisions()] == ["gold", "border"] * 2


def test_a_tenth_of_the_work_is_gold_and_a_fifth_at_first(tmp_path: Path, clock: Clock) -> None:
    asked = []
    queue = Queue(tmp_path / "review.sqlite", now=clock, chance=lambda: asked.append(1) or 0.15)
    queue.add_reviewer("ada")
    Management(queue.path, now=clock).add_gold([a_gold(number) for number in range(1000, 1100)])
    queue.enqueue([an_item(number) for number in range(60)])
    for _ in range(60):
        answer(queue, "reject")
    sources = [row.source for row in queue.decisions()]
    assert sources[: gold.FIRST] == ["gold"] * gold.FIRST
    assert sources[gold.FIRST :] == ["border"] * 10


def test_training_shortens_nobodys_first_items(tmp_path: Path, clock: Clock) -> None:
    queue = Queue(tmp_path / "review.sqlite", now=clock, chance=lambda: 0.15)
    queue.add_reviewer("ada")
    management = Management.beside(queue)
    management.add_gold([a_gold(number, training=True) for number in range(100, 100 + gold.FIRST)])
    management.add_gold([a_gold(1000)])
    queue.enqueue([an_item(1)])
    for _ in range(gold.FIRST):
        answer(queue, "reject", desk="training")
    answer(queue, "reject")
    assert queue.decisions()[-1].source == "gold"


def test_a_change_of_mind_shortens_nobodys_first_items(tmp_path: Path, clock: Clock) -> None:
    queue = Queue(tmp_path / "review.sqlite", now=clock, chance=lambda: 0.15)
    queue.add_reviewer("ada")
    Management.beside(queue).add_gold([a_gold(1000)])
    queue.enqueue([an_item(1, hint="{}"), an_item(2, prio=-1)])
    claim = taken(queue)
    for number in range(gold.FIRST):
        queue.submit(claim.token, "ada", ruling(claim, idem=f"the-key-of-word-{number}", revises=number > 0))
    answer(queue, "reject")
    assert queue.decisions()[-1].source == "gold"


def test_what_was_begun_comes_before_gold(queue: Queue, management: Management, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    queue.save_draft(claim.token, "ada", 1, "half a thou")
    management.add_gold([a_gold(100)])
    clock.time += LEASE + 1
    assert taken(queue).item == claim.item


def test_gold_of_another_recipe_is_not_mixed_in(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100, recipe="other")])
    queue.enqueue([an_item(1)])
    assert taken(queue).shown.content.instruction == "What is 1 + 1?"  # type: ignore[union-attr]


def test_gold_with_nothing_to_show_takes_no_place_of_work_that_has(queue: Queue, management: Management) -> None:
    """Else the second look, which follows or doesn't, would tell gold while it can still be taken back."""
    management.add_gold([a_gold(100)])
    queue.enqueue([an_item(1, hint="{}")])
    assert taken(queue).shown.content.instruction == "What is 1 + 1?"  # type: ignore[union-attr]


@pytest.mark.parametrize(("place", "swapped"), [(0.0, True), (0.9, False)])
def test_a_pair_stands_by_lot_though_it_takes_the_place_of_another_kind(
    tmp_path: Path, clock: Clock, place: float, swapped: bool
) -> None:
    drawn = iter([0.0, place])  # gold, and where its better answer stands
    queue = Queue(tmp_path / "review.sqlite", now=clock, chance=lambda: next(drawn))
    queue.add_reviewer("ada")
    pair = Preference(prompt="Which?", chosen="This.", rejected="That.")
    known = Gold(item=an_item(100, pair), answer=Answer(verdict="chosen"), explanation="This is right.")
    Management.beside(queue).add_gold([known])
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    assert (claim.shown.content.kind, claim.swapped) == ("preference", swapped)


def test_a_reviewer_who_is_often_wrong_is_paused_until_a_manager_has_looked(
    queue: Queue, management: Management, clock: Clock
) -> None:
    management.add_gold([a_gold(number) for number in range(100, 140)])
    queue.enqueue([an_item(1)])
    for _ in range(4):  # 4 × 0.916 ≥ 2.89, 3 × 0.916 < 2.89
        answer(queue, "approve")
    with pytest.raises(ReviewError, match="paused: too many answers"):
        queue.claim("ada")
    assert queue.lease("ada", desk="training") == [], "open, only there is nothing to practise on"
    clock.time += 1
    management.reinstate("ada")
    answer(queue, "approve")
    assert taken(queue), "what was answered before counts no more"
    kinds = [row[0] for row in sql(queue, "SELECT kind FROM event")]
    assert kinds.count("reviewer_paused") == kinds.count("reviewer_reinstated") == 1
    queue.verify()


def test_a_changed_answer_to_gold_is_one_answer(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(number) for number in range(100, 140)])
    queue.enqueue([an_item(1)])
    for _ in range(3):
        claim = taken(queue)
        queue.submit(claim.token, "ada", ruling(claim))
        queue.submit(claim.token, "ada", ruling(claim, idem=f"again-{claim.token[:20]}", revises=True))
    assert taken(queue), "three wrong answers pause nobody, six would"


def test_a_pause_is_logged_once_though_decisions_follow_that_were_on_their_way(
    queue: Queue, management: Management, clock: Clock
) -> None:
    management.add_gold([a_gold(number) for number in range(100, 140)])
    queue.enqueue([an_item(1)])
    for _ in range(3):
        answer(queue, "approve")
    for claim in queue.lease("ada"):
        queue.submit(claim.token, "ada", ruling(claim), grace=10)
    clock.time += 11
    assert len(queue.decisions()) == 5
    assert sql(queue, "SELECT count(*) FROM event WHERE kind = 'reviewer_paused'") == [(1,)]


PROOF = Reasoning(problem="Why?", steps=("So.",), answer="So.")


def a_proof(number: int, *, training: bool = False, **changes: object) -> Gold:
    """A reasoning that is known to be right."""
    item = an_item(number, PROOF, **changes)
    known = Answer(verdict="correct", labels=(1,))
    return Gold(item=item, answer=known, explanation="It is so.", training=training)


def gives_up(queue: Queue, reviewer: str = "ada", desk: Desk = "review") -> None:
    claim = taken(queue, reviewer, desk)
    queue.submit(claim.token, reviewer, ruling(claim, "give_up", note="I can't."))


def test_who_cannot_tell_of_gold_is_neither_right_nor_wrong(queue: Queue, management: Management) -> None:
    management.add_gold([a_proof(number) for number in range(100, 110)])
    queue.enqueue([an_item(1)])
    for _ in range(10):
        gives_up(queue)
    assert {row.correct for row in queue.decisions()} == {None}
    assert taken(queue).shown.content != PROOF


def test_who_cannot_tell_in_training_has_not_found_the_answer(queue: Queue, management: Management) -> None:
    management.add_gold([a_proof(100, training=True, skill="reasoning:en")])
    gives_up(queue, desk="training")
    (row,) = queue.decisions()
    assert row.correct is False


def test_who_cannot_tell_where_that_is_the_known_answer_is_right(queue: Queue, management: Management) -> None:
    known = Gold(item=an_item(100, PROOF), answer=Answer(verdict="give_up"), explanation="Nobody knows.")
    management.add_gold([known])
    queue.enqueue([an_item(1)])
    gives_up(queue)
    assert queue.decisions()[0].correct


def test_gold_goes_on_though_nobody_could_tell(queue: Queue, management: Management) -> None:
    management.add_gold([a_proof(100)])
    queue.enqueue([an_item(1)])
    for name in ("ada", "grace", "linus", "margaret"):
        queue.add_reviewer(name)
        gives_up(queue, name)
    assert {row.source for row in queue.decisions()} == {"gold"}


def test_a_paused_reviewer_gets_nothing_by_any_way_but_practice(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100, training=True)])
    queue.enqueue([an_item(1)])
    management.pause("ada")
    claim = taken(queue, desk="training")
    decision = queue.submit(claim.token, "ada", ruling(claim, "reject"))
    assert decision
    assert decision.stage == "training"
    with pytest.raises(sqlite3.IntegrityError, match="paused or gone"):
        sql(queue, f"{CLAIM} FROM item")
    with pytest.raises(ReviewError, match="no reviewer"):
        management.pause("eve")


# --- Skills ---


def skilled_work(queue: Queue, management: Management, items: int = 1) -> None:
    queue.enqueue([an_item(number, skill=SKILL) for number in range(items)])
    management.add_gold([a_gold(number, training=True, skill=SKILL) for number in range(100, 145)])


def train(queue: Queue, right: int, wrong: int, reviewer: str = "ada") -> None:
    for verdict in ["reject"] * right + ["approve"] * wrong:
        answer(queue, verdict, reviewer, "training")


def test_work_that_needs_a_skill_goes_to_who_has_qualified(queue: Queue, management: Management) -> None:
    skilled_work(queue, management)
    assert queue.claim("ada") is None
    with pytest.raises(sqlite3.IntegrityError, match="lacks the skill"):
        sql(queue, f"{CLAIM} FROM item WHERE source = 'border'")
    train(queue, right=16, wrong=4)
    assert taken(queue)


def test_fifteen_of_twenty_are_too_few_and_the_next_attempt_waits_a_day(
    queue: Queue, management: Management, clock: Clock
) -> None:
    skilled_work(queue, management)
    train(queue, right=15, wrong=5)
    assert queue.claim("ada") is None
    with pytest.raises(ReviewError, match=r"15 of 20 were right, and 16 are needed.*in 24 hours"):
        queue.claim("ada", desk="training")
    clock.time += gold.LOCKED
    train(queue, right=20, wrong=0)
    assert taken(queue)


def test_what_was_fetched_ahead_of_a_failed_attempt_begins_no_other(queue: Queue, management: Management) -> None:
    skilled_work(queue, management)
    train(queue, right=0, wrong=19)
    last, ahead = queue.lease("ada", desk="training")
    queue.submit(last.token, "ada", ruling(last, "approve"))
    with pytest.raises(ClaimLost):
        queue.submit(ahead.token, "ada", ruling(ahead, "approve"))
    with pytest.raises(ReviewError, match="0 of 20 were right"):
        queue.claim("ada", desk="training")


def test_a_skill_ends_with_the_guidelines_major_version_only(queue: Queue, management: Management) -> None:
    skilled_work(queue, management, items=3)
    assert management.set_policy("sums", Policy(guideline="Be strict."))
    assert not management.set_policy("sums", Policy(guideline="Be strict."))
    train(queue, right=20, wrong=0)
    claim = taken(queue)
    management.set_policy("sums", Policy(minor=1, guideline="Be strict, and fair."))
    decision = queue.submit(claim.token, "ada", ruling(claim))
    assert decision is not None
    assert decision.guideline == "1.1"
    assert taken(queue)
    management.set_policy("sums", Policy(major=2, guideline="Be lenient."))
    queue.release(taken(queue).token, "ada")
    assert queue.claim("ada") is None


def test_an_attempt_begins_anew_with_the_guidelines_major_version(queue: Queue, management: Management) -> None:
    skilled_work(queue, management)
    train(queue, right=19, wrong=0)
    management.set_policy("sums", Policy(major=2, guideline="Be lenient."))
    claim = taken(queue, desk="training")
    queue.submit(claim.token, "ada", ruling(claim, "reject"))
    assert queue.feedback(claim.token, "ada").progress.answered == 1
    assert queue.claim("ada") is None


def test_a_manager_grants_and_revokes_skills(queue: Queue, management: Management) -> None:
    skilled_work(queue, management)
    management.grant_skill("ada", "sums", SKILL)
    queue.release(taken(queue).token, "ada")
    management.revoke_skill("ada", "sums", SKILL)
    assert queue.claim("ada") is None
    queue.verify()


def test_training_is_told_at_once_what_was_right(queue: Queue, management: Management) -> None:
    skilled_work(queue, management)
    claim = taken(queue, desk="training")
    with pytest.raises(ClaimLost):
        queue.feedback(claim.token, "ada")
    queue.submit(claim.token, "ada", ruling(claim, "approve"))
    feedback = queue.feedback(claim.token, "ada")
    assert (feedback.correct, feedback.known.verdict) == (False, "reject")
    assert feedback.explanation.startswith("It is 1")
    assert (feedback.progress.answered, feedback.progress.right, feedback.progress.passed) == (1, 0, False)


def test_work_has_no_feedback_and_no_dispute(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100)])
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    with pytest.raises(ClaimLost, match="Only training items"):
        queue.feedback(claim.token, "ada")
    with pytest.raises(ClaimLost, match="Only a training item"):
        queue.dispute(claim.token, "ada", "it is right")


def test_training_items_are_no_work_and_gold_is_no_training(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100), a_gold(101, training=True)])
    queue.enqueue([an_item(1), an_item(2)])
    assert "101" in taken(queue, desk="training").shown.model_dump_json()
    assert "100" in taken(queue).shown.model_dump_json()


def test_a_known_answer_that_two_dispute_is_retired(queue: Queue, management: Management) -> None:
    for name in ("grace", "linus"):
        queue.add_reviewer(name)
    management.add_gold([a_gold(100, training=True)])
    for name in ("ada", "grace"):
        claim = taken(queue, name, "training")
        queue.submit(claim.token, name, ruling(claim))
        with pytest.raises(ReviewError, match="1 to 2,000 characters"):
            queue.dispute(claim.token, name, " ")
        queue.dispute(claim.token, name, "it is right")
        queue.dispute(claim.token, name, "it is right")
    assert queue.claim("linus", desk="training") is None


def retirements(queue: Queue) -> list[object]:
    return [json.loads(str(body)) for (body,) in sql(queue, "SELECT body FROM event WHERE kind = 'gold_retired'")]


def test_a_retirement_by_disputes_is_logged_once(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100, training=True)])
    for name in ("ada", "grace", "linus"):
        queue.add_reviewer(name)
    claims = {name: taken(queue, name, "training") for name in ("ada", "grace", "linus")}
    for name, claim in claims.items():
        queue.submit(claim.token, name, ruling(claim))
        queue.dispute(claim.token, name, "it is right")
    assert retirements(queue) == [{"item": claims["ada"].item, "disputed": 2, "answered": 2}]
    queue.verify()


def test_gold_that_a_manager_retires_is_given_to_nobody_and_counts_for_nobody(
    queue: Queue, management: Management, clock: Clock
) -> None:
    queue.add_reviewer("grace")
    management.add_gold([a_gold(number) for number in range(100, 104)])
    queue.enqueue([an_item(1, need=9)])
    for _ in range(3):
        answer(queue, "approve")
    begun = taken(queue, "grace")
    known = [str(item) for (item,) in sql(queue, "SELECT item FROM gold")]
    assert [management.retire_gold(item, by="boss") for item in [*known, known[0]]] == [True] * 4 + [False]
    queue.submit(begun.token, "grace", ruling(begun))
    queue.add_reviewer("linus")
    for name in ("ada", "linus"):
        assert taken(queue, name).item not in known
    management.add_gold([a_gold(200)])
    clock.time += LEASE + 1
    answer(queue, "approve")
    assert taken(queue), "a fourth wrong answer would have paused her"
    frames = Records.beside(queue).frames()
    retired = frames.judgements.filter(pl.col("item").is_in(known))
    assert set(retired["truth_stance"]) == {None}
    assert frames.grades["correct"].to_list() == [False]
    assert retirements(queue) == [{"item": item, "by": "boss"} for item in known]
    queue.verify()


def test_a_draft_brings_no_retired_gold_back(queue: Queue, management: Management, clock: Clock) -> None:
    management.add_gold([a_gold(100)])
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    queue.save_draft(claim.token, "ada", 1, "half a thou")
    management.retire_gold(claim.item, by="boss")
    clock.time += LEASE + 1
    assert taken(queue).item != claim.item


def test_only_a_known_answer_can_be_retired(queue: Queue, management: Management) -> None:
    queue.enqueue([an_item(1)])
    with pytest.raises(ReviewError, match="no answer is known of an item"):
        management.retire_gold(taken(queue).item, by="boss")


def test_a_gap_in_the_guideline_is_flagged_by_who_holds_the_item(queue: Queue) -> None:
    queue.add_reviewer("grace")
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    with pytest.raises(ClaimLost):
        queue.flag_gap(claim.token, "grace", "what of negative numbers?")
    queue.flag_gap(claim.token, "ada", "what of negative numbers?")
    notes = sql(queue, "SELECT reviewer, note FROM gap")
    assert notes == [("ada", "what of negative numbers?")]


def test_a_changed_known_answer_is_found(queue: Queue, management: Management) -> None:
    management.add_gold([a_gold(100)])
    sql(queue, "UPDATE gold SET verdict = 'approve'")
    with pytest.raises(VerificationFailed, match="the gold"):
        queue.verify()
