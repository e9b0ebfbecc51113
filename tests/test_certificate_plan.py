"""The audits that a promise takes: the figures that people plan with."""

import pytest

from outcross.certificate.bounds import batch_bound, rate_bound
from outcross.certificate.plan import needed, needed_looking, needed_of_batch, power
from outcross.certificate.sequential import proven
from outcross.errors import InputError


@pytest.mark.parametrize(
    ("alpha", "audits"),
    [(0.01, [299, 473, 628, 773, 1_049]), (0.02, [149, 236, 313, 386, 523]), (0.05, [59, 93, 124, 153, 208])],
)
def test_so_many_audits_prove_a_rate_and_one_fewer_does_not(alpha, audits):
    for errors, n in zip([0, 1, 2, 3, 5], audits, strict=True):
        assert needed(alpha, errors=errors) == n
        assert rate_bound(errors, n) <= alpha < rate_bound(errors, n - 1)


@pytest.mark.parametrize(
    ("delta", "rows"),
    [
        (0.10, {0.01: [230, 388, 531], 0.02: [114, 194, 265], 0.05: [45, 77, 105]}),
        (0.01, {0.01: [459, 662, 838], 0.02: [228, 330, 418], 0.05: [90, 130, 165]}),
    ],
)
def test_more_certainty_takes_more_audits(delta, rows):
    for alpha, audits in rows.items():
        assert [needed(alpha, delta, errors) for errors in range(3)] == audits


@pytest.mark.parametrize(
    ("size", "rows"),
    [
        (200, {0.01: [126, 173, 197], 0.02: [90, 131, 162], 0.05: [47, 72, 93]}),
        (1_000, {0.01: [238, 364, 469], 0.02: [132, 206, 269], 0.05: [56, 88, 117]}),
        (5_000, {0.01: [284, 447, 590], 0.02: [145, 229, 304], 0.05: [58, 92, 123]}),
    ],
)
def test_a_small_batch_takes_fewer(size, rows):
    for alpha, audits in rows.items():
        assert [needed_of_batch(alpha, size, errors=errors) for errors in range(3)] == audits


def test_a_batch_with_more_errors_than_are_allowed_is_never_proven():
    assert needed_of_batch(0.05, 19, errors=1) is None
    assert needed_of_batch(0.05, 20, errors=1) == 20
    assert batch_bound(1, 20, 20) == 1


@pytest.mark.parametrize(
    ("alpha", "clean"),
    [(0.01, 397), (0.02, 198), (0.05, 78)],
)
def test_whoever_looks_after_each_audit_needs_more(alpha, clean):
    assert needed_looking(alpha) == clean
    for errors in range(4):
        n = needed_looking(alpha, errors=errors)
        path = [True] * errors + [False] * (n - errors)
        assert proven(path, alpha)
        assert not proven(path[:-1], alpha)


def test_a_plan_for_no_error_fails_half_the_time():
    chances = [power(0.05, 0.0125, errors=errors) for errors in (0, 1, 2, 5)]
    assert chances == pytest.approx([0.48, 0.68, 0.80, 0.95], abs=0.006)


@pytest.mark.parametrize("alpha", [0, 1, -0.1])
def test_no_plan_proves_nothing_or_everything(alpha):
    for plan in (needed, needed_looking):
        with pytest.raises(InputError, match=f"alpha is {alpha}"):
            plan(alpha)
