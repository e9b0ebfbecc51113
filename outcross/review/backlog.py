"""The queue's figures: what waits and for how long, how fast it shrinks, and what a row costs."""

from datetime import UTC, datetime

import polars as pl

from outcross.data.review.items import Counts
from outcross.data.review.judgements import Frames
from outcross.data.samples import Record
from outcross.review.outcomes import outcomes

HOUR, DAY, WEEK = 3600.0, 86_400.0, 7 * 86_400.0
MOST = 45
"""Periods that a plot over time shows, the newest ones."""


class Backlog(Record):
    """How the queue stands, and what it costs."""

    counts: Counts
    oldest: float | None
    """Age in seconds of the oldest item that isn't settled; None where all are."""
    missing: int
    """Decisions still to be made, adjudications included."""
    seconds: float | None
    """Time at work for one decision, on average of the last seven days; None where there was none."""
    daily: float
    """Decisions a day in the last seven days."""
    spent: float
    """Seconds at work on all that stands, gold and training included."""
    accepted: int
    """Settled items of which a row came."""
    rate: float | None
    """What an hour costs, in whatever money; None where nobody said."""

    @property
    def hours(self) -> float | None:
        """Work that the missing decisions are, at the present speed."""
        return None if self.seconds is None else self.missing * self.seconds / HOUR

    @property
    def days(self) -> float | None:
        """Until they are made, at the present pace; None where there is none."""
        return self.missing / self.daily if self.daily else None

    @property
    def each(self) -> float | None:
        """Seconds spent for each accepted item."""
        return self.spent / self.accepted if self.accepted else None

    @property
    def price(self) -> float | None:
        """The same in money."""
        return None if self.each is None or self.rate is None else self.each / HOUR * self.rate


class Period(Record):
    """What happened in one hour, day or week."""

    start: datetime
    good: int
    bad: int
    unsure: int
    seconds: float | None
    """Median time at work for a decision."""
    waiting: int
    """Items that weren't settled at its end."""


def backlog(frames: Frames, counts: Counts, now: float, rate: float | None = None) -> Backlog:
    """The queue at `now`; an hour of work costs `rate`."""
    work = frames.judgements.filter(pl.col("stage") != "training")
    recent = work.filter(pl.col("at") > now - WEEK)
    due = frames.items.filter(pl.col("state") == "open", pl.col("source") != "gold")
    oldest = due["created"].min()
    return Backlog(
        counts=counts,
        oldest=None if oldest is None else now - float(oldest),  # type: ignore[arg-type]  # a column of times
        missing=due.select((pl.col("need") + pl.col("extra") - pl.col("done")).clip(0).sum()).item(),
        seconds=recent.select(pl.col("seconds").mean()).item(),
        daily=len(recent.filter(pl.col("source") != "gold")) / 7,
        spent=frames.judgements["seconds"].sum(),
        accepted=outcomes(frames)["kept"].sum(),
        rate=rate,
    )


def periods(frames: Frames, now: float) -> list[Period]:
    """What was decided, and what waited, over time: by the hour, day or week (UTC), as the time span asks for."""
    said = frames.judgements.filter(pl.col("stage") != "training", pl.col("source") != "gold")
    queued = frames.items.filter(pl.col("source") != "gold", pl.col("state") != "withdrawn")
    if queued.is_empty():
        return []
    first = float(queued["created"].min())  # type: ignore[arg-type]  # a column of times
    step = next((step for step in (HOUR, DAY) if now - first <= MOST * step), WEEK)
    settled = outcomes(frames)
    last = int(now // step)
    shown = range(max(int(first // step), last - MOST + 1), last + 1)
    by_period = said.with_columns(period=(pl.col("at") // step).cast(pl.Int64)).partition_by("period", as_dict=True)
    return [
        Period(
            start=datetime.fromtimestamp(number * step, UTC),
            **_told(by_period.get((number,), said.clear())),
            waiting=_before(queued, "created", (number + 1) * step) - _before(settled, "at", (number + 1) * step),
        )
        for number in shown
    ]


def _before(frame: pl.DataFrame, column: str, moment: float) -> int:
    return len(frame.filter(pl.col(column) < moment))


def _told(said: pl.DataFrame) -> dict[str, int | float | None]:
    good, bad = (len(said.filter(pl.col("stance") == stance)) for stance in ("good", "bad"))
    return {"good": good, "bad": bad, "unsure": len(said) - good - bad, "seconds": _median(said["seconds"])}


def _median(values: pl.Series) -> float | None:
    return None if values.is_empty() else float(values.sort()[(len(values) - 1) // 2])
