"""What a mixture is made from: the rows at hand by stratum and class, and what is measured about them."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from outcross.errors import InputError

CLASSES = ("human", "hybrid", "reviewed", "unreviewed")
"""Who stands behind a row: people wrote it, edited it, approved it, or none of these."""

SLACK = 1e-9
"""Relative rounding that every comparison of masses forgives."""

MOST_CREDIT = 0.5
"""Most that a hybrid row counts towards a human floor, however much of it an expert changed."""

Vector = NDArray[np.float64]
Counts = NDArray[np.int64]


def _none() -> Vector:
    return np.zeros(())


def _unknown() -> Vector:
    return np.full((), np.nan)


@dataclass(frozen=True, eq=False)
class Supply:
    """Rows by stratum and class, and what is measured about them; a single number stands for all strata.

    Raises:
        InputError: a number is out of its range, or a shape doesn't fit.
    """

    strata: tuple[str, ...]
    rows: Counts
    """Shape (n_strata, 4), columns as in `CLASSES`."""
    kappa: Vector = field(default_factory=_unknown, kw_only=True)
    """Part of the tail that accepted synthetic rows keep, shape (n_strata,), in [0, 1].

    NaN where it isn't known, and nothing is taken for kept then.
    """
    bias: Vector = field(default_factory=_none, kw_only=True)
    """How far a class is off what people write, shape (n_strata, 4), in units of its spread or as a total variation.

    In [0, 1]: 0 for human rows, which define the target; 1 says that there is no bound, and the class holds nothing.
    All rows of a class whose bias is just below 1 are worth little more than one of people's, so that this is no cliff.
    """
    credit: Vector = field(default_factory=_none, kw_only=True)
    """What a hybrid row counts towards the human floor, shape (n_strata,), in [0, 0.5]."""
    target: Vector | None = field(default=None, kw_only=True)
    """Wanted shares, shape (n_strata,), scaled to sum to 1; None for the shares of the human rows at hand.

    A fixed target stays where it is when rows are added; the shares of human rows move with them.
    """

    def __post_init__(self) -> None:
        count = len(self.strata)
        shapes = {"rows": (count, 4), "kappa": (count,), "bias": (count, 4), "credit": (count,)}
        for name, shape in shapes.items():
            kind = np.int64 if name == "rows" else np.float64
            try:
                said = np.broadcast_to(np.asarray(getattr(self, name), kind), shape)
            except ValueError:
                raise InputError(f"{name} is no number and not of shape {shape}.") from None
            object.__setattr__(self, name, said)
        most = {"rows": np.inf, "kappa": 1.0, "bias": 1.0, "credit": MOST_CREDIT}
        for name, limit in most.items():
            said = getattr(self, name)
            right = (said >= 0) & (said <= limit) | (np.isnan(said) if name == "kappa" else False)
            for wrong in said[~right]:
                raise InputError(f"{name} is {wrong:g}; it must be in [0, {limit:g}].")
        if self.bias[:, 0].any():
            raise InputError("human rows have a bias above 0, but they define the target. Give them 0.")
        if self.target is not None:
            object.__setattr__(self, "target", self._scaled(np.asarray(self.target, np.float64)))

    def _scaled(self, target: Vector) -> Vector:
        if target.shape != (len(self.strata),) or not (target >= 0).all() or not 0 < target.sum() < np.inf:
            raise InputError(f"the target isn't {len(self.strata)} shares from 0 on that sum to more than 0.")
        return np.asarray(target / target.sum(), np.float64)

    @property
    def human(self) -> Counts:
        """Human rows, shape (n_strata,)."""
        return self.rows[:, 0]

    @property
    def shares(self) -> Vector:
        """Each stratum's share of the target, shape (n_strata,), summing to 1; there must be a human row."""
        human = self.human.astype(np.float64)
        return human / human.sum() if self.target is None else self.target

    def with_human(self, more: Counts) -> "Supply":
        """The same supply with `more` human rows in each stratum, shape (n_strata,)."""
        rows = self.rows.copy()
        rows[:, 0] += more
        return replace(self, rows=rows)
