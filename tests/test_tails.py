"""The rare words of a text."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy

from outcross.errors import InputError
from outcross.mixture.text.tails import Tail, entropy, hill

COUNTS = st.lists(st.integers(0, 50), min_size=1, max_size=40).map(lambda some: np.array([0, 0, *some], float))


@given(COUNTS, st.floats(0.01, 0.99))
def test_a_tail_holds_exactly_its_share_of_what_it_was_chosen_on(counts, share):
    tail = Tail.of(counts, share)
    if counts.sum():
        assert tail.mass(counts) == pytest.approx(share)
    else:
        assert np.isnan(tail.mass(counts))


@given(COUNTS, st.floats(0.01, 0.99))
def test_rarer_types_belong_first_and_types_of_one_count_alike(counts, share):
    belongs = Tail.of(counts, share).belongs
    used = counts > 0
    for one, other in [(i, j) for i in np.flatnonzero(used) for j in np.flatnonzero(used)]:
        assert counts[one] != counts[other] or belongs[one] == belongs[other]
        assert counts[one] >= counts[other] or belongs[one] == 1 or belongs[other] == 0
    assert not belongs[~used].any()


@given(COUNTS, st.permutations(range(5)))
def test_the_order_of_names_decides_nothing(counts, order):
    counts = np.concatenate([counts[:2], np.resize(counts[2:], 5)])
    moved = np.concatenate([counts[:2], counts[2:][list(order)]])
    assert np.allclose(Tail.of(moved).belongs[2:], Tail.of(counts).belongs[2:][list(order)])


def test_unknown_words_are_words_and_never_of_the_tail():
    tail = Tail.of(np.array([0, 5, 1, 9], float), 0.1)
    assert tail.belongs.tolist() == [0, 0, 1, 0]
    assert tail.mass(np.array([0, 5, 1, 4], float)) == 0.1


@pytest.mark.parametrize("share", [0, 1, -0.1, 2, float("nan")])
def test_a_share_out_of_its_range_is_refused(share):
    with pytest.raises(InputError, match="between 0 and 1"):
        Tail.of(np.array([0, 0, 1.0]), share)


def test_many_texts_are_measured_at_once():
    tail = Tail.of(np.array([0, 0, 1, 1, 8], float), 0.2)
    texts = np.array([[0, 0, 1, 0, 1], [0, 0, 0, 0, 4], [0, 0, 0, 0, 0]], float)
    assert tail.mass(texts)[:2].tolist() == [0.5, 0.0]
    assert np.isnan(tail.mass(texts)[2])
    assert tail.coverage(texts).tolist() == [0.5, 0, 0]
    assert entropy(texts)[:2] == pytest.approx([np.log(2), 0])


@given(COUNTS.filter(lambda counts: counts.sum() > 0))
def test_entropy_and_hill_numbers_are_those_of_the_shares(counts):
    shares = counts / counts.sum()
    assert entropy(counts) == pytest.approx(scipy_entropy(shares), abs=1e-9)
    assert hill(counts, 0) == (counts > 0).sum()
    assert hill(counts, 1) == pytest.approx(np.exp(scipy_entropy(shares)))
    assert hill(counts, 2) == pytest.approx(1 / (shares**2).sum())
