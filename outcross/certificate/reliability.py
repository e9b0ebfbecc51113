"""How well probabilities hold: what was said against how often it was so."""

import numpy as np

from outcross.agreement.judgements import Floats, Ints
from outcross.certificate.selection import Bools
from outcross.data.samples import Record

BINS = 10


class Bin(Record):
    """Drafts whose probability lies in [low, high), and in the last bin up to 1."""

    low: float
    high: float
    drafts: int
    said: float
    """Mean probability, by weight."""
    found: float
    """Share that were right, by weight."""


class Reliability(Record):
    """How well the probabilities hold."""

    drafts: int
    error: float
    """Expected calibration error: the mean difference of the bins' shares, by weight."""
    brier: float
    """Mean squared error, by weight; 0.25 for a coin."""
    bins: tuple[Bin, ...]
    """Those with a draft in them."""


def reliability(said: Floats, right: Bools, weights: Floats) -> Reliability:
    """Hold probabilities against outcomes, both of shape (n,); weights are inverse inclusion probabilities.

    Source:
        Brier, "Verification of forecasts expressed in terms of probability", Monthly Weather Review 78 (1950);
        Guo et al., "On calibration of modern neural networks", ICML 2017, equation 3.
    """
    place: Ints = np.clip((said * BINS).astype(np.int64), 0, BINS - 1)
    mass = np.bincount(place, weights, BINS)
    sums = [np.bincount(place, weights * values, BINS) for values in (said, right)]
    there = np.flatnonzero(mass)
    means = [total[there] / mass[there] for total in sums]
    counted = np.bincount(place, minlength=BINS)
    return Reliability(
        drafts=said.size,
        error=float((mass[there] * np.abs(means[0] - means[1])).sum() / mass.sum()),
        brier=float((weights * (said - right) ** 2).sum() / mass.sum()),
        bins=tuple(
            Bin(low=one / BINS, high=(one + 1) / BINS, drafts=int(counted[one]), said=float(mean), found=float(share))
            for one, mean, share in zip(there.tolist(), *means, strict=True)
        ),
    )
