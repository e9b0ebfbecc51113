"""A plan: how much of what a mixture takes under a policy, which rules bind, and what more rows would be worth."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from outcross.mixture.policy import Policy
from outcross.mixture.solver.optimum import Optimum, optimum
from outcross.mixture.solver.prices import Largest, human_prices, largest
from outcross.mixture.solver.programme import Mask, Programme
from outcross.mixture.solver.quadratic import risk
from outcross.mixture.solver.refusals import too_large, unanchored, without_people
from outcross.mixture.solver.wording import percent, some
from outcross.mixture.solver.worth import worth
from outcross.mixture.supply import CLASSES, SLACK, Supply, Vector

LOOSER = 0.01
"""By how much a rule is loosened to tell what it costs."""

MISSED = 1e-6
"""Residual above which a mixture isn't called the best."""

FELT = 1e-5
"""Relative change of the predicted risk from which on a rule is said to bind."""


@dataclass(frozen=True)
class Binding:
    """A rule that kept the mixture from a lower predicted risk."""

    rule: str
    words: str
    saves: float
    """Part of the predicted risk that loosening the rule by a hundredth would save, at this rate.

    A hundredth of all mass for floors, caps and pins; a hundredth of itself for the bias budget and for ceilings.
    """


@dataclass(frozen=True, eq=False)
class Plan:
    """The mixture that a policy allows with the least predicted risk, and the account of it. Made by `plan`."""

    supply: Supply
    policy: Policy
    size: float
    """Rows of mass."""
    masses: Vector
    """Rows of mass, shape (n_strata, 4); every rule holds to 1e-9 relative."""
    shares: Vector
    """Share of the mixture that each stratum is pinned to, shape (n_strata,): the target by the temperature."""
    floors: Vector
    """Least human share of each stratum's mass, shape (n_strata,); credited hybrid rows count towards it."""
    largest: float
    """The largest mixture that the rules allow, in rows of mass."""
    prices: Vector
    """By how many rows one more human row in each stratum raises `largest`, shape (n_strata,).

    It may be below 0 where the target is that of the human rows: the row then asks for more of what lacks.
    """
    worth: Vector
    """Order of the review queue, shape (n_strata,), in [0, 1]; see `worth.worth`."""
    risk: float
    """Predicted risk, which ranks mixtures of these rows; see `quadratic.risk`."""
    human_risk: float
    """Predicted risk of the human rows alone, at the strata's shares."""
    binding: tuple[Binding, ...]
    """Rules that bind, the costliest first."""
    residual: float
    """By how much the conditions of optimality are missed; see `Quadratic.residual`."""

    @property
    def account(self) -> pl.DataFrame:
        """One row for each stratum and class that holds mass, sorted.

        stratum, klass, rows, mass, share (of the stratum's mass), floor (least share: of human and credited hybrid
        mass on the line of the human rows, 0 elsewhere), slack (what is above the floor).
        """
        stratum, klass = np.nonzero(self.masses)
        mass = self.masses[stratum, klass]
        share = mass / self.masses.sum(axis=1)[stratum]
        floor = np.where(klass == 0, self.floors[stratum], 0.0)
        over = np.where(klass == 0, self.counted[stratum], share)
        return pl.DataFrame(
            {
                "stratum": [self.supply.strata[index] for index in stratum],
                "klass": [CLASSES[index] for index in klass],
                "rows": self.supply.rows[stratum, klass],
                "mass": mass,
                "share": share,
                "floor": floor,
                "slack": over - floor,
            },
            schema_overrides={"stratum": pl.String, "klass": pl.String},
        )

    @property
    def counted(self) -> Vector:
        """Share of each stratum's mass that counts towards its floor, shape (n_strata,): human, and credited hybrid."""
        total = self.masses.sum(axis=1)
        held = self.masses[:, 0] + self.supply.credit * self.masses[:, 1]
        return np.asarray(held / np.where(total > 0, total, 1), np.float64)

    @property
    def strata(self) -> pl.DataFrame:
        """One row a stratum, in order.

        stratum, target (share before the temperature), pinned (after it), mass, kappa (null where it isn't known),
        credit, floor, counted (the share that counts towards it), price (see `prices`), worth.
        """
        return pl.DataFrame(
            {
                "stratum": self.supply.strata,
                "target": self.supply.shares,
                "pinned": self.shares,
                "mass": self.masses.sum(axis=1),
                "kappa": pl.Series(self.supply.kappa).fill_nan(None),
                "credit": self.supply.credit,
                "floor": self.floors,
                "counted": self.counted,
                "price": self.prices,
                "worth": self.worth,
            },
            schema_overrides={"stratum": pl.String},
        )


