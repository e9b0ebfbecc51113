"""Tilt: weights inside a stratum that bring the means of a few features of a model's rows to people's."""

import numpy as np
from scipy.special import logsumexp

from outcross.mixture.text.contraction import Measured
from outcross.mixture.text.counts import Floats
from outcross.mixture.text.tokens import Encoded

CAP = 8.0
LEAST = 0.5
"""Share of the rows that the effective number of rows must hold."""

STEPS, HALVINGS = 100, 60
RIDGE = 1e-9
"""Keeps the dual bounded where a mean lies beyond all rows; it moves no mean that can be met by as much as 1e-6."""

FEATURES = ("rare", "length", "entropy")
"""Share of rare words, by a tail that other documents chose; log(1 + words); entropy of the row's words, in nats."""


def tilt(features: Floats, target: Floats, cap: float = CAP, least: float = LEAST) -> Floats:
    """Factors exp(lambda . x) by which the rows' weighted means are the target's, as far as both limits allow.

    Where a factor would exceed `cap`, or the effective number of rows (sum w)^2 / sum w^2 would fall below `least` of
    them, lambda is shortened until neither happens: the means then go a part of the way.

    Args:
        features: finite, shape (n_rows, n_features).
        target: the means wanted, shape (n_features,).
        cap: the largest factor, >= 1.
        least: in [0, 1].

    Returns:
        Shape (n_rows,), > 0, with mean 1.

    Source:
        Exponential tilting minimises the divergence from equal weights under the moments: Csiszár, "I-divergence
        geometry of probability distributions and minimization problems", Annals of Probability 3 (1975). Weighing
        rows by features to match a target is as in Xie et al., arXiv 2302.03169.
    """
    n_rows = len(features)
    if not n_rows:
        return np.zeros(0)
    spread = features.std(axis=0)
    varies = spread > 1e-12 * (1 + np.abs(features).max(axis=0))
    if not varies.any():
        return np.ones(n_rows)
    away = (features[:, varies] - target[varies]) / spread[varies]
    slope = away @ _newton(away)
    low, high = 0.0, 1.0
    if not _fits(_factors(slope), cap, least):
        # Along the way the largest factor only grows, and the effective number of rows only falls.
        for _ in range(HALVINGS):
            middle = (low + high) / 2
            low, high = (middle, high) if _fits(_factors(middle * slope), cap, least) else (low, middle)
        return _factors(low * slope)
    return _factors(slope)


def features(measured: Measured) -> Floats:
    """The columns `FEATURES` of measured texts, shape (n_rows, 3); a row without words has 0 in each."""
    words: Floats = measured.rows["words"].to_numpy().astype(np.float64)
    rare: Floats = measured.rows["fresh"].to_numpy() / np.maximum(words, 1)
    return np.stack([rare, np.log1p(words), _entropies(measured.words)], axis=1)


def _newton(away: Floats) -> Floats:
    """Lambda at which the weighted mean of `away` (n_rows, n_features) is 0: the least of log sum exp(lambda . x)."""
    n_features = away.shape[1]
    found = np.zeros(n_features)
    value = _dual(away, found)
    for _ in range(STEPS):
        weights = _factors(away @ found) / len(away)
        gradient = weights @ away + RIDGE * found
        if np.abs(gradient).max() < 1e-9:
            break
        centred = away - weights @ away
        hessian = (centred * weights[:, None]).T @ centred + RIDGE * np.eye(n_features)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (lower := _dual(away, found - size * step)) > value - 1e-4 * size * float(gradient @ step):
            size /= 2
            if size < 1e-12:
                return found
        found, value = found - size * step, lower
    return found


def _dual(away: Floats, found: Floats) -> float:
    return float(logsumexp(away @ found)) + RIDGE * float(found @ found) / 2


def _factors(slope: Floats) -> Floats:
    """exp(slope), with mean 1; none is so small that it becomes 0."""
    raised = np.exp(np.maximum(slope - slope.max(), -500))
    factors: Floats = raised / raised.mean()
    return factors


def _fits(factors: Floats, cap: float, least: float) -> bool:
    return bool(factors.max() <= cap and factors.size >= least * float(factors @ factors))


def _entropies(words: Encoded) -> Floats:
    """Entropy of each row's own words, in nats."""
    n_rows = len(words.lengths)
    n_types = int(words.ids.max(initial=0)) + 1
    pairs, counts = np.unique(words.row() * n_types + words.ids, return_counts=True)
    row = pairs // n_types
    shares = counts / words.lengths[row]
    return np.bincount(row, -shares * np.log(shares), minlength=n_rows).astype(np.float64)
