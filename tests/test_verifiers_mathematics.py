"""The verifier of mathematics: answers that are right in other words, wrong ones, and ones made to break it."""

import json
import os
import re
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.data.corpora.keys import behind_mark
from outcross.data.samples import Reasoning, canonical
from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.signals import run
from outcross.verifiers.answers import final, number
from outcross.verifiers.mathematics import Mathematics
from tests.validating import frame

GSM8K = Path(os.environ.get("GSM8K_JSONL", "no such file"))
"""GSM8K's training rows as JSON lines, where somebody has them."""
VERIFIER = Mathematics(seconds=1.0)


def row(right: object, response: str) -> dict[str, str]:
    return {"response": response, "key": json.dumps({"answer": right})}


def said(*rows: dict[str, str]) -> pl.DataFrame:
    return run(VERIFIER, frame(*rows), References())


@pytest.mark.parametrize(
    ("right", "response"),
    [
        ("18", "She has 18 left.\n#### 18"),
        ("18", "$18.00"),
        ("18", "18 dollars"),
        ("$18", "18"),
        (18, "18"),
        ("1234", "#### 1,234"),
        ("-5", "−5"),
        ("70000", "7e4"),
        ("1,500,000", "1.5 million"),
        ("18 million", "That makes 18 million people."),
        ("5 km", "The way is 5 kilometres."),
        ("42", "First 6, then 7, and so the answer is 42."),
        (r"\frac{1}{2}", "0.5"),
        ("1/2", r"so it is $\boxed{\frac{1}{2}}$."),
        ("0.5", r"\boxed{\dfrac{2}{4}}"),
        ("(1,2]", r"The solution is $(1, 2]$."),
        (r"\{1,2,3\}", r"\boxed{\{3,2,1\}}"),
        ("2^{10}", "1024"),
        (r"3\pi", r"#### $3\pi$"),
        ("x^2 - 1", "(x-1)(x+1)"),
        (r"\text{Evelyn}", "evelyn."),
        ("no", "No"),
        ("0.5", "so 1/2"),
        ("0.5", "It is 1/2."),
        ("5", "is 5"),
    ],
)
def test_the_right_answer_is_right_however_it_is_written(right, response):
    signal = said(row(right, response))
    assert signal.select("score", "reason", "failure").row(0) == (1.0, "", None)


def test_a_multiple_is_not_its_number():
    assert said(row("18 million", "18"))["reason"].to_list() == ["the answer is 18, and 18000000 is right"]


@pytest.mark.parametrize(
    ("right", "response"),
    [
        ("18", "#### 19"),
        ("18", "$18.01"),
        ("18", "18 million"),
        ("18", "#### 18\n#### 81"),
        ("1234", "1,235"),
        ("5", "-5"),
        ("2^{10}", "2"),
        ("7e4", "7"),
        (r"3\pi", "3"),
        ("(1,2]", "(1,2)"),
        (r"\{1,2,3\}", r"\boxed{\{1,2\}}"),
        (r"\frac{1}{3}", "0.333"),
        ("42", "I don't know."),
    ],
)
def test_a_wrong_answer_is_refused_with_both_answers_in_the_reason(right, response):
    score, reason, failure = said(row(right, response)).select("score", "reason", "failure").row(0)
    assert (score, failure) == (0.0, None)
    assert right.strip("$") in reason


@pytest.mark.parametrize(("right", "response"), [("Paris", "Pairs"), ("3:45", "3"), ("½ cup", "1"), ({"a": 1}, "1")])
def test_what_cannot_be_compared_is_a_failure_and_no_wrong_answer(right, response):
    score, failure = said(row(right, response)).select("score", "failure").row(0)
    assert score is None
    assert failure.startswith("NotJudged: the key's")


def test_bombs_cost_themselves_and_no_other_answer():
    slow = r"\binom{1000000000}{500000000}"
    bombs = [
        slow,
        "9**9**9",
        "2^{2^{31}}-2^{2^{31}}+18",
        "#### 3^{100000}",
        "1" * 100_000,
        r"\boxed{" * 9_000,
    ]
    signals = said(*(row("18", bomb) for bomb in bombs), row(r"\frac{1}{2}", "1/2"))
    assert signals["score"].to_list() == [None] * 6 + [1.0]
    assert signals["failure"][0] == "NotJudged: OutOfTime: it takes more than 1 s of processor time"
    assert "the power '9^9^' is too large to be worked out" in signals["failure"][1]
    assert "too long" in signals["failure"][4]


def test_a_worked_problem_is_judged_by_its_answer():
    worked = Reasoning(problem="?", steps=("It is 99.",), answer="18")
    content = canonical(worked.model_dump(mode="json"))
    signal = said({**row("18", "It is 99.\n18"), "kind": "reasoning", "content": content})
    assert signal["score"].to_list() == [1.0]


def test_a_sample_without_a_key_of_this_sort_has_nothing_to_verify():
    signals = said({"response": "19"}, {"response": "19", "key": '{"tests": ""}'}, {"response": "19", "key": "no"})
    assert signals["score"].to_list() == [1.0, 1.0, None]
    assert signals["failure"][2].startswith("NotJudged: the key is not JSON")


@given(st.integers(-(10**9), 10**9), st.integers(1, 10**9))
def test_a_number_is_itself_grouped_or_not_and_no_other(whole, other):
    assert number(f"{whole:,}") == number(str(whole)) == number(f"{whole}.0") == whole
    assert number(str(whole)) != number(str(whole + other))


@settings(max_examples=25)
@given(st.lists(st.text(max_size=40), min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_any_text_is_judged_alike_in_company_and_alone(texts, random):
    texts += ["#### 18", r"\boxed{18", "$" * 9, "\\", "####", "18 " * 200]
    rows = [row("18", text) for text in texts]
    frame_ = frame(*rows)
    random.shuffle(order := list(range(len(rows))))
    together = run(VERIFIER, frame_[order], References()).sort("sample_id")
    alone = pl.concat(run(VERIFIER, frame_[n : n + 1], References()) for n in range(len(rows)))
    assert together.equals(alone.sort("sample_id"))


@given(st.text(max_size=300))
def test_a_final_answer_is_looked_for_in_any_text(text):
    found = final(text)
    assert found is None or len(found.answer) <= len(text)


def test_bounds_that_nothing_could_run_in_are_refused():
    with pytest.raises(RecipeError, match=r"mathematics needs 0 < seconds <= 600 .*, not 0 and 512"):
        Mathematics(seconds=0)


@pytest.mark.skipif(not GSM8K.exists(), reason="the GSM8K sample isn't here")
def test_peoples_answers_to_gsm8k_verify_and_altered_ones_do_not():
    lines = [json.loads(line)["answer"] for line in GSM8K.read_text().splitlines()]
    answers = [(text, right) for text in lines if (right := behind_mark(text))]
    own = said(*(row(right, text) for text, right in answers))
    assert (own["score"] == 1).sum() >= 0.995 * len(answers)
    altered = said(
        *(row(right, re.sub(r"(####).*", rf"\1 {float(right.replace(',', '')) + 1}", text)) for text, right in answers)
    )
    assert (altered["score"] == 0).all()
