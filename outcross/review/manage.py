"""The managers' pages: all figures of the queue, and who reviews. A reviewer sees their own figures alone."""

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, HTTPException, Request
from starlette.responses import RedirectResponse, Response

from outcross.data.review.judgements import Frames, Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.review.roster import Roster
from outcross.errors import ReviewError
from outcross.review import plots
from outcross.review.audits import PROMISE
from outcross.review.backlog import DAY, HOUR
from outcross.review.doors import Door, Form, Me, TheQueue, show
from outcross.review.persons import FASTEST, NONE, Person, grades, persons
from outcross.review.statistics import Statistics, Team, own, statistics, team
from outcross.settings import from_environment

TESTS = {"open": "goes on", "clear": "cleared", "pause": "below"}
"""What the sequential test says, in a word."""


def _management(queue: TheQueue) -> Management:
    return Management.beside(queue)


TheManagement = Annotated[Management, Depends(_management)]


def _statistics(request: Request, queue: TheQueue, me: Me, reviewer: str = "", recipe: str = "") -> Response:
    """All figures for managers, one reviewer's where a name is given; for everybody else their own."""
    chosen = request.app.state.recipe or recipe or None
    if not me.may("manager"):
        if reviewer not in ("", me.name):
            raise HTTPException(404)
        return _own(request, queue, me.name)
    frames = Records.beside(queue).frames(chosen)
    return _person(request, frames, reviewer, chosen) if reviewer else _all(request, frames, queue, chosen)


def _all(request: Request, frames: Frames, queue: Queue, recipe: str | None) -> Response:
    now = queue._now()
    figures = statistics(frames, queue.counts(recipe), now, from_environment().hourly_rate)
    recipes = Records.beside(queue).recipes()
    values = {"figures": figures, "recipe": recipe, "recipes": recipes, "tests": TESTS, "fastest": FASTEST}
    return show(request, "statistics.html", **values, **_scales(figures), age=age, promise=PROMISE)


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


def _own(request: Request, queue: Queue, name: str) -> Response:
    now = queue._now()
    person, middle = own(Records.beside(queue), name, now)
    if person is None:
        raise HTTPException(404)
    midnight = datetime.fromtimestamp(now // DAY * DAY, UTC)
    return _figures(request, person, middle, own=True, as_of=f"{midnight:%-d %B %Y}", recipe=None)


def _person(request: Request, frames: Frames, name: str, recipe: str | None) -> Response:
    people = persons(frames)
    person = next((person for person in people if person.name == name), None)
    if person is None:
        raise HTTPException(404)
    return _figures(request, person, team(people), own=False, as_of="", recipe=recipe)


def _figures(request: Request, person: Person, middle: Team, **more: object) -> Response:
    pace = plots.upto([person.seconds.high] if person.seconds else [])
    return show(request, "person.html", person=person, middle=middle, pace=pace, unit=plots.UNIT, **more)


def _reviewers(request: Request, queue: TheQueue) -> Response:
    roster = Roster.beside(queue)
    figures = {"gold": grades(Records.beside(queue).frames().grades), "nothing": NONE}
    remarks = {"missed": roster.missed(), "disputes": roster.disputes(), "gaps": roster.gaps()}
    return show(
        request, "reviewers.html", members=roster.members(), wanted=roster.wanted(), **figures, **remarks, day=day
    )


def _pause(form: Form, management: TheManagement) -> Response:
    management.pause(form.get("name", ""))
    return _back()


def _reinstate(form: Form, management: TheManagement) -> Response:
    management.reinstate(form.get("name", ""))
    return _back()


def _grant(form: Form, management: TheManagement, queue: TheQueue) -> Response:
    name, skill, recipe = _skilled(form)
    roster = Roster.beside(queue)
    if name not in {member.name for member in roster.members()}:
        raise ReviewError(f"nobody here is called {name!r}.")
    if (recipe, skill) not in roster.wanted():
        raise ReviewError(f"no item of {recipe!r} asks for the skill {skill!r}.")
    management.grant_skill(name, recipe, skill)
    return _back()


def _revoke(form: Form, management: TheManagement) -> Response:
    name, skill, recipe = _skilled(form)
    management.revoke_skill(name, recipe, skill)
    return _back()


def _retire(form: Form, management: TheManagement, me: Me) -> Response:
    management.retire_gold(form.get("item", ""), by=me.name)
    return _back()


def _back() -> Response:
    """Show the reviewers as they are now."""
    return RedirectResponse("/reviewers", 303)


def _skilled(form: dict[str, str]) -> tuple[str, str, str]:
    """A name, and the skill and the recipe that one field holds; a skill has no space."""
    skill, _, recipe = form.get("skill", "").partition(" ")
    return form.get("name", ""), skill, recipe


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
    Door("GET", "/statistics", _statistics, "reviewer", menu="Statistics"),
    Door("GET", "/reviewers", _reviewers, "manager", menu="Reviewers"),
    Door("POST", "/reviewers/pause", _pause, "manager", takes="form"),
    Door("POST", "/reviewers/reinstate", _reinstate, "manager", takes="form"),
    Door("POST", "/reviewers/grant", _grant, "manager", takes="form"),
    Door("POST", "/reviewers/revoke", _revoke, "manager", takes="form"),
    Door("POST", "/reviewers/retire", _retire, "manager", takes="form"),
)
