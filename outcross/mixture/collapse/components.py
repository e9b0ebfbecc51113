"""Two Gaussian components in the plane, fitted to their own samples: the pictures of the original paper.

The setting of Shumailov et al. (arXiv 2305.17493): 500 rows a generation, to generation 2,000. Human rows come in two
strata, the components. All chains run beside each other, and each fit starts from the last one.
"""

from collections.abc import Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.mixture.collapse.em import Pair, features, fit
from outcross.mixture.collapse.policies import DEPTH_ONE, MARKS, SHARE, weight
from outcross.mixture.collapse.result import Result, curves, figure, shown, survived

ROWS = 500
CHAINS = 10
"""Chains that are run beside each other; curves are their medians, and pictures show the first."""

GENERATIONS = 2_000
QUICK = 350
LOPSIDED = 0.3
"""Human share of the budget under `lopsided`."""

MEASURED = 2_000
"""Points of a chain between which a distance is measured."""

DRAWN = 300
"""Points of a picture."""

REASONS = {
    "human": "Nothing is compounded",
    "replace": "Both components shrink and drift, until one is lost and the other a point",
    "accumulate": "There is no narrowing here for the pool to compound, only noise, and that it holds",
    "share": "Fifty human rows keep both components alive, and blur them",
    "golden": "Human rows hold the weight, so that noise has little to work on",
    "depth1": "No noise is ever compounded",
    "ours": "No noise is ever compounded, and both strata keep their human shares",
    "lopsided": "A human floor that is filled from one stratum saves nothing of the other",
}

Floats = NDArray[np.float64]


def truth(chains: int = 1) -> Pair:
    """What people write: components of 0.7 and 0.3 at (-2.5, 0) and (2.5, 0), two to one along crossed axes."""
    turn = np.radians([40.0, -40.0])
    axes = np.stack([np.stack([np.cos(turn), -np.sin(turn)], 1), np.stack([np.sin(turn), np.cos(turn)], 1)], 1)
    spreads = axes @ np.diag([0.98, 0.245]) @ axes.transpose(0, 2, 1)
    one = Pair(np.array([0.7, 0.3]), np.array([[-2.5, 0.0], [2.5, 0.0]]), spreads)
    return Pair(*(np.broadcast_to(part, (chains, *part.shape)) for part in one))


def run(policy: str, *, seed: int = 0, generations: int | None = None, quick: bool = False) -> Result:
    """The fits of every generation under one policy, with pictures of what they write.

    Args:
        policy: a key of `POLICIES`, or `lopsided`.
        seed: of the whole experiment; the human rows are the same under all policies.
        generations: how many; 2,000 where None, or 350 for a quick run.
        quick: see `generations`.
    """
    last = generations or (QUICK if quick else GENERATIONS)
    marks = shown(last)
    fits = {mark: fit for mark, fit in enumerate(chain(policy, seed=seed, generations=last)) if mark in set(marks)}
    people = truth(CHAINS).sample(MEASURED, np.random.default_rng([seed, 2]))[0]
    measures = {
        "distance": np.array([np.median(sliced(_written(fits[mark], MEASURED, seed), people)) for mark in marks]),
        "spread": np.array([np.median(fits[mark].spread()) for mark in marks]),
        "smaller component": np.array([np.median(fits[mark].weights.min(axis=1)) for mark in marks]),
    }
    left = {name: float(values[-1]) for name, values in measures.items()}
    smaller = f"{100 * left['smaller component']:.0f} % of the rows in the smaller component"
    said = f"{_verdict(policy, left)}: {smaller}, a spread of {figure(left['spread'])}."
    drawn = [_drawn(policy, mark, _written(fits[mark], DRAWN, seed)[0]) for mark in MARKS if mark in fits]
    return Result(
        "components", curves(policy, marks, measures), survived(policy, left), pl.concat(drawn), {policy: said}
    )


def chain(policy: str, *, seed: int, generations: int) -> list[Pair]:
    """The fits of all generations, generation 0's first; all chains in each.

    `accumulate` keeps its pool as sums by component, so that 2,000 generations need no more memory than one.
    """
    rng, later = (np.random.default_rng([seed, part]) for part in (0, 1))
    rows, strata = truth(CHAINS).sample(ROWS, rng)
    human, pool = fit(features(rows), np.ones((CHAINS, ROWS)), truth(CHAINS))
    kept = features(_kept(policy, rows, strata))
    budget = ROWS - kept.shape[1] if policy in ("share", "lopsided") else ROWS
    fits = [human]
    for generation in range(1, generations + 1):
        points, wrote = (human if policy in DEPTH_ONE else fits[-1]).sample(budget, later)
        written = features(points)
        weights = pinned(wrote, human) if policy == "ours" else np.ones((CHAINS, budget))
        if policy == "accumulate":
            pair, pool = fit(written, weights, fits[-1], pool)
        else:
            share = LOPSIDED if policy == "lopsided" else weight(policy, generation)
            both = [np.full(kept.shape[:2], share / max(kept.shape[1], 1)), (1 - share) * weights / budget]
            pair, _ = fit(np.concatenate([kept, written], axis=1), np.concatenate(both, axis=1), fits[-1])
        fits.append(pair)
    return fits


def sliced(points: Floats, others: Floats, directions: int = 32) -> Floats:
    """Sliced Wasserstein-2 distance of as many points each, shape (chains,): the root of the mean over directions."""
    angles = np.pi * np.arange(directions) / directions
    lines = np.stack([np.cos(angles), np.sin(angles)])
    gaps = np.sort(points @ lines, axis=1) - np.sort(others @ lines, axis=1)
    return np.asarray(np.sqrt((gaps**2).mean(axis=(1, 2))))


def _verdict(policy: str, left: Mapping[str, float]) -> str:
    lost = policy == "replace" and left["smaller component"] == 0
    return "One component is lost, and what is left shrinks to a point" if lost else REASONS[policy]


def _kept(policy: str, rows: Floats, strata: NDArray[np.int64]) -> Floats:
    """The human rows that every generation trains on again."""
    if policy in ("replace", "accumulate"):
        return rows[:, :0]
    if policy == "share":
        return rows[:, : round(SHARE * ROWS)]
    if policy == "lopsided":
        first = np.argsort(strata, axis=1, kind="stable")[:, : round(LOPSIDED * ROWS)]
        return np.take_along_axis(rows, first[..., None], axis=1)
    return rows


def _written(fit: Pair, rows: int, seed: int) -> Floats:
    """What a fit writes by the same chances each time, so that fits alone make a difference."""
    return fit.sample(rows, np.random.default_rng([seed, 3]))[0]


def pinned(wrote: NDArray[np.int64], human: Pair) -> Floats:
    """Weights of mean 1 by which each stratum's written rows have the mass that it has among human rows."""
    second = wrote.mean(axis=1, keepdims=True)
    have = np.concatenate([1 - second, second], axis=1)
    return np.take_along_axis(human.weights / np.maximum(have, 1 / ROWS), wrote, axis=1)


def _drawn(policy: str, generation: int, points: Floats) -> pl.DataFrame:
    return pl.DataFrame(
        {"policy": policy, "generation": generation, "x": points[:, 0], "y": points[:, 1]},
        schema_overrides={"generation": pl.Int64},
    )
