"""What several files of commands share: options, the check for an extra, and who types."""

import getpass
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from outcross.errors import InputError

RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or the path of its TOML file.")]
HomeFolder = Annotated[
    Path | None, typer.Option("--home", help="The folder of the stores.", show_default="$OUTCROSS_HOME or .outcross")
]
Count = Annotated[int | None, typer.Option(min=0, help="Drafts wanted in all.", show_default="the recipe's own number")]


def needs(module: str, extra: str) -> None:
    """Refuse a command whose extra isn't installed.

    Raises:
        InputError: names what to install.
    """
    if find_spec(module) is None:
        raise InputError(f"this command needs {module}, which isn't installed: pip install 'outcross[{extra}]'.")


def me() -> str:
    """The name of whoever types the command; made from their number where the system has none, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user-{os.getuid()}"
