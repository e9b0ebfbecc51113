"""How much of a tail survives training on models' own words, and how many human rows that takes.

A generator loses part of every tail: of the mass that its training data held there, a share kappa comes out again.
If human rows hold a share beta of each mixture, a tail that holds V times its human mass goes on as

    V' = beta + (1 - beta) kappa V,

for human rows hold all of it and synthetic rows what the last mixture left. All below follows from this line. It was
held against simulation at sixteen settings of kappa and beta (`outcross.mixture.theory.gaussian`).
"""

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from outcross.errors import InputError

Array = NDArray[np.float64]

HALVINGS = 60
"""Halvings of [0, 1] after which a share is known to the last bit."""


def retained(human_share: ArrayLike, kappa: ArrayLike, depth: int | None) -> Array:
    """Mass that a tail still has, as a share of its mass in human rows.

    With q = (1 - beta) kappa the line above goes from 1 towards V = beta / (1 - q), and its distance shrinks by q a
    generation. Depth 1 gives beta + (1 - beta) kappa.

    Args:
        human_share: beta, share of clean human rows in the mixture, in [0, 1]; any shape.
        kappa: share of a tail's mass that one generation keeps, >= 0; above 1 counts as 1. Broadcast with beta.
        depth: generations of models between people and the mixture's synthetic rows, at least 0; None if nobody
            bounds them.

    Returns:
        V, in [0, 1], of the broadcast shape.

    Raises:
        InputError: an argument is out of its range.
    """
    beta, kappa = _shares("human share", human_share), _kept(kappa)
    lost = beta + (1 - beta) * (1 - kappa)
    limit = np.divide(beta, lost, out=np.ones_like(lost), where=lost > 0)
    return limit if depth is None else limit + (1 - limit) * (1 - lost) ** _generations(depth)


def human_floor(retention: ArrayLike, kappa: ArrayLike, depth: int | None) -> Array:
    """The least share of human rows at which a tail keeps `retention` of its mass: the inverse of `retained`.

    Without a bound on depth it is V (1 - kappa) / (1 - kappa V), and at depth 1 max(0, (V - kappa) / (1 - kappa)).
    Deeper, there is no closed form; V grows with beta, so beta is found by halving.

    Args:
        retention: V, wanted share of the tail's mass, in [0, 1]; any shape.
        kappa: as for `retained`; broadcast with V.
        depth: as for `retained`.

    Returns:
        beta, in [0, 1], of the broadcast shape; 0 where synthetic rows keep enough by themselves, as all do at
        kappa >= 1.

    Raises:
        InputError: an argument is out of its range.
    """
    wanted, kappa = np.broadcast_arrays(_shares("retention", retention), _kept(kappa))
    if depth is None:
        return _ratio(wanted * (1 - kappa), 1 - kappa * wanted)
    if _generations(depth) == 1:
        return _ratio(np.maximum(0, wanted - kappa), 1 - kappa)
    return _found(wanted, kappa, depth)


def _found(wanted: Array, kappa: Array, depth: int) -> Array:
    """The least beta with `retained(beta, kappa, depth) >= wanted`, to the last bit."""
    low, high = np.zeros(wanted.shape), np.ones(wanted.shape)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        enough = retained(middle, kappa, depth) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.where(retained(np.zeros(wanted.shape), kappa, depth) >= wanted, 0.0, high)


def golden_share(ratio: ArrayLike) -> Array:
    """Total weight of human rows that errs least when each generation has fresh ones: (sqrt(a^2 + 4a) - a) / 2.

    At this weight w the error in the long run is w times that of one generation's human rows alone. For equal
    numbers it is 0.618, the golden ratio. It assumes synthetic rows without bias of their own.

    Args:
        ratio: a, human rows over synthetic rows, >= 0; infinity where there are no synthetic ones.

    Returns:
        w, in [0, 1], of the same shape.

    Raises:
        InputError: a ratio is negative or NaN.

    Source:
        He, Xu and Cheng, arXiv 2502.18049.
    """
    ratio = _atleast_zero("ratio of human to synthetic rows", ratio)
    with np.errstate(divide="ignore"):  # Written so that 0 and infinity give 0 and 1.
        return np.asarray(2 / (1 + np.sqrt(1 + 4 / ratio)))


def effective_rows(rows: ArrayLike, bias: ArrayLike) -> Array:
    """How many rows without bias these are worth: n / (1 + n b^2), which never exceeds 1 / b^2.

    The mean of n rows errs by variance 1/n and by bias b, together 1 / n_eff. Classes whose errors are independent
    are best weighed in proportion to it, which is a weight of 1 / (1 + n b^2) a row.

    Args:
        rows: n >= 0; any shape.
        bias: b >= 0, how far the rows' mean is from the truth in standard deviations; broadcast with n.

    Returns:
        In [0, n], of the broadcast shape.

    Raises:
        InputError: an argument is negative or NaN.

    Source:
        The weights of least squared error, 1/n + b^2 a class. That weighing decides whether surrogate data help at all:
        Jain, Montanari and Sasoglu, arXiv 2402.04376.
    """
    rows, bias = _atleast_zero("number of rows", rows), _atleast_zero("bias", bias)
    return np.asarray(rows / (1 + rows * bias**2))


def bias_budget(excess: float, human_rows: float) -> float:
    """The most that the classes' shares times their biases may sum to: sqrt(excess / human_rows).

    Human rows alone err by variance 1/n. A mixture biased by this much errs by `excess` / n more, so biased rows must
    hold an ever smaller share the more human rows there are: at a constant one the error stops falling.

    Args:
        excess: share of the human rows' own error that bias may add, >= 0.
        human_rows: n, at least 1.

    Raises:
        InputError: an argument is out of its range.

    Source:
        That it stops falling: Dohmatob et al., "Strong model collapse", arXiv 2410.04840.
    """
    if not (excess >= 0 and human_rows >= 1):
        raise InputError(f"excess is {excess} and human rows are {human_rows}; they must be at least 0 and 1.")
    return math.sqrt(excess / human_rows)


def _ratio(part: Array, whole: Array) -> Array:
    """`part / whole`, and 0 where there is no whole: nothing is lost there."""
    return np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)


def _generations(depth: int) -> int:
    if depth < 0:
        raise InputError(f"depth is {depth}; it must be at least 0, or None for no bound.")
    return depth


def _kept(kappa: ArrayLike) -> Array:
    return np.minimum(_atleast_zero("kappa", kappa), 1)


def _shares(name: str, values: ArrayLike) -> Array:
    shares = _atleast_zero(name, values)
    if (shares > 1).any():
        raise InputError(f"{name} is {shares.max():g}; it must be in [0, 1].")
    return shares


def _atleast_zero(name: str, values: ArrayLike) -> Array:
    numbers = np.asarray(values, dtype=np.float64)
    for wrong in numbers[~(numbers >= 0)].flat:
        raise InputError(f"{name} is {wrong:g}; it must be at least 0.")
    return numbers
