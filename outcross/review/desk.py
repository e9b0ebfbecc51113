"""The reviewer's desk: one item at a time and the next one ready, everything decided by the queue."""

import math
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from outcross.data.review.answers import Ruling
from outcross.data.review.claims import LEASE
from outcross.data.review.gold import LOCKED, PASS, QUALIFYING
from outcross.data.review.items import MAX_DRAFT, Claim, Desk, SkipReason
from outcross.data.review.people import Account
from outcross.data.review.queue import MAX_NOTE, Queue
from outcross.data.samples import Prose, Record
from outcross.errors import ReviewError
from outcross.review.doors import Door, Me, TheQueue, show
from outcross.review.pages import render
from outcross.review.rivals import spoken
from outcross.review.screen import screen
from outcross.review.worddiff import diff

GRACE = 10.0
"""Seconds in which a decision can be taken back as if it had never been."""


@dataclass(frozen=True)
class Seat:
    """Who sits here: the queue, the account, the recipe (None for all)."""

    queue: Queue
    account: Account
    recipe: str | None

    @property
    def reviewer(self) -> str:
        return self.account.name

    def today(self) -> int:
        """How many items they have decided since midnight, by this machine's clock."""
        midnight = datetime.combine(datetime.now().astimezone().date(), time.min).timestamp()
        return self.queue.decided_since(self.reviewer, midnight)


class Asked(Record):
    """The page wants items; of those that it has already only the clock is told."""

    desk: Desk = "review"
    have: tuple[str, ...] = Field(default=(), max_length=4)


class Held(Record):
    """A request about a claim that the page holds."""

    token: Prose


class Skipped(Held):
    """The reviewer passes the item on."""

    reason: SkipReason


class Saved(Held):
    """The reviewer's text so far."""

    rev: int = Field(ge=0, lt=2**53)
    body: Annotated[Prose, Field(max_length=MAX_DRAFT)]


class Decided(Held, Asked):
    """The reviewer has decided, and goes on."""

    ruling: Ruling


class Compared(Held):
    """A text in work, to be set against the one that it corrects."""

    unit: int = Field(ge=0)
    text: Prose


class Noted(Held):
    """A remark on the guideline, or on a known answer."""

    note: Annotated[Prose, Field(max_length=MAX_NOTE)]


def _seat(request: Request, queue: TheQueue, me: Me) -> Seat:
    return Seat(queue, me, request.app.state.recipe)


At = Annotated[Seat, Depends(_seat)]


def _page(request: Request, seat: At) -> Response:
    """The frame alone: reading it claims nothing."""
    return show(request, "page.html", recipe=seat.recipe, desk="review")


def _training(request: Request, seat: At) -> Response:
    return show(request, "page.html", recipe=seat.recipe, desk="training")


def _adjudicate(request: Request, seat: At) -> Response:
    return show(request, "page.html", recipe=seat.recipe, desk="adjudication")


def _claim(sent: Asked, seat: At) -> dict[str, Any]:
    return _ahead(sent, seat)


def _ahead(sent: Asked, seat: Seat) -> dict[str, Any]:
    """The item to judge and the next one; `end` is what to show where there is none, or nothing may be judged."""
    held: list[Claim] = []
    refusal: ReviewError | None = None
    try:
        held = seat.queue.lease(seat.reviewer, seat.recipe, desk=sent.desk)
    except ReviewError as error:
        refusal = error
    today, end = seat.today(), None
    if not held:
        facts = {"today": today, "counts": seat.queue.counts(seat.recipe), "account": seat.account}
        end = render("end.html", **facts, desk=sent.desk, refusal=refusal)
    return {"items": [_visible(claim, have=sent.have) for claim in held], "today": today, "end": end}


