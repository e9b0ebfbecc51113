"""The guard of the review page: who gets in, what may change something, and the headers on every answer."""

import logging
import secrets
from asyncio import Semaphore
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager, nullcontext
from traceback import format_tb
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outcross.data.review.accounts import Accounts
from outcross.errors import OutcrossError
from outcross.review.cookies import Cookies, csrf
from outcross.review.doors import Door
from outcross.review.refusals import answer, refusal, wants_page

log = logging.getLogger(__name__)

TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
LIMITS = {"json": 2 * 1024 * 1024, "form": 16 * 1024}
"""Bytes of a request: the longest edit needs less, and a form holds a few short fields."""

AT_ONCE = 4
"""Requests of one person that are worked on at a time; more wait, so that nobody keeps the server from the rest."""

FILES = "/static/"

LOOPBACK = frozenset({"127.0.0.1", "localhost"})

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-DNS-Prefetch-Control": "off",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
"""On every answer, errors and files included."""


class Guard:
    """ASGI middleware that finds out who asks, lets nobody through a door that isn't theirs, and seals every answer.

    What it found is in `request.state`: `account` (None for a visitor), `csrf` (what a form of the answer must
    carry), and, at a door that takes one, `form`.
    """

    def __init__(self, app: ASGIApp, accounts: Accounts, cookies: Cookies, doors: Iterable[Door]) -> None:
        self.app = app
        self.accounts = accounts
        self.cookies = cookies
        self.doors = [(compile_path(door.path)[0], door) for door in doors]
        self.turns: defaultdict[str, Semaphore] = defaultdict(lambda: Semaphore(AT_ONCE))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, admit, or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False
        request = Request(scope, receive)

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        try:
            passed_on = await self._stop(request) or self.app
            async with self._turn(request):
                await passed_on(scope, receive, sealed)
        except Exception as error:
            if begun:
                raise
            if isinstance(error, OutcrossError):
                sorry = refusal(request, error)
            else:
                log.error("the review page failed at %s: %s", scope["path"], _where(error))
                sorry = answer(
                    request, 500, "Something broke in Outcross; the server's log says what. Nothing was saved."
                )
            await sorry(scope, receive, sealed)

    async def _stop(self, request: Request) -> Response | None:
        """The answer to a request that may go no further, None for one that may."""
        reading = request.method in {"GET", "HEAD"}
        if request.headers.get("host", "").partition(":")[0].lower() not in LOOPBACK:
            return answer(request, 403, "This page answers on this machine only: open it by 127.0.0.1.")
        if reading and request.scope["path"].startswith(FILES):
            return None
        if not reading and request.headers.get("sec-fetch-site") != "same-origin":
            return answer(request, 403, "This request did not come from the review page.")
        await self._recognise(request)
        door = self._door("GET" if reading else request.method, request.scope["path"])
        if refused := _stop_person(request, door):
            return refused
        return None if reading else await _stop_change(request, door.takes if door else "json")

    async def _recognise(self, request: Request) -> None:
        """Note whose session the request brings along, and what its forms must carry."""
        session = request.cookies.get(self.cookies.session, "")
        account = await run_in_threadpool(self.accounts.account, session) if session else None
        visitor = request.cookies.get(self.cookies.visitor) or secrets.token_urlsafe(32)
        request.state.account = account
        request.state.session = session
        request.state.visitor = visitor
        request.state.csrf = csrf(session if account else visitor)

    def _turn(self, request: Request) -> AbstractAsyncContextManager[None]:
        """What a request must enter, one of few of the same person at a time; visitors are one person."""
        if request.scope["path"].startswith(FILES):
            return nullcontext()
        account = getattr(request.state, "account", None)
        return self.turns[account.name if account else ""]

    def _door(self, method: str, path: str) -> Door | None:
        return next((door for known, door in self.doors if door.method == method and known.match(path)), None)


def _stop_person(request: Request, door: Door | None) -> Response | None:
    """Turn away who may not use this door; what is no door is for people with a session alone."""
    account = request.state.account
    least = door.least if door else "reviewer"
    if least is None:
        return None
    if account is None:
        if wants_page(request):
            return RedirectResponse("/sign-in", 303)
        return answer(request, 401, "You are signed out: load the page again, and sign in.")
    if not account.may(least):
        return answer(request, 403, f"Your account doesn't go that far: this is for {least}s.")
    return None


async def _stop_change(request: Request, takes: str) -> Response | None:
    """Turn away what could change something and doesn't come from a page that we gave to the same person."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != TYPES[takes]:
        return answer(request, 415, "Send JSON." if takes == "json" else "Send a form.")
    length = request.headers.get("content-length", "")
    # A length beside chunks is not what ends the body.
    if not length.isdecimal() or "transfer-encoding" in request.headers:
        return answer(request, 411, "Say how long the request is.")
    if int(length) > LIMITS[takes]:
        return answer(request, 413, f"The text is too long: {LIMITS[takes]:,} bytes are taken.")
    if takes == "form":
        text = (await request.body()).decode("utf-8", "replace")
        request.state.form = dict(parse_qsl(text, keep_blank_values=True))
    given = request.headers.get("x-csrf-token", "") if takes == "json" else request.state.form.get("csrf", "")
    if not secrets.compare_digest(given.encode("utf-8", "replace"), request.state.csrf.encode()):
        return answer(request, 403, "This page is out of date, because you signed in or out since: load it again.")
    return None


def _where(error: Exception) -> str:
    """What kind of failure, and the way to it; its message may quote a text, which belongs in no log."""
    return f"{type(error).__name__}\n{''.join(format_tb(error.__traceback__))}"
