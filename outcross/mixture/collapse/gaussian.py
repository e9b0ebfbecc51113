"""A Gaussian fitted to its own samples, 100 a generation: what sampling noise does alone, and what contraction adds.

The setting of Shumailov et al. (arXiv 2305.17493), Alemohammad et al. (arXiv 2307.01850) and Gerstgrasser et al.
(arXiv 2404.01413). A sample counts through its mean and variance alone, which are drawn directly, so that no row is
ever made and 2,000 generations of 1,000 runs take a second.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from outcross.mixture.collapse.policies import DEPTH_ONE, SHARE, weight
from outcross.mixture.collapse.result import Result, curves, figure, shown, survived

ROWS = 100
"""Human rows, and rows that each generation writes."""

RUNS = 1_000
"""Chains that are run beside each other; curves are their medians."""

GENERATIONS = 2_000

KAPPA = 0.9
"""Variance of what a contracting generator writes, as a share of the variance that it learnt."""

REASONS = {
    "human": "Nothing is compounded",
    "replace": "Each generation loses a hundredth of the variance, for ever",
    "accumulate": "The pool stops the noise but not the narrowing, which goes on thinning it",
    "share": "Ten human rows hold the spread no better than ten rows can, and a narrowing only by their share",
    "golden": "The human weight takes back each time what the last generation lost",
    "depth1": "One round of loss is made again and again, and never compounded",
    "ours": "With one stratum this is depth 1: one round of loss, never compounded",
}

Floats = NDArray[np.float64]


class Moments(NamedTuple):
    """Mean and variance (over n, not n - 1) of each run, shape (runs,)."""

    mean: Floats
    variance: Floats


def run(policy: str, *, seed: int = 0, generations: int | None = None, quick: bool = False) -> Result:  # noqa: ARG001
    """Both chains, without and with contraction, under one policy.

    Args:
        policy: a key of `POLICIES`.
        seed: of the whole experiment; the human rows are the same under all policies.
        generations: how many; 2,000 where None.
        quick: changes nothing, because it is quick.
    """
    last = GENERATIONS if generations is None else generations
    marks = shown(last)
    noise, narrowed = (chain(policy, seed=seed, generations=last, kappa=kappa) for kappa in (1.0, KAPPA))
    measures = {
        "spread": np.median(np.sqrt(noise.variance), axis=1)[marks],
        "distance": np.median(distance(noise), axis=1)[marks],
        "spread, narrowed": np.median(np.sqrt(narrowed.variance), axis=1)[marks],
        "distance, narrowed": np.median(distance(narrowed), axis=1)[marks],
    }
    left = {name: float(values[-1]) for name, values in measures.items()}
    said = (
        f"{REASONS[policy]}: a spread of {figure(left['spread'])}, and of {figure(left['spread, narrowed'])} narrowed."
    )
    return Result("gaussian", curves(policy, marks, measures), survived(policy, left), said={policy: said})


def chain(
    policy: str, *, seed: int, generations: int, kappa: float = 1.0, rows: int = ROWS, runs: int = RUNS
) -> Moments:
    """The fits of all generations, shape (generations + 1, runs); the truth is a standard normal.

    Args:
        kappa: variance of what a generator writes, as a share of what it learnt; 1 for sampling noise alone.
        rows: human rows, and rows of a generation.
    """
    rng, later = (np.random.default_rng([seed, part]) for part in (0, 1))
    truth = Moments(np.zeros(runs), np.ones(runs))
    few = round(SHARE * rows)
    some = _sample(truth, few, rng)
    human = _mixed(few / rows, some, _sample(truth, rows - few, rng))
    fits = [human]
    for generation in range(1, generations + 1):
        source = human if policy in DEPTH_ONE else fits[-1]
        narrower = Moments(source.mean, kappa * source.variance)
        written = _sample(narrower, rows - few if policy == "share" else rows, later)
        # Under `accumulate` the last fit is the pool's own.
        kept = {"share": some, "accumulate": fits[-1]}.get(policy, human)
        fits.append(_mixed(weight(policy, generation), kept, written))
    return Moments(*(np.stack(parts) for parts in zip(*fits, strict=True)))


def distance(fits: Moments) -> Floats:
    """Wasserstein-2 distance of normal fits to the standard normal, in standard deviations."""
    return np.asarray(np.hypot(fits.mean, np.sqrt(fits.variance) - 1))


def _sample(source: Moments, rows: int, rng: np.random.Generator) -> Moments:
    """Mean and variance of `rows` draws from each run's normal: independent, by Cochran's theorem."""
    mean = source.mean + np.sqrt(source.variance / rows) * rng.standard_normal(source.mean.shape)
    return Moments(mean, source.variance * rng.chisquare(rows - 1, source.mean.shape) / rows)


def _mixed(share: float, one: Moments, other: Moments) -> Moments:
    """Mean and variance of two samples together, the first holding `share` of the weight."""
    mean = share * one.mean + (1 - share) * other.mean
    within = share * one.variance + (1 - share) * other.variance
    return Moments(mean, within + share * (1 - share) * (one.mean - other.mean) ** 2)
