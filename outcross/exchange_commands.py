"""The two commands that pass data to and from other annotation tools."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import reports
from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.settings import from_environment
from outcross.tasks.exchange import export as export_decided
from outcross.tasks.exchange import import_file
from outcross.tasks.imports import import_solutions

app = typer.Typer()
console = Console()


class Format(StrEnum):
    """Formats by the names that people type."""

    LABEL_STUDIO = "label-studio"
    ARGILLA = "argilla"
    PRM800K = "prm800k"
    HH = "hh"
    STEPS = "steps"
    CSV = "csv"


RecipeName = Annotated[str, typer.Argument(metavar="RECIPE", help="A recipe's name, or the path of its TOML file.")]
HomeFolder = Annotated[
    Path | None, typer.Option("--home", help="The folder of the stores.", show_default="$OUTCROSS_HOME or .outcross")
]


@app.command()
def export(
    recipe: RecipeName,
    form: Annotated[Format, typer.Option("--format", help="Whose format it shall be.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    home: HomeFolder = None,
) -> None:
    """Write what experts decided, with the samples, for Label Studio, Argilla or a trainer of reward models.

    CSV is for spreadsheets: cells that one would take for formulas have an apostrophe before them.
    """
    place = Home(home or from_environment().home)
    went = export_decided(place, recipes.load(place, recipe), form.value, out)
    console.print(reports.visible(f"{went.samples:,} samples with decisions; {went.records:,} records are in {out}."))
    for reason, count in went.left_out.items():
        console.print(reports.visible(f"left out: {count:,} × {reason}"), style="yellow")


@app.command("import")
def import_(
    recipe: RecipeName,
    file: Annotated[
        Path | None, typer.Argument(help="The file.", show_default="the drafts that the recipe's own corpus brings")
    ] = None,
    form: Annotated[Format | None, typer.Option("--format", help="Whose format it is.")] = None,
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
        raise InputError(f"whose format is {file} in? Say it with --format: {', '.join(Format)}.")
    came = import_file(place, loaded, file, form.value, generator)
    reports.intake(console, came.taken)
    if came.answers:
        console.print(
            f"They carry {came.answers:,} answers given elsewhere. Those are no decisions of this home's reviewers, so "
            "none was taken: outcross screen puts the drafts before your own."
        )
