"""The managers' pages: all figures of the queue, and who reviews. A reviewer sees their own figures alone."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from starlette.responses import HTMLResponse

from outcross.data.review.judgements import Frames, Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.review.roster import Roster
from outcross.data.samples import Filled, Record
from outcross.errors import ReviewError
from outcross.review import plots
from outcross.review.audits import PROMISE
from outcross.review.backlog import DAY, HOUR
from outcross.review.doors import Door, Me, TheQueue
from outcross.review.pages import render
from outcross.review.persons import FASTEST, NONE, Person, grades, persons
from outcross.review.statistics import Statistics, Team, own, statistics, team
from outcross.settings import from_environment

TESTS = {"open": "goes on", "clear": "cleared", "pause": "below"}
"""What the sequential test says, in a word."""


class Named(Record):
    """A reviewer, to be paused or reinstated."""

    name: Filled


class Skilled(Named):
    """A reviewer and what they may judge."""

    recipe: Filled
    skill: Filled


def _management(queue: TheQueue) -> Management:
    return Management.beside(queue)


TheManagement = Annotated[Management, Depends(_management)]


def _statistics(request: Request, queue: TheQueue, me: Me, reviewer: str = "", recipe: str = "") -> HTMLResponse:
    """All figures for managers, one reviewer's where a name is given; for everybody else their own."""
    chosen = request.app.state.recipe or recipe or None
    if not me.may("manager"):
        if reviewer not in ("", me.name):
            raise HTTPException(404)
        return _own(queue, me.name, me)
    frames = Records.beside(queue).frames(chosen)
    return _person(frames, reviewer, me) if reviewer else _all(frames, queue, chosen, me)


def _all(frames: Frames, queue: Queue, recipe: str | None, me: Me) -> HTMLResponse:
    now = queue._now()
    figures = statistics(frames, queue.counts(recipe), now, from_environment().hourly_rate)
    recipes = Records.beside(queue).recipes()
    values = {"figures": figures, "recipe": recipe, "recipes": recipes, "tests": TESTS, "fastest": FASTEST}
    return _page("statistics.html", me, **values, **_scales(figures), age=age, promise=PROMISE)


def _scales(figures: Statistics) -> dict[str, Any]:
    """Where things stand in the plots."""
    hour = (figures.backlog.seconds or 0.0) / HOUR
    return {
        "hour": hour,
        "dates": plots.dates(figures.periods),
        "waiting": plots.upto([one.waiting for one in figures.periods]),
        "decided": plots.upto([one.good + one.bad + one.unsure for one in figures.periods]),
        "spared": plots.upto([one.spared * hour for one in figures.thresholds]),
        "bounds": plots.upto(
            [min(1.0, 1.2 * one.errors.bound) for one in figures.thresholds[1:] or figures.thresholds]
        ),
        "pace": plots.upto([one.seconds.high for one in figures.people if one.seconds]),
        "gold": plots.between([one.gold.low for one in figures.people if one.gold.n]),
        "unit": plots.UNIT,
        "signed": plots.SIGNED,
    }


def _own(queue: Queue, name: str, me: Me) -> HTMLResponse:
    now = queue._now()
    person, middle = own(Records.beside(queue).frames(), name, now)
    if person is None:
        raise HTTPException(404)
    midnight = datetime.fromtimestamp(now // DAY * DAY, UTC)
    return _figures(person, middle, me, own=True, as_of=f"{midnight:%-d %B %Y}")


def _person(frames: Frames, name: str, me: Me) -> HTMLResponse:
    people = persons(frames)
    person = next((person for person in people if person.name == name), None)
    if person is None:
        raise HTTPException(404)
    return _figures(person, team(people), me, own=False, as_of="")


def _figures(person: Person, middle: Team, me: Me, **more: object) -> HTMLResponse:
    pace = plots.upto([person.seconds.high] if person.seconds else [])
    return _page("person.html", me, person=person, middle=middle, pace=pace, unit=plots.UNIT, **more)


def _reviewers(request: Request, queue: TheQueue, me: Me) -> HTMLResponse:
    roster = Roster.beside(queue)
    figures = {"gold": grades(Records.beside(queue).judgements()), "nothing": NONE}
    lists = {"members": roster.members(), "disputes": roster.disputes(), "gaps": roster.gaps()}
    return _page("reviewers.html", me, **figures, **lists, wanted=roster.wanted(), csrf=request.state.csrf, day=day)


def _page(template: str, me: Me, **values: object) -> HTMLResponse:
    return HTMLResponse(render(template, me=me, **values))


def _pause(sent: Named, management: TheManagement) -> dict[str, str]:
    management.pause(sent.name)
    return {"paused": sent.name}


def _reinstate(sent: Named, management: TheManagement) -> dict[str, str]:
    management.reinstate(sent.name)
    return {"reinstated": sent.name}


def _grant(sent: Skilled, management: TheManagement, queue: TheQueue) -> dict[str, str]:
    roster = Roster.beside(queue)
    if sent.name not in {member.name for member in roster.members()}:
        raise ReviewError(f"nobody here is called {sent.name!r}.")
    if (sent.recipe, sent.skill) not in roster.wanted():
        raise ReviewError(f"no item of {sent.recipe!r} asks for the skill {sent.skill!r}.")
    management.grant_skill(sent.name, sent.recipe, sent.skill)
    return {"granted": sent.skill}


def _revoke(sent: Skilled, management: TheManagement) -> dict[str, str]:
    management.revoke_skill(sent.name, sent.recipe, sent.skill)
    return {"revoked": sent.skill}


def age(seconds: float | None) -> str:
    """A stretch of time in the unit that fits."""
    if seconds is None:
        return "–"
    for unit, length in (("day", DAY), ("hour", HOUR)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}s"
    return f"{seconds / 60:.0f} min"


def day(at: float) -> str:
    """The date of a moment, in UTC."""
    return f"{datetime.fromtimestamp(at, UTC):%-d %b %Y}"


ROUTES = (
    Door("GET", "/statistics", _statistics, "reviewer"),
    Door("GET", "/reviewers", _reviewers, "manager"),
    Door("POST", "/reviewers/pause", _pause, "manager"),
    Door("POST", "/reviewers/reinstate", _reinstate, "manager"),
    Door("POST", "/reviewers/grant", _grant, "manager"),
    Door("POST", "/reviewers/revoke", _revoke, "manager"),
)
