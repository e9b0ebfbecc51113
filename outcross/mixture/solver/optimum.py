"""The best mixture of a size: least predicted risk among all that keep every rule."""

from dataclasses import dataclass, replace

import clarabel  # type: ignore[import-untyped]  # it has no stubs
import numpy as np
import scipy.sparse as sp

from outcross.mixture.solver.active import exact
from outcross.mixture.solver.linear import linear
from outcross.mixture.solver.prices import Largest
from outcross.mixture.solver.programme import Programme
from outcross.mixture.solver.quadratic import Point, Quadratic, risk
from outcross.mixture.supply import SLACK, Vector

EXACT = SLACK / 10
"""Largest violation of a rule that a mixture may have, relative to the mass that the rule is about."""

DUST = 1e-6
"""Shares of a stratum that an interior point leaves where nothing belongs."""


@dataclass(frozen=True, eq=False)
class Optimum:
    """The best mixture, and what each rule costs there."""

    masses: Vector
    """Rows of mass, shape (n_strata, 4); each rule holds to 1e-9 relative."""
    risk: float
    """Predicted risk; see `quadratic.risk`."""
    rows: Vector
    """Risk that loosening a row of the programme would save, per unit of its `least`, shape (n_rows,)."""
    full: Vector
    """Risk that raising a ceiling would save, per share of its stratum, shape (n_strata, 4)."""
    residual: float
    """By how much the conditions of optimality are missed; see `Quadratic.residual`."""


def optimum(programme: Programme, size: float, most: Largest) -> Optimum:
    """Find the best mixture of `size` rows of mass.

    Clarabel's interior-point method finds it to some 8 digits; an active set makes it exact. Where so many rules bind
    that no such set is found, the nearest mixture that keeps every rule is taken. Equal input, equal output.

    Args:
        programme: the rules.
        size: at most `most.size`, which is above 0.
        most: the largest mixture; scaled down, it keeps every rule.
    """
    problem = Quadratic.of(programme, size)
    safe = np.minimum(np.maximum(most.z, 0) / most.size, programme.most / size)
    found = _interior(problem)
    best = exact(problem, found) or replace(found, w=_nearest(problem, found.w))
    w, full = np.zeros(len(safe)), np.zeros(len(safe))
    w[problem.used], full[problem.used] = np.clip(best.w, 0, problem.ceiling), best.full
    if not programme.violation(w, size) <= EXACT:
        w = safe
    rows = np.zeros(len(programme.least))
    rows[problem.kept] = best.rows / problem.units
    return Optimum(
        masses=programme.masses(w * size),
        risk=risk(programme.supply, w.reshape(-1, 4)),
        rows=rows / problem.scale,
        full=full.reshape(-1, 4) / problem.scale,
        residual=problem.residual(replace(best, w=w[problem.used])),
    )


def _interior(problem: Quadratic) -> Point:
    """Clarabel's solution, to its tolerance of 1e-9."""
    count, equal = len(problem.used), problem.equal
    each = sp.eye_array(count, format="csc")
    rows = sp.vstack([-problem.rows[equal], -problem.rows[~equal], -each, each], format="csc")
    limits = np.concatenate([-problem.least[equal], -problem.least[~equal], np.zeros(count), problem.ceiling])
    cones = [clarabel.ZeroConeT(int(equal.sum())), clarabel.NonnegativeConeT(len(limits) - int(equal.sum()))]
    upper = sp.triu(problem.curvature, format="csc")
    found = clarabel.DefaultSolver(upper, np.zeros(count), rows, limits, cones, _settings()).solve()
    multipliers = np.array(found.z)
    by_row = np.zeros(len(equal))
    by_row[equal], by_row[~equal], zero, full = np.split(multipliers, np.cumsum([equal.sum(), (~equal).sum(), count]))
    return Point(np.array(found.x), by_row, zero, full)


def _settings() -> clarabel.DefaultSettings:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    # One thread and its own factorisation, so that every machine adds in the same order.
    settings.max_threads, settings.direct_solve_method = 1, "qdldl"
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-9
    return settings


def _nearest(problem: Quadratic, w: Vector) -> Vector:
    """The mixture nearest to `w`, by the sum of absolute differences, among those that keep every rule."""
    count, equal = len(w), problem.equal
    wanted = np.where(np.isfinite(w) & (w > DUST), w, 0.0)
    each = sp.eye_array(count, format="csr")
    apart = sp.vstack([sp.hstack([-each, each]), sp.hstack([each, each])])
    rows = sp.vstack([sp.hstack([problem.rows, sp.csr_array((len(equal), count))]), apart], format="csr")
    found = linear(
        np.repeat([0.0, 1.0], count),
        sp.csr_array(rows),
        np.concatenate([problem.least, -wanted, wanted]),
        np.append(equal, np.zeros(2 * count, bool)),
        most=np.append(problem.ceiling, np.full(count, np.inf)),
    )
    return np.full(count, np.nan) if found is None else found.x[:count]
