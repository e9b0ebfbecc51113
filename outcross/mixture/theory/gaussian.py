"""A normal distribution that is fitted, sampled and fitted again: the smallest model in which every policy shows.

Truth is N(0, 1). A generation is one fit by maximum likelihood, and generation 0 is the fit to people's rows. Runs lie
on the last axis of every array; settings may lie before it, and then share the runs' draws of the mean.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from outcross.mixture.retention import Array


@dataclass(frozen=True, eq=False)
class Fits:
    """Normal distributions, one a run."""

    mean: Array
    """Shape (..., runs)."""
    variance: Array
    """Same shape, >= 0."""


def fitted(source: Fits, rows: ArrayLike, rng: np.random.Generator, kappa: ArrayLike = 1.0) -> Fits:
    """Fit `rows` draws from `source`, by maximum likelihood.

    The draws themselves are left out: mean and variance of n draws are independent, the one normal with variance
    s2 / n, the other s2 / n times a chi square with n - 1 degrees of freedom. These are drawn.

    Args:
        source: what is drawn from.
        rows: n >= 2; of a shape (..., 1) for settings that differ in it.
        rng: the only source of chance.
        kappa: share of its variance that `source` still has when it is drawn from, as with a low temperature.

    Source:
        Cochran, "The distribution of quadratic forms in a normal system", Mathematical Proceedings of the Cambridge
        Philosophical Society 30 (1934).
    """
    rows = np.asarray(rows, dtype=np.float64)
    runs = source.mean.shape[-1]
    variance = source.variance * np.asarray(kappa)
    mean = source.mean + np.sqrt(variance / rows) * rng.standard_normal(runs)
    return Fits(mean, variance * rng.chisquare(rows - 1, np.broadcast_shapes(rows.shape, (runs,))) / rows)


def mixed(first: Fits, second: Fits, weight: ArrayLike) -> Fits:
    """The fit to two samples together, the first holding `weight` of the whole, in [0, 1], by what each alone gave."""
    weight = np.asarray(weight, dtype=np.float64)
    between = weight * (1 - weight) * (first.mean - second.mean) ** 2
    return Fits(
        weight * first.mean + (1 - weight) * second.mean,
        weight * first.variance + (1 - weight) * second.variance + between,
    )


def truth(runs: int) -> Fits:
    """N(0, 1), `runs` times."""
    return Fits(np.zeros(runs), np.ones(runs))


def replaced(rows: int, generations: int, runs: int, rng: np.random.Generator) -> Fits:
    """Each generation trains on `rows` draws from the last one and on nothing else."""
    fits = fitted(truth(runs), rows, rng)
    for _ in range(generations):
        fits = fitted(fits, rows, rng)
    return fits


def replaced_mean(rows: int, generations: int) -> float:
    """Mean variance under `replaced`: (1 - 1/n) to the number of fits.

    After many generations it is carried by runs so rare that nobody sees one; compare medians there.

    Source:
        Each fit by maximum likelihood loses 1/n; Shumailov et al., Nature 631 (2024), show where that ends.
    """
    return float((1 - 1 / rows) ** (generations + 1))


def replaced_median(rows: int, generations: int) -> float:
    """Median variance under `replaced`: exp(-(1/n + 1/(n-1))) to the number of fits, for large n.

    A fit's log variance moves by log(chi2 / n), whose mean is that exponent up to terms in n^-2. So a run dies within
    some n generations, as Suresh et al. prove (arXiv 2412.17646).
    """
    return float(np.exp(-(generations + 1) * (1 / rows + 1 / (rows - 1))))


def accumulated(rows: int, generations: int, runs: int, rng: np.random.Generator, kappa: ArrayLike = 1.0) -> Fits:
    """Each generation adds `rows` draws to a pool that began with people's, and trains on the whole pool."""
    pool = fitted(truth(runs), rows, rng)
    for age in range(1, generations + 1):
        pool = mixed(pool, fitted(pool, rows, rng, kappa), age / (age + 1))
    return pool


def accumulated_mean(rows: float, generations: int, kappa: float = 1.0) -> float:
    """Mean variance under `accumulated`: (1 - 1/n) times the product of 1 - (1-kappa)/i - kappa/(n i^2) over i.

    i runs from 2 to generations + 1. Without contraction that ends at sin(pi / sqrt n) / (pi / sqrt n), nearly 1. With
    it, it goes to 0 like a power of time, t^-(1-kappa): accumulating slows collapse and doesn't stop it. Infinitely
    many rows leave contraction alone, which is then the mass of any tail.

    Source:
        Fitted to i - 1 parts of variance v and one of kappa v, the pool keeps by Cochran's laws that factor of v.
    """
    i = np.arange(2, generations + 2)
    return float((1 - 1 / rows) * np.prod(1 - (1 - kappa) / i - kappa / (rows * i**2)))


ACCUMULATED_ERROR = np.pi**2 / 6
"""The most that accumulating multiplies the error of human rows alone by, the sum of 1 / i^2 over all generations.

Gerstgrasser et al., arXiv 2404.01413; for all exponential families Dey and Donoho, arXiv 2410.22812.
"""


def refreshed(
    rows: int, synthetic: int, weight: ArrayLike, generations: int, runs: int, rng: np.random.Generator
) -> Fits:
    """Each generation trains on fresh human rows, which hold `weight`, and on `synthetic` draws from the last one."""
    fits = fitted(truth(runs), rows, rng)
    for _ in range(generations):
        fits = mixed(fitted(truth(runs), rows, rng), fitted(fits, synthetic, rng), weight)
    return fits


def refreshed_error(ratio: float, weight: float) -> float:
    """Squared error of the mean under `refreshed` in the long run, as a multiple of human rows' alone.

    (w^2 + a (1-w)^2) / (2w - w^2), smallest at `golden_share(a)`.

    Args:
        ratio: a, human rows over synthetic ones.
        weight: w in (0, 1], held by the human rows.

    Source:
        He, Xu and Cheng, arXiv 2502.18049.
    """
    return (weight**2 + ratio * (1 - weight) ** 2) / (2 * weight - weight**2)


def anchored(
    rows: int, synthetic: ArrayLike, generations: int, runs: int, rng: np.random.Generator, kappa: ArrayLike = 1.0
) -> Fits:
    """Each generation trains on the same human rows and on `synthetic` draws from the last one, all weighing the same.

    After d generations no row is deeper than d, so a policy that caps depth at d ends here, however many releases it
    makes. Its mean variance is `retained(human share, kappa, d)` times (1 - 1/n).
    """
    human = fitted(truth(runs), rows, rng)
    weight = rows / (rows + np.asarray(synthetic))
    fits = human
    for _ in range(generations):
        fits = mixed(human, fitted(fits, synthetic, rng, kappa), weight)
    return fits


def anchored_error(ratio: ArrayLike) -> Array:
    """Squared error of the mean under `anchored` in the long run, as a multiple of human rows' alone.

    1 + r / (1 + 2r), below 1.5 for any number of synthetic rows; and above 1, for they say nothing new.

    Args:
        ratio: r, synthetic rows over human ones.

    Source:
        The fixed point of u = (1-w)^2 (u + 1/r) at w = 1 / (1 + r), where u is the excess and (1-w)^2 what a generation
        passes on of it.
    """
    ratio = np.asarray(ratio, dtype=np.float64)
    return np.asarray(1 + ratio / (1 + 2 * ratio))
