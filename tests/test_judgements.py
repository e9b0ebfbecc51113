"""The queue's record as frames: what stands, of one state, in columns that other rooms can rely on."""

from pathlib import Path
from typing import Any

import pytest

from outcross.data.review.answers import Adjudication, Answer, Ruling
from outcross.data.review.gold import Gold
from outcross.data.review.items import Claim
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Instruction, Preference, Reasoning
from tests.review_items import Clock, a_gold, an_item, ruling


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path / "review.sqlite", now=Clock(), chance=lambda: 0.9)
    for name in ("ada", "bob"):
        queue.add_reviewer(name)
    queue.add_reviewer("cora", "adjudicator")
    return queue


def records(queue: Queue) -> Records:
    return Records.beside(queue)


def decide(queue: Queue, who: str, verdict: str = "approve", *, grace: float = 0, **more: Any) -> Claim:
    claim = queue.claim(who, desk="adjudication" if "adjudication" in more else "review")
    assert claim
    told = {"active_ms": 5_000, "idem": f"idem-{claim.token[:20]}"} | more
    queue._now.time += 20
    queue.submit(claim.token, who, Ruling(verdict=verdict, shown_hash=claim.shown_hash, **told), grace=grace)
    return claim


def test_a_row_says_who_said_what_and_how_long_it_took(queue: Queue) -> None:
    queue.enqueue([an_item(3, score=0.4)])
    decide(queue, "ada", "reject", reasons=("inaccurate",))
    (row,) = records(queue).judgements().rows(named=True)
    asked, answered = "What is 3 + 3?", "It is 6."
    assert row["sample_id"] == an_item(3).sample_id
    assert row["characters"] == len(asked) + len(answered)
    said = {"recipe": "sums", "kind": "instruction", "source": "border", "score": 0.4, "reviewer": "ada"}
    said |= {"stage": "review", "verdict": "reject", "label": "reject", "stance": "bad", "seconds": 5.0}
    said |= {"truth_stance": None, "edit": None, "before": None}
    assert said.items() <= row.items()


def test_a_label_counts_the_first_bad_step_from_one_and_keeps_the_step_as_it_was(queue: Queue) -> None:
    queue.enqueue([an_item(0, Reasoning(problem="1 + 1 + 1?", steps=("1 + 1 is 2.", "2 + 1 is 4."), answer="4"))])
    decide(queue, "ada", "error", labels=(1, -1), reasons=("calculation",), note="It is 3.", edit="2 + 1 is 3.")
    (row,) = records(queue).judgements().rows(named=True)
    assert (row["label"], row["stance"]) == ("error@2", "bad")
    assert (row["before"], row["edit"]) == ("2 + 1 is 4.", "2 + 1 is 3.")


def test_an_edit_stands_beside_the_text_that_it_corrects(queue: Queue) -> None:
    queue.enqueue([an_item(0, Instruction(instruction="Add.", response="It is 5."))])
    decide(queue, "ada", "edit", edit="It is 6.")
    (row,) = records(queue).judgements().rows(named=True)
    assert (row["before"], row["edit"]) == ("It is 5.", "It is 6.")


def test_only_the_last_word_of_each_person_stands(queue: Queue) -> None:
    queue.enqueue([an_item(0)])
    claim = decide(queue, "ada")
    again = queue.undo(claim.token, "ada")
    ruling = Ruling(verdict="reject", reasons=("style",), shown_hash=again.shown_hash, idem="b" * 16, revises=True)
    queue.submit(claim.token, "ada", ruling)
    assert records(queue).judgements()["label"].to_list() == ["reject"]


def test_what_can_be_taken_back_no_longer_is_counted_and_what_can_is_not(queue: Queue) -> None:
    queue.enqueue([an_item(0)])
    decide(queue, "ada", grace=10)
    assert records(queue).judgements().is_empty()
    queue._now.time += 11
    assert len(records(queue).judgements()) == 1


def revise(queue: Queue, claim: Claim, verdict: str, **more: Any) -> None:
    queue._now.time += 20
    ruling = Ruling(
        verdict=verdict, shown_hash=claim.shown_hash, idem=f"again-{claim.token[:20]}", revises=True, **more
    )
    queue.submit(claim.token, "ada", ruling)


