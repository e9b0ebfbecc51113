"""What several files of commands share: the option that names the home, and the check for an extra."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from outcross.errors import InputError

HomeFolder = Annotated[
    Path | None, typer.Option("--home", help="The folder of the stores.", show_default="$OUTCROSS_HOME or .outcross")
]


def needs(module: str, extra: str) -> None:
    """Refuse a command whose extra isn't installed.

    Raises:
        InputError: names what to install.
    """
    if find_spec(module) is None:
        raise InputError(f"this command needs {module}, which isn't installed: pip install 'outcross[{extra}]'.")
