"""Dawid and Skene's model finds the right labels and the good reviewers, and keeps to what is known."""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.agreement import dawid_skene as model
from outcross.agreement.dawid_skene import MOST_ROUNDS, RIGHT, WRONG, dawid_skene
from outcross.agreement.judgements import Judgements
from outcross.errors import InputError
from tests.oracles import crowdkit_dawid_skene

SIX = np.array([0.95, 0.92, 0.9, 0.88, 0.82, 0.55])


class World(NamedTuple):
    truth: np.ndarray
    judgements: Judgements


def world(seed: int, each: int, *, n_items: int = 300, accuracy: np.ndarray = SIX, shares: tuple = (0.8, 0.2)) -> World:
    """Items of classes in those shares, each judged by `each` reviewers of those accuracies, chosen evenly."""
    random = np.random.default_rng(seed)
    k = len(shares)
    truth = random.choice(k, n_items, p=shares)
    item = np.repeat(np.arange(n_items), each)
    reviewer = random.permuted(np.tile(np.arange(len(accuracy)), (n_items, 1)), axis=1)[:, :each].ravel()
    wrong = (truth[item] + random.integers(1, k, item.size)) % k
    label = np.where(random.random(item.size) < accuracy[reviewer], truth[item], wrong)
    return World(truth, Judgements(item, reviewer, label, k))


def majority(judgements: Judgements, seed: int) -> np.ndarray:
    """The label of most judgements, ties broken by chance."""
    counts = judgements.counts()
    return (counts + np.random.default_rng(seed).random(counts.shape) / 2).argmax(axis=1)


cells = st.dictionaries(st.tuples(st.integers(0, 7), st.integers(0, 4)), st.integers(0, 2), max_size=30)


def said(held: dict[tuple[int, int], int]) -> Judgements:
    rows = np.array([(*pair, label) for pair, label in held.items()], dtype=np.int64).reshape(-1, 3)
    return Judgements(*rows.T, 3)


@pytest.mark.parametrize(("each", "right", "error"), [(2, 0.92, 0.045), (3, 0.95, 0.03)])
def test_labels_and_accuracies_come_out_nearer_than_a_majority_brings_them(each, right, error):
    found = []
    for seed in range(10):
        truth, judgements = world(seed, each)
        estimate = dawid_skene(judgements)
        found.append(
            (
                (estimate.posterior.argmax(axis=1) == truth).mean(),
                (majority(judgements, seed) == truth).mean(),
                np.abs(estimate.accuracy - SIX).mean(),
            )
        )
    ours, voted, missed = np.mean(found, axis=0)
    assert right - 0.005 <= ours <= right + 0.03
    assert ours > voted + 0.01
    assert missed < error


def test_the_estimate_is_that_of_another_implementation_told_our_prior_as_known_items():
    _, judgements = world(7, 3, n_items=150, accuracy=SIX[:5], shares=(0.5, 0.3, 0.2))
    gold = np.where(np.arange(150) < 20, np.arange(150) % 3, -1)
    rows = np.stack([judgements.item, judgements.reviewer, judgements.label], axis=1).tolist()
    known = [[item, int(gold[item])] for item in range(20)]
    # One known item of each class, on which every reviewer already gave RIGHT right and WRONG of each wrong label.
    for klass in range(3):
        known.append([150 + klass, klass])
        for reviewer in range(5):
            for label in range(3):
                rows += [[150 + klass, reviewer, label]] * int(RIGHT if label == klass else WRONG)
    theirs = crowdkit_dawid_skene(rows, known, rounds=150)
    ours = dawid_skene(judgements, gold)
    assert ours.posterior == pytest.approx(np.array(theirs["posterior"])[:150], abs=1e-3)
    assert ours.confusion == pytest.approx(np.array(theirs["confusion"]), abs=1e-3)
    assert ours.prior == pytest.approx(np.array(theirs["prior"]), abs=1e-3)


@given(cells)
def test_what_comes_out_are_probabilities(held):
    judgements = said(held)
    estimate = dawid_skene(judgements)
    assert estimate.posterior.shape == (judgements.n_items, 3)
    assert estimate.confusion.shape == (judgements.n_reviewers, 3, 3)
    for table in (estimate.posterior, estimate.confusion, estimate.prior[None]):
        assert ((table >= 0) & (table <= 1)).all()
        assert table.sum(axis=-1) == pytest.approx(1, abs=1e-12)
    assert ((estimate.accuracy > 0) & (estimate.accuracy < 1)).all()


