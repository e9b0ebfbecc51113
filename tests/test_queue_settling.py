"""When an item is settled: people agree, or an adjudicator who is none of them has the last word."""

import sqlite3
from pathlib import Path

import pytest

from outcross.data.review.queue import Queue
from outcross.data.samples import Preference, Reasoning
from outcross.errors import ClaimLost, ReviewError
from tests.review_items import Clock, an_item, ruling, sql, taken

STEPS = Reasoning(problem="Add.", steps=("one", "two"), answer="3")
ERROR = {"reasons": ["logic"], "note": "wrong"}


@pytest.fixture
def queue(queue: Queue) -> Queue:
    for name in ("ada", "grace", "linus", "barbara"):
        queue.add_reviewer(name)
    queue.add_reviewer("judge", "adjudicator")
    return queue


def says(queue: Queue, reviewer: str, verdict: str, **more: object) -> None:
    claim = taken(queue, reviewer)
    queue.submit(claim.token, reviewer, ruling(claim, verdict, **more))


def split(queue: Queue, number: int = 1, author: str = "secret-model-9b") -> None:
    """An item that ada approves and grace rejects."""
    queue.enqueue([an_item(number, need=2, author_id=author)])
    says(queue, "ada", "approve")
    says(queue, "grace", "reject")


def settles(queue: Queue, verdict: str = "approve", reviewer: str = "judge", **how: object) -> None:
    claim = taken(queue, reviewer, "adjudication")
    queue.submit(claim.token, reviewer, ruling(claim, verdict, adjudication={"cause": "ambiguous_item"} | how))


def settled(queue: Queue) -> list[bool]:
    return [row.settled for row in queue.decisions()]


def test_an_item_is_settled_once_all_agree_whose_word_it_needs(queue: Queue) -> None:
    queue.enqueue([an_item(1, need=2)])
    says(queue, "ada", "approve")
    assert settled(queue) == [False]
    says(queue, "grace", "approve")
    assert settled(queue) == [True, True]
    assert queue.claim("linus") is None


def test_a_split_goes_to_an_adjudicator_and_to_no_third_reviewer(queue: Queue) -> None:
    split(queue)
    assert queue.counts().split == 1
    assert queue.claim("linus") is None
    with pytest.raises(ReviewError, match="no adjudicator"):
        queue.claim("linus", desk="adjudication")
    assert settled(queue) == [False, False]


def test_an_adjudicator_sees_both_answers_without_a_name_and_takes_one(queue: Queue) -> None:
    split(queue)
    claim = taken(queue, "judge", "adjudication")
    assert {rival.verdict for rival in claim.rivals} == {"approve", "reject"}
    assert not {"ada", "grace"} & set(claim.model_dump_json().split('"'))
    place = "ab"[[rival.verdict for rival in claim.rivals].index("reject")]
    settles(queue, takes=place, cause="reviewer_error")
    last = queue.decisions()[-1]
    assert (last.verdict, last.reasons, last.stage, last.cause) == (
        "reject",
        ("inaccurate",),
        "adjudication",
        "reviewer_error",
    )
    assert last.takes == next(row.seq for row in queue.decisions() if row.reviewer == "grace")
    assert all(settled(queue))
    assert queue.counts().split == 0


@pytest.mark.parametrize(("drawn", "shown"), [(0.2, ["reject", "approve"]), (0.9, ["approve", "reject"])])
def test_both_answers_stand_before_an_adjudicator_by_lot(
    tmp_path: Path, clock: Clock, drawn: float, shown: list[str]
) -> None:
    queue = Queue(tmp_path / "lot.sqlite", now=clock, chance=lambda: drawn)
    for name, role in {"ada": "reviewer", "grace": "reviewer", "judge": "adjudicator"}.items():
        queue.add_reviewer(name, role)  # type: ignore[arg-type]
    split(queue)
    assert [rival.verdict for rival in taken(queue, "judge", "adjudication").rivals] == shown


