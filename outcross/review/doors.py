"""What the rooms of the review page declare of their routes, and what each request brings along."""

from collections.abc import Callable
from typing import Annotated, Any, Literal, NamedTuple

from fastapi import Depends, Request

from outcross.data.review.items import Role
from outcross.data.review.people import Account
from outcross.data.review.queue import Queue


class Door(NamedTuple):
    """One route, and the least role that may use it."""

    method: Literal["GET", "POST"]
    path: str
    endpoint: Callable[..., Any]
    least: Role


def _me(request: Request) -> Account:
    account: Account = request.state.account
    return account


def _queue(request: Request) -> Queue:
    queue: Queue = request.app.state.queue
    return queue


Me = Annotated[Account, Depends(_me)]
"""Who asks; the guard found out."""
TheQueue = Annotated[Queue, Depends(_queue)]
