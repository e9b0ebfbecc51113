"""The sequential test pauses poor reviewers, clears good ones, and goes on watching those it cleared."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.agreement.sequential import Standing, standing

RUNS = 4_000
"""Enough to tell a share to 0.015 with three standard errors; the shares expected are summed over all answers."""


def ended(start: Standing, accuracy: float, chance: random.Random) -> tuple[str, int]:
    """Verdict of the test that runs at `start` for a reviewer of that accuracy, and after how many answers."""
    now, answers = start.after(right=chance.random() < accuracy), 1
    while now.verdict == start.verdict and now.since:
        now, answers = now.after(right=chance.random() < accuracy), answers + 1
    return now.verdict, answers


def outcomes(accuracy: float, start: Standing) -> tuple[float, float]:
    """Share of reviewers paused, and the median number of answers that it took."""
    chance = random.Random(1945)
    ends = [ended(start, accuracy, chance) for _ in range(RUNS)]
    paused = [answers for verdict, answers in ends if verdict == "pause"]
    return len(paused) / RUNS, statistics.median(paused)


def test_a_reviewer_at_75_percent_is_paused_in_nine_of_ten_cases_after_some_24_gold_items():
    share, median = outcomes(0.75, Standing())
    assert share == pytest.approx(0.909, abs=0.015)
    assert 23 <= median <= 25


def test_a_reviewer_at_80_percent_is_paused_more_often_than_not():
    assert outcomes(0.8, Standing())[0] == pytest.approx(0.698, abs=0.022)


def test_a_reviewer_at_90_percent_is_paused_within_the_risk_of_the_first_test_and_of_the_standing_one():
    assert outcomes(0.9, Standing())[0] == pytest.approx(0.037, abs=0.009)
    assert outcomes(0.9, Standing("clear"))[0] == pytest.approx(0.007, abs=0.004)


def test_four_wrong_answers_pause_a_newcomer_and_five_one_who_was_cleared():
    assert standing([False] * 3).verdict == "open"
    assert standing([False] * 4) == Standing("pause", pytest.approx(4 * 0.9163, abs=1e-3), 4)
    assert standing([True] * 12).verdict == "open"
    cleared = [True] * 13
    assert standing(cleared) == Standing("clear", 0, 0)
    assert standing(cleared + [False] * 4) == Standing("clear", pytest.approx(4 * 0.9163, abs=1e-3), 4)
    assert standing(cleared + [False] * 5).verdict == "pause"


def test_each_clear_begins_the_next_test_at_nothing():
    assert standing([True] * 13 + [False] + [True] * 18) == Standing("clear", 0, 0)
    assert standing([True] * 26) == Standing("clear", 0, 0)


def test_nobody_has_been_judged_before_the_first_answer():
    assert standing([]) == Standing("open", 0, 0)


@given(st.lists(st.booleans(), max_size=80), st.lists(st.booleans(), max_size=80))
def test_a_pause_is_the_last_word_and_no_verdict_goes_back_to_open(before, after):
    first, both = standing(before), standing(before + after)
    if first.verdict == "pause":
        assert both == first
    if first.verdict == "clear":
        assert both.verdict != "open"
    assert 0 <= both.since <= len(before + after)
