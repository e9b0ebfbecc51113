"""What an answer to each kind must hold, and when two of them agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.review.answers import (
    REASONS,
    STANCES,
    WORDS,
    Answer,
    agree,
    complaint,
    first_bad,
    matches,
    stored,
)
from outcross.data.samples import KINDS, Content, Conversation, Instruction, Preference, Reasoning, Trajectory

TEXT = Instruction(instruction="What is 1 + 1?", response="It is 2.")
PAIR = Preference(prompt="Greet.", chosen="Hello.", rejected="Bye.")
STEPS = Reasoning(problem="Add.", steps=("one", "two", "three"), answer="6")
TALK = Conversation.model_validate({"turns": [{"role": role, "text": role} for role in ("user", "assistant") * 2]})
ERROR = {"verdict": "error", "reasons": ["logic"], "note": "two is wrong"}


@pytest.mark.parametrize(
    ("content", "answer"),
    [
        (TEXT, {"verdict": "approve"}),
        (TEXT, {"verdict": "approve", "note": "well said"}),
        (TEXT, {"verdict": "edit", "edit": "It is two."}),
        (TEXT, {"verdict": "reject", "reasons": ["style", "incomplete"]}),
        (TEXT, {"verdict": "reject", "reasons": ["other"], "note": "off topic"}),
        (PAIR, {"verdict": "a", "strength": 2, "reasons": ["accuracy"]}),
        (PAIR, {"verdict": "tie"}),
        (PAIR, {"verdict": "both_bad", "edit": "Good day."}),
        (STEPS, {"verdict": "correct", "labels": [1, 0, 1]}),
        (STEPS, {**ERROR, "labels": [1, -1, None]}),
        (STEPS, {**ERROR, "labels": [-1, None, None], "edit": "uno"}),
        (STEPS, {"verdict": "give_up", "note": "too long"}),
        (STEPS, {"verdict": "bad_problem", "note": "no such sum"}),
        (TALK, {"verdict": "success"}),
        (TALK, {"verdict": "success", "labels": [None, 1, None, 0]}),
        (TALK, {"verdict": "fail", "labels": [None, -1, None, None], "edit": "better"}),
        (TALK, {"verdict": "cannot_tell"}),
    ],
)
def test_a_whole_answer_is_taken(content: Content, answer: dict[str, object]) -> None:
    assert complaint(content, Answer.model_validate(answer)) is None


@pytest.mark.parametrize(
    ("content", "answer", "said"),
    [
        (TEXT, {"verdict": "maybe"}, "choose one of approve, edit, reject"),
        (TEXT, {"verdict": "reject"}, "a rejection needs a reason"),
        (TEXT, {"verdict": "approve", "reasons": ["style"]}, "nothing else has one"),
        (TEXT, {"verdict": "reject", "reasons": ["other"], "note": " "}, "say what is wrong"),
        (TEXT, {"verdict": "reject", "reasons": ["logic"]}, "'logic' is no reason here"),
        (TEXT, {"verdict": "edit"}, "the corrected text belongs to the verdict edit"),
        (TEXT, {"verdict": "approve", "edit": "x"}, "the corrected text belongs to the verdict edit"),
        (TEXT, {"verdict": "edit", "edit": "It is 2."}, "the text is unchanged"),
        (TEXT, {"verdict": "approve", "labels": [1]}, "no steps to label"),
        (TEXT, {"verdict": "approve", "strength": 1}, "how strong"),
        (PAIR, {"verdict": "a"}, "how strong"),
        (PAIR, {"verdict": "tie", "strength": 1}, "how strong"),
        (PAIR, {"verdict": "chosen", "strength": 1}, "choose one of a, b, tie, both_bad"),
        (PAIR, {"verdict": "a", "strength": 1, "edit": "x"}, "only where both answers are bad"),
        (PAIR, {"verdict": "both_bad", "edit": "Bye."}, "must differ from both"),
        (PAIR, {"verdict": "tie", "labels": [1, 1]}, "no steps to label"),
        (STEPS, {"verdict": "correct", "labels": [1, 1]}, "2 labels came for 3 steps"),
        (STEPS, {"verdict": "correct", "labels": [1, None, 1]}, "every step labelled"),
        (STEPS, {"verdict": "correct", "labels": [1, -1, None]}, "every step labelled"),
        (STEPS, {"verdict": "correct", "labels": [1, 1, 1], "edit": "x"}, "every step labelled"),
        (STEPS, {**ERROR, "labels": [1, 1, 1]}, "an error has its step"),
        (STEPS, {**ERROR, "labels": [None, -1, None]}, "label each step up to"),
        (STEPS, {**ERROR, "labels": [1, -1, 1]}, "stay without a label"),
        (STEPS, {**ERROR, "labels": [1, -1, -1]}, "stay without a label"),
        (STEPS, {**ERROR, "reasons": [], "labels": [1, -1, None]}, "needs its type"),
        (STEPS, {**ERROR, "note": " ", "labels": [1, -1, None]}, "one line that says"),
        (STEPS, {**ERROR, "labels": [1, -1, None], "edit": "two"}, "the step is unchanged"),
        (STEPS, {"verdict": "give_up"}, "what is in the way"),
        (STEPS, {"verdict": "give_up", "note": "x", "labels": [1, 1, 1]}, "labels none"),
        (TALK, {"verdict": "fail"}, "mark the first turn"),
        (TALK, {"verdict": "partial", "labels": [None, 1, None, 1]}, "mark the first turn"),
        (TALK, {"verdict": "success", "labels": [None, -1, None, None]}, "has no bad turn"),
        (TALK, {"verdict": "fail", "labels": [-1, None, None, None]}, "one of the user's has a label"),
        (TALK, {"verdict": "fail", "labels": [None, -1]}, "2 labels came for 4"),
        (TALK, {"verdict": "fail", "labels": [None, -1, None, None], "edit": "assistant"}, "the turn is unchanged"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused_in_words(
    content: Content, answer: dict[str, object], said: str
) -> None:
    assert said in (complaint(content, Answer.model_validate(answer)) or "")


def test_where_every_step_is_judged_the_steps_after_an_error_have_labels_too() -> None:
    neutral_after = Answer.model_validate({**ERROR, "labels": [1, -1, 0]})
    assert complaint(STEPS, neutral_after, per_step=True) is None
    stopped = Answer.model_validate({**ERROR, "labels": [1, -1, None]})
    assert complaint(STEPS, stopped, per_step=True) == "label every step."


def test_every_kind_has_its_words_and_every_word_a_stance() -> None:
    assert WORDS.keys() == REASONS.keys() == KINDS.keys()
    assert {stored(word, swapped) for words in WORDS.values() for word in words for swapped in (True, False)} | {
        "broken"
    } == STANCES.keys()


def test_a_pair_is_stored_by_its_own_order_wherever_it_stood() -> None:
    assert [stored(word, swapped=False) for word in ("a", "b", "tie")] == ["chosen", "rejected", "tie"]
    assert [stored(word, swapped=True) for word in ("a", "b", "tie")] == ["rejected", "chosen", "tie"]


@given(st.lists(st.sampled_from([-1, 0, 1, None]), max_size=8))
def test_the_first_bad_step_is_the_first_minus_one(labels: list[int | None]) -> None:
    found = first_bad(labels)  # type: ignore[arg-type]
    assert (found is None) == (-1 not in labels)
    assert found is None or (labels[found] == -1 and -1 not in labels[:found])


def test_answers_agree_by_verdict_and_first_bad_step_alone() -> None:
    first, second = (Answer.model_validate({**ERROR, "labels": labels}) for labels in ([-1, None, None], [1, -1, None]))
    assert not agree(first, second)
    assert agree(second, Answer(verdict="error", labels=(0, -1, None), note="another way to say it"))
    assert not agree(Answer(verdict="approve"), Answer(verdict="edit", edit="x"))


def test_who_edits_a_bad_text_is_as_right_as_who_rejects_it() -> None:
    known = Answer(verdict="reject")
    assert matches(known, Answer(verdict="edit", edit="x"), "instruction")
    assert not matches(known, Answer(verdict="approve"), "instruction")
    assert not matches(Answer(verdict="chosen"), Answer(verdict="tie"), "preference")
    assert not matches(Answer(verdict="error", labels=(1, -1)), Answer(verdict="error", labels=(-1, None)), "reasoning")


def test_a_trajectorys_tool_turns_take_no_label() -> None:
    turns = [{"role": "user", "text": "u"}, {"role": "assistant", "text": "a"}, {"role": "tool", "text": "t"}]
    acts = Trajectory.model_validate({"turns": turns})
    wrong = Answer(verdict="fail", labels=(None, None, -1), reasons=("ignored_result",))
    assert "the tool's has a label" in (complaint(acts, wrong) or "")
