"""Bounds of errors are exact, in a process and in a batch, and what reviewers miss is carried into them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, hypergeom

from outcross.agreement.intervals import upper_bound
from outcross.certificate.bounds import batch_bound, left, rate_bound, sensitivity
from outcross.certificate.plan import needed
from outcross.certificate.strata import split
from outcross.errors import InputError

batches = st.integers(1, 300).flatmap(
    lambda size: st.integers(1, size).flatmap(
        lambda n: st.tuples(st.integers(0, n), st.just(n), st.just(size)),
    )
)
risks = st.sampled_from([0.01, 0.05, 0.2])


@given(batches, risks)
def test_a_batchs_bound_is_the_largest_number_of_errors_that_the_audits_leave_possible(batch, delta):
    k, n, size = batch
    most = batch_bound(k, n, size, delta)
    assert k <= most <= size - (n - k)
    assert most == k or hypergeom.cdf(k, size, most, n) > delta
    assert most == size or hypergeom.cdf(k, size, most + 1, n) <= delta


@given(batches, risks)
def test_a_batch_is_never_bounded_worse_than_a_process(batch, delta):
    k, n, size = batch
    assert batch_bound(k, n, size, delta) <= rate_bound(k, n, delta) * size + 1


def test_a_very_large_batch_is_a_process():
    assert batch_bound(5, 208, 2_000_000) / 2_000_000 == pytest.approx(rate_bound(5, 208), abs=1e-4)


def test_reviewers_who_miss_errors_prove_less():
    assert rate_bound(0, 59) == upper_bound(0, 59)
    assert rate_bound(0, 59, seen=0.8) > 0.05 >= rate_bound(0, 74, seen=0.8)
    assert rate_bound(0, 59, seen=0.8) == pytest.approx(0.0619, abs=1e-4)
    assert rate_bound(3, 3, seen=0.1) == 1


@given(batches, st.sampled_from([0.3, 0.8, 0.99]))
def test_a_batchs_bound_counts_the_errors_that_reviewers_miss(batch, seen):
    k, n, size = batch
    most = batch_bound(k, n, size, seen=seen)
    assert most >= batch_bound(k, n, size)
    if most < size:
        drawn = np.arange(n + 1)
        found = hypergeom.pmf(drawn, size, most + 1, n) @ binom.cdf(k, drawn, seen)
        assert found <= 0.05


def test_sensitivity_is_what_known_errors_show_at_the_least():
    assert sensitivity(0, 0) == 0
    assert sensitivity(50, 50) == pytest.approx(0.025 ** (1 / 50))
    assert sensitivity(40, 50) < 0.8 < sensitivity(4_500, 5_000)


def test_what_nobody_read_may_be_worse_than_the_batch():
    most = batch_bound(0, 40, 60)
    assert most == 2
    assert left(0, 40, 60, most) == 2 / 20
    assert left(2, 60, 60, 2) == 0
    assert left(5, 20, 100, batch_bound(5, 20, 100)) < batch_bound(5, 20, 100) / 80


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((3, 2, 9), "3 of 2 can't be counted"),
        ((0, 10, 9), "10 audits can't be drawn from a batch of 9"),
        ((0, 5, 9, 1.0), "delta is 1.0"),
        ((0, 5, 9, 0.05, 0.0), "sensitivity is 0.0; .* Show them more known errors"),
    ],
)
def test_impossible_audits_are_refused(arguments, words):
    with pytest.raises(InputError, match=words):
        batch_bound(*arguments)


@given(st.dictionaries(st.sampled_from("abcdef"), st.floats(0.1, 9), min_size=1), risks)
def test_strata_share_one_risk_whole(weights, delta):
    shares = split(delta, weights)
    assert shares.keys() == weights.keys()
    assert sum(shares.values()) == pytest.approx(delta)
    assert min(shares.values()) > 0


def test_five_strata_take_ninety_audits_each_for_five_per_cent():
    shares = split(0.05, dict.fromkeys("abcde", 1.0)).values()
    assert {needed(0.05, share) for share in shares} == {90}
    assert {needed(0.02, share) for share in shares} == {228}


def test_a_stratum_without_weight_is_refused():
    with pytest.raises(InputError, match="stratum b has the weight 0"):
        split(0.05, {"a": 1.0, "b": 0.0})
