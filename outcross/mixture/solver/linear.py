"""Linear programmes in the form that the rules have, solved by HiGHS through SciPy."""

from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linprog

from outcross.errors import MixtureRefused
from outcross.mixture.supply import Vector

FINE = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}

WAYS: tuple[tuple[str, dict[str, float]], ...] = (("highs", FINE), ("highs-ipm", FINE), ("highs", {}))
"""Methods with their tolerances, tried in turn: on programmes of many thousand masses the simplex method may give up
without a word on whether anything is possible, and the interior-point method knows."""

SOLVED, INFEASIBLE = 0, 2
"""What SciPy calls these."""


class Linear(NamedTuple):
    """An optimum, and by how much the cost falls when a limit gives way by one."""

    x: Vector
    rows: Vector
    """Of the rows, shape (n_rows,): >= 0, of any sign for an equality."""
    most: Vector
    """Of the upper bounds, shape (n,), >= 0."""


def linear(
    cost: Vector,
    rows: sp.csr_array,
    least: Vector,
    equal: np.ndarray[tuple[int], np.dtype[np.bool_]],
    *,
    most: Vector,
    begin: Vector | float = 0.0,
) -> Linear | None:
    """Minimise `cost @ x` where `rows @ x >= least`, the rows `equal` with equality, and `begin <= x <= most`.

    Args:
        cost: shape (n,).
        rows: shape (n_rows, n).
        least: shape (n_rows,).
        equal: shape (n_rows,).
        most: shape (n,), may be infinite.
        begin: shape (n,) or one number.

    Returns:
        The optimum; None where no x keeps all rows.

    Raises:
        MixtureRefused: HiGHS gave up, so that nothing is known of what is possible.
    """
    below, above = (~equal).any(), equal.any()
    for method, tolerances in WAYS:
        found = linprog(  # type: ignore[call-overload]  # its stubs know no sparse arrays
            cost,
            A_ub=-rows[~equal] if below else None,
            b_ub=-least[~equal] if below else None,
            A_eq=rows[equal] if above else None,
            b_eq=least[equal] if above else None,
            bounds=np.stack([np.broadcast_to(begin, cost.shape), most], axis=1),
            method=method,
            options=dict(tolerances),
        )
        if found.status == INFEASIBLE:
            return None
        if found.status == SOLVED:
            multipliers = np.zeros(len(equal))
            multipliers[~equal], multipliers[equal] = -found.ineqlin.marginals, found.eqlin.marginals
            return Linear(found.x, multipliers, -found.upper.marginals)
    raise MixtureRefused(
        f"the rules came to a programme of {len(cost):,} masses that couldn't be solved ({found.message}). Strata of "
        "very different sizes cause this: merge the smallest ones.",
        rule="search",
    )
