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

SETS, FEW_PROXIES = 20, 10
"""Sets that are averaged over where a spread between documents isn't wanted, and those a proxy is trained on."""

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

    What is expected is the mean of sets as wide as what is tested. The spread is that of narrow sets, times how much
    further the documents of what is tested lie from people's: most where they are others, and little where each of
    people's documents has as large a part in it, for then documents can't be what differs. It is never less than what
    the wide sets' spread says, in which rows differ too.

    Args:
        reference: held-out rows, which neither side has.
        tested: what is tested.
        human: people's rows; their sets are given the strata's shares of what is tested.
        size: of every set.
        resamples: people's sets.
        rng: draws them.
    """
    shares = tested.shares(int(max(tested.stratum.max(), human.stratum.max())) + 1)

    def people(documents: int, count: int) -> Iterator[Set]:
        return (human.draw(rng, size, documents, shares) for _ in range(count))

    whole = human.profile(shares)
    narrow = Measured.of(reference, people(size.narrow, resamples), size, PROXIES, whole)
    wide = narrow
    if size.wide > size.narrow:
        wide = Measured.of(reference, people(size.wide, 2 * SETS), size, 2 * FEW_PROXIES, whole)
    own = (tested.draw(rng, size, tested.n_documents) for _ in range(SETS))
    ours = Measured.of(reference, own, size, FEW_PROXIES, tested.profile())
    inflation = tested.apart(human, shares) / narrow.apart
    documents = max(human.documents_in_effect() - 1, 1.0)
    calibrated = {}
    for measure in Measure:
        between, within = narrow.variance(measure) * inflation, wide.variance(measure) * size.rowwise
        # Means over few sets have an error of their own.
        error = wide.variance(measure) / wide.count(measure) + ours.variance(measure) / ours.count(measure)
        alike = narrow.variance(measure) <= ALIKE**2
        sets = (narrow if between > within else wide).count(measure)
        calibrated[measure] = Calibrated(
            measure=measure,
            observed=ours.mean(measure),
            expected=wide.mean(measure),
            spread=0.0 if alike else math.sqrt(max(between, within) + error),
            degrees=1 / (1 / documents + 1 / (sets - 1)),
        )
    last = Measure.LIKELIHOOD
    return calibrated | {last: replace(calibrated[last], p95=ours.p95, p95_expected=wide.p95)}


@dataclass(frozen=True, eq=False)
class Measured:
    """Measures of several sets."""

    values: dict[Measure, Floats]
    """Of each measure one value a set; only the first sets have a proxy."""
    slow: Floats
    """The proxies' 95th percentiles of rows' losses."""
    apart: float
    """What `Pool.apart` is for one set and the pool that it is of; the mean over sets."""

    @classmethod
    def of(cls, reference: Reference, sets: Iterator[Set], size: Size, proxies: int, whole: Floats) -> "Measured":
        """Measure each set of a pool, whose profile is `whole`, and train a proxy on the first `proxies` of them."""
        quick, losses, apart = [], [], []
        for place, drawn in enumerate(sets):
            quick.append(reference.measure(drawn, size))
            apart.append(float(((drawn.profile - whole) ** 2).sum()))
            if place < proxies:
                losses.append(reference.loss(drawn, size))
        loss, slow = np.array(losses).T
        return cls(dict(zip(Measure, [*np.array(quick).T, loss], strict=True)), slow, float(np.mean(apart)))

    def count(self, measure: Measure) -> int:
        """Sets that were measured."""
        return len(self.values[measure])

    def mean(self, measure: Measure) -> float:
        """Over the sets."""
        return float(self.values[measure].mean())

    def variance(self, measure: Measure) -> float:
        """Between the sets, about their mean."""
        return float(self.values[measure].var(ddof=1))

    @property
    def p95(self) -> float:
        """Mean over the proxies."""
        return float(self.slow.mean())
