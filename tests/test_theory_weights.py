"""Rows weighed by what they are worth estimate best, and as well as the formula says (R15)."""

import numpy as np
import pytest

from outcross.mixture.retention import effective_rows
from outcross.mixture.theory.weights import estimated, mean_error

pytestmark = pytest.mark.science

ROWS, BIAS = np.array([200, 150, 1000, 500]), np.array([0.0, 0.02, 0.06, 0.2])


def test_effective_rows_are_the_best_weights():
    errors = estimated(ROWS, BIAS, 100_000, np.random.default_rng(0))
    worth = effective_rows(ROWS, BIAS)
    best = mean_error(errors, worth / worth.sum())
    assert 1 / worth.sum() == pytest.approx(0.001716, abs=1e-6)
    assert best == pytest.approx(0.001716, rel=0.03)
    assert mean_error(errors, [1, 0, 0, 0]) == pytest.approx(0.0050, rel=0.03), "human rows alone"
    assert mean_error(errors, ROWS / ROWS.sum()) == pytest.approx(0.0045, rel=0.03), "all rows alike"
    for other in np.random.default_rng(1).dirichlet(worth / worth.sum() * 20, 30):
        assert mean_error(errors, other) > best


def test_more_rows_of_the_same_bias_stop_helping():
    errors = estimated([200, 10**9], [0.0, 0.1], 100_000, np.random.default_rng(0))
    worth = effective_rows([200, 10**9], [0.0, 0.1])
    assert mean_error(errors, worth / worth.sum()) == pytest.approx(1 / 300, rel=0.03)