@given(cells, st.lists(st.integers(-1, 2), min_size=8, max_size=8))
def test_known_items_stay_at_their_class_whatever_was_said(held, classes):
    judgements = said(held)
    gold = np.array(classes[: judgements.n_items], dtype=np.int64)
    sure = gold >= 0
    assert (dawid_skene(judgements, gold).posterior[sure] == np.eye(3)[gold[sure]]).all()


@given(cells, st.permutations(range(5)))
def test_the_estimate_depends_on_no_reviewers_name_and_on_no_order(held, names):
    one = dawid_skene(said(held))
    other = dawid_skene(said({(i, names[w]): label for (i, w), label in reversed(list(held.items()))}))
    assert other.posterior == pytest.approx(one.posterior, abs=1e-3)


@pytest.mark.parametrize("seed", range(5))
def test_a_reviewer_who_is_always_right_outweighs_one_who_answers_by_chance(seed):
    accuracy = np.array([1.0, 0.5, 0.85, 0.85])
    truth, judgements = world(seed, 4, n_items=200, accuracy=accuracy, shares=(0.5, 0.5))
    # Of the first 40 items only the sure one's and the random one's judgements are kept.
    kept = (judgements.item >= 40) | (judgements.reviewer < 2)
    judgements = Judgements(judgements.item[kept], judgements.reviewer[kept], judgements.label[kept], 2)
    estimate = dawid_skene(judgements)
    assert estimate.accuracy[0] > 0.9 > 0.65 > estimate.accuracy[1]
    split = np.flatnonzero((judgements.counts() == 1).all(axis=1) & (np.arange(200) < 40))
    assert len(split) > 10
    assert (estimate.posterior.argmax(axis=1) == truth)[split].all()


def test_gold_unmasks_a_majority_that_is_wrong_together():
    n = 60
    truth = np.arange(n) % 2
    item, reviewer = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
    label = np.where(reviewer == 0, truth[item], 1 - truth[item])
    judgements = Judgements(item, reviewer, label, 2)
    gold = np.where(np.arange(n) < 14, truth, -1)
    assert (dawid_skene(judgements).posterior.argmax(axis=1) != truth).all()
    informed = dawid_skene(judgements, gold)
    assert (informed.posterior.argmax(axis=1) == truth).all()
    assert informed.accuracy[0] > 0.8
    assert informed.accuracy[1:].max() < 0.2


def test_one_judgement_moves_little_and_an_item_without_any_has_the_class_shares():
    estimate = dawid_skene(Judgements(np.array([1]), np.array([0]), np.array([1]), 2))
    assert estimate.posterior[0] == pytest.approx(estimate.prior, abs=1e-3)
    assert 0.5 < estimate.posterior[1, 1] < 0.95
    assert estimate.accuracy[0] == pytest.approx(RIGHT / (RIGHT + WRONG), abs=0.05)


def test_thousands_of_opinions_on_one_item_still_give_probabilities():
    reviewer = np.arange(3_000)
    estimate = dawid_skene(Judgements(np.zeros_like(reviewer), reviewer, (reviewer % 3 == 0).astype(np.int64), 2))
    assert estimate.posterior[0] == pytest.approx([1, 0])


def test_a_large_load_settles_long_before_the_rounds_run_out(monkeypatch):
    truth, judgements = world(3, 4, n_items=25_000, accuracy=np.linspace(0.95, 0.6, 200))
    estimate = dawid_skene(judgements)
    monkeypatch.setattr(model, "MOST_ROUNDS", MOST_ROUNDS // 4)
    assert np.array_equal(dawid_skene(judgements).posterior, estimate.posterior)
    assert (estimate.posterior.argmax(axis=1) == truth).mean() > 0.93


@pytest.mark.parametrize(
    ("gold", "words"),
    [
        (np.array([0]), r"gold is int64 of shape \(1,\)\. Give one integer for each of 2 items"),
        (np.array([0.0, 1.0]), "gold is float64"),
        (np.array([0, 2]), "gold holds classes from 0 to 2. Use 0 to 1"),
        (np.array([-2, 0]), "gold holds classes from -2 to 0"),
    ],
)
def test_gold_that_fits_no_item_or_class_is_refused(gold, words):
    with pytest.raises(InputError, match=words):
        dawid_skene(Judgements(np.array([0, 1]), np.array([0, 0]), np.array([0, 1]), 2), gold)
