"""Scales of plots: where a value stands, as the percentages that the SVG of the templates is made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

from outcross.review.backlog import DAY, HOUR, Period

LABELS = 5
"""Dates that stand under a plot over time, about."""


@dataclass(frozen=True)
class Scale:
    """A stretch of numbers that an axis shows."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def at(self, value: float) -> str:
        """How far from the left a value stands, held within the axis."""
        return f"{100 * self._share(value):.2f}%"

    def up(self, value: float) -> str:
        """How far from the top."""
        return f"{100 - 100 * self._share(value):.2f}%"

    def span(self, low: float, high: float) -> str:
        """How long the stretch between two values is."""
        return f"{100 * (self._share(high) - self._share(low)):.2f}%"

    def _share(self, value: float) -> float:
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


UNIT = Scale(0.0, 1.0, (0.0, 0.25, 0.5, 0.75, 1.0))
SIGNED = Scale(-1.0, 1.0, (-1.0, -0.5, 0.0, 0.5, 1.0))


def upto(values: Sequence[float]) -> Scale:
    """A scale from 0 to somewhat above the highest value, with two to five round steps."""
    top = max(values, default=0.0) or 1.0
    unit = 10.0 ** floor(log10(top))
    step = next(step for step in (0.2 * unit, 0.5 * unit, unit, 2 * unit, 5 * unit) if top / step <= 4.5)
    steps = int(-(-top // step))
    return Scale(0.0, steps * step, tuple(float(f"{index * step:.9g}") for index in range(steps + 1)))


def between(values: Sequence[float]) -> Scale:
    """A scale of shares that begins at the tenth below the lowest."""
    low = floor(10 * min(values, default=0.0)) / 10
    low = min(low, 0.8)
    return Scale(low, 1.0, tuple(round(low + index * (1 - low) / 4, 3) for index in range(5)))


def dates(periods: Sequence[Period]) -> list[tuple[int, str]]:
    """Which periods have their date written under them, and how: with the hour where they are shorter than a day."""
    step = (periods[1].start - periods[0].start).total_seconds() if len(periods) > 1 else DAY
    form = "%-d %b %H:%M" if step <= HOUR else "%-d %b"
    every = -(-len(periods) // LABELS) or 1
    return [(index, period.start.strftime(form)) for index, period in enumerate(periods) if index % every == 0]
