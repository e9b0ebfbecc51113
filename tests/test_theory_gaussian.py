"""A normal distribution under every policy goes where the closed forms say (R1 to R9 of the theory)."""

import numpy as np
import pytest

from outcross.mixture.retention import golden_share, retained
from outcross.mixture.theory import gaussian

pytestmark = pytest.mark.science

N = 100
"""Rows of people, and of each generation where nothing else is said."""


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def error(fits: gaussian.Fits) -> np.ndarray:
    """Squared error of the mean, as a multiple of that of N human rows."""
    return N * (fits.mean**2).mean(axis=-1)


def test_fits_drawn_by_their_laws_are_those_of_drawn_rows():
    source = gaussian.Fits(np.full(40_000, 0.5), np.full(40_000, 2.0))
    drawn = rng(1).normal(0.5, np.sqrt(2.0 * 0.7), (40_000, 7))
    fits = gaussian.fitted(source, 7, rng(2), kappa=0.7)
    for ours, theirs in ((fits.mean, drawn.mean(axis=1)), (fits.variance, drawn.var(axis=1))):
        quantiles = np.linspace(0.05, 0.95, 10)
        assert np.quantile(ours, quantiles) == pytest.approx(np.quantile(theirs, quantiles), abs=0.025)


def test_a_mix_of_fits_is_the_fit_to_the_rows_together():
    one, two = rng(1).normal(0, 1, (5, 30)), rng(2).normal(1, 2, (5, 10))
    mixed = gaussian.mixed(*(gaussian.Fits(rows.mean(axis=1), rows.var(axis=1)) for rows in (one, two)), 0.75)
    together = np.concatenate([one, two], axis=1)
    assert mixed.mean == pytest.approx(together.mean(axis=1))
    assert mixed.variance == pytest.approx(together.var(axis=1))


def test_replacing_kills_the_typical_run():
    variance = gaussian.replaced(N, 2000, 4000, rng()).variance
    sigma = np.log10(np.median(variance)) / 2
    assert sigma == pytest.approx(np.log10(1.84e-9), abs=0.15)
    assert sigma == pytest.approx(np.log10(gaussian.replaced_median(N, 2000)) / 2, abs=0.15)
    assert abs(sigma - np.log10(gaussian.replaced_mean(N, 2000)) / 2) > 2, "the mean is another number"


def test_replacing_loses_one_in_n_of_the_mean_variance_a_generation():
    assert gaussian.replaced_mean(N, 50) == pytest.approx(0.599, abs=5e-4)
    assert gaussian.replaced(N, 50, 10_000, rng()).variance.mean() == pytest.approx(0.599, abs=0.04)


def test_accumulating_keeps_variance_and_bounds_the_error():
    fits = gaussian.accumulated(N, 2000, 6000, rng())
    assert gaussian.accumulated_mean(N, 2000) == pytest.approx(0.9836, abs=1e-4)
    assert fits.variance.mean() == pytest.approx(0.9836, abs=0.006)
    assert 1.5 < error(fits) < 1.7
    assert error(fits) == pytest.approx(gaussian.ACCUMULATED_ERROR, rel=0.05)


@pytest.mark.parametrize(("weight", "expected"), [(0.5, 0.6667), (golden_share(1), 0.6180)])
def test_fresh_human_rows_make_synthetic_ones_a_memory(weight, expected):
    assert gaussian.refreshed_error(1, float(weight)) == pytest.approx(expected, abs=1e-4)
    assert error(gaussian.refreshed(N, N, weight, 30, 20_000, rng())) == pytest.approx(expected, abs=0.03)


@pytest.mark.parametrize(("ratio", "expected"), [(0.25, 0.8284), (4, 0.3904), (16, 0.2207)])
def test_the_golden_share_is_the_best_weight_and_its_own_error(ratio, expected):
    assert golden_share(1 / ratio) == pytest.approx(expected, abs=5e-5)
    # The runs share their luck over all weights, so the best weight is known better than any error.
    weights = expected + np.linspace(-0.15, 0.15, 7)
    errors = error(gaussian.refreshed(1000, round(1000 * ratio), weights[:, None], 25, 20_000, rng())) * 1000 / N
    assert errors[3] == pytest.approx(expected, abs=0.01)
    curve = np.polynomial.Polynomial.fit(weights, errors, 4)
    fine = np.linspace(weights[0], weights[-1], 3001)
    assert fine[curve(fine).argmin()] == pytest.approx(expected, abs=0.02)


def test_a_fixed_human_set_costs_at_most_half_as_much_again():
    ratio = np.array([1, 4, 9, 19])
    assert gaussian.anchored_error(ratio) == pytest.approx([1.33, 1.44, 1.47, 1.49], abs=0.005)
    fits = gaussian.anchored(N, N * ratio[:, None], 80, 20_000, rng())
    assert error(fits) == pytest.approx(gaussian.anchored_error(ratio), abs=0.06)
    assert fits.variance.mean(axis=1) == pytest.approx([0.985, 0.985, 0.985, 0.985], abs=0.006), "count, not share"


RATIO, KAPPA = (axis.ravel()[:, None] for axis in np.meshgrid([1, 4, 9, 19], [0.9, 0.8, 0.5]))


@pytest.mark.parametrize(("depth", "generations"), [(None, 80), (1, 1), (2, 2), (5, 5)])
def test_contraction_leaves_what_share_and_depth_allow(depth, generations):
    expected = retained(1 / (1 + RATIO), KAPPA, depth)[:, 0] * 0.99
    measured = gaussian.anchored(N, N * RATIO, generations, 4000, rng(), KAPPA).variance.mean(axis=1)
    assert measured == pytest.approx(expected, abs=0.02)
    other = retained(1 / (1 + RATIO), KAPPA, 1 if depth is None else None)[:, 0] * 0.99
    assert np.abs(measured - other).max() > 0.1, "another depth gives other numbers"


def test_accumulating_does_not_stop_contraction():
    kappa, expected = [0.9, 0.8, 0.5], np.array([0.571, 0.324, 0.056])
    measured = gaussian.accumulated(N, 400, 2000, rng(), np.array(kappa)[:, None]).variance.mean(axis=1)
    assert measured == pytest.approx(expected, abs=0.02)
    assert measured == pytest.approx([gaussian.accumulated_mean(N, 400, each) for each in kappa], abs=0.005)
    assert np.all(np.abs(measured - np.power(400, np.array(kappa) - 1) * 1.2) < 0.15), "a power of time"
    assert measured.max() < 0.6 < 0.97 < gaussian.accumulated_mean(N, 400)
