"""A promise that audits disprove: rarely called broken where it holds, and soon where it doesn't."""

import numpy as np
import pytest

from outcross.certificate.promise import part
from outcross.certificate.sequential import disproven
from outcross.data.recipe_tables import Certification


@pytest.mark.parametrize("alpha", [0.02, 0.05, 0.2])
def test_a_promise_that_just_holds_is_called_broken_in_one_of_twenty_at_most(alpha):
    rng = np.random.default_rng(3)
    broken = [disproven((rng.random(1_500) < alpha).tolist(), alpha) for _ in range(1_000)]
    assert np.mean(broken) <= 0.05 + 3 * (0.05 * 0.95 / 1_000) ** 0.5


def test_a_promise_that_is_broken_four_times_over_is_called_so():
    rng = np.random.default_rng(4)
    found = [disproven((rng.random(300) < 0.2).tolist(), 0.05) for _ in range(200)]
    assert np.mean(found) > 0.95


def test_without_audits_nothing_is_disproven():
    assert not disproven([], 0.05)
    assert not disproven([False] * 1_000, 0.05)


def test_errors_before_a_proof_are_no_drift_and_many_after_it_withdraw_it():
    assert proven_by([True] * 5 + [False] * 203, "exact")
    assert proven_by([True] * 2 + [False] * 200, "any time")
    assert proven_by([False] * 100 + [True] * 2, "any time")
    assert not proven_by([False] * 100 + [True] * 7, "any time")
    assert not proven_by([True] * 5 + [False] * 203 + [True] * 6, "exact")


def proven_by(wrong, method):
    terms = Certification(method=method)
    return part(terms, wrong, 10_000, delta=0.05, seen=1.0).holds