def plan(supply: Supply, policy: Policy) -> Plan:
    """Plan the mixture with the least predicted risk among all that keep every rule.

    Where the policy names no size, it is as large as there are human rows, or as the rules allow if that is less.

    Raises:
        MixtureRefused: no mixture of this size keeps every rule. Its text names the rule that binds, the largest size
            that works, and the human rows by stratum that would allow this one; its attributes hold them.
    """
    if not supply.human.any() and (supply.target is None or policy.size is None):
        raise without_people()
    programme = Programme.of(supply, policy)
    most = largest(programme)
    wanted = policy.size or min(float(supply.human.sum()), most.size)
    if not most.size:
        raise unanchored(programme, policy.size or float(supply.human.sum()))
    if wanted > most.size * (1 + SLACK):
        raise too_large(programme, most, wanted)
    size = min(wanted, most.size)
    tight, room = _tightest(programme, most, size)
    best = optimum(tight, size, room)
    alone = np.zeros((len(supply.strata), 4))
    alone[:, 0] = 1
    return Plan(
        supply=supply,
        policy=policy,
        size=wanted,
        masses=best.masses,
        shares=programme.shares,
        floors=programme.floors,
        largest=most.size,
        prices=human_prices(programme, most),
        worth=worth(tight, size, most, best),
        risk=best.risk,
        human_risk=risk(supply, alone),
        binding=tuple(sorted(_binding(tight, size, best), key=lambda each: -each.saves)),
        residual=best.residual,
    )


def _tightest(programme: Programme, most: Largest, size: float) -> tuple[Programme, Largest]:
    """The programme that pins every stratum to its very share, if the size allows it, and the largest mixture of it.

    The room that pinning gives is for sizes that need it. To the predicted risk a stratum of less mass looks like one
    of less variance, which no training sees.
    """
    if programme.equal[programme.rule == "pinning"].all():
        return programme, most
    tight = Programme.of(programme.supply, programme.policy, exact=True)
    room = largest(tight)
    return (tight, room) if size <= room.size else (programme, most)


def _binding(programme: Programme, size: float, best: Optimum) -> Iterator[Binding]:
    """Rules that cost more than rounding, each with what loosening it would save."""
    if best.residual > MISSED:
        doubt = "search: the mixture keeps every rule, and is not proven to be the one of least predicted risk"
        yield Binding("search", f"{doubt} (its conditions are missed by {best.residual:.1g})", 0.0)
    supply, policy = programme.supply, programme.policy
    least = np.where(programme.rule == "bias budget", np.abs(programme.least), 1)
    saved = np.where(programme.equal, 0, LOOSER * best.rows * least / best.risk)

    def by_stratum(name: str) -> Vector:
        chosen = programme.rule == name
        costs = np.bincount(np.maximum(programme.stratum[chosen], 0), saved[chosen], minlength=len(programme.shares))
        return np.asarray(costs, np.float64)

    def named(costs: Vector) -> str:
        return some(supply.strata, _felt(costs), programme.shares)

    words = {
        "human floor": "human rows hold no more than they must in {}",
        "pinning": "at this size {} hold as little or as much as they may",
        "synthetic cap": f"reviewed and unreviewed rows hold {policy.synthetic_cap:g} of the mixture",
        "unreviewed cap": f"rows accepted without a person hold {policy.unreviewed_cap:g} of the mixture",
        "bias budget": f"shares times biases reach what {supply.human.sum():,} human rows allow",
    }
    for name, text in words.items():
        costs = by_stratum(name)
        if _felt(costs).any():
            yield _said(name, text.format(named(costs)), float(costs.sum()))
    full = LOOSER * best.full * programme.most.reshape(-1, 4) / size / best.risk
    for index, klass in enumerate(CLASSES):
        if _felt(full[:, index]).any():
            times = "once" if (repeat := policy.repeats[index]) == 1 else f"{repeat:g} times"
            text = f"{klass} rows of {named(full[:, index])} count {times} each"
            yield _said("epoch cap", text, float(full[:, index].sum()))


def _felt(costs: Vector) -> Mask:
    return np.asarray(costs > FELT / max(1, len(costs)))


def _said(rule: str, text: str, saves: float) -> Binding:
    looser = f"a hundredth more room would lower the predicted risk by {percent(saves)}"
    return Binding(rule, f"{rule}: {text}; {looser}", saves)
