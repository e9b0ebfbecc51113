"""One risk shared among strata, so that what is promised of all of them holds together."""

from collections.abc import Mapping

from outcross.certificate.bounds import rate_bound
from outcross.certificate.plan import needed
from outcross.data.samples import Record
from outcross.errors import InputError


class Stratum(Record):
    """What is proven of one stratum."""

    stratum: str
    delta: float
    """Its share of the risk."""
    audits: int
    errors: int
    bound: float
    """Rate of errors at the most, with confidence 1 - `delta`."""


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


def bounds(counts: Mapping[str, tuple[int, int]], delta: float, seen: float = 1.0) -> list[Stratum]:
    """What is proven of every stratum, all at once with confidence 1 - `delta`; the risk is shared alike.

    Args:
        counts: by stratum, errors and audits.
        delta: of all strata together.
        seen: the reviewers' sensitivity at the least, as for `rate_bound`.
    """
    shares = split(delta, dict.fromkeys(counts, 1.0)) if counts else {}
    return [
        Stratum(stratum=name, delta=share, audits=n, errors=k, bound=rate_bound(k, n, share, seen))
        for name, share in shares.items()
        for k, n in (counts[name],)
    ]


def budgets(names: Mapping[str, float], alpha: float, delta: float = 0.05, errors: int = 0) -> dict[str, int]:
    """Audits that each stratum needs for `alpha` if so many errors are found in it; `names` weigh the risk."""
    return {name: needed(alpha, share, errors) for name, share in split(delta, names).items()}
