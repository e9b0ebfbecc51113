"""The fewest human rows that make a wanted size possible, stratum by stratum."""

from bisect import bisect_left
from collections.abc import Iterator

import numpy as np
import scipy.sparse as sp

from outcross.mixture.policy import Policy
from outcross.mixture.solver.linear import linear
from outcross.mixture.solver.prices import carries
from outcross.mixture.solver.programme import Programme
from outcross.mixture.supply import Counts, Supply, Vector

WHOLE = 1e-6
"""What a number of rows may be above a whole one and still be taken for it."""


def fewest(supply: Supply, policy: Policy, size: float) -> Counts:
    """The human rows to add so that a mixture of `size` rows of mass keeps every rule.

    Rows that are added tighten the budget for bias, and move the target where it is that of the human rows at hand.
    Both are accounted for, and what is returned has been tried.

    - With a fixed target they are the fewest, but for the rounding of each stratum's rows to whole ones.
    - With the target of the human rows at hand they are the fewest that a search by halves over their number finds.
    - With that target and a temperature above 1 they are split as today's rows are: the target bends with each row.

    Returns:
        Shape (n_strata,); all zero if the size is possible already.
    """
    if carries(supply, policy, size):
        return np.zeros(len(supply.strata), np.int64)
    if supply.target is not None:
        tries = _fixed(supply, policy, size)
    elif policy.temperature == 1:
        tries = _moving(supply, policy, size)
    else:
        tries = iter(())
    more = next((more for more in tries if carries(supply.with_human(more), policy, size)), None)
    # Rounding to whole rows may make the best of fractions worse than rows in proportion, which are quickly tried.
    if more is None or carries(supply.with_human(_split(supply, int(more.sum()) - 1)), policy, size):
        return _in_proportion(supply, policy, size)
    return more


def _fixed(supply: Supply, policy: Policy, size: float) -> Iterator[Counts]:
    """Candidates for a fixed target, the fewest first.

    More rows only ever tighten the budget, so that the count begins at none and climbs to the least one that needs
    no more rows than its own budget was taken for.
    """
    programme, total = Programme.of(supply, policy), 0
    while (needed := fewest_parts(programme, size, total)) is not None:
        more = _upwards(needed)
        if more.sum() <= total or not (programme.rule == "bias budget").any():
            yield more
            yield more + (needed > 0)
            return
        total = int(more.sum())


def _moving(supply: Supply, policy: Policy, size: float) -> Iterator[Counts]:
    """Candidates for a target that moves with the rows: for a given total the rules are linear once more.

    Which strata are of the tail moves too. The second round pins all strata to their very share, which keeps the rule
    whichever they are.
    """
    for exact in (False, True):
        programme = Programme.of(supply, policy, exact=exact)

        def enough(total: int, programme: Programme = programme) -> bool:
            return fewest_parts(programme, size, total) is not None

        total = bisect_left(range(_most(supply, programme, size)), x=True, key=enough)
        for extra in (0, 1, 2, 4, *(len(supply.strata) * part // 4 for part in (1, 2, 4, 8))):
            needed = fewest_parts(programme, size, total + extra)
            if needed is not None:
                # Often as few rows do when they leave the target where it is.
                yield from (_split(supply, total + extra), _apportioned(needed, total + extra))


def _in_proportion(supply: Supply, policy: Policy, size: float) -> Counts:
    """The fewest rows, split as the target is, that have been tried and found enough."""

    def enough(total: int) -> bool:
        return carries(supply.with_human(_split(supply, total)), policy, size)

    most = _most(supply, Programme.of(supply, policy), size)
    return _split(supply, bisect_left(range(most), x=True, key=enough))


def _split(supply: Supply, total: int) -> Counts:
    """Rows in proportion to the target, and at least one where it wants a stratum that has none."""
    first = (supply.human == 0) & (supply.shares > 0)
    return np.asarray(np.maximum(_apportioned(supply.shares * total, total), first), np.int64)


def _most(supply: Supply, programme: Programme, size: float) -> int:
    """Rows with which human rows carry the mixture alone, if they are split as the target is."""
    there = supply.shares > 0
    steepest = float((programme.shares[there] / supply.shares[there]).max())
    return int(np.ceil(size * steepest * (1 + programme.policy.pinning))) + len(there)


def fewest_parts(programme: Programme, size: float, total: int) -> Vector | None:
    """The fewest human rows to add, in fractions, with rules as they are once `total` rows have been added.

    One linear programme, in the programme's variables and the rows to add, all over `size`.

    Returns:
        Shape (n_strata,). Where the target moves, exactly `total` are added, or None where so many don't do.
    """
    count, human = len(programme.shares), np.arange(0, len(programme.most), 4)
    rows, least = _after(programme, size, total)
    repeat = programme.policy.epoch_cap / np.where(programme.shares > 0, programme.shares, 1)
    held = sp.csr_array((np.ones(count), (np.arange(count), human)), shape=(count, len(programme.most)))
    ceilings = sp.csr_array(sp.hstack([-held, sp.diags_array(repeat)]))
    ends = programme.most / size
    ends[human] = np.inf
    begins = ((programme.supply.human == 0) & (programme.shares > 0)) / size
    added = np.append(np.zeros(len(ends)), np.ones(count))
    rows, least, equal = sp.vstack([rows, ceilings]), np.append(least, -programme.most[human] / size), programme.equal
    equal = np.append(equal, np.zeros(count, bool))
    if programme.supply.target is None:
        balance = sp.csr_array(added.reshape(1, -1))
        rows, least, equal = sp.vstack([rows, balance]), np.append(least, total / size), np.append(equal, True)
    found = linear(
        added,
        sp.csr_array(rows),
        least,
        equal,
        most=np.append(ends, np.full(count, np.inf)),
        begin=np.append(np.zeros(len(ends)), begins),
    )
    return None if found is None else found.x[len(ends) :] * size


def _after(programme: Programme, size: float, total: int) -> tuple[sp.csr_array, Vector]:
    """Rows over the programme's variables and the rows to add, and their right-hand sides, after `total` more rows."""
    supply, now, after = programme.supply, int(programme.supply.human.sum()), int(programme.supply.human.sum()) + total
    least = programme.least.copy()
    least[programme.rule == "bias budget"] *= np.sqrt(max(1, now) / max(1, after))
    added = sp.csr_array((len(least), len(programme.shares)))
    if supply.target is None:
        # The share of stratum k becomes (rows + more) / after, and pins are in units of today's.
        pins = np.flatnonzero(programme.rule == "pinning")
        stratum = programme.stratum[pins]
        pull = -least[pins] * size / (after * programme.shares[stratum])
        added = sp.csr_array((pull, (pins, stratum)), shape=added.shape)
        least[pins] *= now / after
    return sp.csr_array(sp.hstack([programme.rows, added])), least


def _upwards(needed: Vector) -> Counts:
    return np.ceil(needed - WHOLE).clip(0).astype(np.int64)


def _apportioned(quota: Vector, total: int) -> Counts:
    """Whole rows that sum to `total`: floors first, then the largest remainders, ties to the first."""
    whole = np.floor(quota + WHOLE).clip(0).astype(np.int64)
    largest = np.argsort(whole - quota, kind="stable")
    whole[largest[: max(0, total - int(whole.sum()))]] += 1
    return whole
