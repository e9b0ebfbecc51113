"""The commands of the review page: serving it, and who may use it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import reports
from outcross.data.review.accounts import Accounts
from outcross.data.review.items import Role
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.options import HomeFolder, me, needs
from outcross.settings import from_environment

app = typer.Typer()
console = Console()

Port = Annotated[int, typer.Option(min=0, max=65535, help="The page's port on this machine.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The name that stands beside their decisions.")]
RoleOf = Annotated[Role | None, typer.Option(help="What they may do; somebody new is a reviewer.", show_default=False)]


@app.command()
def review(
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Also print a link that signs this person in, without password.")
    ] = "",
    port: Port = 8787,
    home: HomeFolder = None,
) -> None:
    """Serve the review page on this machine: approve, edit or reject what the screen was unsure of."""
    needs("fastapi", "review")
    needs("argon2", "review")
    from outcross.review.app import serve

    place = _home(home)

    def announce(address: str) -> None:
        _say(f"The review page is at {address}, on this machine only. Ctrl-C ends it.")
        if name:
            token = _accounts(place).sign_in_by_link(name)
            _say(f"{name} signs in here, once, within 15 minutes: {address}enter?token={token}")

    serve(Queue(place.queue), port=port, announce=announce)


@app.command()
def invite(name: Name, role: RoleOf = None, port: Port = 8787, home: HomeFolder = None) -> None:
    """Print a link with which somebody chooses a password for the review page; it works once, for 7 days."""
    token = _accounts(_home(home)).invite(name, role, by=_me())
    # Not where a script that takes the link looks.
    typer.echo(f"{name} chooses a password here, once, within 7 days, while `outcross review` runs:", err=True)
    _say(f"http://127.0.0.1:{port}/enter?token={token}")


@app.command()
def reviewers(
    name: Annotated[str, typer.Argument(metavar="[NAME]", help="Whose account to change.", show_default=False)] = "",
    role: RoleOf = None,
    active: Annotated[
        bool | None, typer.Option("--active/--inactive", help="Let them in, or keep them out at once.")
    ] = None,
    home: HomeFolder = None,
) -> None:
    """List who may use the review page; with a name and an option, change what they may do."""
    if not name and (role is not None or active is not None):
        raise InputError("--role, --active and --inactive change one account: name it.")
    accounts = _accounts(_home(home))
    if role is not None:
        accounts.set_role(name, role, by=_me())
    if active is not None:
        accounts.set_active(name, active=active, by=_me())
    reports.people(console, accounts.everybody())


def _home(given: Path | None) -> Home:
    place = Home(given or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    return place


def _accounts(home: Home) -> Accounts:
    return Accounts(home.queue)


def _me() -> str:
    """Who changes accounts, as the log names them."""
    return f"{me()} at the command line"


def _say(line: str) -> None:
    """Print a line as it is: a link must not be broken."""
    console.print(line, soft_wrap=True, markup=False, highlight=False)
