"""Judgements: who said what of which item, the one form that every measure of agreement takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcross.errors import InputError

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgements:
    """One entry a judgement, in any order; an item that a reviewer didn't judge has none.

    Raises:
        InputError: the arrays don't match, hold what they may not, or a reviewer judges an item twice.
    """

    item: Ints
    """Shape (n_judgements,), from 0 up."""
    reviewer: Ints
    """Shape (n_judgements,), from 0 up."""
    label: Ints
    """Shape (n_judgements,), each in [0, n_classes)."""
    n_classes: int
    """Classes that could be chosen, at least 2, whether or not anyone chose them."""

    def __post_init__(self) -> None:
        columns = {"item": self.item, "reviewer": self.reviewer, "label": self.label}
        for name, numbers in columns.items():
            if numbers.ndim != 1 or numbers.dtype.kind != "i" or numbers.size != self.item.size:
                raise InputError(
                    f"the column {name} of the judgements is {numbers.dtype} of shape {numbers.shape}. "
                    "Give item, reviewer and label as arrays of integers, equally long."
                )
            if numbers.size and numbers.min() < 0:
                raise InputError(f"{name} {numbers.min()} is negative. Leave out what nobody judged.")
        if self.n_classes < 2:
            raise InputError(f"judgements need 2 classes or more to choose from, not {self.n_classes}.")
        if self.label.size and self.label.max() >= self.n_classes:
            raise InputError(f"label {self.label.max()} is none of the {self.n_classes} classes, counted from 0.")
        pairs, times = np.unique(np.stack([self.item, self.reviewer]), axis=1, return_counts=True)
        if times.max(initial=1) > 1:
            item, reviewer = pairs[:, times.argmax()]
            raise InputError(f"reviewer {reviewer} judged item {item} {times.max()} times. Give the last word only.")

    @property
    def n_items(self) -> int:
        """One more than the largest item."""
        return int(self.item.max(initial=-1)) + 1

    @property
    def n_reviewers(self) -> int:
        """One more than the largest reviewer."""
        return int(self.reviewer.max(initial=-1)) + 1

    def counts(self) -> Ints:
        """How many reviewers gave each item each label, shape (n_items, n_classes)."""
        cells = np.bincount(self.item * self.n_classes + self.label, minlength=self.n_items * self.n_classes)
        return cells.reshape(-1, self.n_classes)