def test_who_takes_a_corrected_answer_takes_the_correction_with_it(queue: Queue) -> None:
    queue.enqueue([an_item(1, need=2)])
    says(queue, "ada", "approve")
    says(queue, "grace", "edit", edit="It is two.")
    rivals = taken(queue, "judge", "adjudication").rivals
    settles(queue, takes="ab"[[rival.verdict for rival in rivals].index("edit")])
    last = queue.decisions()[-1]
    assert (last.verdict, last.edit) == ("edit", "It is two.")


def test_an_adjudicator_may_answer_anew_find_both_fine_or_give_an_item_up(queue: Queue) -> None:
    split(queue)
    claim = taken(queue, "judge", "adjudication")
    with pytest.raises(ReviewError, match="the corrected text belongs"):
        queue.submit(claim.token, "judge", ruling(claim, "edit", adjudication={"cause": "guideline_gap"}))
    with pytest.raises(ReviewError, match="says why the reviewers differed"):
        queue.submit(claim.token, "judge", ruling(claim, "approve"))
    settles(queue, "broken")
    assert queue.decisions()[-1].verdict == "broken"
    assert all(settled(queue))


def test_both_fine_is_noted_and_takes_an_answer_all_the_same(queue: Queue) -> None:
    split(queue)
    settles(queue, takes="a", both_fine=True)
    last = queue.decisions()[-1]
    assert last.both_fine
    assert last.takes is not None


def test_nobody_adjudicates_their_own_answer_or_their_own_work(queue: Queue) -> None:
    queue.add_reviewer("boss", "manager")
    queue.enqueue([an_item(1, need=2)])
    says(queue, "boss", "approve")
    says(queue, "grace", "reject")
    assert queue.claim("boss", desk="adjudication") is None
    split(queue, 2, author="Judge")
    assert {taken(queue, "judge", "adjudication").item} == {queue.decisions()[0].item}


def test_the_database_refuses_a_reviewer_at_the_adjudicators_desk(queue: Queue) -> None:
    split(queue)
    statement = (
        "INSERT INTO claim (item, slot, reviewer, token, taken, expires, state, stage) "
        "SELECT id, 2, 'linus', 't', 0, 9e9, 'open', ? FROM item"
    )
    for stage in ("adjudication", "review", "training"):
        with pytest.raises(sqlite3.IntegrityError, match="not for this desk"):
            sql(queue, statement, stage)


def test_who_comes_round_before_the_adjudicator_settles_the_item(queue: Queue) -> None:
    split(queue)
    token = str(sql(queue, "SELECT token FROM claim WHERE reviewer = 'grace'")[0][0])
    again = ruling(queue.undo(token, "grace"), "approve", idem="grace-comes-round-now", revises=True)
    queue.submit(token, "grace", again)
    assert settled(queue) == [True, True, True]
    assert queue.claim("judge", desk="adjudication") is None


@pytest.mark.parametrize("need", [1, 2])
def test_who_could_not_tell_and_comes_round_to_differ_leaves_room_for_an_adjudicator(queue: Queue, need: int) -> None:
    queue.enqueue([an_item(1, STEPS, need=need)])
    says(queue, "ada", "give_up", note="too long")
    for name in ("grace", "linus")[:need]:
        says(queue, name, "correct", labels=[1, 1])
    assert all(settled(queue))
    token = str(sql(queue, "SELECT token FROM claim WHERE reviewer = 'ada'")[0][0])
    found = {"labels": [-1, None], "idem": "ada-comes-round-now", "revises": True}
    queue.submit(token, "ada", ruling(queue.undo(token, "ada"), "error", **ERROR, **found))
    assert queue.counts().split == 1
    settles(queue, takes="a")
    assert all(settled(queue))