def test_what_stood_at_a_past_moment_can_be_told_whatever_was_said_taken_and_revised_since(queue: Queue) -> None:
    queue.enqueue([an_item(number) for number in range(4)])
    first, second = decide(queue, "ada"), decide(queue, "ada")
    revise(queue, first, "reject", reasons=("style",))
    before, moment = records(queue).frames(), queue._now.time + 1
    assert before.judgements["verdict"].to_list() == ["approve", "reject"]
    queue._now.time += 1
    revise(queue, second, "reject", reasons=("style",))
    decide(queue, "ada")
    claim = queue.claim("ada")
    assert claim
    queue.skip(claim.token, "ada", "unsafe")
    then = records(queue).frames(before=moment)
    assert then.judgements.equals(before.judgements)
    assert then.claims.equals(before.claims)
    assert len(records(queue).frames().claims) == 4


def test_gold_is_graded_by_the_first_answer_whatever_is_said_later(queue: Queue) -> None:
    queue._chance = lambda: 0.0
    Management.beside(queue).add_gold([a_gold(7), a_gold(8, training=True)])
    queue.enqueue([an_item(0)])
    claim = decide(queue, "ada")
    practice = queue.claim("ada", desk="training")
    assert practice
    queue.submit(practice.token, "ada", ruling(practice))
    moment = queue._now.time + 1
    revise(queue, claim, "reject", reasons=("style",))
    for frames in (records(queue).frames(), records(queue).frames(before=moment)):
        assert frames.grades.select("reviewer", "correct").rows() == [("ada", False)]
    assert records(queue).frames("other").grades.is_empty()
    assert records(queue).frames(before=claim.expires - 900).grades.is_empty()


def test_gold_stands_with_its_truth(queue: Queue) -> None:
    queue._chance = lambda: 0.0
    answer = Answer(verdict="reject", reasons=("inaccurate",))
    Management(queue.path).add_gold([Gold(item=an_item(7), answer=answer, explanation="It is 15.")])
    queue.enqueue([an_item(0)])
    decide(queue, "ada")
    (row,) = records(queue).judgements().rows(named=True)
    assert (row["source"], row["stance"], row["truth_stance"]) == ("gold", "good", "bad")


def test_an_adjudication_names_the_decision_that_it_took(queue: Queue) -> None:
    queue.enqueue([an_item(0, Preference(prompt="?", chosen="Yes.", rejected="No."), need=2)])
    decide(queue, "ada", "a", strength=1)
    decide(queue, "bob", "a", strength=1)  # the other way round, so the other answer
    decide(queue, "cora", "a", adjudication=Adjudication(takes="a", cause="reviewer_error"))
    frame = records(queue).judgements()
    assert set(frame["label"][:2]) == {"chosen", "rejected"}
    last = frame.row(2, named=True)
    assert (last["stage"], last["cause"], last["both_fine"]) == ("adjudication", "reviewer_error", False)
    assert frame.filter(seq=last["takes"])["label"].item() == last["label"]


def test_skips_items_and_reviewers_have_frames_too_and_a_recipe_narrows_them(queue: Queue) -> None:
    queue.enqueue([an_item(0), an_item(1, recipe="other")])
    claim = queue.claim("ada", "sums")
    assert claim
    queue.skip(claim.token, "ada", "unsafe")
    decide(queue, "ada")
    frames = records(queue).frames("sums")
    assert frames.judgements.is_empty()
    assert frames.claims.select("state", "skip_reason").rows() == [("skipped", "unsafe")]
    assert frames.items["recipe"].to_list() == ["sums"]
    assert frames.reviewers["reviewer"].to_list() == ["ada", "bob", "cora"]


def test_columns_have_the_same_types_whether_or_not_anything_was_decided(queue: Queue) -> None:
    before = [frame.schema for frame in records(queue).frames()]
    queue.enqueue([an_item(0)])
    decide(queue, "ada")
    assert [frame.schema for frame in records(queue).frames()] == before
