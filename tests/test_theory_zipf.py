"""Missing mass of a Zipf tail falls with the power that the theory gives (R13)."""

import numpy as np
import pytest

from outcross.mixture.theory import zipf

pytestmark = pytest.mark.science


@pytest.mark.parametrize("exponent", [1.5, 2.0])
def test_missing_mass_falls_as_a_power_of_the_sample(exponent):
    sizes = np.geomspace(1_000, 100_000, 7).astype(int)
    missing = zipf.missing_mass(sizes, exponent, 12, np.random.default_rng(0))
    slope = np.polyfit(np.log(sizes), np.log(missing), 1)[0]
    assert slope == pytest.approx(zipf.missing_slope(exponent), abs=0.02)


def test_slopes():
    assert zipf.missing_slope(1.5) == pytest.approx(-0.333, abs=1e-3)
    assert zipf.missing_slope(2.0) == -0.5


def test_missing_mass_is_what_was_not_drawn():
    assert zipf._missing(np.array([1, 1, 2]), 2.0) == pytest.approx(1 - (1 + 1 / 4) / (np.pi**2 / 6))
