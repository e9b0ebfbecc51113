"""The review page's server: its rooms put together behind one guard, on this machine only."""

import socket
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from outcross.data.review.accounts import Accounts
from outcross.data.review.queue import Queue
from outcross.errors import InputError
from outcross.review import desk, entrance, manage
from outcross.review.cookies import Cookies
from outcross.review.guard import Guard
from outcross.review.pages import HERE
from outcross.review.refusals import explain

HOST = "127.0.0.1"
"""Nothing is encrypted, so no other machine is answered; `ssh -L` reaches the page from elsewhere."""

ROUTES = (*desk.ROUTES, *manage.ROUTES, *entrance.ROUTES)
"""Every route of every room, in the order of the menu."""


def create_app(queue: Queue, *, recipe: str | None = None) -> FastAPI:
    """Make the page's ASGI application.

    Args:
        queue: where items come from and decisions go; its file holds the accounts too.
        recipe: show only this recipe's items; all where None.
    """
    accounts, cookies = Accounts.beside(queue), Cookies(queue.path)
    app = FastAPI(title="Outcross review", openapi_url=None, docs_url=None, redoc_url=None)
    app.state.queue = queue
    app.state.accounts = accounts
    app.state.cookies = cookies
    app.state.recipe = recipe
    app.state.doors = ROUTES
    app.add_middleware(Guard, accounts=accounts, cookies=cookies, doors=ROUTES)
    explain(app)
    for door in ROUTES:
        app.add_api_route(door.path, door.endpoint, methods=[door.method])
    app.mount("/static", StaticFiles(directory=HERE / "static"))
    return app


def serve(
    queue: Queue,
    *,
    port: int = 8787,
    recipe: str | None = None,
    announce: Callable[[str], object] = print,
) -> None:
    """Serve the page on this machine until interrupted.

    Args:
        port: 1 to 65535, or 0 for any free one.
        announce: gets the address to open once the port is open.

    Raises:
        InputError: the port is taken.
    """
    app = create_app(queue, recipe=recipe)
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise InputError(
            f"port {port} of {HOST} can't be used: {error.strerror}. Choose another; or, if the page is served there "
            "already, let `outcross invite NAME` print a link for it."
        ) from error
    with listener:
        announce(f"http://{HOST}:{listener.getsockname()[1]}/")
        # No access log: it would hold the tokens of one-time links.
        config = uvicorn.Config(app, access_log=False, log_level="warning", server_header=False)
        uvicorn.Server(config).run(sockets=[listener])
