"""Where values and the names beside them stand on an axis, in pixels."""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression

Scale = Literal["linear", "log", "symlog"]

Floats = NDArray[np.float64]


def domain(values: Floats, scale: Scale) -> tuple[float, float]:
    """From 0, or from the least value where that is below it or the axis is a log one, to a little above the most."""
    least, most = float(values.min()), float(values.max())
    if scale == "log":
        return least / 1.2, most * 1.2
    least = min(least, 0.0)
    return least, most + 0.04 * (most - least) if most > least else 1.0


def pixels(values: Floats, ends: tuple[float, float], scale: Scale, height: int) -> Floats:
    """Where values stand, in pixels from the top of a plot that shows what is between the ends."""
    low, high = _straight(np.array(ends), scale)
    return np.asarray(height * (high - _straight(values, scale)) / (high - low))


def powers(ends: tuple[float, float]) -> list[float]:
    """Marks of a log axis: powers of ten, with their doubles and fives where there are few."""
    tens = range(math.floor(math.log10(ends[0])), math.ceil(math.log10(ends[1])) + 1)
    for steps in ((1,), (1, 2, 5)):
        marks = [step * 10.0**power for power in tens for step in steps if ends[0] <= step * 10.0**power <= ends[1]]
        if len(marks) > 2:
            break
    # A mark each ten powers is enough where there are many.
    return marks[:: math.ceil(len(marks) / 7)] if marks else marks


def apart(places: Floats, gap: float, height: float) -> Floats:
    """The places moved as little as keeps them `gap` apart (least squares under their order), and above the bottom."""
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    fitted: Floats = isotonic_regression(places[order] - steps).x
    # With too many names for the height they run out below, still readable.
    fitted = np.maximum(np.minimum(fitted, height - steps[-1]), 0.0) + steps
    moved = np.empty_like(fitted)
    moved[order] = fitted
    return moved


def _straight(values: Floats, scale: Scale) -> Floats:
    """The values on the scale that makes their axis even."""
    if scale == "log":
        return np.log(values)
    return np.sign(values) * np.log1p(np.abs(values)) if scale == "symlog" else values
