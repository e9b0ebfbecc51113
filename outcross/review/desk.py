"""The reviewer's desk: one item at a time, everything decided by the queue."""

from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import HTMLResponse

from outcross.data.review.claims import LEASE
from outcross.data.review.items import MAX_DRAFT, Claim, Ruling, SkipReason
from outcross.data.review.queue import Queue
from outcross.data.samples import Prose, Record
from outcross.review.doors import Door, Me, TheQueue
from outcross.review.pages import render
from outcross.review.screen import screen


@dataclass(frozen=True)
class Desk:
    """Where one reviewer sits: the queue, the name, the recipe (None for all), the token that changes need."""

    queue: Queue
    reviewer: str
    recipe: str | None
    csrf: str


class Held(Record):
    """A request about the claim that the page holds."""

    token: str


class Skipped(Held):
    """The reviewer passes the item on."""

    reason: SkipReason


class Saved(Held):
    """The reviewer's text so far."""

    rev: int = Field(ge=0)
    body: Annotated[Prose, Field(max_length=MAX_DRAFT)]


class Decided(Held):
    """The reviewer has decided."""

    ruling: Ruling


def _desk(request: Request, queue: TheQueue, me: Me) -> Desk:
    return Desk(queue, me.name, request.app.state.recipe, request.state.csrf)


At = Annotated[Desk, Depends(_desk)]


def _page(desk: At) -> HTMLResponse:
    """The frame alone: reading it claims nothing."""
    return HTMLResponse(render("page.html", desk=desk))


def _claim(desk: At) -> dict[str, Any]:
    """The next item, or the one that is held already."""
    claim = desk.queue.claim(desk.reviewer, desk.recipe)
    midnight = datetime.combine(datetime.now().astimezone().date(), time.min).timestamp()
    today = desk.queue.decided_since(desk.reviewer, midnight)
    if claim is None:
        counts = desk.queue.counts(desk.recipe)
        html = render("end.html", today=today, counts=counts)
        return {"html": html, "claim": None, "today": today}
    html = render("item.html", screen=screen(claim.shown), shown=claim.shown)
    return {"html": html, "claim": _visible(claim), "today": today}


def _visible(claim: Claim) -> dict[str, Any]:
    return {
        "token": claim.token,
        "item": claim.item,
        "recipe": claim.recipe,
        "shown_hash": claim.shown_hash,
        "seconds": claim.seconds,
        "editable": claim.shown.editable,
        "draft": claim.draft and {"rev": claim.draft.rev, "body": claim.draft.body},
    }


def _decide(sent: Decided, desk: At) -> dict[str, str]:
    decision = desk.queue.submit(sent.token, desk.reviewer, sent.ruling)
    return {"verdict": decision.verdict}


def _skip(sent: Skipped, desk: At) -> dict[str, str]:
    desk.queue.skip(sent.token, desk.reviewer, sent.reason)
    return {"skipped": sent.reason}


def _draft(sent: Saved, desk: At) -> dict[str, int]:
    desk.queue.save_draft(sent.token, desk.reviewer, sent.rev, sent.body)
    return {"rev": sent.rev}


def _heartbeat(sent: Held, desk: At) -> dict[str, float]:
    desk.queue.heartbeat(sent.token, desk.reviewer)
    return {"seconds": LEASE}


ROUTES = (
    Door("GET", "/", _page, "reviewer"),
    Door("POST", "/claim", _claim, "reviewer"),
    Door("POST", "/decide", _decide, "reviewer"),
    Door("POST", "/skip", _skip, "reviewer"),
    Door("POST", "/draft", _draft, "reviewer"),
    Door("POST", "/heartbeat", _heartbeat, "reviewer"),
)
