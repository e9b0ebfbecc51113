"""The entrance of the review page: signing in and out, invitations, and one's own account. No page needs a script."""

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from outcross.data.review.accounts import WRONG
from outcross.errors import NotAdmitted, ReviewError
from outcross.review import passwords
from outcross.review.doors import Door, Form, Me, TheAccounts, TheCookies, show
from outcross.review.refusals import status_of


def _sign_in_page(request: Request) -> Response:
    if request.state.account:
        return RedirectResponse("/", 303)
    return show(request, "sign_in.html", name="", error="")


def _sign_in(request: Request, form: Form, accounts: TheAccounts, cookies: TheCookies) -> Response:
    name = form.get("name", "").strip()
    try:
        kept = accounts.attempt(name)
        if not passwords.right(form.get("password", ""), kept) or kept is None:
            raise NotAdmitted(WRONG)
        session = accounts.sign_in(name, kept)
    except ReviewError as error:
        return show(request, "sign_in.html", status_of(error), name=name, error=str(error))
    return _let_in(request, session, accounts, cookies)


def _enter_page(request: Request, accounts: TheAccounts, token: str = "") -> Response:
    """Say what the link is good for; only its form uses it up."""
    return show(request, "enter.html", token=token, invitation=accounts.invitation(token), error="")


def _enter(request: Request, form: Form, accounts: TheAccounts, cookies: TheCookies) -> Response:
    token = form.get("token", "")
    invitation = accounts.invitation(token)
    try:
        chosen = passwords.hashed(_chosen(form), invitation.name) if invitation.purpose == "join" else None
    except ReviewError as error:
        return show(request, "enter.html", status_of(error), token=token, invitation=invitation, error=str(error))
    return _let_in(request, accounts.accept(token, chosen), accounts, cookies)


def _let_in(request: Request, session: str, accounts: TheAccounts, cookies: TheCookies) -> Response:
    """Begin a session under an id that nobody can have known, and end the one that was there."""
    accounts.sign_out(request.state.session)
    return cookies.admit(RedirectResponse("/", 303), session)


def _sign_out(request: Request, accounts: TheAccounts, cookies: TheCookies) -> Response:
    accounts.sign_out(request.state.session)
    return cookies.dismiss(RedirectResponse("/signed-out", 303))


def _signed_out(request: Request) -> Response:
    if request.state.account:
        return RedirectResponse("/", 303)
    return show(request, "signed_out.html")


def _account_page(request: Request, me: Me, accounts: TheAccounts, changed: bool = False) -> Response:
    return _account(request, me, accounts, said="Your password is changed." if changed else "")


def _account(
    request: Request, me: Me, accounts: TheAccounts, status: int = 200, *, said: str = "", error: str = ""
) -> Response:
    return show(request, "account.html", status, password=accounts.has_password(me.name), said=said, error=error)


def _change_password(request: Request, form: Form, me: Me, accounts: TheAccounts, cookies: TheCookies) -> Response:
    """Change it for somebody who knows the present one, or has none yet."""
    try:
        chosen = passwords.hashed(_chosen(form), me.name)
        if accounts.has_password(me.name) and not passwords.right(form.get("now", ""), accounts.attempt(me.name)):
            raise NotAdmitted("That is not your present password.")
        session = accounts.change_password(me.name, chosen)
    except ReviewError as error:
        return _account(request, me, accounts, status_of(error), error=str(error))
    return cookies.admit(RedirectResponse("/account?changed=1", 303), session)


def _chosen(form: dict[str, str]) -> str:
    """The password that was typed twice.

    Raises:
        ReviewError: it was typed in two ways.
    """
    if form.get("password") != form.get("again"):
        raise ReviewError("You typed two different passwords: type the same one twice.")
    return form.get("password", "")


ROUTES = (
    Door("GET", "/sign-in", _sign_in_page, None),
    Door("POST", "/sign-in", _sign_in, None, takes="form"),
    Door("GET", "/enter", _enter_page, None),
    Door("POST", "/enter", _enter, None, takes="form"),
    Door("GET", "/signed-out", _signed_out, None),
    Door("POST", "/sign-out", _sign_out, "reviewer", takes="form"),
    Door("GET", "/account", _account_page, "reviewer", menu="Your account"),
    Door("POST", "/account", _change_password, "reviewer", takes="form"),
)
