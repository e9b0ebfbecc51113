"""Rounds: strata one after the other, again and again, so that the rare ones are covered from the beginning."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping


def rounds(sizes: Mapping[str, int]) -> Iterator[tuple[str, int]]:
    """Each member of each stratum once: all first ones, then all second ones, the smallest strata first in each round.

    Args:
        sizes: members by stratum, smallest first.

    Returns:
        Strata, each with the number of its member, from 0.
    """
    strata, ends = list(sizes), list(sizes.values())
    for number in range(max(ends, default=0)):
        for stratum in strata[bisect_right(ends, number) :]:
            yield stratum, number


def shares(sizes: Mapping[str, int], there: Mapping[str, int], wanted: int) -> Counter[str]:
    """How many more each stratum should bring, so that all have `wanted` together, as evenly as the plan has them.

    The plan's first places are each taken by a row of its stratum that is there already; those that are not taken are
    still to be filled, until there is one for each row that is missing. So a stratum that is left out of `sizes` hands
    its share to the others, and one that has more than its share leaves less for them.

    Args:
        sizes: members of the strata that may bring some, smallest first.
        there: rows that are there, by stratum; also of strata that may bring no more.
        wanted: rows wanted in all.

    Returns:
        Counts by stratum that sum to what is missing; nothing where no stratum may bring any.
    """
    missing = wanted - sum(there.values())
    left = Counter(there)
    more: Counter[str] = Counter()
    while missing > 0 and any(sizes.values()):
        for stratum, _ in rounds(sizes):
            if left[stratum] > 0:
                left[stratum] -= 1
            elif missing > 0:
                more[stratum] += 1
                missing -= 1
            else:
                break
    return more
