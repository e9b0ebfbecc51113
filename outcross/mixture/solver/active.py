"""Make the optimum of a quadratic programme exact: once it is known which rules bind, it solves linear equations."""

import numpy as np
import scipy.sparse as sp
from scipy.sparse.linalg import splu

from outcross.mixture.solver.programme import Mask
from outcross.mixture.solver.quadratic import Point, Quadratic
from outcross.mixture.supply import Vector

ROUNDS = 30
"""Times that the guess of what binds is put right before it is given up."""

TIGHT = 1e-12
"""Violation of a rule that rounding explains, as a share of a stratum."""

SIGN = 1e-9
"""Multipliers of the wrong sign that rounding explains, relative to the largest gradient."""

NUDGE = 1e-9
"""Added to the diagonal so that the equations can be solved where rules repeat each other; refined away again."""


def exact(problem: Quadratic, guess: Point) -> Point | None:
    """Solve for the optimum with the rules that bind at `guess`, and put those right until all conditions hold.

    This is the primal-dual active set method (Hintermüller, Ito and Kunisch, doi 10.1137/S1052623401383558), begun
    where an interior-point method has ended, so that a round or two are the rule.

    Returns:
        The optimum to rounding; None where no set of binding rules is found, as it happens where many of them meet
        in one point.
    """
    room = problem.rows @ guess.w - problem.least
    on = problem.equal | (room < guess.rows)
    zero, full = guess.w < guess.zero, problem.ceiling - guess.w < guess.full
    for _ in range(ROUNDS):
        at = _solved(problem, on, zero, full)
        if at is None:
            return None
        sign = SIGN * max(1.0, float(np.abs(problem.curvature @ at.w).max()))
        room = problem.rows @ at.w - problem.least
        rows = problem.equal | np.where(on, at.rows > -sign, room < -TIGHT)
        empty = np.where(zero, at.zero > -sign, at.w < -TIGHT)
        filled = np.where(full, at.full > -sign, at.w > problem.ceiling + TIGHT) & ~empty
        if (rows == on).all() and (empty == zero).all() and (filled == full).all():
            return at
        on, zero, full = rows, empty, filled
    return None


def _solved(problem: Quadratic, on: Mask, zero: Mask, full: Mask) -> Point | None:
    """The minimum where the rows `on` hold with equality and the variables `zero` and `full` stay at their bounds."""
    free, rows = ~(zero | full), problem.rows[on]
    w = np.where(full, problem.ceiling, 0.0)
    curvature = problem.curvature[free][:, free]
    across = rows[:, free]
    known = np.concatenate([-(problem.curvature @ w)[free], problem.least[on] - rows @ w])
    solution = _equations(curvature, across, known)
    if solution is None:
        return None
    w[free] = solution[: free.sum()]
    multipliers = np.zeros(len(on))
    multipliers[on] = -solution[free.sum() :]
    pull = problem.curvature @ w - problem.rows.T @ multipliers
    return Point(w, multipliers, np.where(zero, pull, 0), np.where(full, -pull, 0))


def _equations(curvature: sp.csc_array, across: sp.csr_array, known: Vector) -> Vector | None:
    """Solve the symmetric system of stationarity and binding rows; None where it has no accurate solution."""
    true = sp.block_array([[curvature, across.T], [across, None]], format="csc")
    signs = np.repeat([NUDGE, -NUDGE], across.shape[::-1])
    factors = splu(sp.csc_array(true + sp.diags_array(signs)))
    solution = factors.solve(known)
    for _ in range(10):
        off = known - true @ solution
        if np.abs(off).max() <= TIGHT / 10:
            return solution
        solution = solution + factors.solve(off)
    return solution if np.abs(known - true @ solution).max() <= TIGHT else None
