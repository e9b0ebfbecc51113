"""The Gaussian's chains come to what the theory says, and what the design page simulated."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.mixture.collapse import gaussian
from outcross.mixture.collapse.gaussian import Moments, chain, distance
from outcross.mixture.collapse.policies import GOLDEN, POLICIES, SHARE, weight

pytestmark = pytest.mark.science
SEED = 11


def medians(fits: Moments, generation: int) -> tuple[float, float]:
    """Median spread, and median distance to the truth."""
    spread, far = np.sqrt(fits.variance), distance(fits)
    return float(np.median(spread[generation])), float(np.median(far[generation]))


def test_replacing_shrinks_the_spread_by_the_known_rate():
    n, fits = gaussian.ROWS, chain("replace", seed=SEED, generations=2_000, runs=4_000)
    expected = np.exp(-2_001 * (1 / n + 1 / (n - 1)) / 2)
    assert np.log10(medians(fits, 2_000)[0]) == pytest.approx(np.log10(expected), abs=0.15)
    assert fits.variance[50].mean() == pytest.approx(0.99**51, abs=0.04)
    assert [medians(fits, g)[0] for g in (50, 100, 200)] == pytest.approx([0.60, 0.37, 0.13], abs=0.02)


def test_accumulating_keeps_the_spread_where_noise_is_all():
    fits = chain("accumulate", seed=SEED, generations=2_000, runs=4_000)
    assert fits.variance[-1].mean() == pytest.approx(0.9836, abs=0.006)
    assert 1.5 < gaussian.ROWS * (fits.mean[-1] ** 2).mean() < 1.7, "at most pi squared over 6 of one sample's error"
    assert medians(fits, 2_000)[1] == pytest.approx(0.128, abs=0.01)


@pytest.mark.parametrize(
    ("policy", "spread", "far"),
    [("human", 0.99, 0.10), ("share", 0.87, 0.39), ("golden", 0.99, 0.109), ("depth1", 0.99, 0.107)],
)
def test_fixed_human_rows_hold_what_their_number_can(policy, spread, far):
    found = medians(chain(policy, seed=SEED, generations=500, runs=2_000), 500)
    assert found == pytest.approx((spread, far), abs=0.02)


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("golden", GOLDEN / (1 - (1 - GOLDEN) * gaussian.KAPPA)),
        ("depth1", GOLDEN + (1 - GOLDEN) * gaussian.KAPPA),
        ("accumulate", np.prod(1 - (1 - gaussian.KAPPA) / np.arange(2, 402))),
        ("replace", 0.0),
    ],
)
def test_contraction_takes_what_the_closed_forms_say(policy, expected):
    variance = chain(policy, seed=SEED, generations=400, kappa=gaussian.KAPPA, runs=2_000).variance[-1].mean()
    assert variance == pytest.approx(expected * 0.99, abs=0.02)


def test_under_contraction_the_policies_stand_in_the_order_of_the_theory():
    spreads = {
        policy: medians(chain(policy, seed=SEED, generations=2_000, kappa=gaussian.KAPPA), 2_000)[0]
        for policy in POLICIES
    }
    assert spreads["ours"] == spreads["depth1"], "one stratum and no gate leave nothing to add"
    order = ["replace", "share", "accumulate", "golden", "depth1", "human"]
    assert sorted(order, key=spreads.__getitem__) == order


def test_a_result_tells_every_measure_at_every_mark_with_a_sentence():
    found = gaussian.run("golden", generations=30)
    assert found.curves.group_by("measure").len()["len"].to_list() == [found.curves["generation"].n_unique()] * 4
    assert found.curves["generation"].max() == 30
    last = found.curves.filter(pl.col("generation") == 30).select("policy", "measure", "value")
    assert last.sort("measure").equals(found.survived.sort("measure"))
    assert found.said["golden"].endswith("narrowed.")


def test_the_same_seed_gives_the_same_numbers_and_all_policies_the_same_human_rows():
    one, two = (gaussian.run("share", seed=3, generations=5).curves for _ in range(2))
    assert one.equals(two)
    firsts = [chain(policy, seed=3, generations=0).mean[0] for policy in POLICIES]
    assert all(np.array_equal(first, firsts[0]) for first in firsts)


@given(st.integers(1, 5_000))
def test_weights_of_the_kept_are_shares_and_the_pool_weighs_all_rows_alike(generation):
    shares = {policy: weight(policy, generation) for policy in POLICIES}
    assert all(0 <= share <= 1 for share in shares.values())
    assert shares["accumulate"] * (generation + 1) == pytest.approx(generation)
    assert (shares["replace"], shares["share"], shares["human"]) == (0, SHARE, 1)
