"""How far a row is trusted decides its share of its class's mass, and nothing else."""

import re

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.errors import InputError, MixtureRefused
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES
from outcross.mixture.weights import weigh
from tests.test_mixture_policy import facts, holds_every_rule, policies, pools, rows
from tests.test_mixture_policy import trusted as measured

values = st.sampled_from([1.0, 0.999, 0.9, 0.5, 0.2, 0.001])


def trusted(pool: pl.DataFrame, trust: list[float]) -> pl.DataFrame:
    """The pool with these values for its reviewed and hybrid rows, over and over."""
    repeated = pl.Series("trust", np.resize(np.array(trust), pool.height))
    known = pl.col("reviewed") | (pl.col("origin") == "hybrid")
    return pool.with_columns(trust=pl.when(known).then(repeated).otherwise(1.0))


@settings(max_examples=40, deadline=None)
@given(pools, policies, facts, st.lists(values, min_size=1, max_size=7))
def test_trust_moves_mass_between_rows_of_a_class_in_a_stratum_and_nowhere_else(pool, policy, known, trust):
    try:
        alike = weigh(pool, policy, known)
    except MixtureRefused as refusal:
        with pytest.raises(MixtureRefused, match=f"^{re.escape(str(refusal))}$"):
            weigh(trusted(pool, trust), policy, known)
        return
    told = trusted(pool, trust)
    mixture = weigh(told, policy, known)
    holds_every_rule(told, policy, mixture)
    assert_frame_equal(mixture.strata, alike.strata)
    assert mixture.left_out.equals(alike.left_out)
    assert mixture.binding == alike.binding
    table = mixture.rows.join(told.select("sample_id", "trust"), on="sample_id")
    for (_, klass), group in table.group_by("stratum", "klass"):
        cap = dict(zip(CLASSES, policy.repeats, strict=True))[klass]
        free = group.filter(pl.col("weight") < cap * (1 - 1e-9))
        ratio = free["weight"] / free["trust"]
        assert free.is_empty() or ratio.min() == pytest.approx(ratio.max(), rel=1e-9)
        full = group.filter(pl.col("weight") >= cap * (1 - 1e-9))
        if not free.is_empty() and not full.is_empty():
            assert full["trust"].min() * ratio.max() >= cap * (1 - 1e-6), "none is at the cap that would stay below it"


def test_half_the_trust_is_half_the_weight_where_room_is_scarce():
    pool = trusted(rows(code=(10, 0, 8, 0)), [1.0]).with_columns(
        trust=pl.when(pl.col("sample_id") == "code-reviewed-000003").then(0.5).otherwise("trust")
    )
    weights = dict(weigh(pool, Policy(retention=0.7)).rows.select("sample_id", "weight").iter_rows())
    assert weights["code-reviewed-000003"] == pytest.approx(3 / 7.5 / 2)
    assert weights["code-reviewed-000004"] == pytest.approx(3 / 7.5)


def test_where_every_row_is_needed_each_weighs_1_however_little_it_is_trusted():
    pool = trusted(rows(code=(20, 0, 4, 0)), [0.2, 0.9])
    weights = weigh(pool, Policy(size=84), measured("code")).rows
    assert weights.filter(klass="reviewed")["weight"].to_list() == pytest.approx([1.0] * 4)


def test_a_tilt_moves_mass_as_trust_does_and_what_it_leaves_sums_to_the_same():
    pool = rows(code=(10, 0, 4, 0)).with_columns(tilt=1.0)
    tilted = pool.with_columns(
        tilt=pl.when(pl.col("sample_id") == "code-reviewed-000003")
        .then(2.5)
        .when(reviewed=True)
        .then(0.5)
        .otherwise(1.0)
    )
    plain, moved = weigh(pool, Policy(retention=0.8)).rows, weigh(tilted, Policy(retention=0.8)).rows
    assert plain.filter(klass="reviewed")["weight"].to_list() == pytest.approx([0.5] * 4)
    assert moved.filter(klass="reviewed")["weight"].to_list() == pytest.approx([1 / 3, 1 / 3, 1 / 3, 1.0], rel=1e-6)
    assert moved.filter(klass="human").equals(plain.filter(klass="human"))


@pytest.mark.parametrize("tilt", [0.0, -1.0, float("inf"), float("nan")])
def test_a_tilt_that_is_no_factor_is_refused(tilt):
    with pytest.raises(InputError, match="it must be above 0"):
        weigh(rows(code=(4, 0, 1, 0)).with_columns(tilt=tilt), Policy())


def test_rows_trusted_alike_weigh_to_the_last_bit_what_they_weigh_without_trust():
    pool = rows(code=(17, 3, 11, 5), text=(7, 1, 9, 2))
    assert weigh(trusted(pool, [0.937]), Policy()).rows.equals(weigh(pool, Policy()).rows)


@pytest.mark.parametrize("trust", [0.0, -0.1, 1.01, float("nan")])
def test_trust_that_is_no_probability_above_0_is_refused(trust):
    with pytest.raises(InputError, match=r"it must be in \(0, 1\]"):
        weigh(rows(code=(4, 0, 1, 0)).with_columns(trust=trust), Policy())
