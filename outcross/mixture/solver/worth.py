"""What one more row that a person vouches for is worth, stratum by stratum: the order of the review queue."""

import numpy as np

from outcross.mixture.solver.optimum import Optimum
from outcross.mixture.solver.prices import Largest, reviewed_prices
from outcross.mixture.solver.programme import Programme
from outcross.mixture.supply import CLASSES, Vector

REVIEWED = CLASSES.index("reviewed")


def worth(programme: Programme, size: float, most: Largest, best: Optimum) -> Vector:
    """Rank the strata by what one more reviewed row brings.

    First comes how much larger the largest mixture gets, then how much lower the predicted risk: strata of which
    enough is there for any size still differ in how much a further row steadies them.

    Returns:
        Shape (n_strata,), in [0, 1]: 1 where a row is worth most, 0 where it is worth nothing, steps of equal size
        between. Only the order means anything.
    """
    price, saved = reviewed_prices(most), gains(programme, size, best)
    # To nine digits, so that strata which differ by rounding alone share a place.
    keys = np.stack([np.round(each / max(each.max(initial=0), 1e-300), 9) for each in (price, saved)], axis=1)
    steps, place = np.unique(np.vstack([[0.0, 0.0], keys]), axis=0, return_inverse=True)
    return np.asarray(place.ravel()[1:] / max(1, len(steps) - 1), np.float64)


def gains(programme: Programme, size: float, best: Optimum) -> Vector:
    """Predicted risk that one more reviewed row in each stratum saves, shape (n_strata,), >= 0.

    By the envelope theorem it is what the new row saves at the multipliers of the optimum: the most over its weight u
    of reward * u - p u², where u is the share of its stratum, p the stratum's share of the target, and the reward the
    pull of the rules less the bias that it adds. The formula holds where there is no reviewed row yet.
    """
    supply, there = programme.supply, programme.shares > 0
    shares = np.where(there, programme.shares, 1)
    w = best.masses / (size * shares)[:, None]
    pull = (programme.rows.T @ best.rows).reshape(-1, 4)[:, REVIEWED]
    reward = pull - 2 * supply.shares * supply.bias[:, REVIEWED] * (w * supply.bias).sum(axis=1)
    most = programme.policy.repeats[REVIEWED] / (size * shares)
    u = np.clip(reward / np.where(there, 2 * supply.shares, 1), 0, most)
    may = programme.may.reshape(-1, 4)[:, REVIEWED]
    return np.where(may, np.maximum(0, reward * u - supply.shares * u**2), 0)
