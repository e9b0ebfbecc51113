"""The commands about drafting."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import coverage_reports, engine, reports
from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.errors import InputError
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
    accept: Annotated[
        int | None, typer.Option(min=1, help="Draft and screen until so many drafts are accepted, and no more.")
    ] = None,
    at_most: Annotated[
        int | None,
        typer.Option(
            "--at-most", min=1, help="With --accept: candidates in all.", show_default="ten for each that is wanted"
        ),
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what is planned, and ask no model.")] = False,
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

    Exit code 3: some of the slots that were asked for are left without a draft, fewer drafts are accepted than --accept
    wants, or the budget is used up.
    """
    _require_fitting(count, accept, at_most, drafts, retry_failed=retry_failed)
    place = Home(home or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    named = str(Path(recipe).absolute()) if recipe.endswith(recipes.SUFFIX) else recipe
    if plan:
        coverage_reports.coverage(console, place, recipes.load(place, named), accept or count)
        return
    needs("prefect", "flows")
    if accept is not None:
        _accept(place, named, accept, at_most, tokens, money, minutes)
        return
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
    coverage_reports.passed_over(console, place, loaded)
    if came.left:
        console.print(
            f"{came.left:,} of the slots that were asked for are left without a draft: {came.invalid:,} answers were "
            f"no sample, {came.failed:,} were refused, {came.missed:,} got no answer, and {came.passed_over:,} had "
            f"come to nothing before. `outcross draft {loaded.name} --retry-failed` asks once more; the view "
            "`dead_letter` of the warehouse has each one's reason."
        )
    if came.left or came.stopped:
        raise typer.Exit(INCOMPLETE)


def _require_fitting(
    count: int | None, accept: int | None, at_most: int | None, drafts: Path | None, *, retry_failed: bool
) -> None:
    """Refuse options that contradict each other.

    Raises:
        InputError: names them.
    """
    if at_most is not None and accept is None:
        raise InputError("--at-most bounds the candidates of --accept, which isn't there. Say how many are wanted.")
    if accept is not None and (count is not None or drafts is not None or retry_failed):
        raise InputError("--accept decides by itself what is drafted: leave out --count, --drafts and --retry-failed.")


def _accept(
    place: Home,
    recipe: str,
    wanted: int,
    at_most: int | None,
    tokens: int | None,
    money: float | None,
    minutes: float | None,
) -> None:
    """Draft until enough is accepted, and say how far it got."""
    with console.status("Starting Prefect …"):
        from outcross.flows.accept import accept as flow
    with watcher(console) as watching, watched_by(watching):
        ending = flow(recipe, wanted, place.root, at_most, tokens, money, minutes)
    loaded = recipes.load(place, recipe)
    reports.outcomes(console, place, loaded)
    coverage_reports.passed_over(console, place, loaded)
    coverage_reports.ending(console, ending)
    if not ending.reached:
        raise typer.Exit(INCOMPLETE)
