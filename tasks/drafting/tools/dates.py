"""The tool `calendar`: days, weekdays and the time between two dates, in the Gregorian calendar."""

import calendar
from datetime import date, timedelta

from pydantic import Field

from outcross.data.samples import Record
from outcross.tasks.drafting.tools.tool import Tool


class Day(Record):
    """A day, and what is asked of it."""

    date: str = Field(description="a day, as YYYY-MM-DD")
    months: int = Field(default=0, description="months to go on from there, or back where negative")
    days: int = Field(default=0, description="days to go on from there, or back where negative")
    until: str = Field(default="", description="a second day, where the days up to it are wanted")


def _told(asked: Day) -> str:
    try:
        reached = _later(_day(asked.date), asked.months) + timedelta(days=asked.days)
    except OverflowError:
        raise ValueError(
            f"{asked.date} with {asked.months} months and {asked.days} days is beyond the calendar"
        ) from None
    if not asked.until:
        return _named(reached)
    until = _day(asked.until)
    return f"{(until - reached).days} days from {_named(reached)}, until {_named(until)}"


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text[:20]!r} is no day as YYYY-MM-DD") from None


def _later(day: date, months: int) -> date:
    """The same day of another month, or its last where that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def _named(day: date) -> str:
    return f"{day} (a {calendar.day_name[day.weekday()]})"


CALENDAR = Tool(
    name="calendar",
    about="Tells a day's weekday, a day some time later, or the days between two.",
    takes=Day,
    run=_told,
)
