"""Strata and sizes as people read them. Names come from outside: each is kept to one short line."""

import math
from collections.abc import Mapping

import numpy as np

from outcross.mixture.solver.programme import Mask
from outcross.mixture.supply import Vector

NAMED = 5
"""Strata that a message names before it counts the rest."""


def quoted(name: str) -> str:
    """A name from outside, kept to one short line."""
    shown = repr(name)[1:-1]
    return f"`{shown[:60]}…`" if len(shown) > 60 else f"`{shown}`"


def some(strata: tuple[str, ...], chosen: Mask, weights: Vector) -> str:
    """The heaviest of the chosen strata by name, the others as a count."""
    order = sorted(np.flatnonzero(chosen), key=lambda index: -weights[index])
    named = ", ".join(quoted(strata[index]) for index in order[:NAMED])
    return named + (f" and {len(order) - NAMED:,} other strata" if len(order) > NAMED else "")


def percent(share: float) -> str:
    """A share, to three digits."""
    return f"{100 * share:.3g} %"


def below(size: float) -> str:
    """A size, rounded down so that it still works."""
    # A size that rounding left a hair under a whole number is that number.
    whole = math.floor(size * (1 + 1e-12))
    return f"{whole:,}" if size >= 1 else f"{size:.3g}"


def shopping(lacking: Mapping[str, int], shares: Mapping[str, float]) -> str:
    """Human rows to add: the longest entries by name with their share of the target, the others as a sum."""
    worst = [
        f"{percent(shares[name])} stratum {quoted(name)}: {count:,} more human row{'s' * (count > 1)}"
        for name, count in list(lacking.items())[:NAMED]
    ]
    rest = list(lacking.values())[NAMED:]
    return "; ".join(worst) + (f"; {len(rest):,} other strata: {sum(rest):,}" if rest else "")
