"""How much chance of a false alarm each release may spend, and how its alarms share that."""

import math

import numpy as np
from numpy.typing import NDArray

from outcross.errors import InputError

LIFETIME = 0.05
"""Chance that there is ever a false warning, over all releases of one history."""

BLOCKING = 0.1
"""Part of a release's chance at which an alarm may block it."""


def alpha(number: int) -> float:
    """The chance of a false warning that release `number` (from 1) may spend; over all releases they sum to `LIFETIME`.

    It is 0.05 * 6 / (pi^2 t^2): 0.0304, 0.0076, 0.0034, 0.0019, ... as the inverse squares sum to pi^2 / 6. Spending
    by such a series is the alpha spending of Foster & Stine, J. R. Stat. Soc. B 70 (2008), without earning back.

    Raises:
        InputError: `number` is below 1.
    """
    if number < 1:
        raise InputError(f"the release's number is {number}; releases are counted from 1.")
    return LIFETIME * 6 / (math.pi**2 * number**2)


def holm(chances: NDArray[np.float64], level: float) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Holm's step-down test: the chance that it rejects any true hypothesis is at most `level`, however they depend.

    Source: Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Stat. 6 (1979).

    Args:
        chances: p-values, shape (n,), each in [0, 1].
        level: in [0, 1].

    Returns:
        Whether each is rejected, and the level that each was held against; both of shape (n,).
    """
    order = np.argsort(chances, kind="stable")
    levels = level / np.arange(len(chances), 0, -1)
    rejected = np.logical_and.accumulate(chances[order] <= levels)
    # What stands behind the first that holds was held against that one's level: no later one can be rejected.
    last = min(int(rejected.sum()), max(len(chances) - 1, 0))
    levels[last:] = levels[last : last + 1]
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return rejected[back], levels[back]
