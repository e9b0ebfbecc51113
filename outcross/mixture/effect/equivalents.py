"""Human-equivalent rows: how many more rows from people would have had the same effect."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

FIRMLY = 1e9
"""Weight of the one point that is known: no more rows, no effect."""


@dataclass(frozen=True)
class Ruler:
    """What more rows from people did, one point for each number of them."""

    rows: tuple[int, ...]
    """Ascending, > 0."""
    effects: tuple[float, ...]
    """Nats a word against none of them; below 0 where they helped."""

    def read(self, effect: float) -> float:
        """The number of human rows with this effect, on the nearest curve that never rises (isotonic regression).

        Where several numbers have it, because more rows didn't help for a while, it is the fewest of them.

        Returns:
            At least 0; minus infinity for an effect above 0, infinity beyond what the largest number of rows did.
        """
        if effect > 0:
            return -math.inf
        curve = self.curve()
        if effect < curve[-1]:
            return math.inf
        gains, fewest = np.unique([-one for one in curve], return_index=True)
        return float(np.interp(-effect, gains, np.array([0, *self.rows])[fewest]))

    def curve(self) -> list[float]:
        """The effects made monotone, with 0 for no rows before them."""
        weights = [FIRMLY, *([1.0] * len(self.rows))]
        fitted = isotonic_regression([0.0, *self.effects], weights=weights, increasing=False).x
        return [float(one) for one in np.minimum(fitted, 0.0)]

    def say(self, effect: float) -> str:
        """The same for people: a number in two digits, "< 0", or "> 2,000" beyond the curve."""
        if not self.rows:
            return "unknown"
        rows = self.read(effect)
        if rows == -math.inf:
            return "< 0"
        return f"> {self.rows[-1]:,}" if rows == math.inf else f"{_two_digits(rows):,}"


def sizes(wanted: Sequence[int], held_back: int) -> tuple[int, ...]:
    """The numbers of rows that are tried: those wanted, ascending, all made smaller alike where fewer are held back."""
    shrunk = (size * min(held_back, wanted[-1]) // wanted[-1] for size in wanted)
    return tuple(sorted({size for size in shrunk if size > 0}))


def _two_digits(rows: float) -> int:
    scale = 10 ** max(0, math.floor(math.log10(rows)) - 1) if rows >= 1 else 1
    return round(rows / scale) * scale
