"""The Zipf chains lose what the design page says they lose, and keep what it says they keep."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.mixture.collapse import zipf
from outcross.mixture.collapse.policies import POLICIES

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def found():
    """Symbols, tail mass and bits of each generation, by policy, and by policy without the cut."""
    measures = {}
    for policy in POLICIES:
        measures[policy] = zipf.measured(zipf.chain(policy, seed=5, generations=100, top_p=zipf.TOP_P))
        measures[f"{policy}, no cut"] = zipf.measured(zipf.chain(policy, seed=5, generations=100))
    return measures


def test_the_human_sample_is_the_papers(found):
    assert found["human"]["symbols"][0] == pytest.approx(2_539, rel=0.03)
    assert found["human"]["entropy"][0] == pytest.approx(4.45, abs=0.07)


def test_noise_alone_kills_symbols_and_spares_the_mass(found):
    bare = found["replace, no cut"]
    assert bare["symbols"][[1, 10, 100]] == pytest.approx([1_883, 821, 225], rel=0.1)
    assert bare["tail mass"][10] == pytest.approx(1.0, abs=0.06)
    assert bare["entropy"][100] == pytest.approx(4.1, abs=0.15)


def test_a_cut_ends_replacement_in_a_handful_of_symbols(found):
    assert found["replace"]["symbols"][1] == pytest.approx(188, abs=10)
    assert found["replace"]["symbols"][100] <= 6
    assert found["replace"]["tail mass"][100] == 0


def test_accumulating_keeps_every_symbol_and_loses_their_mass(found):
    pool = found["accumulate"]
    assert pool["symbols"][100] == pool["symbols"][0]
    assert pool["tail mass"][[1, 10, 100]] == pytest.approx([0.77, 0.18, 0.02], abs=0.02)
    assert pool["entropy"][[1, 100]] == pytest.approx([4.19, 2.75], abs=0.08)


def test_a_tenth_human_keeps_a_tenth_of_the_tail(found):
    assert found["share"]["tail mass"][[1, 10, 100]] == pytest.approx([0.57, 0.10, 0.10], abs=0.03)


def test_depth_one_compounds_nothing_and_golden_weights_do(found):
    depth, golden = found["depth1"]["tail mass"], found["golden"]["tail mass"]
    assert depth[1:] == pytest.approx(np.full(100, depth[1]), abs=0.015)
    assert golden[1] == pytest.approx(depth[1], abs=0.01)
    assert golden[100] < depth[100] - 0.08


def test_ours_pins_the_tail_and_keeps_most_of_the_bits(found):
    assert found["ours"]["tail mass"] == pytest.approx(np.ones(101))
    lost = {policy: found["human"]["entropy"][100] - found[policy]["entropy"][100] for policy in POLICIES}
    assert lost["ours"] < 0.1
    assert lost["ours"] < lost["depth1"] < lost["golden"] < lost["accumulate"] < lost["replace"]


@given(st.lists(st.floats(1e-6, 1), min_size=1, max_size=30), st.floats(0.05, 1))
def test_a_cut_keeps_the_fewest_commonest_symbols_that_hold_its_mass(masses, top_p):
    mass = np.array(masses) / sum(masses)
    kept = zipf.cut(mass, top_p)
    left = kept > 0
    assert kept.sum() == pytest.approx(1)
    assert mass[left].sum() >= top_p - 1e-9
    assert mass[left].min() >= mass[~left].max(initial=0.0)
    assert mass[left].sum() - mass[left].min() < top_p + 1e-9, "without its rarest it would hold too little"


def test_a_result_says_what_is_left():
    said = zipf.run("ours", generations=3).said["ours"]
    assert "100 % of the tail’s mass, and 2,5" in said
