"""The two commands that pass data to and from other annotation tools."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer.models import OptionInfo

from outcross import reports
from outcross.data import recipe as recipes
from outcross.data.exchange.formats import FORMATS
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.options import HomeFolder, RecipeName
from outcross.settings import from_environment
from outcross.tasks.exchange import export as export_decided
from outcross.tasks.exchange import import_file
from outcross.tasks.imports import import_solutions

app = typer.Typer()
console = Console()


def _known(name: str | None) -> str | None:
    if name is not None and name not in FORMATS:
        raise InputError(f"there is no format {name!r}. Choose one of: {', '.join(FORMATS)}.")
    return name


def _format(about: str) -> OptionInfo:
    option: OptionInfo = typer.Option(
        "--format", metavar="FORMAT", callback=_known, help=f"{about}: {', '.join(FORMATS)}."
    )
    return option


@app.command()
def export(
    recipe: RecipeName,
    form: Annotated[str, _format("Whose format it shall be")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    home: HomeFolder = None,
) -> None:
    """Write what experts decided, with the samples, for Label Studio, Argilla or a trainer of reward models.

    CSV is for spreadsheets: open it with the comma as separator.
    Cells that one would take for formulas have an apostrophe before them.
    """
    place = Home(home or from_environment().home)
    went = export_decided(place, recipes.load(place, recipe), form, out)
    console.print(reports.visible(f"{went.samples:,} samples with decisions; {went.records:,} records are in {out}."))
    console.print(f"{form} leaves out of every row: {went.loses}.", style="dim")
    for reason, count in went.left_out.items():
        console.print(reports.visible(f"left out: {count:,} × {reason}"), style="yellow")


@app.command("import")
def import_(
    recipe: RecipeName,
    file: Annotated[
        Path | None, typer.Argument(help="The file.", show_default="the drafts that the recipe's own corpus brings")
    ] = None,
    form: Annotated[str | None, _format("Whose format it is")] = None,
    generator: Annotated[str, typer.Option(help="The model that wrote the texts.")] = "",
    home: HomeFolder = None,
) -> None:
    """Take another tool's records in as drafts of a model; what can't come in is quarantined with the reason.

    Without FILE, take in the models' solutions that a data set such as CHAMP brings.
    """
    place = Home(home or from_environment().home)
    loaded = recipes.load(place, recipe)
    if file is None:
        reports.intake(console, import_solutions(place, loaded))
        return
    if form is None:
        raise InputError(f"whose format is {file} in? Say it with --format: {', '.join(FORMATS)}.")
    came = import_file(place, loaded, file, form, generator)
    reports.intake(console, came.taken)
    if came.answers:
        console.print(
            f"They carry {came.answers:,} answers given elsewhere. Those are no decisions of this home's reviewers, so "
            "none was taken: outcross screen puts the drafts before your own."
        )
