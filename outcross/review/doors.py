"""What the rooms of the review page declare of their routes, and what each request brings along."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Depends, Request
from starlette.responses import HTMLResponse

from outcross.data.review.accounts import Accounts
from outcross.data.review.items import Role
from outcross.data.review.people import Account
from outcross.data.review.queue import Queue
from outcross.review.cookies import Cookies
from outcross.review.pages import render


class Door(NamedTuple):
    """One route, and who may use it; the guard sees to that before anything else happens."""

    method: Literal["GET", "POST"]
    path: str
    endpoint: Callable[..., Any]
    least: Role | None
    """The least role; None for visitors too, who have no session."""
    takes: Literal["json", "form"] = "json"
    """What a POST sends: JSON from the script, or a form that works without it."""
    menu: str = ""
    """Its name in the menu of those who may use it."""


def _me(request: Request) -> Account:
    account: Account = request.state.account
    return account


def _queue(request: Request) -> Queue:
    queue: Queue = request.app.state.queue
    return queue


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def _cookies(request: Request) -> Cookies:
    cookies: Cookies = request.app.state.cookies
    return cookies


def _form(request: Request) -> dict[str, str]:
    form: dict[str, str] = request.state.form
    return form


Me = Annotated[Account, Depends(_me)]
"""Who asks, at a door that isn't for visitors."""
TheQueue = Annotated[Queue, Depends(_queue)]
TheAccounts = Annotated[Accounts, Depends(_accounts)]
TheCookies = Annotated[Cookies, Depends(_cookies)]
Form = Annotated[dict[str, str], Depends(_form)]
"""The fields of a form, where the door takes one."""


def show(request: Request, template: str, status: int = 200, /, **values: object) -> HTMLResponse:
    """A page: its template gets who asks (`account`, None for visitors), `csrf`, `menu`, `here` and the values."""
    account: Account | None = request.state.account
    doors: tuple[Door, ...] = request.app.state.doors
    menu = [door for door in doors if door.menu and door.least and account and account.may(door.least)]
    values |= {"account": account, "csrf": request.state.csrf, "menu": menu, "here": request.url.path}
    response = HTMLResponse(render(template, **values), status)
    if account is None:
        _cookies(request).greet(response, request.state.visitor)
    return response
