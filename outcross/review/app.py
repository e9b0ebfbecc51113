"""The review page: one reviewer, one item at a time, everything decided by the queue."""

import getpass
import ipaddress
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Annotated, Any

import uvicorn
from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

from outcross.data.review.claims import LEASE
from outcross.data.review.items import MAX_DRAFT, Claim, Ruling, SkipReason
from outcross.data.review.queue import Queue
from outcross.data.samples import Prose, Record
from outcross.errors import ClaimLost, InputError, OutcrossError, ReviewError, StoreBusy
from outcross.review.guard import Guard, Keys, answer
from outcross.review.pages import HERE, render
from outcross.review.screen import screen


@dataclass(frozen=True)
class Desk:
    """Where one reviewer sits: the queue, the name, the recipe (None for all)."""

    queue: Queue
    reviewer: str
    recipe: str | None
    keys: Keys


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


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(_desk)]


def create_app(queue: Queue, reviewer: str | None = None, *, recipe: str | None = None) -> FastAPI:
    """Make the page's ASGI application.

    Args:
        queue: where items come from and decisions go; the reviewer is added to it where unknown.
        reviewer: whose page it is; the login name where None.
        recipe: show only this recipe's items; all where None.

    Returns:
        The application; `app.state.desk.keys.link` is the key that its address needs (`/?key=…`).
    """
    desk = Desk(queue, reviewer or getpass.getuser(), recipe, Keys())
    queue.add_reviewer(desk.reviewer)
    app = FastAPI(title="Outcross review", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.desk = desk
    app.add_middleware(Guard, keys=desk.keys)
    app.add_exception_handler(HTTPException, _on_http_error)
    app.add_exception_handler(RequestValidationError, _on_malformed)
    app.add_exception_handler(OutcrossError, _on_refusal)
    app.add_api_route("/", _page, methods=["GET"])
    for path, endpoint in ENDPOINTS.items():
        app.add_api_route(path, endpoint, methods=["POST"])
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return app


def serve(
    queue: Queue,
    *,
    host: str = "127.0.0.1",
    port: int = 8787,
    reviewer: str | None = None,
    recipe: str | None = None,
    announce: Callable[[str], object] = print,
) -> None:
    """Serve the page on this machine until interrupted.

    Args:
        host: a loopback address.
        port: 1 to 65535, or 0 for any free one.
        announce: gets the address to open, key included, once the port is open.

    Raises:
        InputError: the host isn't a loopback address, or the port is taken.
    """
    if not _is_loopback(host):
        raise InputError(
            f"the review page has no accounts, so it answers on this machine only and not on {host}. "
            "Use 127.0.0.1, and `ssh -L` to reach it from elsewhere."
        )
    app = create_app(queue, reviewer, recipe=recipe)
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family)
    except OSError as error:
        raise InputError(f"port {port} of {host} can't be used: {error.strerror}. Choose another.") from error
    with listener:
        shown = f"[{host}]" if ":" in host else host
        announce(f"http://{shown}:{listener.getsockname()[1]}/?key={app.state.desk.keys.link}")
        # No access log: it would hold the key.
        config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False)
        uvicorn.Server(config).run(sockets=[listener])


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


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


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101  # registered for it alone
    said = {404: "There is no such page.", 405: "This address doesn't take that kind of request."}
    response = answer(request, error.status_code, said.get(error.status_code, error.detail))
    response.headers.update(error.headers or {})
    return response


async def _on_malformed(request: Request, error: Exception) -> Response:
    """Say what is wrong with a request, without echoing what it held."""
    assert isinstance(error, RequestValidationError)  # noqa: S101  # registered for it alone
    faults = (f"{fault['loc'][-1]}: {fault['msg'].removeprefix('Value error, ')}" for fault in error.errors())
    return answer(request, 422, "; ".join(faults))


async def _on_refusal(request: Request, error: Exception) -> Response:
    statuses: dict[type[Exception], int] = {ClaimLost: 409, StoreBusy: 503, ReviewError: 422}
    return answer(request, statuses.get(type(error), 500), str(error))


ENDPOINTS: dict[str, Callable[..., Any]] = {
    "/claim": _claim,
    "/decide": _decide,
    "/skip": _skip,
    "/draft": _draft,
    "/heartbeat": _heartbeat,
}
