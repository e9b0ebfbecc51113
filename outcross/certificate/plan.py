"""How many audits a promise takes, counted before any is made."""

import math
from collections.abc import Callable

from scipy.stats import binom

from outcross.certificate.bounds import batch_bound, rate_bound
from outcross.certificate.sequential import steps
from outcross.errors import InputError

ERRORS = 5
"""Errors that a plan should survive: at a true rate of alpha / 4, a plan for none fails half of the time."""


def needed(alpha: float, delta: float = 0.05, errors: int = 0, seen: float = 1.0) -> int:
    """The fewest audits that prove a rate of `alpha` although so many errors are found.

    Raises:
        InputError: an argument is out of its range.
    """
    _require_rate(alpha)
    return _fewest(lambda n: rate_bound(errors, n, delta, seen) <= alpha, errors + 1)


def needed_of_batch(alpha: float, size: int, delta: float = 0.05, errors: int = 0) -> int | None:
    """The same for a batch, of which at most `alpha` times its `size` are to be wrong, the audited ones included.

    Returns:
        None where auditing all of it would not do, for there are more errors than `alpha` allows.
    """
    _require_rate(alpha)
    if errors > (allowed := allowance(alpha, size)):
        return None
    return _fewest(lambda n: n >= size or batch_bound(errors, n, size, delta) <= allowed, errors)


def needed_looking(alpha: float, delta: float = 0.05, errors: int = 0) -> int:
    """The same where one looks after each audit; see `outcross.certificate.sequential`."""
    error, right = steps(alpha)
    return errors + math.ceil((-math.log(delta) - errors * error) / right)


def power(alpha: float, rate: float, delta: float = 0.05, errors: int = ERRORS) -> float:
    """The probability that a plan for so many errors ends in a proof, where `rate` is the true rate, in [0, 1]."""
    return float(binom.cdf(errors, needed(alpha, delta, errors), rate))


def allowance(alpha: float, size: int) -> int:
    """Errors that a batch may hold under `alpha`; rounding of the product takes none away."""
    return math.floor(alpha * size + 1e-9)


def _fewest(holds: Callable[[int], bool], start: int) -> int:
    """The least n >= start for which `holds`, which holds for all that are larger too."""
    far = 1
    while not holds(start + far):
        far *= 2
    low, high = start, start + far
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _require_rate(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise InputError(f"alpha is {alpha}; it must lie between 0 and 1, such as 0.05.")
