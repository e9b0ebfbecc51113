"""How many errors audits leave possible: exact one-sided bounds, in a process and in a finite batch.

An audit counts an error where a reviewer found one. A reviewer who misses some finds each error with a probability,
the sensitivity; a lower bound of it, `seen`, turns what was found into what there may be. Rejected drafts are bounded
alike: an error is then a draft that should have been accepted, and `seen` the reviewers' share of good drafts that
they call good.
"""

import numpy as np
from scipy.stats import binom, hypergeom

from outcross.agreement.intervals import upper_bound
from outcross.errors import InputError


def rate_bound(k: int, n: int, delta: float = 0.05, seen: float = 1.0) -> float:
    """The rate of errors that a process exceeds with probability `delta` at most, after k of n.

    Among n audits the errors found are binomial with the rate times the sensitivity, so the bound of what can be
    found, over the least sensitivity, bounds what there is.

    Args:
        k: errors found, 0 to n.
        n: audits, drawn at random.
        delta: in (0, 1); where `seen` is itself a bound, what is left after that bound's share.
        seen: the sensitivity at the least, in (0, 1].

    Returns:
        In [0, 1]; rounding goes up.

    Raises:
        InputError: an argument is out of its range.

    Source:
        Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
        Biometrika 26 (1934).
    """
    _require_sensitivity(seen)
    return min(1.0, upper_bound(k, n, delta) / seen)


def batch_bound(k: int, n: int, size: int, delta: float = 0.05, seen: float = 1.0) -> int:
    """The errors that a batch of `size` holds at the most: the largest D with P(X <= k | D) > delta.

    X counts the errors found: hypergeometric, and thinned where reviewers miss some.

    Args:
        k: errors found, 0 to n.
        n: audits, drawn from the batch at random without replacement; at most `size`.
        size: drafts in the batch, the audited ones included.
        delta: as for `rate_bound`.
        seen: as for `rate_bound`.

    Returns:
        Errors in the whole batch, the audited part included: from k to `size`.

    Raises:
        InputError: an argument is out of its range.

    Source:
        Inversion of the hypergeometric test, as in Wright, "Exact confidence bounds when sampling from small finite
        universes", Springer (1991).
    """
    upper_bound(k, n, delta)  # checks them
    _require_sensitivity(seen)
    if n > size:
        raise InputError(f"{n:,} audits can't be drawn from a batch of {size:,}. Count each draft once.")
    low, high = k, size  # P(X <= k) is 1 at k errors, and falls as they grow
    while low < high:
        middle = (low + high + 1) // 2
        if _at_most(k, n, size, middle, seen) > delta:
            low = middle
        else:
            high = middle - 1
    return low


def sensitivity(caught: int, shown: int, delta: float = 0.025) -> float:
    """The sensitivity at the least: what reviewers' share of known errors may fall below with probability `delta`.

    Args:
        caught: known errors that they called errors.
        shown: known errors that were shown to them; 0 gives 0, for then nothing is known.

    Raises:
        InputError: an argument is out of its range.
    """
    return 1 - upper_bound(shown - caught, shown, delta) if shown or caught else 0.0


def left(k: int, n: int, size: int, most: int) -> float:
    """The share of errors, at the most, among the drafts of a batch that nobody read.

    Args:
        k: errors found in n audits, which are out of the rest.
        n: audits.
        size: drafts in the batch.
        most: errors in the whole batch at the most, as `batch_bound` gives.

    Returns:
        In [0, 1]; 0 where all were read.
    """
    return min(1.0, (most - k) / (size - n)) if size > n else 0.0


def _at_most(k: int, n: int, size: int, errors: int, seen: float) -> float:
    """P(X <= k): at most k errors are found among n audits of a batch that holds so many."""
    if seen == 1:
        return float(hypergeom.cdf(k, size, errors, n))
    drawn = np.arange(max(0, n - (size - errors)), min(n, errors) + 1)
    return float((hypergeom.pmf(drawn, size, errors, n) * binom.cdf(k, drawn, seen)).sum())


def _require_sensitivity(seen: float) -> None:
    if not 0 < seen <= 1:
        raise InputError(
            f"the reviewers' sensitivity is {seen}; it must lie above 0 and at most at 1. Show them more known errors."
        )
