"""One risk shared among strata, so that what is promised of all of them holds together."""

from collections.abc import Mapping

from outcross.errors import InputError


def split(delta: float, weights: Mapping[str, float]) -> dict[str, float]:
    """Each stratum's share of the risk, in proportion to its weight; the shares sum to `delta`.

    Any one of the promises fails with probability `delta` at most, whatever the weights (Bonferroni). They must not
    follow from what the audits found. Equal ones give delta / m each.

    Raises:
        InputError: a weight isn't above 0, or `delta` is out of its range.
    """
    if not 0 < delta < 1:
        raise InputError(f"delta is {delta}; it must lie between 0 and 1, such as 0.05.")
    if low := sorted(name for name, weight in weights.items() if not weight > 0):
        raise InputError(f"stratum {low[0]} has the weight {weights[low[0]]}; give each one above 0, or leave it out.")
    total = sum(weights.values())
    return {name: delta * weight / total for name, weight in sorted(weights.items())}
