"""Budget: how likely each doubtful sample is to be asked about, where experts have time for some of them alone."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

READING = 238.0
"""Words a minute at which adults read silently. Source: Brysbaert, "How many words do we read per minute?", Journal
of Memory and Language 109 (2019)."""

WORD = 6.0
"""Characters of an English word, with the space after it."""

SETTLING = 10.0
"""Seconds that a decision takes beside the reading."""

LEAST = 1e-6
"""What a sample counts for at least, as a part of the highest value: one that is worth nothing comes last, and still
comes while there is time left."""

SPENT = 1 - 1e-9
"""Part of a budget from which on it counts as spent."""


def seconds(characters: Floats) -> Floats:
    """Expected time of one expert for samples of so many characters, shape (n,), >= `SETTLING`."""
    return SETTLING + characters * (60 / WORD / READING)


def value(worth: Floats, right: Floats, seconds: Floats) -> Floats:
    """What a second of an expert's time on each sample is worth: the wrong weight that it is expected to remove.

    It is worth * (1 - right) / seconds, the order in which a budget removes most. An expert who finds only a part of
    what is wrong finds the same part of every sample's, so that changes neither the order nor what is drawn.

    Args:
        worth: of a row that a person vouches for, shape (n,), >= 0.
        right: probability that the sample is right, shape (n,), in [0, 1].
        seconds: as from the function of that name, shape (n,), > 0.
    """
    return worth * (1 - right) / seconds


def probabilities(value: Floats, seconds: Floats, least: Floats, budget: float) -> Floats:
    """The probabilities with which drawing each sample independently takes the budget's time, as an expectation.

    Each is min(1, max(least, c * value)), and c is found by halving, so that probabilities times seconds make the
    budget. All are 1 where there is time for all, and `least` where that alone takes the budget or more. With the
    probabilities of an earlier call as `least` none falls; if the budget is the same, none rises either.

    Args:
        value: of a second's work on each, shape (n,), >= 0; a larger one gives no smaller probability.
        seconds: expected time for each, shape (n,), > 0.
        least: what each probability is at least, shape (n,), in [0, 1].
        budget: in seconds, > 0.

    Returns:
        Shape (n,), in [least, 1].
    """
    if budget >= float(seconds.sum()):
        return np.ones_like(least)
    if float(least @ seconds) >= SPENT * budget:
        return least
    most = float(value.max(initial=0))
    felt = np.maximum(value / most, LEAST) if most else np.ones_like(value)
    low, high = 0.0, 1 / LEAST
    while low < (c := (low + high) / 2) < high:
        low, high = (c, high) if float(_at(c, felt, least) @ seconds) <= budget else (low, c)
    return _at(low, felt, least)


def _at(c: float, value: Floats, least: Floats) -> Floats:
    return np.maximum(least, np.minimum(1.0, c * value))
