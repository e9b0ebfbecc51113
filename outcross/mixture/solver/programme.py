"""The rules of a policy over a supply as one sparse matrix, which the search for the best and for the largest share.

A mixture of `size` rows keeps every rule where `rows @ z >= least * size` and `0 <= z <= most`. The variables z are
masses over the share of their stratum: z / size says how much of its stratum a class holds, whatever the stratum's
size. All rules but the ceilings `most` stay what they are when a mixture grows, so the largest mixture is a linear
programme in z and size.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from outcross.mixture.policy import Policy
from outcross.mixture.retention import bias_budget, human_floor
from outcross.mixture.supply import SLACK, Supply, Vector

RAREST = 0.1
"""Share of the target that the rarest strata hold together, which never get less than their own."""

Mask = NDArray[np.bool_]


class Rule(NamedTuple):
    """One rule over every stratum, or over the whole mixture."""

    name: str
    factors: Vector
    """Shape (n_strata, 4): what a class counts for, in its stratum's own mass."""
    least: Vector
    """Shape (n_strata,) where each stratum keeps the rule by itself, () where the whole does."""
    where: Mask | None = None
    """Strata that have the rule; None for the whole mixture."""
    equal: bool = False


@dataclass(frozen=True, eq=False)
class Programme:
    """Every rule that a mixture keeps, row by row. Variables are strata times classes, in that order."""

    supply: Supply
    policy: Policy
    shares: Vector
    """Shares of the mixture that the strata get, shape (n_strata,): the target, flattened by the temperature."""
    floors: Vector
    """Least human share of each stratum, shape (n_strata,)."""
    may: Mask
    """Whether a class may hold mass in a stratum at all, shape (4 * n_strata,)."""
    most: Vector
    """Ceilings from rows and repeats, shape (4 * n_strata,); 0 where there is no row."""
    rows: sp.csr_array
    """Shape (n_rows, 4 * n_strata)."""
    least: Vector
    """Shape (n_rows,)."""
    equal: Mask
    """Rows that hold with equality, shape (n_rows,)."""
    rule: NDArray[np.str_]
    """Name of each row's rule, shape (n_rows,)."""
    stratum: NDArray[np.int64]
    """Stratum of each row, shape (n_rows,); -1 for the whole mixture."""

    @classmethod
    def of(cls, supply: Supply, policy: Policy, *, exact: bool = False) -> "Programme":
        """State the rules.

        Args:
            exact: pin every stratum to its very share, as if `pinning` were 0.
        """
        shares = _flattened(supply.shares, policy.temperature)
        kept = np.nan_to_num(supply.kappa)
        floors = np.maximum(policy.human_floor, human_floor(policy.retention, kept, max(1, policy.depth_cap)))
        may = _may(supply, policy, shares, floors)
        tail = _tail(supply.shares, policy.tail_share)
        exact = exact or policy.pinning == 0 or bool(tail[shares > 0].all())
        rules = [
            _floor(supply, floors, shares),
            *_pins(shares, tail, policy.pinning, exact=exact),
            *_caps(supply, policy, shares),
        ]
        rows, least, stratum = zip(*(_stacked(rule, may) for rule in rules), strict=True)
        sizes = [len(part) for part in least]
        ceiling = np.array(policy.repeats) * supply.rows / np.where(shares > 0, shares, 1)[:, None]
        return cls(
            supply=supply,
            policy=policy,
            shares=shares,
            floors=floors,
            may=may.ravel(),
            most=np.where(may, ceiling, 0).ravel(),
            rows=sp.vstack(rows, format="csr"),
            least=np.concatenate(least),
            equal=np.repeat([rule.equal for rule in rules], sizes),
            rule=np.repeat([rule.name for rule in rules], sizes),
            stratum=np.concatenate(stratum),
        )

    def masses(self, z: Vector) -> Vector:
        """Variables as rows of mass, shape (n_strata, 4)."""
        return z.reshape(-1, 4) * self.shares[:, None]

    def violation(self, w: Vector, size: float) -> float:
        """How far `w` = z / size breaks any rule, as a share of the mass that it is about; 0 if it breaks none."""
        off = self.least - self.rows @ w
        off[self.equal] = np.abs(off[self.equal])
        return float(max(off.max(initial=0), -w.min(initial=0), (w - self.most / size).max(initial=0)))


