"""Judgements are refused, in words, where they can't be what reviewers said."""

import numpy as np
import pytest

from outcross.agreement.judgements import Judgements
from outcross.errors import InputError


def ints(*numbers: int) -> np.ndarray:
    return np.array(numbers, dtype=np.int64)


def test_labels_are_counted_by_item_and_a_gap_counts_nothing():
    judgements = Judgements(ints(2, 0, 0), ints(0, 0, 1), ints(1, 0, 1), 3)
    assert judgements.counts().tolist() == [[1, 1, 0], [0, 0, 0], [0, 1, 0]]
    assert (judgements.n_items, judgements.n_reviewers) == (3, 2)


def test_no_judgements_at_all_are_judgements():
    judgements = Judgements(ints(), ints(), ints(), 2)
    assert judgements.counts().shape == (0, 2)


@pytest.mark.parametrize(
    ("item", "reviewer", "label", "words"),
    [
        (ints(0, 1), ints(0), ints(0), r"column reviewer .* shape \(1,\)"),
        (ints(0), ints(0), np.array([0.5]), "column label .* float64"),
        (ints(0), ints(0), np.array([[0]]), r"column label .* shape \(1, 1\)"),
        (ints(0), ints(0), ints(-1), "label -1 is negative"),
        (ints(0), ints(0), ints(2), "label 2 is none of the 2 classes"),
        (ints(0, 5, 5), ints(0, 3, 3), ints(0, 0, 1), "reviewer 3 judged item 5 2 times"),
    ],
)
def test_what_nobody_can_have_said_is_refused(item, reviewer, label, words):
    with pytest.raises(InputError, match=words):
        Judgements(item, reviewer, label, 2)


def test_one_class_leaves_nothing_to_judge():
    with pytest.raises(InputError, match="2 classes or more to choose from, not 1"):
        Judgements(ints(0), ints(0), ints(0), 1)
