"""The review page's two cookies: one holds a session, the other ties a form to a visitor who has none yet."""

from hashlib import sha256
from pathlib import Path

from starlette.responses import Response


class Cookies:
    """Their names, which differ from home to home: ports share cookies, and two homes may be served at once."""

    def __init__(self, home: Path) -> None:
        self.session = f"__Host-outcross-{sha256(str(home.absolute()).encode()).hexdigest()[:8]}"
        self.visitor = f"{self.session}-visitor"

    def greet(self, response: Response, visitor: str) -> None:
        """Tie the forms of a visitor's page to the browser that gets it."""
        _set(response, self.visitor, visitor)

    def admit(self, response: Response, session: str) -> Response:
        """Give the browser its session, in place of any other."""
        _set(response, self.session, session)
        _set(response, self.visitor, "", 0)
        return response

    def dismiss(self, response: Response) -> Response:
        """Take the session away."""
        _set(response, self.session, "", 0)
        return response


def csrf(secret: str) -> str:
    """What a change must bring along to prove that it comes from a page that we gave to the cookie's holder."""
    return sha256(b"csrf " + secret.encode("utf-8", "replace")).hexdigest()


def _set(response: Response, name: str, value: str, max_age: int | None = None) -> None:
    """Set a cookie that ends with the browser, or at once where `max_age` is 0.

    Browsers take a secure one from http on a loopback address too. No other host is sent one named `__Host-`, or can
    set it; what listens on another port of this one can do both.
    """
    response.set_cookie(name, value, max_age=max_age, path="/", secure=True, httponly=True, samesite="strict")
