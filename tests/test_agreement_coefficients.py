"""Agreement coefficients equal published values, other implementations and a count pair by pair."""

from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.agreement.coefficients import gwet_ac1, krippendorff_alpha, raw_agreement, specific_agreement
from outcross.agreement.judgements import Judgements
from tests.oracles import krippendorff_alphas

EXAMPLE = """
1 2 3 3 2 1 4 1 2 . . .
1 2 3 3 2 2 4 1 2 5 . 3
. 3 3 3 2 3 4 2 2 5 1 .
1 2 3 3 2 4 4 1 2 5 1 .
"""
"""Krippendorff's own, of 2011: four observers, twelve units, five classes."""


def said(cells: dict[tuple[int, int], int], n_classes: int) -> Judgements:
    """Judgements from {(item, reviewer): label}."""
    rows = np.array([(*pair, label) for pair, label in cells.items()], dtype=np.int64).reshape(-1, 3)
    return Judgements(*rows.T, n_classes)


def example() -> Judgements:
    table = [line.split() for line in EXAMPLE.split("\n") if line]
    return said({(i, w): int(x) - 1 for w, row in enumerate(table) for i, x in enumerate(row) if x != "."}, 5)


def pairs_of_two(bad_bad: int, split: int, good_good: int) -> Judgements:
    """Two reviewers on every item, 1 for bad; the first is the stricter one on half of the splits."""
    answers = [(1, 1)] * bad_bad + [(1, 0)] * (split // 2) + [(0, 1)] * (split - split // 2) + [(0, 0)] * good_good
    return said({(item, w): label for item, both in enumerate(answers) for w, label in enumerate(both)}, 2)


cells = st.dictionaries(st.tuples(st.integers(0, 6), st.integers(0, 4)), st.integers(0, 3))
tables = cells.map(lambda held: said(held, 4))


def by_item(judgements: Judgements) -> list[list[int]]:
    labels = [judgements.label[judgements.item == item].tolist() for item in range(judgements.n_items)]
    return [held for held in labels if held]


def test_the_published_example_has_its_published_coefficients():
    assert krippendorff_alpha(example()) == pytest.approx(0.743, abs=5e-4)
    assert raw_agreement(example()) == pytest.approx(0.81818, abs=5e-6)
    assert gwet_ac1(example()) == pytest.approx(0.77544, abs=5e-6)


def test_alpha_is_that_of_another_implementation():
    random = np.random.default_rng(2011)
    cases, ours = [], []
    for _ in range(240):
        n_items, n_reviewers, n_classes = random.integers(2, 12), random.integers(2, 6), random.integers(2, 6)
        table = random.integers(n_classes, size=(n_reviewers, n_items))
        held = random.random(table.shape) < random.uniform(0.4, 1)
        judgements = said({(i, w): table[w, i] for w, i in zip(*np.nonzero(held), strict=True)}, n_classes)
        alpha = krippendorff_alpha(judgements)
        if alpha is not None:
            cases.append(np.where(held, table, None).tolist())
            ours.append(alpha)
    assert len(ours) > 200
    assert ours == pytest.approx(krippendorff_alphas(cases), abs=1e-9)


@given(tables)
def test_raw_agreement_and_ac1_are_those_counted_pair_by_pair(judgements):
    items = by_item(judgements)
    pairs = [list(permutations(labels, 2)) for labels in items if len(labels) > 1]
    if not pairs:
        assert raw_agreement(judgements) is gwet_ac1(judgements) is None
        return
    observed = sum(Fraction(sum(a == b for a, b in item), len(item)) for item in pairs) / len(pairs)
    use = [sum(Fraction(labels.count(k), len(labels)) for labels in items) / len(items) for k in range(4)]
    by_chance = sum(share * (1 - share) for share in use) / 3
    assert raw_agreement(judgements) == pytest.approx(float(observed), abs=1e-9)
    assert gwet_ac1(judgements) == pytest.approx(float((observed - by_chance) / (1 - by_chance)), abs=1e-9)


@given(tables, st.integers(0, 3))
def test_specific_agreement_is_the_chance_that_a_colleague_says_the_same(judgements, label):
    chances = [
        Fraction(labels.count(label) - 1, len(labels) - 1)
        for labels in by_item(judgements)
        if len(labels) > 1
        for _ in range(labels.count(label))
    ]
    found = specific_agreement(judgements, label)
    assert found == (pytest.approx(float(sum(chances) / len(chances)), abs=1e-9) if chances else None)


@given(cells, st.randoms(use_true_random=False), st.permutations(range(5)), st.permutations(range(7)))
def test_no_coefficient_depends_on_names_or_order(held, random, reviewers, items):
    shuffled = [((items[item], reviewers[reviewer]), label) for (item, reviewer), label in held.items()]
    random.shuffle(shuffled)
    one, other = said(held, 4), said(dict(shuffled), 4)
    for measure in (raw_agreement, krippendorff_alpha, gwet_ac1, lambda some: specific_agreement(some, 1)):
        assert measure(other) == pytest.approx(measure(one), abs=1e-12)


@given(tables)
def test_coefficients_are_none_or_within_their_bounds(judgements):
    found = [raw_agreement(judgements), gwet_ac1(judgements), krippendorff_alpha(judgements)]
    for value, least in zip(found, [0, -1, -1], strict=True):
        assert value is None or least <= value <= 1


def test_where_almost_all_is_good_alpha_is_low_though_two_careful_reviewers_agree():
    judgements = pairs_of_two(bad_bad=99, split=254, good_good=1647)
    assert raw_agreement(judgements) == pytest.approx(0.873)
    assert krippendorff_alpha(judgements) == pytest.approx(0.367, abs=5e-4)
    assert gwet_ac1(judgements) == pytest.approx(0.841, abs=5e-4)
    assert specific_agreement(judgements, 1) == pytest.approx(2 * 99 / (2 * 99 + 254))
    assert specific_agreement(judgements, 0) == pytest.approx(2 * 1647 / (2 * 1647 + 254))


def test_full_agreement_without_variation_leaves_alpha_undefined():
    judgements = pairs_of_two(bad_bad=0, split=0, good_good=10)
    assert (raw_agreement(judgements), gwet_ac1(judgements)) == (1, 1)
    assert krippendorff_alpha(judgements) is None
    assert specific_agreement(judgements, 1) is None


def test_variation_among_items_judged_once_doesnt_define_alpha():
    judgements = said({(0, 0): 0, (0, 1): 0, (1, 0): 1}, 2)
    assert krippendorff_alpha(judgements) is None
    assert specific_agreement(judgements, 1) is None
