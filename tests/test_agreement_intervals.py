"""Intervals are exact: they equal scipy's and cover as promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binom, binomtest

from outcross.agreement.intervals import interval, upper_bound
from outcross.errors import InputError

levels = st.floats(1e-6, 1 - 1e-6)
counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n - 1), st.just(n)))


@pytest.mark.parametrize("n", [1, 2, 7, 59, 208, 1_000, 5_000])
def test_bounds_are_those_of_scipy(n):
    for k in sorted({0, 1, n // 20, n // 3, n // 2, n - 1, n}):
        for delta in (0.2, 0.05, 0.001):
            expected = 1.0 if k == n else beta.ppf(1 - delta, k + 1, n - k)
            assert upper_bound(k, n, delta) == pytest.approx(expected, abs=1e-9)
        for confidence in (0.8, 0.95, 0.999):
            exact = binomtest(k, n).proportion_ci(confidence, method="exact")
            assert interval(k, n, confidence) == pytest.approx((exact.low, exact.high), abs=1e-9)


@pytest.mark.parametrize(
    ("rate", "audits"),
    [(0.05, [59, 93, 124, 153]), (0.02, [149, 236, 313, 386]), (0.01, [299, 473, 628, 773])],
)
def test_so_many_clean_audits_prove_a_rate_and_one_fewer_does_not(rate, audits):
    for errors, n in enumerate(audits):
        assert upper_bound(errors, n) <= rate < upper_bound(errors, n - 1)
    assert upper_bound(5, 208) <= 0.05 < upper_bound(5, 207)


@given(counts, levels)
def test_bounds_rise_with_what_was_counted_and_fall_with_how_much_was_seen(case, delta):
    k, n = case
    assert upper_bound(k, n, delta) < upper_bound(k + 1, n, delta)
    assert upper_bound(k, n + 1, delta) < upper_bound(k, n, delta)
    assert interval(k, n)[0] <= k / n <= interval(k, n)[1]
    assert interval(k, n)[0] < interval(k + 1, n)[0]
    assert interval(k, n + 1)[0] <= interval(k, n)[0]


@given(counts, levels, levels)
def test_the_more_certain_the_wider(case, one, other):
    lower, upper = sorted([one, other])
    assert upper_bound(*case, upper) <= upper_bound(*case, lower)


def test_the_interval_holds_every_rate_as_often_as_it_says():
    found = [interval(k, 30) for k in range(31)]
    for rate in np.linspace(0, 1, 201):
        covered = sum(binom.pmf(k, 30, rate) for k, (low, high) in enumerate(found) if low <= rate <= high)
        assert covered >= 0.95


def test_nothing_seen_is_nothing_known():
    assert interval(0, 0) == (0, 1)
    assert upper_bound(0, 0) == 1


@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10), (0, -1)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(InputError, match=f"{k} of {n} can't be counted"):
        upper_bound(k, n)


@pytest.mark.parametrize("level", [0.0, 1.0, -0.5, float("nan")])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        upper_bound(1, 10, level)
    with pytest.raises(InputError, match="must lie between 0 and 1"):
        interval(1, 10, level)


def test_a_count_that_is_no_whole_number_is_refused():
    with pytest.raises(TypeError):
        upper_bound(208 * 0.05, 208)
