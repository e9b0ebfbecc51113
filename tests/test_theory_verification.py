"""Verified labels help below a threshold of noise and harm above it (R14)."""

import numpy as np
import pytest

from outcross.mixture.theory.verification import threshold, verified_accuracy

pytestmark = pytest.mark.science


@pytest.mark.parametrize(
    ("right", "wrong", "turns"), [(0.9, 0.3, 0.75), (0.6, 0.5, 0.545), (0.8, 0.8, 0.5), (0.5, 0.6, 0.4545)]
)
def test_accuracy_turns_over_at_the_threshold(right, wrong, turns):
    assert threshold(right, wrong) == pytest.approx(turns, abs=1e-3)
    below, above = (
        verified_accuracy(turns + step, right, wrong, rows=20_000, features=10, rng=np.random.default_rng(0))
        for step in (-0.05, 0.05)
    )
    assert below > 0.9
    assert above < 0.1


def test_a_verifier_that_is_never_fooled_saves_any_share_of_wrong_labels():
    assert threshold(0.5, 0.0) == 1
    accuracy = verified_accuracy(0.95, 0.5, 0.0, rows=20_000, features=10, rng=np.random.default_rng(0))
    assert accuracy > 0.9
