"""A model of digits that learns from its own drawings loses them, and loses them in the order of the theory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from outcross.mixture.collapse import digits
from outcross.mixture.collapse.vae import Vae

pytestmark = pytest.mark.science

GENERATIONS = {"human": 1, "ours": 3, "depth1": 3, "golden": 4, "accumulate": 4, "replace": 5}
"""As many as the order needs; in the theory's order."""


@pytest.fixture(scope="module")
def real():
    return digits.Digits.drawn(np.random.default_rng(1))


@pytest.fixture(scope="module")
def found(real):
    """Measures in the mean over the generations after the first two, and over all for the control."""
    means = {}
    # As the flow does: several threads on such small matrices take minutes where one takes seconds.
    with threadpool_limits(1, user_api="blas"):
        for policy, generations in GENERATIONS.items():
            eye = np.random.default_rng(2)
            chain = digits.chain(policy, real, seed=1, generations=generations)
            lines = [digits.measured(real, model.sample(digits.MEASURED, eye)) for model in chain]
            later = lines if policy == "human" else lines[2:]
            means[policy] = {name: float(np.mean([line[name] for line in later])) for name in lines[0]}
    return means


def test_distances_and_kinds_come_in_the_order_of_the_theory(found):
    assert sorted(found, key=lambda policy: found[policy]["Fréchet distance"]) == list(GENERATIONS)
    assert sorted(found, key=lambda policy: -found[policy]["Vendi score"]) == list(GENERATIONS)


def test_the_figures_are_those_of_the_design(found):
    distances = {policy: found[policy]["Fréchet distance"] for policy in ("human", "ours", "depth1", "golden")}
    assert distances == pytest.approx({"human": 1.1, "ours": 1.46, "depth1": 1.58, "golden": 1.77}, rel=0.15)
    assert found["human"]["variance kept"] == pytest.approx(0.43, abs=0.05)


def test_replacing_ends_in_one_grey_digit(found):
    assert found["replace"]["Vendi score"] < 2
    assert found["replace"]["variance kept"] < 0.05
    assert found["replace"]["Fréchet distance"] > 3.5


def test_ours_keeps_all_ten_digits(found):
    assert found["ours"]["digits"] == 10
    assert found["ours"]["classification score"] > found["accumulate"]["classification score"] + 0.1


def test_human_images_are_long_tailed_and_never_judge(real):
    assert np.bincount(real.labels).tolist() == list(digits.CLASSES)
    assert len(real.human) + len(real.real) == 1_797
    assert real.human.max() == 1
    assert real.human.min() == 0


def test_real_images_are_told_apart_from_noise(real):
    close = digits.measured(real, real.human)
    far = digits.measured(real, np.random.default_rng(0).random((600, 64)))
    assert close["Fréchet distance"] < 0.3 < 3 < far["Fréchet distance"]
    assert close["variance kept"] == pytest.approx(1, abs=0.05)
    assert close["classification score"] > 0.9


def test_verification_keeps_clear_drawings_and_pins_digits(real):
    grey = np.tile(real.human.mean(axis=0), (50, 1))
    kept, weights = digits.verified(real, np.concatenate([real.human, grey]))
    assert 300 < len(kept) <= 600
    assert weights.mean() == pytest.approx(1)
    named = real.verifier.predict(kept)
    assert np.bincount(named, weights, 10) / len(kept) == pytest.approx(real.shares)


def test_a_model_draws_only_what_has_weight():
    rng = np.random.default_rng(0)
    images = np.repeat([[1.0, 0.0, 1.0, 0.0], [0.0, 1.0, 0.0, 1.0]], 50, axis=0)
    drawn = Vae.fit(images, np.repeat([1.0, 0.0], 50), 200, rng).sample(100, rng)
    assert drawn.mean(axis=0) == pytest.approx([1, 0, 1, 0], abs=0.1)


@given(st.integers(1, 8), st.integers(0, 2**32 - 1))
def test_a_distance_is_that_of_the_means_where_the_spreads_agree(size, seed):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(size, size))
    spread, mean, other = factor @ factor.T + np.eye(size), rng.normal(size=size), rng.normal(size=size)
    assert digits.frechet(mean, spread, mean, spread) == pytest.approx(0, abs=1e-6)
    assert digits.frechet(mean, spread, other, spread) == pytest.approx(((mean - other) ** 2).sum(), abs=1e-6)
    assert digits.frechet(mean, spread, mean, 4 * spread) == pytest.approx(np.trace(spread), rel=1e-6)


@given(st.integers(1, 10), st.integers(1, 5))
def test_as_many_kinds_are_counted_as_there_are_directions(kinds, copies):
    assert digits.vendi(np.repeat(3 * np.eye(10)[:kinds], copies, axis=0)) == pytest.approx(kinds)


def test_a_result_has_squares_of_digits_and_a_sentence():
    found = digits.run("replace", seed=1, generations=1)
    side = 8 * digits.GRID
    pictures = found.pictures
    assert pictures.group_by("generation").len().sort("generation").rows() == [(0, side**2), (1, side**2)]
    assert pictures["shade"].is_between(0, 1).all()
    assert set(found.curves["generation"]) == {0, 1}
    assert found.said["replace"].startswith("After 1 generations ")
