"""Probabilities of being right say how often drafts are right, whatever experts were asked about."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.certificate.calibration import MOST_WEIGHT, calibrate
from outcross.certificate.reliability import reliability
from outcross.errors import InputError


def drafts(count: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Scores of three signals, the second one noise, some missing; and which drafts are right (78 %)."""
    chance = np.random.default_rng(seed)
    worth = chance.normal(size=count)
    right = chance.random(count) < 1 / (1 + np.exp(-1.8 - 1.8 * worth))
    logits = np.stack([worth + chance.normal(0, 0.5, count), chance.normal(size=count), worth], axis=1)
    scores = 1 / (1 + np.exp(-logits))
    scores[chance.random((count, 3)) < 0.1] = np.nan
    return scores, right


def fitted(count: int = 2_000, columns: int = 3):
    scores, right = drafts(count)
    names = tuple("abc"[:columns])
    return calibrate(names, scores[:, :columns], right, np.ones(count), np.arange(count) // 3)


@pytest.mark.parametrize("columns", [1, 2, 3])
def test_the_probability_is_the_share_that_is_right(columns):
    calibrator, said = fitted(columns=columns)
    assert said.error < 0.04
    assert said.brier < 0.78 * 0.22
    scores, right = drafts(20_000, seed=1)
    fresh = reliability(calibrator(scores[:, :columns]), right, np.ones(right.size))
    assert fresh.error < 0.04
    assert fresh.brier == pytest.approx(said.brier, abs=0.015)


def test_more_signals_tell_more():
    assert fitted(columns=3)[1].brier < fitted(columns=1)[1].brier - 0.005


def test_what_experts_were_asked_about_does_not_bias_it():
    """Low scores are asked about always, others one time in ten, and errors at high scores hide from the score."""
    chance = np.random.default_rng(4)
    score, hidden = chance.random(20_000), chance.random(20_000)
    right = np.where(hidden < 0.3, chance.random(20_000) < 0.5, chance.random(20_000) < 0.95)
    asked = np.where(hidden < 0.3, 1.0, 0.1)
    seen = np.flatnonzero(chance.random(20_000) < asked)
    parts = (("a",), score[seen, None], right[seen])
    weighed, _ = calibrate(*parts, 1 / asked[seen], seen)
    blind, _ = calibrate(*parts, np.ones(seen.size), seen)
    assert weighed(score[:, None]).mean() == pytest.approx(right.mean(), abs=0.02)
    assert blind(score[:, None]).mean() < right.mean() - 0.1


def test_no_draft_outvotes_hundreds():
    scores, right = drafts(300)
    heavy = np.where(np.arange(300) == 0, 1e6, 1.0)
    capped = np.minimum(heavy, MOST_WEIGHT)
    groups = np.arange(300)
    assert calibrate(("a", "b", "c"), scores, right, heavy, groups) == calibrate(
        ("a", "b", "c"), scores, right, capped, groups
    )


@given(st.permutations(range(40)), st.integers(1, 40))
def test_what_is_said_of_a_draft_rests_on_that_draft_alone(order, count):
    calibrator, _ = FITTED
    scores = drafts(40, seed=3)[0]
    whole = calibrator(scores)
    some = np.array(order[:count])
    assert calibrator(scores[some]).tolist() == whole[some].tolist()


FITTED = fitted(600)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30))
def test_of_one_signal_a_higher_score_is_never_less_likely_right(values):
    said = ALONE(np.sort(values)[:, None])
    assert (np.diff(said) >= 0).all()
    assert ((said > 0) & (said < 1)).all()


ALONE = fitted(600, columns=1)[0]


def test_a_signal_that_nobody_has_says_nothing():
    scores, right = drafts(600)
    scores[:, 1] = np.nan
    calibrator, _ = calibrate(("a", "b", "c"), scores, right, np.ones(600), np.arange(600))
    assert np.isfinite(calibrator(scores)).all()
    assert calibrator(np.full((2, 3), np.nan)).tolist() == [calibrator(np.full((1, 3), np.nan))[0]] * 2


def test_reliability_holds_what_was_said_against_what_was_found():
    said = np.array([0.05, 0.95, 1.0, 0.5])
    found = reliability(said, np.array([False, True, True, True]), np.array([1.0, 1.0, 1.0, 3.0]))
    assert [(one.low, one.drafts) for one in found.bins] == [(0.0, 1), (0.5, 1), (0.9, 2)]
    assert found.error == pytest.approx((0.05 + 2 * 0.025 + 3 * 0.5) / 6)
    assert found.brier == pytest.approx((0.05**2 * 2 + 3 * 0.25) / 6)


@pytest.mark.parametrize(
    ("right", "groups"), [([True] * 4, [0, 1, 2, 3]), ([False] * 4, [0, 1, 2, 3]), ([True, False] * 2, [0] * 4)]
)
def test_decisions_that_teach_nothing_are_refused(right, groups):
    with pytest.raises(InputError, match=r"4 decisions on \d documents, \d of them good, can't be calibrated"):
        calibrate(("a",), np.ones((4, 1)), np.array(right), np.ones(4), np.array(groups))


def test_shapes_that_do_not_match_are_refused():
    with pytest.raises(InputError, match=r"scores have shape \(4, 2\)"):
        calibrate(("a",), np.ones((4, 2)), np.ones(4, dtype=bool), np.ones(4), np.arange(4))
