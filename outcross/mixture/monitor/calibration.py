"""Calibration: how far sets of people's documents lie from each other, and how far what is tested lies from them."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from outcross.mixture.monitor.measures import Measure, Reference
from outcross.mixture.monitor.sets import Pool, Set, Size

PROXIES = 40
"""Sets of people's that a proxy is trained on, at most; the other measures take every resample."""

SETS, TESTED_PROXIES = 20, 10
"""Sets of what is tested that are averaged over, and those of them that a proxy is trained on."""

ALIKE = 1e-12
"""Standard deviation below which people's sets don't differ, rounding aside."""

POWER = 0.8
"""Chance at which a shift is called detectable."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Calibrated:
    """One measure of what is tested, beside people's sets of its size."""

    measure: Measure
    observed: float
    """Mean over sets of what is tested."""
    expected: float
    """Mean over people's sets; never the value of the reference itself, on which the tail was chosen."""
    spread: float
    """Standard deviation of observed less expected, if people wrote what is tested; 0 where people's sets are alike."""
    degrees: float
    """Degrees of freedom of the spread."""
    p95: float | None = None
    """Of the held-out loss: the 95th percentile of rows' losses, of what is tested."""
    p95_expected: float | None = None
    """And of people's sets."""

    @property
    def tested(self) -> bool:
        """Whether a number came out, and people's sets differ at all."""
        return math.isfinite(self.observed) and math.isfinite(self.expected) and self.spread > ALIKE

    @property
    def z(self) -> float:
        """Observed less expected, in spreads."""
        return (self.observed - self.expected) / self.spread

    @property
    def chance(self) -> float:
        """One-sided p-value towards harm.

        Two hundred resamples say nothing of quantiles at a thousandth, so the tail is Student's, whose degrees of
        freedom fall with the number of documents in effect.
        """
        return float(student.sf(self.measure.harmful * self.z, self.degrees))

    def detectable(self, level: float) -> float:
        """The smallest shift towards harm that is warned of with a chance of 80 % at a level, > 0.

        Of one alarm tested alone on both sides at 5 % this is the familiar 2.8 standard deviations.
        """
        return float(student.isf(level, self.degrees) + student.ppf(POWER, self.degrees)) * self.spread

    def interval(self) -> tuple[float, float]:
        """Where 95 % of people's texts of this size lie."""
        reach = float(student.isf(0.025, self.degrees)) * self.spread
        return self.expected - reach, self.expected + reach


def calibrate(
    reference: Reference, tested: Pool, human: Pool, size: Size, resamples: int, rng: np.random.Generator
) -> dict[Measure, Calibrated]:
    """Measure what is tested, and people's sets of the same size, drawn by documents.

    Args:
        reference: held-out rows, which neither side has.
        tested: what is tested.
        human: people's rows; their sets are given the strata's shares of what is tested.
        size: of every set.
        resamples: people's sets.
        rng: draws them.
    """
    shares = tested.shares(int(max(tested.stratum.max(), human.stratum.max())) + 1)
    people = (human.draw(rng, size, size.documents, shares) for _ in range(resamples))
    theirs = _measured(reference, people, size, PROXIES)
    ours = _measured(reference, (tested.draw(rng, size, size.tested) for _ in range(SETS)), size, TESTED_PROXIES)
    documents = max(human.documents_in_effect() - 1, 1.0)
    calibrated = {}
    for measure in Measure:
        one, other = ours[measure][:, 0], theirs[measure][:, 0]
        # The mean over tested sets has an error of its own, where they don't take all of what is tested.
        own, error = other.var(ddof=1) * size.inflation, one.var(ddof=1) / len(one)
        calibrated[measure] = Calibrated(
            measure=measure,
            observed=float(one.mean()),
            expected=float(other.mean()),
            spread=math.sqrt(own + error) if own > ALIKE**2 else 0.0,
            degrees=1 / (1 / documents + 1 / (len(other) - 1)),
        )
    last = Measure.LIKELIHOOD
    p95, p95_expected = (float(side[last][:, 1].mean()) for side in (ours, theirs))
    return calibrated | {last: replace(calibrated[last], p95=p95, p95_expected=p95_expected)}


def _measured(reference: Reference, sets: Iterator[Set], size: Size, proxies: int) -> dict[Measure, Floats]:
    """Every measure of each set, and the proxy's of the first `proxies` of them; arrays of shape (n_sets, 1 or 2)."""
    quick, losses = [], []
    for place, drawn in enumerate(sets):
        quick.append(reference.measure(drawn, size))
        if place < proxies:
            losses.append(reference.loss(drawn, size))
    columns = np.array(quick).T[:, :, None]
    return dict(zip(Measure, [*columns, np.array(losses)], strict=True))
