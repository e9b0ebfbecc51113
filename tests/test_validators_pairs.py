"""Pairs that teach something, and pairs that teach nothing or the wrong thing."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.errors import RecipeError
from outcross.validators.checks.pair import Pair
from outcross.validators.references import References
from outcross.validators.rules import ACCEPTED, BORDERLINE, REJECTED, decide
from outcross.validators.signals import run
from tests.validating import frame

LONG = " ".join(f"word{n}" for n in range(60))


def pair(chosen: str, rejected: str) -> dict[str, str]:
    return {"kind": "preference", "prompt": "p", "response": chosen, "other": rejected}


def said(chosen: str, rejected: str) -> tuple[float, str]:
    (row,) = run(Pair(), frame(pair(chosen, rejected)), References()).rows(named=True)
    assert row["failure"] is None
    return row["score"], row["reason"]


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ("Yes.", "yes"),
        ("It is  1,200.", "It is 1200"),
        ("**Paris**, of course!", "Paris of course"),
        ("- one\n- two", "one two"),
        ("same", "same"),
    ],
)
def test_answers_that_differ_in_nothing_that_counts_score_0(chosen, rejected):
    assert said(chosen, rejected) == (0, "the two answers differ in case, spacing or punctuation at most")


@pytest.mark.parametrize(
    ("chosen", "rejected"),
    [
        ("-5", "5"),
        ("1.5", "15"),
        ("The answer is 12, since " + LONG, "The answer is 13, since " + LONG),
        ("Paris", "London"),
        ("It isn't so.", "It is so."),
        ("A sentence of a few words that says why.", "No."),
        ("The sea is wide.", "Mountains are high."),
    ],
)
def test_answers_that_differ_in_what_they_say_score_1(chosen, rejected):
    assert said(chosen, rejected) == (1, "")


def test_signs_and_the_letters_of_code_count():
    assert said("3 < 2", "3 > 2")[0] > 0
    assert said("```\nx = Foo\n```", "```\nx = foo\n```")[0] > 0


def test_answers_with_nearly_the_same_words_go_to_a_person_and_a_single_word_more_counts_less():
    one, two = said(f"{LONG} red", f"{LONG} blue"), said(f"{LONG} red of a deep kind", f"{LONG} blue")
    assert 0.2 < one[0] < 0.9
    assert one[1] == "the two share 60 of 62 words"
    assert one[0] < two[0]


def test_an_answer_that_is_many_times_longer_goes_to_a_person():
    score, reason = said(" ".join([LONG, LONG.replace("word", "term")]), "No, it is not.")
    assert score < 0.6
    assert reason == "the chosen answer has 120 words and the rejected one 4"
    assert said("No, it is not.", LONG + LONG.replace("word", " term"))[0] == pytest.approx(score, abs=0.02)


@pytest.mark.parametrize(
    ("chosen", "rejected", "score", "reason"),
    [
        ("I'm sorry, but I can't assist with that.", "Take two eggs.", 0.4, "only the chosen answer declines"),
        ("Take two eggs.", "I'm sorry, but I can't assist with that.", 0.4, "only the rejected answer declines"),
        ("Take two eggs.", "...!", 0.4, "the rejected answer has no letter or digit"),
        ("...!", "Take two eggs.", 0, "the chosen answer has no letter or digit"),
    ],
)
def test_an_answer_that_is_none_beside_one_that_is_shows(chosen, rejected, score, reason):
    assert said(chosen, rejected) == (score, reason)


def test_two_refusals_are_compared_as_any_answers_are():
    assert said("I cannot help with that.", "I'm sorry, I can't write such a thing for anybody.") == (1, "")


def test_other_kinds_are_no_pairs():
    rows = [pair("a", "a") | {"kind": kind} for kind in ("instruction", "reasoning", "conversation", "text")]
    assert (run(Pair(), frame(*rows), References())["score"] == 1).all()


def test_only_what_teaches_nothing_is_rejected():
    rows = [pair("a", "A"), pair(f"{LONG} red", f"{LONG} blue"), pair("Paris", "London")]
    outcomes = decide(run(Pair(), frame(*rows), References()), {"pair": Pair.rule})["outcome"]
    assert outcomes.to_list() == [REJECTED, BORDERLINE, ACCEPTED]


@pytest.mark.parametrize("limits", [{"alike": 1.0}, {"alike": 0.0}, {"ratio": 0.5}, {"ratio": float("nan")}])
def test_limits_that_cannot_be_used_are_refused(limits):
    with pytest.raises(RecipeError, match="pair needs"):
        Pair(**limits)


ANSWERS = st.lists(
    st.sampled_from(["a", "b", "c", "12", "-", ".", "no", "\n", "```", "I cannot help", "<"]), max_size=30
)


@given(st.lists(st.tuples(ANSWERS.map(" ".join), ANSWERS.map(" ".join)), min_size=1, max_size=6))
def test_a_pairs_score_is_the_same_to_the_last_bit_alone_and_in_company(pairs):
    samples = frame(*(pair(*both) for both in pairs))
    together = run(Pair(), samples, References())
    assert_frame_equal(together, pl.concat(run(Pair(), row, References()) for row in samples.iter_slices(1)))
    assert together["failure"].null_count() == samples.height
