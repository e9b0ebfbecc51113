"""One mean, estimated from classes of rows that are biased to different degrees."""

import numpy as np
from numpy.typing import ArrayLike

from outcross.mixture.retention import Array


def estimated(rows: ArrayLike, bias: ArrayLike, runs: int, rng: np.random.Generator) -> Array:
    """Errors of the classes' means, where rows have variance 1 and a class's bias has either sign.

    The mean of n rows is drawn as one normal with variance 1/n.

    Args:
        rows: rows of each class, shape (classes,).
        bias: size of each class's bias, same shape; its sign is drawn for each run and class.
        runs: how many times.
        rng: the only source of chance.

    Returns:
        Shape (runs, classes).
    """
    rows, bias = np.asarray(rows, dtype=np.float64), np.asarray(bias, dtype=np.float64)
    shape = (runs, len(rows))
    return np.asarray(rng.choice([-1.0, 1.0], shape) * bias + rng.standard_normal(shape) / np.sqrt(rows))


def mean_error(errors: Array, shares: ArrayLike) -> float:
    """Mean squared error of the classes' means put together with these shares, shape (classes,), summing to 1."""
    return float(((errors @ np.asarray(shares)) ** 2).mean())
