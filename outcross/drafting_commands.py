"""The commands about drafting."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import engine, reports
from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.options import Count, HomeFolder, RecipeName, needs
from outcross.progress import watched_by
from outcross.settings import from_environment

app = typer.Typer()
console = Console()

INCOMPLETE = 3
"""The exit code where slots that were asked for are left without a draft."""


@app.command()
def draft(
    recipe: RecipeName = "docstrings",
    count: Count = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Ask once more for slots that came to nothing.")
    ] = False,
    drafts: Annotated[
        Path | None, typer.Option(help="A JSONL file of drafts to take in instead of asking a model.")
    ] = None,
    generator: Annotated[str, typer.Option(help="The model that wrote that file.")] = "",
    tokens: Annotated[
        int | None, typer.Option(min=1, help="Stop when all the recipe's answers took so many tokens, in and out.")
    ] = None,
    money: Annotated[
        float | None, typer.Option(min=0, help="Stop when they cost so much, at the prices of models.toml.")
    ] = None,
    minutes: Annotated[float | None, typer.Option(min=0, help="Stop after so many minutes.")] = None,
    home: HomeFolder = None,
) -> None:
    """Let the models draft; slots of the plan that have an answer are not paid for again.

    Exit code 3: some of the slots that were asked for are left without a draft, or the budget is used up.
    """
    place = Home(home or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    named = str(Path(recipe).absolute()) if recipe.endswith(recipes.SUFFIX) else recipe
    needs("prefect", "flows")
    with console.status("Starting Prefect …"):
        from outcross.flows.draft import draft as flow
        from outcross.tasks.drafting.engine import Drafted
    with watcher(console) as watching, watched_by(watching):
        came = flow(named, place.root, count, drafts, generator, retry_failed, tokens, money, minutes)
    if not isinstance(came, Drafted):
        reports.intake(console, came)
        return
    loaded = recipes.load(place, named)
    reports.outcomes(console, place, loaded)
    if came.left:
        console.print(
            f"{came.left:,} of the slots that were asked for are left without a draft: {came.invalid:,} answers were "
            f"no sample, {came.failed:,} were refused, {came.missed:,} got no answer. `outcross draft {loaded.name} "
            "--retry-failed` asks once more; the view `dead_letter` of the warehouse has each one's reason."
        )
    if came.left or came.stopped:
        raise typer.Exit(INCOMPLETE)
