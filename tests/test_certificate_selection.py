"""Thresholds come in an order that no label decides, and what is proven of them is exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.stats import binom

from outcross.certificate.selection import counts, fixed_sequence, promising, thresholds
from outcross.errors import InputError


@given(st.lists(st.sampled_from(np.linspace(0, 1, 41).tolist()), min_size=1, max_size=200), st.integers(0, 400))
def test_thresholds_fall_from_where_a_proof_is_possible_to_where_all_is_accepted(scores, labelled):
    drafts = np.array(scores)
    tried = thresholds(drafts, labelled, 0.05)
    assert (np.diff(tried) < 0).all()
    assert tried[-1] == drafts.min()
    accepted = (drafts >= tried[0]).mean()
    assert accepted * labelled >= 1.6 * 58.4 or len(tried) == 1
    assert np.isin(tried, drafts).all()


def test_without_drafts_there_is_nothing_to_try():
    assert thresholds(np.array([]), 10, 0.05).size == 0


def test_the_walk_keeps_the_last_threshold_before_the_first_that_fails():
    audits = np.array([100, 150, 200, 250])
    assert fixed_sequence(np.array([0, 2, 4, 20]), audits, 0.05) == 2
    assert fixed_sequence(np.array([0, 9, 4, 5]), audits, 0.05) == 0
    assert fixed_sequence(np.array([9, 0, 0, 0]), audits, 0.05) is None
    assert fixed_sequence(np.array([0, 0, 0, 0]), audits, 0.05) == 3
    assert fixed_sequence(audits[:0], audits[:0], 0.05) is None


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), max_size=60))
def test_counts_are_those_of_the_audits_at_or_above_each_threshold(audits):
    scores = np.array([score for score, _ in audits])
    wrong = np.array([bad for _, bad in audits], dtype=bool)
    errors, total = counts(scores, wrong, np.array([0.9, 0.5, 0.0]))
    for threshold, k, n in zip([0.9, 0.5, 0.0], errors, total, strict=True):
        assert n == sum(score >= threshold for score, _ in audits)
        assert k == sum(bad for score, bad in audits if score >= threshold)


def test_a_promising_threshold_takes_all_that_tie_and_heeds_the_weights():
    scores = np.repeat([0.9, 0.8, 0.7], 100)
    wrong = np.zeros(300, dtype=bool)
    wrong[100], wrong[200:220] = True, True
    assert promising(scores, wrong, 0.05) == 0.8
    weights = np.ones(300)
    weights[100] = 20
    assert promising(scores, wrong, 0.05, weights) == 0.9
    assert promising(np.array([0.5]), np.array([True]), 0.05) is None
    assert promising(scores[:0], wrong[:0], 0.05) is None


def test_a_threshold_is_tested_by_the_exact_binomial_where_mapie_counts_one_error_too_many():
    """MAPIE takes ceil(n * risk), which rounding lifts above k; once that is mended this fails and may go."""
    n, alpha = np.array([208.0]), 0.05
    said = compute_hoeffding_bentkus_p_value(np.array([1 - 203 / 208]), n, alpha, binary=True)[0, 0]
    exact = binom.cdf(5, 208, alpha)
    assert exact == pytest.approx(0.0492, abs=1e-4)
    assert said == pytest.approx(0.1009, abs=1e-3)
    assert fixed_sequence(np.array([5]), np.array([208]), alpha) == 0
    for k, total in [(0, 59), (1, 93), (5, 208), (10, 300)]:
        theirs = compute_hoeffding_bentkus_p_value(np.array([k / total]), np.array([float(total)]), alpha, binary=True)
        assert theirs[0, 0] >= binom.cdf(k, total, alpha) - 1e-12


def test_a_risk_that_is_none_is_refused():
    with pytest.raises(InputError, match=r"1\.5 is no rate or risk"):
        thresholds(np.array([0.5]), 10, 1.5)
