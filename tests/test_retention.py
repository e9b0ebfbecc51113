"""The closed forms behind floors, weights and budgets: inverse to each other, monotone, and the table that we print."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.errors import InputError
from outcross.mixture.retention import _found, bias_budget, effective_rows, golden_share, human_floor, retained

unit = st.floats(0, 1)
depths = st.sampled_from([None, 0, 1, 2, 3, 7, 50])


@given(unit, unit, depths)
def test_the_floor_keeps_what_is_wanted_and_no_smaller_one_does(wanted, kappa, depth):
    floor = human_floor(wanted, kappa, depth)
    assert 0 <= floor <= 1
    if floor > 0:
        assert retained(floor, kappa, depth) == pytest.approx(wanted, abs=1e-12)
    else:
        assert retained(0.0, kappa, depth) >= wanted - 1e-12


@given(st.floats(0, 1), st.floats(0, 0.999), depths.filter(lambda depth: depth != 0))
def test_the_share_comes_back_from_what_it_retains(beta, kappa, depth):
    kept = retained(beta, kappa, depth)
    # Where kappa leaves little to lose, one V is many shares.
    tolerance = 1e-12 / ((1 - kappa) ** 2)
    assert human_floor(kept, kappa, depth) == pytest.approx(beta, abs=tolerance) or retained(0.0, kappa, depth) == kept


@given(unit, unit, unit, unit, depths)
def test_more_human_rows_and_a_gentler_generator_keep_more(beta, more, kappa, gentler, depth):
    (beta, more), (kappa, gentler) = sorted([beta, more]), sorted([kappa, gentler])
    least, most = retained([beta, more], [kappa, gentler], depth)
    assert 0 <= least <= most + 1e-12 <= 1 + 2e-12
    wanted = sorted([beta, more])
    assert np.diff(human_floor(wanted, kappa, depth))[0] >= -1e-12, "more to keep needs more"
    assert np.diff(human_floor(more, [kappa, gentler], depth))[0] <= 1e-12, "a gentler generator needs less"


@given(unit, unit)
def test_every_generation_loses_more_and_endless_ones_come_to_the_limit(beta, kappa):
    kept = [float(retained(beta, kappa, depth)) for depth in (0, 1, 2, 5, 20)] + [float(retained(beta, kappa, None))]
    assert kept[0] == 1
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(kept))
    assert retained(beta, min(kappa, 0.99), 5_000) == pytest.approx(retained(beta, min(kappa, 0.99), None), abs=1e-12)


@given(unit, unit, st.integers(0, 30))
def test_depth_is_so_many_steps_of_the_recursion(beta, kappa, depth):
    kept = 1.0
    for _ in range(depth):
        kept = beta + (1 - beta) * kappa * kept
    assert retained(beta, kappa, depth) == pytest.approx(kept, abs=1e-12)


@given(unit, unit)
def test_depth_one_has_a_closed_form_that_halving_finds_too(wanted, kappa):
    halved = _found(np.array(wanted), np.array(kappa), 1)
    assert halved == pytest.approx(human_floor(wanted, kappa, 1), abs=1e-15 / max(1 - kappa, 1e-9))


@pytest.mark.parametrize(
    ("wanted", "recursion", "depth_one"),
    [
        (0.95, [0.49, 0.66, 0.79, 0.89], [0, 0.50, 0.75, 0.88]),
        (0.90, [0.31, 0.47, 0.64, 0.80], [0, 0, 0.50, 0.77]),
        (0.75, [0.13, 0.23, 0.38, 0.56], [0, 0, 0, 0.42]),
    ],
)
def test_the_table_of_floors(wanted, recursion, depth_one):
    kappa = [0.95, 0.90, 0.80, 0.57]
    assert human_floor(wanted, kappa, None) == pytest.approx(recursion, abs=0.006)
    assert human_floor(wanted, kappa, 1) == pytest.approx(depth_one, abs=0.006)
    assert (human_floor(wanted, kappa, 1) <= human_floor(wanted, kappa, 2)).all()
    assert (human_floor(wanted, kappa, 2) <= human_floor(wanted, kappa, None)).all()


def test_arrays_are_broadcast_and_each_entry_is_its_own():
    wanted, kappa = np.array([[0.9], [0.75]]), np.array([0.95, 0.8, 0.57])
    for depth in (None, 1, 3):
        floors = human_floor(wanted, kappa, depth)
        assert floors.shape == (2, 3)
        assert floors[1, 2] == human_floor(0.75, 0.57, depth)


def test_kappa_above_one_asks_for_nothing_and_gains_nothing():
    for depth in (None, 1, 2):
        assert human_floor([1.0, 0.9], [1.0, 1.3], depth).tolist() == [0, 0]
        assert retained([0.0, 0.4], [1.0, 1.3], depth).tolist() == [1, 1]


def test_unmeasured_kappa_counts_as_nothing_kept():
    assert human_floor(0.9, 0.0, None) == human_floor(0.9, 0.0, 1) == pytest.approx(0.9)


def test_golden_shares():
    assert golden_share([1, 4, 0.25, 1 / 16]) == pytest.approx([0.6180, 0.8284, 0.3904, 0.2207], abs=5e-5)
    assert golden_share([0, math.inf, 1e-300, 1e300]) == pytest.approx([0, 1, 0, 1])


@given(st.floats(1e-6, 1e6), st.floats(0.01, 0.99))
def test_no_other_share_has_a_smaller_error_than_the_golden_one(ratio, other):
    def error(weight):
        return (weight**2 + ratio * (1 - weight) ** 2) / (2 * weight - weight**2)

    golden = float(golden_share(ratio))
    assert error(golden) == pytest.approx(golden), "the error is the share itself"
    assert error(golden) <= error(other) * (1 + 1e-9)


def test_biased_rows_are_worth_little_however_many_they_are():
    assert effective_rows(1_000_000, [0.03, 0.1]) == pytest.approx([1110, 100], rel=0.001)
    assert effective_rows([0, 50], [0.1, 0]).tolist() == [0, 50]


def test_the_budget_shrinks_with_the_human_rows():
    shares = [bias_budget(0.1, rows) / 0.02 for rows in (10_000, 100_000, 1_000_000)]
    assert shares == pytest.approx([0.158, 0.05, 0.0158], abs=5e-4)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: retained(1.2, 0.5, None), "human share is 1.2; it must be in [0, 1]."),
        (lambda: retained(0.5, [0.3, math.nan], None), "kappa is nan; it must be at least 0."),
        (lambda: human_floor([0.5, -0.1], 0.5, 1), "retention is -0.1; it must be at least 0."),
        (lambda: human_floor(0.5, 0.5, -1), "depth is -1; it must be at least 0, or None for no bound."),
        (lambda: golden_share(-1), "ratio of human to synthetic rows is -1; it must be at least 0."),
        (lambda: effective_rows(-3, 0.1), "number of rows is -3; it must be at least 0."),
        (lambda: bias_budget(0.1, 0), "excess is 0.1 and human rows are 0; they must be at least 0 and 1."),
    ],
)
def test_what_is_out_of_range_is_refused_with_its_value(call, said):
    with pytest.raises(InputError) as refusal:
        call()
    assert str(refusal.value) == said