def _flattened(shares: Vector, temperature: float) -> Vector:
    """Shares to the power of 1 / temperature, summing to 1."""
    if temperature == 1:
        return shares
    raised = shares ** (1 / temperature)
    return np.asarray(raised / raised.sum())


def _tail(shares: Vector, below: float) -> Mask:
    """Strata below a share, or among the rarest that together hold `RAREST`; equal shares are treated alike."""
    ascending = np.sort(shares)
    up_to = np.cumsum(ascending)[np.searchsorted(ascending, shares, side="right") - 1]
    return (shares < below) | (up_to <= RAREST + SLACK)


def _may(supply: Supply, policy: Policy, shares: Vector, floors: Vector) -> Mask:
    """Classes that may hold mass, by stratum: what no rule forbids outright.

    Saying so here, rather than by rows that force a mass to 0, leaves the solvers an inside to search.
    """
    allowed = [True, True, policy.synthetic_cap > 0, min(policy.synthetic_cap, policy.unreviewed_cap) > 0]
    may = np.tile(allowed, (len(shares), 1)) & (supply.bias < 1) & (shares > 0)[:, None]
    may[:, 1:] &= (floors < 1)[:, None]
    return np.asarray(may & ((supply.bias == 0) | (policy.bias_budget > 0)))


def _floor(supply: Supply, floors: Vector, shares: Vector) -> Rule:
    """Human mass plus credited hybrid mass is at least its floor of the stratum's mass.

    Of the stratum's own mass, not of its target: what a tail keeps depends on the share of human rows among all that
    are trained on there, and pinning lets the two differ.
    """
    counts = np.zeros((len(floors), 4))
    counts[:, 0] = 1
    counts[:, 1] = supply.credit
    return Rule("human floor", counts - floors[:, None], np.zeros(len(floors)), (floors > 0) & (shares > 0))


def _pins(shares: Vector, tail: Mask, pinning: float, *, exact: bool) -> Iterator[Rule]:
    """Each stratum's mass is its share of the mixture, give or take; strata of the tail only take."""
    there, one = shares > 0, np.ones((len(shares), 4))
    if exact:
        yield Rule("pinning", one, one[:, 0], there, equal=True)
        return
    yield Rule("pinning", one, np.where(tail, 1, 1 - pinning), there)
    yield Rule("pinning", -one, np.full(len(shares), -1 - pinning), there)
    yield Rule("size", shares[:, None] * one, np.array(1.0), equal=True)


def _caps(supply: Supply, policy: Policy, shares: Vector) -> Iterator[Rule]:
    """Rules over the whole mixture: caps on synthetic classes, and the budget for bias.

    The budget is Strong Model Collapse (arXiv:2410.04840) read as a rule: error that a constant share of biased rows
    leaves doesn't fall with more rows, so that the share must fall as human rows become more.
    """
    share = -shares[:, None]
    yield Rule("synthetic cap", share * [0, 0, 1, 1], np.array(-policy.synthetic_cap))
    yield Rule("unreviewed cap", share * [0, 0, 0, 1], np.array(-policy.unreviewed_cap))
    budget = bias_budget(policy.bias_budget, max(1, int(supply.human.sum())))
    yield Rule("bias budget", share * supply.bias, np.array(-budget))


def _stacked(rule: Rule, may: Mask) -> tuple[sp.csr_array, Vector, NDArray[np.int64]]:
    """A rule's rows, their right-hand sides, and their strata; classes that hold nothing are left out."""
    factors, count = np.where(may, rule.factors, 0), len(may)
    if rule.where is None:
        binds = bool(factors.any())
        row = sp.csr_array(factors.reshape(1, -1))
        return (row, rule.least.reshape(1), np.array([-1])) if binds else (row[:0], np.zeros(0), np.zeros(0, np.int64))
    columns = np.arange(4 * count)
    every = sp.csr_array((factors.ravel(), (columns // 4, columns)), shape=(count, 4 * count))
    every.eliminate_zeros()
    chosen = np.flatnonzero(rule.where)
    return every[chosen], rule.least[chosen], chosen
