"""Two components in the plane: what each policy does to them by generation 2,000, and the fits that it rests on."""

import numpy as np
import pytest
from sklearn.mixture import GaussianMixture

from outcross.mixture.collapse import components, em
from outcross.mixture.collapse.policies import MARKS

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def ends():
    """Medians after the last generation, by policy: to generation 2,000 where a policy drifts for long."""
    last = {"replace": 2_000, "accumulate": 2_000, "lopsided": 500, "share": 500, "ours": 500, "golden": 500}
    results = {policy: components.run(policy, generations=generations) for policy, generations in last.items()}
    return {policy: dict(found.survived.select("measure", "value").iter_rows()) for policy, found in results.items()}


def test_replacing_ends_in_a_point_with_one_component_lost(ends):
    assert ends["replace"]["spread"] < 0.01
    assert ends["replace"]["smaller component"] == 0


def test_accumulating_keeps_both_components(ends):
    assert ends["accumulate"]["distance"] < 0.25
    assert ends["accumulate"]["smaller component"] == pytest.approx(0.3, abs=0.05)


def test_a_floor_filled_from_one_stratum_loses_the_other(ends):
    assert ends["lopsided"]["distance"] > 1.2
    assert ends["lopsided"]["smaller component"] == 0


def test_a_tenth_human_blurs_and_ours_does_not(ends):
    assert 0.25 < ends["share"]["distance"] < 1.2
    assert ends["golden"]["distance"] < 0.25
    assert ends["ours"]["distance"] < 0.25
    assert ends["ours"]["spread"] == pytest.approx(0.7, abs=0.03)


def test_pictures_stand_at_the_papers_generations():
    found = components.run("replace", generations=200)
    assert found.pictures["generation"].unique().sort().to_list() == [mark for mark in MARKS if mark <= 200]
    assert found.pictures.columns == ["policy", "generation", "x", "y"]


def test_a_fit_comes_to_what_scikit_learn_finds():
    rng = np.random.default_rng(2)
    points, _ = components.truth(3).sample(800, rng)
    start = components.truth(3)
    for _ in range(5):
        start, _ = em.fit(em.features(points), np.ones((3, 800)), start)
    for chain in range(3):
        theirs = GaussianMixture(2, means_init=components.truth().means[0], tol=1e-9, max_iter=500).fit(points[chain])
        assert start.weights[chain] == pytest.approx(theirs.weights_, abs=1e-3)
        assert start.means[chain] == pytest.approx(theirs.means_, abs=2e-3)
        assert start.covariances[chain] == pytest.approx(theirs.covariances_, abs=3e-3)


def test_rows_that_weigh_twice_count_twice():
    points, _ = components.truth().sample(60, np.random.default_rng(4))
    rows = em.features(points)
    weights = np.where(np.arange(60) < 20, 2.0, 1.0)[None]
    twice, _ = em.fit(np.concatenate([rows, rows[:, :20]], axis=1), np.ones((1, 80)), components.truth())
    once, _ = em.fit(rows, weights, components.truth())
    for part, other in zip(once, twice, strict=True):
        assert part == pytest.approx(other)


def test_a_pool_of_sums_is_as_good_as_its_rows_where_components_stand_apart():
    points, _ = components.truth().sample(1_000, np.random.default_rng(6))
    rows, ones = em.features(points), np.ones((1, 500))
    half, pool = em.fit(rows[:, :500], ones, components.truth())
    pooled, _ = em.fit(rows[:, 500:], ones, half, pool)
    whole, _ = em.fit(rows, np.ones((1, 1_000)), components.truth())
    for part, other in zip(pooled, whole, strict=True):
        assert part == pytest.approx(other, abs=0.01)


def test_pinned_rows_hold_their_strata_at_the_human_shares():
    wrote = (np.random.default_rng(8).random((2, 400)) < 0.45).astype(np.int64)
    weights = components.pinned(wrote, components.truth(2))
    assert (weights * wrote).sum(axis=1) / weights.sum(axis=1) == pytest.approx([0.3, 0.3])
    assert weights.mean(axis=1) == pytest.approx([1, 1])


def test_a_component_without_rows_is_lost_for_good():
    dead = components.truth()._replace(weights=np.array([[1.0, 0.0]]))
    points, wrote = dead.sample(200, np.random.default_rng(1))
    assert not wrote.any()
    after, _ = em.fit(em.features(points), np.ones((1, 200)), dead)
    assert after.weights[0] == pytest.approx([1, 0])
    assert np.isfinite(after.covariances).all()
