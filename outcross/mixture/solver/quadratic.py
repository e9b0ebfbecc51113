"""The predicted risk of a mixture, and the quadratic programme that has the least of it as its optimum."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from outcross.mixture.solver.programme import Mask, Programme
from outcross.mixture.supply import Supply, Vector


def risk(supply: Supply, w: Vector) -> float:
    """Predicted risk of a mixture: the sum over strata of target share times (variance plus squared bias).

    A stratum's estimate is its rows' mean by weight, so that its variance is the sum over classes of w² / rows and its
    bias the sum of w times bias. The risk ranks mixtures of the same rows and forecasts no loss: it holds for a
    regular parameter, and for classes whose errors don't depend on each other. Without caps its minimum gives each
    class a share in proportion to its effective rows n / (1 + n b²), as in weighted learning from surrogate data
    (Jain, Montanari and Sasoglu, arXiv:2402.04376).

    Args:
        supply: the rows at hand.
        w: how much of its stratum each class holds, shape (n_strata, 4); 0 where it has no row.

    Returns:
        Mean squared error, in units of the variance of one human row.
    """
    variance = (w**2 / np.maximum(supply.rows, 1)).sum(axis=1)
    squared = (w * supply.bias).sum(axis=1) ** 2
    return float(supply.shares @ (variance + squared))


@dataclass(frozen=True, eq=False)
class Point:
    """A mixture, with a multiplier >= 0 for each inequality (of any sign for an equality)."""

    w: Vector
    """How much of its stratum each class holds, shape (n_used,)."""
    rows: Vector
    """Shape (n_kept,)."""
    zero: Vector
    """Of w >= 0, shape (n_used,)."""
    full: Vector
    """Of w <= ceiling, shape (n_used,)."""


@dataclass(frozen=True, eq=False)
class Quadratic:
    """Minimise w P w / 2 where `rows @ w >= least`, some with equality, and `0 <= w <= ceiling`.

    Only classes with rows are variables, and only rules that can bind are rows. P is `scale` times twice the risk, so
    that human rows count around 1, and each row is divided by its `units`, so that its largest factor is 1.
    """

    used: NDArray[np.int64]
    """The programme's variables that are variables here, shape (n_used,)."""
    kept: NDArray[np.int64]
    """The programme's rows that are rows here, shape (n_kept,)."""
    curvature: sp.csc_array
    """P, shape (n_used, n_used), positive definite."""
    rows: sp.csr_array
    least: Vector
    equal: Mask
    ceiling: Vector
    scale: float
    units: Vector

    @classmethod
    def of(cls, programme: Programme, size: float) -> "Quadratic":
        """State the programme of a mixture of `size` rows of mass."""
        supply = programme.supply
        used = np.flatnonzero(programme.most > 0)
        scale = float(supply.human.sum())
        stratum, bias = used // 4, supply.bias.ravel()[used]
        # One row a stratum; its outer product with itself is the squared bias.
        biases = sp.csr_array((bias, (stratum, np.arange(len(used)))), shape=(len(supply.shares), len(used)))
        squared = biases.T @ sp.diags_array(supply.shares) @ biases
        variance = sp.diags_array(supply.shares[stratum] / supply.rows.ravel()[used])
        rows = programme.rows[:, used]
        lowest = rows.min(axis=1).toarray().ravel()
        kept = np.flatnonzero(programme.equal | (programme.least > 0) | (lowest < 0))
        units = abs(rows[kept]).max(axis=1).toarray().ravel()
        return cls(
            used=used,
            kept=kept,
            curvature=sp.csc_array(2 * scale * (variance + squared)),
            rows=sp.csr_array(sp.diags_array(1 / units) @ rows[kept]),
            least=programme.least[kept] / units,
            equal=programme.equal[kept],
            ceiling=programme.most[used] / size,
            scale=scale,
            units=units,
        )

    def residual(self, at: Point) -> float:
        """By how much a point misses the conditions of Karush, Kuhn and Tucker: 0 at the optimum, and nowhere else.

        The largest of: a rule that is broken, a multiplier of the wrong sign, a multiplier times the room that its
        rule leaves, and the gradient of the Lagrangian. Gradients and multipliers are divided by the largest entry
        of P w, or by 1.
        """
        gradient = self.curvature @ at.w
        unit = max(1.0, float(np.abs(gradient).max()))
        room = self.rows @ at.w - self.least
        open_, spare = ~self.equal, self.ceiling - at.w
        lagrangian = gradient - self.rows.T @ at.rows - at.zero + at.full
        off = [
            -room[open_],
            np.abs(room[self.equal]),
            -at.w,
            -spare,
            -at.rows[open_] / unit,
            -at.zero / unit,
            -at.full / unit,
            np.abs(at.rows * room)[open_] / unit,
            np.abs(at.zero * at.w) / unit,
            np.abs(at.full * spare) / unit,
            np.abs(lagrangian) / unit,
        ]
        return float(max(part.max(initial=0) for part in off))
