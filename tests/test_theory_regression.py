"""Regression on one's own labels: replacing adds an error a generation, accumulating stops below pi^2/6 (R10)."""

import numpy as np
import pytest

from outcross.mixture.theory import regression

pytestmark = pytest.mark.science

ROWS, FEATURES = 60, 6


def test_replacing_adds_the_same_error_each_generation():
    errors = regression.replaced(ROWS, FEATURES, 20, 1500, np.random.default_rng(0))
    alone = regression.replaced_error(ROWS, FEATURES, 0)
    assert alone == pytest.approx(FEATURES / (ROWS - FEATURES - 1))
    assert errors[0] == pytest.approx(alone, rel=0.05)
    assert errors[[5, 20]] / alone == pytest.approx([6, 21], rel=0.1)
    assert regression.replaced_error(ROWS, FEATURES, 20) == pytest.approx(21 * alone)


def test_accumulating_stops():
    errors = regression.accumulated(ROWS, FEATURES, 20, 1500, np.random.default_rng(0))
    factor = errors[20] / regression.replaced_error(ROWS, FEATURES, 0)
    assert 1.35 < factor < 1.7
    assert factor == pytest.approx((1 / np.arange(1, 22) ** 2).sum(), rel=0.1)
