"""The largest mixture that the rules allow, and how much one more row would raise it: a linear programme and its duals.

All rules but the ceilings on rows are homogeneous in the masses, so the largest size T is the optimum of a linear
programme in masses and T. Its duals are prices: mixture rows that one more row of a class in a stratum allows.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from outcross.mixture.policy import Policy
from outcross.mixture.solver.linear import linear
from outcross.mixture.solver.programme import Programme
from outcross.mixture.supply import CLASSES, SLACK, Supply, Vector


@dataclass(frozen=True, eq=False)
class Largest:
    """The largest mixture, in rows of mass, and what keeps it from being larger."""

    size: float
    z: Vector
    """Variables of the programme at that size, shape (4 * n_strata,)."""
    loosened: Vector
    """Rows of mixture that loosening a row of the programme by one row of mass allows, shape (n_rows,)."""
    raised: Vector
    """Rows of mixture that one more row of a class allows at fixed shares, shape (n_strata, 4), >= 0."""


def largest(programme: Programme) -> Largest:
    """The largest mixture; 0 rows where a stratum of the target has no human row."""
    unit = max(1.0, float(programme.masses(programme.most).sum()))
    rows = sp.csr_array(sp.hstack([programme.rows, sp.csr_array(-programme.least[:, None])]))
    ends = np.append(programme.most / unit, np.inf)
    cost = np.append(np.zeros(len(programme.most)), -1.0)
    found = linear(cost, rows, np.zeros(len(programme.least)), programme.equal, most=ends)
    # Nothing at all keeps every rule, so that there always is an answer.
    assert found is not None  # noqa: S101
    shares = np.where(programme.shares > 0, programme.shares, 1)[:, None]
    ceilings = np.where(programme.may, found.most[:-1], 0).reshape(-1, 4)
    lacking = bool((programme.shares > 0)[programme.supply.human == 0].any())
    return Largest(
        size=0.0 if lacking else unit * float(found.x[-1]),
        z=unit * found.x[:-1],
        loosened=found.rows,
        raised=np.maximum(ceilings * np.array(programme.policy.repeats) / shares, 0),
    )


def human_prices(programme: Programme, most: Largest) -> Vector:
    """Rows of mixture that one more human row in each stratum allows, shape (n_strata,).

    More than its ceiling moves with it: the budget for bias tightens, and where the target is that of the human rows
    at hand, it moves towards the row's stratum. A price is below 0 where that costs more than the row brings.
    """
    human = programme.supply.human
    total = max(1, int(human.sum()))
    budget = programme.rule == "bias budget"
    tighter = most.size * float((most.loosened * programme.least)[budget].sum()) / (2 * total)
    prices = most.raised[:, 0] + tighter
    if programme.supply.target is None:
        pinned = programme.rule == "pinning"
        pulls = np.bincount(
            programme.stratum[pinned],
            (most.loosened * programme.least)[pinned] * most.size,
            minlength=len(human),
        )
        moved = (pulls - programme.shares * pulls.sum()) / np.maximum(human, 1)
        prices -= moved / programme.policy.temperature
    return np.asarray(prices, np.float64)


def reviewed_prices(most: Largest) -> Vector:
    """Rows of mixture that one more reviewed row in each stratum allows, shape (n_strata,)."""
    return np.asarray(most.raised[:, CLASSES.index("reviewed")], np.float64)


def carries(supply: Supply, policy: Policy, size: float) -> bool:
    """Whether a mixture of `size` rows of mass keeps every rule."""
    return size <= largest(Programme.of(supply, policy)).size * (1 + SLACK)
