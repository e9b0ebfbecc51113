"""Validators of parts: the arithmetic and order of steps, facts and their context, pairs, and listed words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.validators.checks import toxicity
from outcross.validators.checks.confidence import Confidence
from outcross.validators.checks.equations import false_equations
from outcross.validators.checks.grounded import Grounded
from outcross.validators.checks.pair import Pair
from outcross.validators.checks.steps import Steps
from outcross.validators.checks.toxicity import Toxicity, fingerprint
from outcross.validators.references import References
from outcross.validators.rule import INFORMS
from outcross.validators.signals import run
from tests.validating import frame

GSM8K = Path(__file__).parents[2] / "shared" / "data" / "gsm8k_human.jsonl"


def judged(validator, **columns):
    """Score and reason of one sample."""
    (said,) = run(validator, frame(columns), References()).rows(named=True)
    return said["score"], said["reason"] or said["failure"] or ""


def reasoning(steps, answer="12"):
    content = {"kind": "reasoning", "problem": "How many?", "steps": steps, "answer": answer, "labels": []}
    return {"kind": "reasoning", "response": "\n".join([*steps, answer]), "content": json.dumps(content)}


@pytest.mark.parametrize(
    "text",
    [
        "12 * 7 = 85",
        "He has 3 + 4 = 8 apples.",
        "<<48/2=25>>25",
        "$4200+$3000 = $8600",
        "1,200 x 3 = 3,500",
        "(2 + 3) * 4 = 14",
        "20% * 50 = 15",
        "10 ÷ 4 = 2.6",
    ],
)
def test_a_false_equation_is_found(text):
    assert len(false_equations(text)) == 1
    score, reason = judged(Steps(), response=text)
    assert score == 0.2
    assert reason.endswith("is false")


@pytest.mark.parametrize(
    "text",
    [
        "12 * 7 = 84",
        "10 / 3 = 3.33, and 2 / 3 = 0.67 or 2 / 3 = 0.66",
        "2 + 3 = 5 + 1 = 6",  # a chain says more than its first link
        "x = 2 = y and a*3 = 12",
        "On 2024-05-01 = May, from 09:00-10:30 = 90 minutes, 0900-0130 = 0730",
        "8 x 1 1/2 = 12 rolls",  # a mixed number
        "25 / 1/3 = 75",  # by a third
        "$1 / 2 = 50 cents",
        "20% * 50 = 10",
        "1/4 = 25%",
        "version 1.2.3 - 4 = old",
        "3*30 = 30 + M",
        "2 * $1,500 = $3,000",
        "5 / 0 = 7",
        "f(2)-3=1",
    ],
)
def test_what_is_true_or_no_plain_equation_is_no_fault(text):
    assert false_equations(text) == []


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from("+-*"), st.integers(-3, 3))
def test_whole_numbers_are_worked_out_exactly(left, right, sign, off):
    value = {"+": left + right, "-": left - right, "*": left * right}[sign]
    assert bool(false_equations(f"So {left} {sign} {right} = {value + off}.")) == (off != 0)


@given(st.text(alphabet="0123456789+-*/=()., $%x", max_size=400))
def test_hostile_arithmetic_neither_raises_nor_hangs(text):
    assert isinstance(false_equations(text), list)


@pytest.mark.parametrize("text", ["(" * 50_000, "1+" * 60_000, "1 * 1 = 1 " * 20_000, "9" * 100_000 + " * 2 = 3"])
def test_long_arithmetic_costs_bounded_time(text):
    assert len(false_equations(text)) <= 200


@pytest.mark.skipif(not GSM8K.exists(), reason="no GSM8K beside the repository")
def test_peoples_own_solutions_are_hardly_ever_called_false():
    solutions = [json.loads(line)["answer"] for line in GSM8K.read_text().splitlines()]
    assert sum(bool(false_equations(one)) for one in solutions) <= 0.002 * len(solutions)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (["1. Take 6.", "3. Double it: 12."], "numbered 1, 3"),
        (["Take 6 of them.", "take 6 of them", "Double it: 12."], "step 2 says what an earlier one says"),
        (["Take 6.", "Double it."], "no step comes to the answer, 12"),
    ],
)
def test_steps_that_do_not_hold_together_are_told(steps, said):
    score, reason = judged(Steps(), **reasoning(steps))
    assert score == 0.7
    assert said in reason


@pytest.mark.parametrize(
    "steps", [["1. Take 6.", "2. Double it: 12."], ["Step 1: Take 6.", "Step 2: It is 12.0 now."], ["It is 12."]]
)
def test_steps_that_hold_together_have_no_fault(steps):
    assert judged(Steps(), **reasoning(steps)) == (1.0, "")


CONTEXT = (
    "The Thames Barrier spans 520 metres across the river near Woolwich, and it has protected the floodplain of most "
    "of Greater London since it was opened by Queen Elizabeth in 1984."
)


@pytest.mark.parametrize(
    ("response", "score"),
    [
        ("It spans 520 metres near Woolwich and was opened by Queen Elizabeth in 1984.", 1.0),
        ("It spans 640 metres near Greenwich.", 0.0),
        ("It spans 520 metres and was opened by Margaret Thatcher.", 0.5),
        ("It keeps water out.", 1.0),
    ],
)
def test_facts_are_looked_for_in_the_context(response, score):
    found, reason = judged(Grounded(), prompt="Where is it?", context=CONTEXT, response=response)
    assert found == score
    assert (reason == "") == (score == 1)


def test_a_part_of_a_longer_number_is_not_that_number():
    score, reason = judged(Grounded(), context=CONTEXT, response="It cost 52 millions and then 98 more.")
    assert score == 0
    assert "“52”, “98”" in reason


def test_without_a_long_context_or_with_code_nothing_is_judged():
    assert judged(Grounded(), context="Short.", response="In 1999.")[0] == 1
    code = "def area(width, height):\n    return width * height\n" * 5
    assert judged(Grounded(), context=code, response="It returns 99 of them.")[0] == 1


GOOD = "The barrier keeps the tide out of the city whenever a storm comes up the estuary at night."


@pytest.mark.parametrize(
    ("chosen", "rejected", "score", "said"),
    [
        (GOOD, f"  {GOOD.upper()}!", 0.0, "both answers say the same"),
        ("42", "42 ", 0.0, "both answers say the same"),
        (":-)", ":-(", 1.0, ""),
        ("Yes.", "No.", 1.0, ""),
        (GOOD * 9, GOOD.replace("tide", "rain"), 0.5, "one answer has"),
        (GOOD, "I think that no wall can stop water, so there is none in that place.", 1.0, ""),
    ],
)
def test_a_pair_must_differ_and_not_in_its_length_alone(chosen, rejected, score, said):
    found, reason = judged(Pair(), kind="preference", response=chosen, other=rejected)
    assert found == score
    assert said in reason
    assert judged(Pair(), kind="instruction", response=chosen, other=rejected) == (1.0, "")


def test_answers_with_nearly_all_words_in_common_teach_little():
    score, reason = judged(Pair(), kind="preference", response=GOOD, other=f"{GOOD} Mostly.")
    assert 0.3 <= score < 1
    assert "words in common" in reason


def test_a_listed_word_sends_a_sample_to_a_person_and_never_rejects_it(monkeypatch):
    monkeypatch.setattr(toxicity, "LISTED", frozenset({fingerprint("grackle")}))
    assert judged(Toxicity(), response="A grackle, two GRACKLE.") == (0.5, "2 words are listed as hurtful")
    assert judged(Toxicity(), response="Grackles are birds.") == (1.0, "")
    assert Toxicity.rule.reject_below == 0


def test_the_list_holds_fingerprints_alone():
    assert toxicity.LISTED
    assert all(len(one) == toxicity.PREFIX and set(one) <= set("0123456789abcdef") for one in toxicity.LISTED)


def test_a_model_that_was_unsure_scores_less_and_is_not_rejected_for_it():
    score, reason = judged(Confidence(), logprob="-0.5")
    assert score == pytest.approx(0.6065, abs=1e-4)
    assert reason == "mean probability of a token 0.607"
    assert judged(Confidence(), logprob="") == (1.0, "")
    assert judged(Confidence(), logprob="soon")[0] == 1.0
    assert Confidence.rule == INFORMS
