"""Two Gaussians in the plane, fitted by expectation and maximisation: many chains at once, from a start at hand."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

STEPS = 8
"""Steps of a fit: a start that wrote half the rows itself needs few."""

REGULAR = 1e-8
"""Variance added to each axis, so that a component of few rows stays one."""

Floats = NDArray[np.float64]


class Pair(NamedTuple):
    """Two components for each chain."""

    weights: Floats
    """Shape (chains, 2); sums to 1."""
    means: Floats
    """Shape (chains, 2, 2): chain, component, axis."""
    covariances: Floats
    """Shape (chains, 2, 2, 2)."""

    def sample(self, rows: int, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
        """Points, shape (chains, rows, 2), and the component that wrote each, shape (chains, rows)."""
        chains = len(self.weights)
        component = (rng.random((chains, rows)) < self.weights[:, 1:]).astype(np.int64)
        chain = np.arange(chains)[:, None]
        roots = np.linalg.cholesky(self.covariances)[chain, component]
        noise = rng.standard_normal((chains, rows, 2))
        return self.means[chain, component] + np.einsum("crij,crj->cri", roots, noise), component

    def spread(self) -> Floats:
        """Standard deviation inside components, the geometric mean of both axes, by weight; shape (chains,)."""
        return np.asarray((self.weights * np.linalg.det(self.covariances) ** 0.25).sum(axis=1))


def features(points: Floats) -> Floats:
    """All that a Gaussian's likelihood asks of points: 1, x, y, xx, xy, yy; shape (chains, rows, 6)."""
    x, y = points[..., 0], points[..., 1]
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def fit(rows: Floats, weights: Floats, start: Pair, pool: Floats | None = None) -> tuple[Pair, Floats]:
    """A pair fitted to weighted rows, and to a pool that is known by its sums alone.

    With a pool this is online EM (Cappé and Moulines, arXiv 0712.4273): who wrote an old row is decided when it comes.

    Args:
        rows: `features`, shape (chains, rows, 6).
        weights: above 0, shape (chains, rows).
        start: where to begin.
        pool: sums that an earlier fit returned, shape (chains, 2, 6).

    Returns:
        The pair, and the sums of features by component that it rests on, those of the pool among them.
    """
    pair = start
    sums = np.zeros((len(rows), 2, rows.shape[-1]))
    for _ in range(STEPS):
        second = _second(rows, pair)
        sums = np.stack([(1 - second) * weights, second * weights], axis=1) @ rows
        if pool is not None:
            sums = sums + pool
        pair = _best(sums, pair)
    return pair, sums


def _second(rows: Floats, pair: Pair) -> Floats:
    """Chance that each row is of the second component, shape (chains, rows)."""
    factors = _logarithms(pair)
    odds = np.einsum("crf,cf->cr", rows, factors[:, 1] - factors[:, 0])
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -700, 700))))


def _logarithms(pair: Pair) -> Floats:
    """What a row's features are to be multiplied with for the logarithm of weight times density; (chains, 2, 6)."""
    inverse = np.linalg.inv(pair.covariances)
    pull = np.einsum("ckij,ckj->cki", inverse, pair.means)
    with np.errstate(divide="ignore"):
        # A component that is lost has a chance of e to the -600, which no row makes up for.
        weight = np.maximum(np.log(pair.weights), -600.0)
    still = weight - 0.5 * np.log(np.linalg.det(pair.covariances)) - 0.5 * (pull * pair.means).sum(axis=2)
    squares = [-0.5 * inverse[..., 0, 0], -inverse[..., 0, 1], -0.5 * inverse[..., 1, 1]]
    return np.stack([still, pull[..., 0], pull[..., 1], *squares], axis=-1)


def _best(sums: Floats, last: Pair) -> Pair:
    """The likeliest pair for sums of features; a component without a row stays where it was, with no weight."""
    mass = sums[..., 0]
    alive = mass > 1e-9 * mass.sum(axis=1, keepdims=True)
    mean = sums / np.where(alive, mass, 1.0)[..., None]
    means = np.where(alive[..., None], mean[..., 1:3], last.means)
    second = np.stack([mean[..., [3, 4]], mean[..., [4, 5]]], axis=-2)
    covariances = second - means[..., :, None] * means[..., None, :] + REGULAR * np.eye(2)
    weights = np.where(alive, mass, 0.0)
    return Pair(
        weights / weights.sum(axis=1, keepdims=True),
        means,
        np.where(alive[..., None, None], covariances, last.covariances),
    )