def _visible(claim: Claim, have: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the browser is told of a claim: nothing of who wrote it, why it was drawn, or what others thought."""
    clock = {"token": claim.token, "seconds": claim.seconds}
    if claim.token in have:
        return clock
    sheet = screen(claim.shown, swapped=claim.swapped, rivals=claim.rivals)
    before = claim.before and spoken(claim.before, claim.swapped)
    return clock | {
        "item": claim.item,
        "recipe": claim.recipe,
        "kind": claim.shown.content.kind,
        "stage": claim.stage,
        "shown_hash": claim.shown_hash,
        "html": render("item.html", screen=sheet),
        "units": claim.units,
        "per_step": claim.policy.steps == "per_step",
        "guideline": claim.policy.version if claim.policy.guideline else None,
        "rivals": [rival.answer.model_dump(mode="json") for rival in sheet.rivals],
        "draft": claim.draft and {"rev": claim.draft.rev, "body": claim.draft.body},
        "before": before and before.model_dump(mode="json"),
        "revises": claim.revises,
    }


def _decide(sent: Decided, seat: At) -> dict[str, Any]:
    """Take the decision, and say what comes: the next items, or first the feedback or the look behind the scenes."""
    decision = seat.queue.submit(sent.token, seat.reviewer, sent.ruling, grace=GRACE)
    answer = _ahead(sent, seat) | {"grace": 0 if decision else GRACE, "feedback": None, "look": None}
    given = decision and spoken(decision, decision.swapped)
    if decision and decision.stage == "training":
        feedback = seat.queue.feedback(sent.token, seat.reviewer)
        known = spoken(feedback.known, decision.swapped)
        passing = {"of": QUALIFYING, "enough": math.ceil(PASS * QUALIFYING), "locked": LOCKED}
        answer["feedback"] = render("feedback.html", feedback=feedback, given=given, known=known, **passing)
    elif decision and not decision.revealed and (shown := seat.queue.reveal(sent.token, seat.reviewer)):
        answer["look"] = render("look.html", shown=shown, given=given)
    return answer


def _undo(sent: Held, seat: At) -> dict[str, Any]:
    return {"item": _visible(seat.queue.undo(sent.token, seat.reviewer)), "today": seat.today()}


def _skip(sent: Skipped, seat: At) -> dict[str, str]:
    seat.queue.skip(sent.token, seat.reviewer, sent.reason)
    return {"skipped": sent.reason}


def _draft(sent: Saved, seat: At) -> dict[str, int]:
    seat.queue.save_draft(sent.token, seat.reviewer, sent.rev, sent.body)
    return {"rev": sent.rev}


def _heartbeat(sent: Held, seat: At) -> dict[str, float]:
    seat.queue.heartbeat(sent.token, seat.reviewer)
    return {"seconds": LEASE}


def _diff(sent: Compared, seat: At) -> dict[str, str]:
    """How a correction differs from what it corrects; the reviewer's own claim alone."""
    units = seat.queue.held(sent.token, seat.reviewer).units
    text = units[sent.unit] if sent.unit < len(units) else None
    if text is None:
        raise ReviewError(f"there is no text {sent.unit} to correct in this item.")
    return {"html": render("diff.html", diff=diff(text, sent.text))}


def _flag(sent: Noted, seat: At) -> dict[str, bool]:
    seat.queue.flag_gap(sent.token, seat.reviewer, sent.note)
    return {"flagged": True}


def _dispute(sent: Noted, seat: At) -> dict[str, bool]:
    seat.queue.dispute(sent.token, seat.reviewer, sent.note)
    return {"disputed": True}


def _guideline(sent: Held, seat: At) -> dict[str, str]:
    policy = seat.queue.held(sent.token, seat.reviewer).policy
    return {"html": render("guideline.html", policy=policy)}


ROUTES = (
    Door("GET", "/", _page, "reviewer", menu="Review"),
    Door("GET", "/training", _training, "reviewer", menu="Training"),
    Door("GET", "/adjudicate", _adjudicate, "adjudicator", menu="Adjudicate"),
    Door("POST", "/claim", _claim, "reviewer"),
    Door("POST", "/decide", _decide, "reviewer"),
    Door("POST", "/undo", _undo, "reviewer"),
    Door("POST", "/skip", _skip, "reviewer"),
    Door("POST", "/draft", _draft, "reviewer"),
    Door("POST", "/heartbeat", _heartbeat, "reviewer"),
    Door("POST", "/diff", _diff, "reviewer"),
    Door("POST", "/flag", _flag, "reviewer"),
    Door("POST", "/dispute", _dispute, "reviewer"),
    Door("POST", "/guideline", _guideline, "reviewer"),
)
