"""What a sample of a heavy tail has never seen."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import zeta

from outcross.mixture.retention import Array


def missing_mass(sizes: ArrayLike, exponent: float, runs: int, rng: np.random.Generator) -> Array:
    """Probability of all words that a sample doesn't hold, mean over runs.

    Word k = 1, 2, … has probability k^-exponent / zeta(exponent); the vocabulary has no end.

    Args:
        sizes: draws in a sample, shape (n_sizes,).
        exponent: > 1.
        runs: samples of each size.
        rng: the only source of chance.

    Returns:
        Shape (n_sizes,), in (0, 1).
    """
    return np.array(
        [np.mean([_missing(rng.zipf(exponent, size), exponent) for _ in range(runs)]) for size in np.asarray(sizes)]
    )


def missing_slope(exponent: float) -> float:
    """Slope of log missing mass over log sample size: -(1 - 1/exponent).

    Words from about n^(1/exponent) on are missing, and the mass beyond word k falls as k^(1-exponent). What a model has
    not seen it can't write: what follows for scaling laws is in Dohmatob et al., arXiv 2402.07043.
    """
    return -(1 - 1 / exponent)


def _missing(words: ArrayLike, exponent: float) -> float:
    seen = np.unique(np.asarray(words)).astype(np.float64)
    return float(1 - (seen**-exponent).sum() / zeta(exponent))
