"""Weights inside a stratum."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from outcross.mixture.text.contraction import Measured
from outcross.mixture.text.tilt import FEATURES, features, tilt

ROWS = st.tuples(st.integers(1, 40), st.integers(1, 3)).flatmap(
    lambda shape: st.tuples(
        arrays(np.float64, shape, elements=st.floats(-1e3, 1e3, width=32)),
        arrays(np.float64, shape[1], elements=st.floats(-1e4, 1e4, width=32)),
    )
)


def effective(factors):
    return factors.sum() ** 2 / (factors**2).sum()


@given(ROWS, st.floats(1, 20), st.floats(0, 1))
def test_no_factor_exceeds_the_cap_and_enough_rows_stay_effective(case, cap, least):
    rows, target = case
    factors = tilt(rows, target, cap, least)
    assert factors.mean() == pytest.approx(1)
    assert (factors > 0).all()
    assert factors.max() <= cap * (1 + 1e-9)
    assert effective(factors) >= least * len(rows) * (1 - 1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_means_are_met_where_no_limit_binds(seed):
    rng = np.random.default_rng(seed)
    rows = rng.gamma(2.0, size=(400, 3)) * [1, 100, 1e-3]
    target = rows.mean(axis=0) + rng.uniform(-0.4, 0.4, 3) * rows.std(axis=0)
    factors = tilt(rows, target)
    assert factors.max() < 8
    assert np.abs((factors @ rows / 400 - target) / rows.std(axis=0)).max() < 1e-6


def test_means_move_towards_a_target_that_can_not_be_met():
    rows = np.random.default_rng(0).normal(size=(200, 2))
    factors = tilt(rows, np.array([50.0, 0.0]), cap=200)
    assert effective(factors) == pytest.approx(100, rel=1e-6)
    assert (factors @ rows / 200)[0] > 0.7


def test_a_capped_tilt_stands_at_the_cap():
    rows = np.zeros((1000, 1))
    rows[:20] = 1
    factors = tilt(rows, np.array([0.5]), cap=8, least=0)
    assert factors[:20] == pytest.approx(8)
    assert factors[20:] == pytest.approx((1000 - 160) / 980)


def test_one_factor_in_two_classes_is_the_ratio_of_their_odds():
    """With x in {0, 1} the tilt has a closed form: a share of 0.2 becomes 0.4."""
    factors = tilt(np.array([[1.0]] * 20 + [[0.0]] * 80), np.array([0.4]))
    assert factors == pytest.approx([2.0] * 20 + [0.75] * 80)


def test_rows_that_are_alike_weigh_alike():
    assert tilt(np.full((5, 2), 3.3), np.array([1.0, 2.0])).tolist() == [1] * 5
    assert tilt(np.zeros((0, 2)), np.zeros(2)).size == 0
    rows = np.random.default_rng(0).normal(size=(50, 2))
    assert tilt(rows, rows.mean(axis=0)) == pytest.approx(np.ones(50))


def test_a_feature_that_does_not_vary_stops_no_other():
    rows = np.stack([np.linspace(0, 1, 101), np.full(101, 7.0)], axis=1)
    assert tilt(rows, np.array([0.6, 1.0])) @ rows[:, 0] / 101 == pytest.approx(0.6)


def test_features_are_of_the_row_itself():
    texts = [f"common words here {n}" for n in range(20)]
    frame = pl.DataFrame({"document": texts, "stratum": ["s"] * 20, "text": texts})
    frame = pl.concat([frame, frame[:2].with_columns(text=pl.Series(["same same same", ""]))])
    found = features(Measured.of(frame, np.arange(22) < 20, share=0.2))
    assert found.shape == (22, len(FEATURES))
    assert found[:20, 1] == pytest.approx(np.log(5))
    assert found[:20, 2] == pytest.approx(np.log(4))
    assert found[20].tolist() == pytest.approx([0, np.log(4), 0])
    assert found[21].tolist() == [0, 0, 0]


def test_rare_words_are_raised_to_people_s_share():
    rng = np.random.default_rng(0)
    human = [(f"h{n // 4}", " ".join(f"w{word}" for word in rng.zipf(1.4, 60) % 900)) for n in range(400)]
    model = [(f"m{n // 4}", " ".join(f"w{word}" for word in rng.zipf(1.6, 60) % 900)) for n in range(400)]
    texts = pl.DataFrame(human + model, schema=["document", "text"], orient="row").with_columns(stratum=pl.lit("s"))
    people = np.arange(800) < 400
    measured = Measured.of(texts, people)
    found = features(measured)
    factors = tilt(found[~people], found[people].mean(axis=0))
    weighed = Measured.of(texts.with_columns(weight=pl.Series(np.concatenate([np.ones(400), factors]))), people)
    before, after = (one.kappa(people, ~people).tail for one in (measured, weighed))
    assert before < 0.6
    assert after > before + 0.1
