"""How far a rate may lie from what was counted: exact bounds for k of n."""

import math

import numpy as np

from outcross.errors import InputError


def interval(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Bounds that hold the true rate with at least `confidence`, each side erring with half of the rest.

    Args:
        k: how often it happened, 0 to n.
        n: how often it could have; 0 gives (0, 1).
        confidence: in (0, 1).

    Raises:
        InputError: an argument is out of its range.

    Source:
        Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
        Biometrika 26 (1934).
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence is {confidence}; it must lie between 0 and 1, such as 0.95.")
    half = (1 - confidence) / 2
    return 1 - upper_bound(n - k, n, half), upper_bound(k, n, half)


def upper_bound(k: int, n: int, delta: float = 0.05) -> float:
    """The rate that the true one exceeds with probability `delta` at most, after k of n.

    It is the rate at which k or fewer of n have probability `delta`, found by halving; rounding goes up.

    Args:
        k: how often it happened, 0 to n.
        n: how often it could have; 0 gives 1.
        delta: in (0, 1).

    Raises:
        InputError: an argument is out of its range.

    Source:
        Clopper and Pearson (1934), as for `interval`.
    """
    if not 0 <= k <= n:
        raise InputError(f"{k} of {n} can't be counted. The first must lie between 0 and the second.")
    if not 0 < delta < 1:
        raise InputError(f"delta is {delta}; it must lie between 0 and 1, such as 0.05.")
    if k == n:
        return 1.0
    hits = np.array(range(k + 1), dtype=np.float64)
    ways = np.array([math.lgamma(n + 1) - math.lgamma(i + 1) - math.lgamma(n - i + 1) for i in range(k + 1)])
    low, high = 0.0, 1.0
    while low < (rate := (low + high) / 2) < high:
        if np.exp(ways + hits * math.log(rate) + (n - hits) * math.log1p(-rate)).sum() > delta:
            low = rate
        else:
            high = rate
    return high
