"""Statistics: all figures of one queue for its managers, and each reviewer's own for themselves."""

from collections.abc import Callable, Sequence
from statistics import median

from outcross.data.review.items import Counts
from outcross.data.review.judgements import Frames, Records
from outcross.data.samples import Record
from outcross.review.audits import Audit, Bin, Rejects, Threshold, audit, rejects, reliability, thresholds
from outcross.review.backlog import DAY, Backlog, Period, backlog, periods
from outcross.review.persons import Person, persons
from outcross.review.votes import Agreement, team_agreement

TEAM = 3
"""People from whom on a median is shown: of two, each could work out the other's figure."""


class Statistics(Record):
    """What a manager sees."""

    people: list[Person]
    """Those who decided or skipped something."""
    team: Agreement
    backlog: Backlog
    audit: Audit
    rejects: Rejects
    bins: list[Bin]
    thresholds: list[Threshold]
    periods: list[Period]


class Team(Record):
    """Medians over the reviewers; None where fewer than `TEAM` have a figure."""

    seconds: float | None
    gold: float | None
    hasty: float | None
    edit_share: float | None
    agreement: float | None
    overturned: float | None


def statistics(frames: Frames, counts: Counts, now: float, rate: float | None = None) -> Statistics:
    """All figures of the queue at `now`, in seconds since the epoch; an hour of work costs `rate`."""
    return Statistics(
        people=[person for person in persons(frames) if person.items or person.skips],
        team=team_agreement(frames.judgements),
        backlog=backlog(frames, counts, now, rate),
        audit=audit(frames),
        rejects=rejects(frames),
        bins=reliability(frames),
        thresholds=thresholds(frames),
        periods=periods(frames, now),
    )


def own(records: Records, name: str, now: float) -> tuple[Person | None, Team]:
    """One reviewer's figures as they were at the last midnight (UTC), and the team's medians.

    Figures of the running day would tell after each item whether it was gold, and how it should have been answered; so
    would those of past days, if what was revised since were left out of them.
    """
    people = persons(records.frames(before=now // DAY * DAY))
    return next((person for person in people if person.name == name), None), team(people)


def team(people: Sequence[Person]) -> Team:
    """The medians of all who have a figure."""

    def middle(figure: Callable[[Person], float | None]) -> float | None:
        known = [value for value in map(figure, people) if value is not None]
        return median(known) if len(known) >= TEAM else None

    return Team(
        seconds=middle(lambda person: person.seconds and person.seconds.median),
        gold=middle(lambda person: person.gold.share),
        hasty=middle(lambda person: person.hasty.share),
        edit_share=middle(lambda person: person.edit_share),
        agreement=middle(lambda person: person.agreement.raw),
        overturned=middle(lambda person: person.overturned.share),
    )
