"""Sums that are false, steps out of order, and answers that nothing leads to; and all that only looks like it."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.corpora import champ
from outcross.data.corpora.candidates import Candidate
from outcross.data.samples import canonical
from outcross.validators.checks.arithmetic import evaluate
from outcross.validators.checks.equations import false_equations
from outcross.validators.checks.steps import Steps
from outcross.validators.checks.sums import stated
from outcross.validators.references import References
from outcross.validators.rules import ACCEPTED, BORDERLINE, REJECTED, decide
from outcross.validators.signals import run
from tests.hostile import seconds
from tests.validating import frame

FALSE = [
    ("12 * 7 = 85", "84"),
    ("So she pays $5 x 3 = $16 in all.", "15"),
    ("1,200 + 300 = 1,600", "1500"),
    ("3 apples + 4 apples = 8 apples", "7"),
    ("x = 3 + 4 = 8", "7"),
    ("That makes 48/2 = $<<48/2=25>>24.", "24"),
    ("The total of 20 + 5 = 26 pies", "25"),
    (r"\frac{1}{2} + 1 = 2.5", "1.5"),
    (r"$3 \times 4 = 13$", "12"),
    ("(3 + 4) * 2 = 15.", "14"),
    ("2^10 = 1023", "1024"),
    ("100 − 5 = 94", "95"),
    ("10/4 = 3.5", "2.5"),
    ("1 - 3 = 2", "-2"),
    ("Step 2: 7 + 7 = 15", "14"),
    ("- 7 + 7 = 15", "14"),
]
TRUE_OR_OPEN = [
    "12 * 7 = 84",
    "3.33 * 3 = 10",
    "10/3 = 3.333...",
    "10/3 = 3.33 = 3.3",
    "25/2 = 13",
    "20% * 50 = 10 and 10/50 = 20% and 10/50*100 = 20%",
    "100 + 20% = 120",
    "50 cents * 3 = $1.50",
    "3 hours = 180 minutes; 3 * 1 hours = 180 minutes",
    "2024-01-02 = 5, 1.2.3 = 4, 12:30 = 5, 3,5 + 1 = 4,5",
    "f(3) + 2 = 9, 2x + 1 = 4, y - 3 + 2 = 11, sqrt(16) + 2 = 6, 5! = 120, |3 - 5| = 2",
    "half of 20 + 5 = 15, 20% of 50 + 3 = 13, the square root of 9 + 7 = 4",
    "5 choose (3 - 1) = 10 and 17 / 5 = 3 R 2 and 3 + 1/2 = 3 1/2",
    "1 + 1 == 3, 1 + 1 != 3, 2 + 2 <= 3, a[1 + 1]=3, f(x=1 + 1, y=3)",
    "In base 2, 1 + 1 = 10. It is wrong that 2 + 2 = 5.",
    "Day 1 + 2 = the rest; 8 / 0 = 3",
    "9 - 8 = 1, 2 - 1 = 1",
    "28 / 1/5 = 140",
]


def reasoning(*steps: str, answer: str = "12", labels: tuple[int | None, ...] = ()) -> dict[str, str]:
    content = {"kind": "reasoning", "problem": "p", "steps": steps, "answer": answer, "labels": labels}
    return {"kind": "reasoning", "response": "\n".join((*steps, answer)), "content": json.dumps(content)}


def said(row: dict[str, str]) -> tuple[float, str]:
    (signal,) = run(Steps(), frame(row), References()).rows(named=True)
    assert signal["failure"] is None
    return signal["score"], signal["reason"]


@pytest.mark.parametrize(("text", "makes"), FALSE)
def test_a_false_sum_is_found_with_what_it_makes(text, makes):
    (equation,) = false_equations(text)
    assert equation.makes == makes
    assert "=" in equation.text


@pytest.mark.parametrize("text", TRUE_OR_OPEN)
def test_what_is_true_or_rounded_or_no_sum_is_left_alone(text):
    assert list(false_equations(text)) == []


WHOLE = st.integers(0, 10_000)


@given(WHOLE, WHOLE, st.sampled_from("+-*"), st.integers(-9, 9))
def test_whole_sums_are_false_exactly_if_they_are_off(one, other, operator, off):
    right = {"+": one + other, "-": one - other, "*": one * other}[operator]
    found = list(false_equations(f"She has {one} {operator} {other} = {right + off} in all."))
    assert bool(found) == (off != 0)


@given(WHOLE, st.integers(1, 999), st.integers(0, 4))
def test_a_quotient_may_be_rounded_or_cut_off_at_any_digit(one, other, digits):
    for written in (f"{one / other:.{digits}f}", f"{int(one * 10**digits / other) / 10**digits:.{digits}f}"):
        assert list(false_equations(f"{one} / {other} = {written}")) == []


@given(st.recursive(st.integers(0, 99).map(str), lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
    lambda parts: f"({' '.join(parts)})"), max_leaves=8))  # fmt: skip
def test_sums_come_to_what_python_makes_of_them(text):
    signs = text.replace("(", "( ").replace(")", " )").split()
    assert evaluate(signs).exact == eval(text)


@pytest.mark.parametrize(
    "signs", [[], ["+"], ["1", "2"], ["(", "1"], ["1", "^", "99"], ["9", "^", "(", "1", "/", "2", ")"], ["1"] * 99]
)
def test_what_is_no_sum_is_refused(signs):
    with pytest.raises(ValueError, match=r"."):
        evaluate(signs)


def test_the_numbers_and_sums_of_a_text_are_known():
    assert set(stated("She has 1,200 and 48/2, that is 24.")) == {Fraction(n) for n in (1200, 24, 48, 2)}


@pytest.mark.parametrize(
    ("row", "score", "reason"),
    [
        (reasoning("3 * 4 = 13", "So 12."), 0.2, "3 * 4 = 13 is false, for the left side makes 12"),
        (reasoning("1. 3 * 4 = 12", "3. so 12", "2. or 12"), 0.5, "step 2 comes after step 3"),
        (reasoning("Step 1: 3 * 4", "Step 1: gives 12"), 0.5, "step 1 comes after step 1"),
        (reasoning("1. ---", "2. It is 12."), 0.5, "step 1 says nothing"),
        (reasoning("It is twelve now.", "It is  TWELVE now.", "12"), 0.5, "step 2 repeats step 1"),
        (reasoning("She has 3.", "He has 4.", answer="12"), 0.4, "no late step arrives at the answer 12"),
        (reasoning("12", "She has 3.", "He has 4.", "So 7."), 0.4, "no late step arrives at the answer 12"),
        (reasoning("It rains on the first day.", answer="Tuesday"), 0.4, "no step speaks of the answer Tuesday"),
    ],
)
def test_a_flaw_is_found_and_named(row, score, reason):
    assert said(row) == (score, reason)


@pytest.mark.parametrize(
    "row",
    [
        reasoning("She has 3 * 4 marbles."),
        reasoning("She has twelve marbles."),
        reasoning("Half of it.", "That is 0.12 of it.", answer="12%"),
        reasoning("It is 1/2.", answer="0.5"),
        reasoning("The sum is $12,000.", answer="12000 dollars"),
        reasoning("The day after Monday is Tuesday.", answer="Tuesday"),
        reasoning("This can't be.", answer="No such number"),
        reasoning("x", answer="x^2 + 1"),
        reasoning("1. 3 * 4", "and so", "2. 12"),
        reasoning("3 * 4 = 12", "12 = 13 - 2", answer="11", labels=(1, -1)),
    ],
)
def test_a_sound_solution_is_left_alone(row):
    assert said(row) == (1, "")


def test_what_follows_a_step_that_is_marked_as_bad_may_be_false_and_nothing_before_it():
    assert said(reasoning("3 * 4 = 12", "4 * 4 = 12", "8 * 8 = 1", labels=(1, -1, None))) == (1, "")
    assert said(reasoning("3 * 4 = 11", "4 * 4 = 12", labels=(1, -1)))[0] == 0.2


def test_other_answers_are_searched_for_false_sums_where_they_have_no_context():
    wrong = {"response": "3 * 4 = 13"}
    rows = [wrong, wrong | {"kind": "conversation"}, wrong | {"context": "def f(): ..."}, wrong | {"kind": "text"}]
    assert run(Steps(), frame(*rows), References())["score"].to_list() == [0.2, 0.2, 1, 1]


def test_a_false_sum_rejects_and_the_rest_goes_to_a_person():
    rows = [reasoning("3 * 4 = 13", "12"), reasoning("3", "4"), reasoning("3 * 4 = 12")]
    outcomes = decide(run(Steps(), frame(*rows), References()), {"steps": Steps.rule})["outcome"]
    assert outcomes.to_list() == [REJECTED, BORDERLINE, ACCEPTED]


@given(st.text(max_size=40), st.lists(st.text(alphabet="0123456789+-*/=^().,%$x <>\n", max_size=30), max_size=4))
def test_any_content_gets_a_score(answer, steps):
    for row in ({"kind": "reasoning", "content": answer}, reasoning(*steps, answer=answer)):
        score, reason = said(row)
        assert (score == 1) == (reason == "")


@pytest.mark.parametrize(
    "piece", ["1+", "(", "1=", "9^", "1 ", "<<1=2", "=", "-", "$", "1,000", "5 apples ", "\\frac{1}{", "a "]
)
def test_hostile_steps_cost_bounded_time(piece):
    text = piece * (200_000 // len(piece))
    sample = frame(reasoning(text, text + " = 3", answer="12"))
    assert seconds(lambda: run(Steps(), sample, References())) < 20


def test_what_people_wrote_to_solve_competition_problems_is_hardly_ever_doubted():
    pytest.importorskip("champ_dataset", reason="the data set is a wheel of its own")
    rows = [
        {"kind": "reasoning", "content": canonical(found.content)}
        for found in champ.read()
        if isinstance(found, Candidate)
    ]
    scores = run(Steps(), frame(*rows), References())["score"]
    assert len(rows) > 200
    assert (scores >= Steps.rule.reject_below).all()
    assert (scores < Steps.rule.accept_from).mean() < 0.01
