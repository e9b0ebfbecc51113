"""Words that are drawn from their own counts drift, settle and are forgotten as the theory says (R11, R12, R16)."""

import numpy as np
import pytest

from outcross.mixture.theory import drift

pytestmark = pytest.mark.science


def test_a_large_sample_of_a_zipf_tail_drifts_slowly():
    shares = np.arange(1, 20_001) ** -1.5
    shares /= shares.sum()
    drawn = drift.redrawn(shares, 100_000, 99, 1, np.random.default_rng(0))
    start = drift.repeated(shares)
    differ = 1 - drift.repeated(drawn)[0]
    assert differ == pytest.approx(0.8216, abs=0.005)
    assert differ == pytest.approx(1 - drift.repeated_mean(start, 100_000, 100), abs=0.005)


def test_a_small_sample_drifts_fast():
    shares = np.full(20, 0.05)
    same = drift.repeated(drift.redrawn(shares, 200, 199, 1500, np.random.default_rng(1))).mean()
    assert same == pytest.approx(drift.repeated_mean(0.05, 200, 200), abs=0.02)
    assert abs(same - drift.repeated_mean(0.05, 200, 150)) > 0.05


@pytest.mark.parametrize(
    ("tokens", "fresh", "expected"), [(200, 0.01, 0.2016), (200, 0.05, 0.0490), (1000, 0.01, 0.0479)]
)
def test_fresh_human_tokens_stop_drift_by_their_number(tokens, fresh, expected):
    assert drift.settled(tokens, fresh) == pytest.approx(expected, abs=1e-4)
    shares = np.full(20, 0.05)
    drawn = drift.redrawn(shares, tokens, round(3 / fresh), 3000, np.random.default_rng(2), fresh)
    start = drift.repeated(shares)
    assert (drift.repeated(drawn).mean() - start) / (1 - start) == pytest.approx(expected, rel=0.03)
    assert drift.settled(tokens, fresh) == pytest.approx(1 / (1 + 2 * tokens * fresh), rel=0.06)


def test_ten_fresh_rows_a_generation_hold_drift_below_a_twentieth():
    assert drift.settled(1_000_000, 1e-5) < 0.05 < drift.settled(1_000_000, 0.9e-5)


@pytest.mark.parametrize(("count", "simulated"), [(4, 10), (8, 22), (16, 44), (32, 92)])
def test_a_word_is_forgotten_in_time_linear_in_its_count(count, simulated):
    after = drift.forgotten_after(count, 100_000, 4000, np.random.default_rng(3), 2 + 4 * count)
    median = np.median(after)
    assert median == pytest.approx(2.8 * count, rel=0.2)
    assert median == pytest.approx(drift.forgotten_median(count), rel=0.2)
    assert median == pytest.approx(simulated, rel=0.1)
