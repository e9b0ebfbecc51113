"""Linear regression on labels that the last fit wrote."""

import numpy as np

from outcross.mixture.retention import Array


def replaced(rows: int, features: int, generations: int, runs: int, rng: np.random.Generator) -> Array:
    """Squared error of each generation's coefficients where each trains on `rows` new labels of the last one.

    Features are standard normal and drawn anew, noise has variance 1, and the truth is 0 in all coefficients, which
    loses nothing: the errors of least squares don't depend on it.

    Returns:
        Mean over runs, shape (generations + 1,).
    """
    coefficients, errors = np.zeros((runs, features)), []
    for _ in range(generations + 1):
        moments, products = _labelled(coefficients, rows, rng)
        coefficients = _solved(moments, products)
        errors.append(_error(coefficients))
    return np.array(errors)


def replaced_error(rows: int, features: int, generations: int) -> float:
    """(t + 1) d / (n - d - 1) after t generations: every fit adds the error of the first.

    Source:
        Dohmatob, Feng and Kempe, arXiv 2402.07712.
    """
    return (generations + 1) * features / (rows - features - 1)


def accumulated(rows: int, features: int, generations: int, runs: int, rng: np.random.Generator) -> Array:
    """As `replaced`, where each generation trains on its own `rows` labels and on all before."""
    coefficients, errors = np.zeros((runs, features)), []
    moments, products = np.zeros((runs, features, features)), np.zeros((runs, features))
    for _ in range(generations + 1):
        more = _labelled(coefficients, rows, rng)
        moments, products = moments + more[0], products + more[1]
        coefficients = _solved(moments, products)
        errors.append(_error(coefficients))
    return np.array(errors)


def _labelled(coefficients: Array, rows: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """X'X and X'y of rows that a model with these coefficients labels, shapes (runs, d, d) and (runs, d)."""
    runs, features = coefficients.shape
    x = rng.standard_normal((runs, rows, features))
    y = (x @ coefficients[..., None])[..., 0] + rng.standard_normal((runs, rows))
    across = x.swapaxes(1, 2)
    return across @ x, (across @ y[..., None])[..., 0]


def _solved(moments: Array, products: Array) -> Array:
    return np.asarray(np.linalg.solve(moments, products[..., None])[..., 0])


def _error(coefficients: Array) -> float:
    return float((coefficients**2).sum(axis=1).mean())
