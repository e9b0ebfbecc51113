"""The door of the review page: who gets in, what may change something, and the headers on every answer."""

import logging
import secrets
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from outcross.data.review.people import Account
from outcross.review.refusals import answer

log = logging.getLogger(__name__)

MAX_BODY = 2 * 1024 * 1024
"""Bytes of a request; the longest edit needs less."""

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})

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


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(frozen=True)
class Keys:
    """The secrets of one running server; they end with it."""

    link: str = field(default_factory=_secret, repr=False)
    """In the address that the server prints; it buys the session cookie."""
    session: str = field(default_factory=_secret, repr=False)
    csrf: str = field(default_factory=_secret, repr=False)
    cookie: str = field(default_factory=lambda: f"outcross-{secrets.token_hex(4)}")
    """The cookie's name, so that two servers on one machine don't log each other out."""


class Guard:
    """ASGI middleware that lets only this page drive this server, and seals every answer."""

    def __init__(self, app: ASGIApp, keys: Keys, account: Account) -> None:
        self.app = app
        self.account = account
        self.keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, admit, or pass on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sealed(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
            await send(message)

        request = Request(scope)
        request.state.account = self.account
        request.state.csrf = self.keys.csrf
        try:
            await (self._stop(request) or self.app)(scope, receive, sealed)
        except Exception:
            log.exception("the review page failed at %s", scope["path"])
            if begun:
                raise
            sorry = answer(request, 500, "Something broke in Outcross; the server's log says what. Nothing was saved.")
            await sorry(scope, receive, sealed)

    def _stop(self, request: Request) -> Response | None:
        """The answer to a request that may go no further, None for one that may."""
        path = request.scope["path"]
        if _hostname(request.headers.get("host", "")) not in LOOPBACK:
            return answer(request, 403, "This page answers on this machine only: open it by 127.0.0.1.")
        if path == "/" and "key" in request.query_params:
            return self._admit(request)
        if path.startswith("/static/") and request.method in {"GET", "HEAD"}:
            return None
        if not _same(request.cookies.get(self.keys.cookie, ""), self.keys.session):
            return answer(
                request, 403, "Open the address that `outcross review` printed: it holds the key to this page."
            )
        return None if request.method in {"GET", "HEAD"} else self._stop_change(request)

    def _admit(self, request: Request) -> Response:
        if not _same(request.query_params["key"], self.keys.link):
            return answer(request, 403, "That key is not this server's: open the address that it printed last.")
        response = RedirectResponse("/", 303)
        response.set_cookie(self.keys.cookie, self.keys.session, httponly=True, samesite="strict")
        return response

    def _stop_change(self, request: Request) -> Response | None:
        """The same for a request that could change something: it must come from our own script."""
        if request.headers.get("sec-fetch-site") != "same-origin":
            return answer(request, 403, "This request did not come from the review page.")
        if not _same(request.headers.get("x-csrf-token", ""), self.keys.csrf):
            return answer(request, 403, "The server was started anew since this page was loaded: load it again.")
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return answer(request, 415, "Send JSON.")
        length = request.headers.get("content-length", "")
        if not length.isdecimal():
            return answer(request, 411, "Say how long the request is.")
        if int(length) > MAX_BODY:
            return answer(request, 413, f"The text is too long: {MAX_BODY:,} bytes are taken.")
        return None


def _hostname(host: str) -> str:
    """The name in a Host header, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


def _same(given: str, expected: str) -> bool:
    return secrets.compare_digest(given.encode("utf-8", "replace"), expected.encode())
