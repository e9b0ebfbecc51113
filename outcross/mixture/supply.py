"""What the rows at hand can supply: how large a mixture they carry under a policy, and what is missing for more."""

import math
from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from outcross.mixture.policy import Policy

CLASSES = ("human", "hybrid", "reviewed", "unreviewed")
"""Who stands behind a row: people wrote it, edited it, approved it, or none of these. Also the order of filling."""

SLACK = 1e-9
"""Relative rounding that every comparison of masses forgives."""

Vector = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Supply:
    """Rows by stratum and class; every stratum has a human row, for people's rows define the strata's shares."""

    strata: tuple[str, ...]
    rows: NDArray[np.int64]
    """Shape (n_strata, 4), columns as in `CLASSES`."""

    @property
    def human(self) -> NDArray[np.int64]:
        """Human rows, shape (n_strata,)."""
        return self.rows[:, 0]

    @property
    def shares(self) -> Vector:
        """Each stratum's share of the mixture, shape (n_strata,), summing to 1: its share of the human rows."""
        human = self.human.astype(np.float64)
        return human / float(human.sum())

    def with_human(self, more: NDArray[np.int64]) -> "Supply":
        """The same supply with `more` human rows in each stratum, shape (n_strata,)."""
        rows = self.rows.copy()
        rows[:, 0] += more
        return Supply(self.strata, rows)


def limits(supply: Supply, policy: Policy) -> dict[str, float]:
    """The largest mixture, in rows of mass, that each rule allows; the smallest of them is what can be had.

    In every stratum human mass is at most `epoch_cap` times its rows, so a mixture of T rows leaves
    D = T - epoch_cap * n_human to be filled from elsewhere, a share p_k of it in stratum k. The floor
    bounds T, the stratum's other rows bound p_k D, and the cap bounds the part of D that hybrid and
    reviewed rows don't cover. Below the smallest bound every size works, above it none.

    Returns:
        A size > 0 for "human floor", "supply" and "unreviewed cap"; infinity where the rule never binds.
    """
    human = policy.epoch_cap * float(supply.human.sum())
    others = supply.rows[:, 1:].sum(axis=1) / supply.shares
    vouched = supply.rows[:, 1:3].sum(axis=1).astype(np.float64)
    cap = policy.unreviewed_cap
    return {
        "human floor": human / policy.human_floor if policy.human_floor else math.inf,
        "supply": human + float(others.min()),
        "unreviewed cap": human + _highest(supply.shares, vouched, level=cap * human, slope=cap),
    }


def missing(supply: Supply, policy: Policy, size: float) -> NDArray[np.int64]:
    """The fewest human rows, split over the strata as today's are, that make a mixture of `size` possible.

    Rows in one stratum alone would also raise the share that it has to fill; rows in today's proportions
    leave the target where it is.

    Returns:
        Rows to add, shape (n_strata,), all zero if `size` is possible already. Adding them makes it possible;
        one row fewer, split by the same rule, doesn't.
    """

    def enough(more: int) -> bool:
        return carries(supply.with_human(_apportion(supply.shares, more)), policy, size)

    # Human rows alone carry the mixture once there are size / epoch_cap of them.
    most = max(0, math.ceil(size / policy.epoch_cap) - int(supply.human.sum()))
    return _apportion(supply.shares, bisect_left(range(most), x=True, key=enough))


def carries(supply: Supply, policy: Policy, size: float) -> bool:
    """Whether a mixture of `size` rows of mass keeps every rule."""
    return size <= min(limits(supply, policy).values()) * (1 + SLACK)


def fill(supply: Supply, policy: Policy, size: float) -> Vector:
    """Mass of each class in each stratum of a mixture that `supply` carries.

    Hybrid rows come first, then reviewed, then unreviewed ones, as far as the human floor leaves room; human
    rows hold the rest. Where unreviewed mass exceeds its cap, one factor scales it down in all strata, except
    that none falls below what its human rows can't hold.

    Args:
        supply: rows at hand.
        policy: the rules.
        size: rows of mass, within the `limits`.

    Returns:
        Shape (n_strata, 4), >= 0; row k sums to `shares[k] * size`.
    """
    target = supply.shares * size
    room = (1 - policy.human_floor) * target
    hybrid = np.minimum(supply.rows[:, 1], room)
    reviewed = np.minimum(supply.rows[:, 2], room - hybrid)
    unreviewed = np.minimum(supply.rows[:, 3], room - hybrid - reviewed)
    most = policy.epoch_cap * supply.human
    needed = np.clip(target - hybrid - reviewed - most, 0, unreviewed)
    spare = max(0.0, policy.unreviewed_cap * size - float(needed.sum()))
    factor = min(1.0, _highest(unreviewed, needed, level=spare))
    unreviewed = np.maximum(needed, factor * unreviewed)
    human = np.clip(target - hybrid - reviewed - unreviewed, 0, most)
    masses = np.stack([human, hybrid, reviewed, unreviewed], axis=1)
    return np.where(masses > 1e-12 * target[:, None], masses, 0.0)


def _highest(slopes: Vector, offsets: Vector, *, level: float, slope: float = 0.0) -> float:
    """The largest x >= 0 with sum(max(0, slopes * x - offsets)) <= level + slope * x; all arguments >= 0.

    Sorted by where the terms set in, the sum is the largest of its prefixes' straight lines, so x is the
    smallest of the points at which one of those lines crosses the right-hand side.
    """
    rising = slopes > 0
    slopes, offsets = slopes[rising], offsets[rising]
    order = np.argsort(offsets / slopes, kind="stable")
    steepness = np.cumsum(slopes[order]) - slope
    height = np.cumsum(offsets[order]) + level
    crosses = steepness > 0
    return float((height[crosses] / steepness[crosses]).min(initial=math.inf))


def _apportion(shares: Vector, total: int) -> NDArray[np.int64]:
    """Split `total` rows in proportion to `shares`: floors first, then the largest remainders, ties to the first."""
    quota = shares * total
    whole = np.floor(quota).astype(np.int64)
    largest = np.argsort(whole - quota, kind="stable")
    whole[largest[: total - int(whole.sum())]] += 1
    return whole