def test_answers_that_came_beyond_what_was_needed_leave_room_for_an_adjudicator(queue: Queue) -> None:
    queue.enqueue([an_item(1, STEPS, need=2)])
    says(queue, "ada", "give_up", note="too long")
    late = {name: taken(queue, name) for name in ("grace", "linus")}
    token = str(sql(queue, "SELECT token FROM claim WHERE reviewer = 'ada'")[0][0])
    said = {"labels": [1, 1], "idem": "ada-comes-round-now", "revises": True}
    queue.submit(token, "ada", ruling(queue.undo(token, "ada"), "correct", **said))
    queue.submit(late["grace"].token, "grace", ruling(late["grace"], "correct", labels=[1, 1]))
    queue.submit(late["linus"].token, "linus", ruling(late["linus"], "error", labels=[-1, None], **ERROR))
    assert queue.counts().split == 1
    settles(queue, takes="a")
    assert all(settled(queue))


def test_an_adjudicator_cannot_choose_between_answers_that_agree_by_now(queue: Queue) -> None:
    split(queue)
    claim = taken(queue, "judge", "adjudication")
    token = str(sql(queue, "SELECT token FROM claim WHERE reviewer = 'grace'")[0][0])
    again = ruling(queue.undo(token, "grace"), "approve", idem="grace-comes-round-now", revises=True)
    queue.submit(token, "grace", again)
    taking = ruling(claim, "approve", adjudication={"takes": "a", "cause": "reviewer_error"})
    with pytest.raises(ReviewError, match="agree by now"):
        queue.submit(claim.token, "judge", taking)


def test_an_adjudicated_decision_is_not_revised(queue: Queue) -> None:
    split(queue)
    settles(queue, takes="a")
    token = str(sql(queue, "SELECT token FROM claim WHERE reviewer = 'ada'")[0][0])
    with pytest.raises(ClaimLost, match="adjudicated since"):
        queue.undo(token, "ada")


def test_people_who_find_different_errors_are_split(queue: Queue) -> None:
    queue.enqueue([an_item(1, STEPS, need=2)])
    says(queue, "ada", "error", labels=[-1, None], **ERROR)
    says(queue, "grace", "error", labels=[1, -1], **ERROR)
    assert queue.counts().split == 1


def test_who_cannot_tell_is_no_vote_and_somebody_else_is_asked_up_to_three_times(queue: Queue) -> None:
    queue.enqueue([an_item(1, STEPS)])
    for name in ("ada", "grace", "linus"):
        assert queue.counts().waiting == 1
        says(queue, name, "give_up", note="too long")
    assert queue.claim("barbara") is None
    assert all(settled(queue))


def test_one_who_cannot_tell_does_not_stop_the_others_from_settling(queue: Queue) -> None:
    queue.enqueue([an_item(1, STEPS, need=2)])
    says(queue, "ada", "give_up", note="too long")
    says(queue, "grace", "correct", labels=[1, 1])
    says(queue, "linus", "correct", labels=[1, 0])
    assert all(settled(queue))


def test_a_pair_is_shown_the_other_way_round_to_the_next_person_and_stored_by_its_own_order(queue: Queue) -> None:
    queue.enqueue([an_item(1, Preference(prompt="p", chosen="good", rejected="poor"), need=2)])
    for name in ("ada", "grace"):
        claim = taken(queue, name)
        assert claim.units == (("poor", "good") if claim.swapped else ("good", "poor"))
        queue.submit(claim.token, name, ruling(claim, "ab"[claim.units.index("good")], strength=1))
    rows = queue.decisions()
    assert {row.swapped for row in rows} == {True, False}
    assert {row.verdict for row in rows} == {"chosen"}
    assert all(settled(queue))


def test_the_order_of_pairs_is_drawn_for_each(tmp_path, clock) -> None:
    draws = iter([0.9, 0.2, 0.9, 0.7])  # for gold, for the order, and again
    queue = Queue(tmp_path / "pairs.sqlite", now=clock, chance=lambda: next(draws))
    queue.add_reviewer("ada")
    pair = Preference(prompt="p", chosen="good", rejected="poor")
    queue.enqueue([an_item(1, pair), an_item(2, pair)])
    assert [claim.swapped for claim in queue.lease("ada")] == [True, False]
