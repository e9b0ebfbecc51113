"""A proof that may be looked at after every audit: evidence against a rate of errors as a betting score.

The likelihood ratio of a low rate q against alpha, E = (q / alpha)^k ((1 - q) / (1 - alpha))^(n - k), grows by 1 at
most on average whatever rate of alpha or more is true. So it ever reaches 1 / delta with probability delta at most
(Ville's inequality), however often somebody looks, and looking at a bound for a fixed number of audits after each one
has no such promise.
"""

import math
from collections.abc import Sequence

import numpy as np

from outcross.errors import InputError

HOPED = 4.0
"""The rate that the evidence bets on is alpha over this; it grows fastest where that is the truth."""

FEARED = 2.0
"""The rate that the evidence of a promise broken bets on is alpha times this."""

CLOSE = 1e-6


def evidence(outcomes: Sequence[bool], alpha: float) -> float:
    """The largest evidence, as a natural logarithm, that the audits gave at any time.

    Args:
        outcomes: of audits in the order that they were drawn in, True for an error. The order must not follow from
            what they found.
        alpha: the rate to disprove, in (0, 1).

    Returns:
        From 0, the evidence before the first audit, up.

    Raises:
        InputError: `alpha` is out of its range.

    Source:
        Ramdas, Grünwald, Vovk and Shafer, "Game-theoretic statistics and safe anytime-valid inference", Statistical
        Science 38 (2023), section 3.
    """
    error, right = steps(alpha)
    path = np.cumsum(np.where(np.asarray(outcomes, dtype=bool), error, right))
    return float(path.max(initial=0.0))


def steps(alpha: float) -> tuple[float, float]:
    """What an error and what an audit without one add to the evidence, in natural logarithms.

    Raises:
        InputError: `alpha` is out of its range.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}; it must lie between 0 and 1, such as 0.05.")
    hoped = alpha / HOPED
    return math.log(hoped / alpha), math.log1p(-hoped) - math.log1p(-alpha)


def reached(outcomes: Sequence[bool], alpha: float, delta: float = 0.05) -> int:
    """After how many audits the evidence against `alpha` was enough; all of them where it never was."""
    error, right = steps(alpha)
    path = np.cumsum(np.where(np.asarray(outcomes, dtype=bool), error, right))
    enough = np.flatnonzero(path >= -math.log(delta))
    return int(enough[0]) + 1 if enough.size else len(outcomes)


def proven(outcomes: Sequence[bool], alpha: float, delta: float = 0.05) -> bool:
    """Whether the audits disprove a rate of `alpha` or more, with an error of `delta` over all looks together."""
    return evidence(outcomes, alpha) >= -math.log(delta)


def disproven(outcomes: Sequence[bool], alpha: float, delta: float = 0.05) -> bool:
    """Whether the audits disprove a rate of `alpha` or less, with an error of `delta` over all looks together.

    The bet is on `FEARED` times alpha, or on 1 if that is more; against any rate up to alpha it gains nothing on
    average. What was proven once is over when this is: the drafts aren't what they were.
    """
    steps(alpha)
    feared = min(FEARED * alpha, 1 - CLOSE)
    error, right = math.log(feared / alpha), math.log1p(-feared) - math.log1p(-alpha)
    path = np.cumsum(np.where(np.asarray(outcomes, dtype=bool), error, right))
    return bool(path.max(initial=0.0) >= -math.log(delta))


def rate_bound(outcomes: Sequence[bool], delta: float = 0.05) -> float:
    """The smallest rate that the audits disprove, to `CLOSE`, rounded up; 1 where they disprove none.

    Each rate has a bet of its own, and holds at any time; so the bound may be looked at whenever one likes.
    """
    low, high = 0.0, 1.0
    while high - low > CLOSE:
        middle = (low + high) / 2
        if proven(outcomes, middle, delta):
            high = middle
        else:
            low = middle
    return high
