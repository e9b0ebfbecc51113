"""Rates as they may be shown: never a percentage alone, always what was counted and how far it may be off."""

from pydantic import Field

from outcross.agreement import intervals
from outcross.data.samples import Record


class Rate(Record):
    """What happened k times of n, with the interval that holds the true rate with 95 %."""

    k: int = Field(ge=0)
    n: int = Field(ge=0)

    @property
    def share(self) -> float | None:
        """The rate that was counted; None where nothing was."""
        return self.k / self.n if self.n else None

    @property
    def low(self) -> float:
        """Lower end of the interval, by Clopper and Pearson."""
        return intervals.interval(self.k, self.n)[0]

    @property
    def high(self) -> float:
        """Upper end of it."""
        return intervals.interval(self.k, self.n)[1]

    @property
    def bound(self) -> float:
        """The rate that the true one exceeds with 5 % at most."""
        return intervals.upper_bound(self.k, self.n)

    def excludes(self, rate: float) -> bool:
        """Whether `rate` lies outside the interval."""
        return not self.low <= rate <= self.high
