"""The commands about screening: verdicts on drafts, and what a model says of them."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import engine, reports
from outcross.data import recipe as recipes
from outcross.data.samples import KINDS
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.errors import InputError
from outcross.options import HomeFolder, RecipeName, needs
from outcross.progress import watched_by
from outcross.settings import from_environment

app = typer.Typer()
console = Console()


@app.command()
def screen(
    recipe: RecipeName = "docstrings",
    explain: Annotated[
        bool, typer.Option("--explain", help="Say what each validator hit, why, what it narrows and what it costs.")
    ] = False,
    home: HomeFolder = None,
) -> None:
    """Judge new drafts, and put borderline ones and a random audit before experts."""
    place, loaded = _at_work(home, recipe)
    with console.status("Starting Prefect …"):
        from outcross.flows.screen import screen as flow
    with watcher(console) as watching, watched_by(watching):
        queued = flow(recipe, place.root)
    reports.outcomes(console, place, loaded)
    console.print(f"{queued:,} items are new in the review queue.")
    if explain:
        from outcross import screen_reports
        from outcross.tasks.screening.explain import explain as explained
        from outcross.tasks.screening.rejects import false_rejects

        screen_reports.explained(console, explained(place, loaded))
        screen_reports.rejects(console, false_rejects(place, loaded))


@app.command("screen-corpus")
def screen_corpus(
    files: Annotated[list[Path], typer.Argument(help="Parquet files with sample_id, response or text, and prompt.")],
    out: Annotated[Path, typer.Option(help="The folder to write signals and verdicts to.")] = Path("screened"),
    kind: Annotated[
        str | None,
        typer.Option(help="What the rows are.", show_default="instruction, or text where no file has a prompt"),
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="The profile to screen by.", show_default="the kind's own")
    ] = None,
    evaluation: Annotated[
        list[Path] | None, typer.Option(help="A file whose texts no row may repeat; may be repeated.")
    ] = None,
) -> None:
    """Judge the rows of Parquet files as they lie, and write signals and verdicts beside them.

    Interrupt it at will; run it again and it goes on.
    """
    needs("prefect", "flows")
    from outcross.tasks.screening.corpora import Job, slices, usual_kind

    # What can't be screened is refused before Prefect starts, which takes seconds.
    slices(files)
    kind = usual_kind(files) if kind is None else kind
    if kind not in KINDS:
        raise InputError(f"--kind {kind!r} is no kind of sample. Choose from: {', '.join(KINDS)}.")
    job = Job(tuple(files), out, kind, profile, tuple(evaluation or ()))
    folder = job.folder
    out.mkdir(parents=True, exist_ok=True)
    engine.prepare(out)
    with console.status("Starting Prefect …"):
        from outcross.flows.screen_corpus import screen_corpus as flow
    with watcher(console) as watching, watched_by(watching):
        found = flow(files, out, kind, profile, evaluation or ())
    counts = " · ".join(f"{found.get(outcome, 0):,} {outcome}" for outcome in ("accepted", "borderline", "rejected"))
    console.print(f"{counts}. Signals and verdicts are in {folder}.", highlight=False)


@app.command()
def distil(home: HomeFolder = None) -> None:
    """Make the table of static vectors that the validator [bold]semantic[/] compares tasks by; it takes a minute."""
    needs("prefect", "flows")
    with console.status("Encoding the vocabulary …"):
        from outcross.tasks.screening.distil import distil as make

        made = make(Home(home or from_environment().home))
    console.print(f"The table is {made}.", highlight=False)


@app.command()
def judge(recipe: RecipeName = "docstrings", home: HomeFolder = None) -> None:
    """Let the judges that a recipe names ask the model about its drafts; their scores inform and decide nothing."""
    place, loaded = _at_work(home, recipe)
    from outcross.tasks.judging.registry import JUDGES, judges

    if not judges(loaded):
        named = ", ".join(f"[screen.{name}]" for name in JUDGES)
        raise InputError(f"recipe {loaded.name} names no judge. Add one or more of: {named}.")
    with console.status("Starting Prefect …"):
        from outcross.flows.judge import judge as flow
    with watcher(console) as watching, watched_by(watching):
        new = flow(recipe, place.root)
    console.print(f"{new:,} signals are new.")


def _at_work(home: HomeFolder, recipe: str) -> tuple[Home, recipes.Recipe]:
    """The home with Prefect set up for it, and the recipe."""
    needs("prefect", "flows")
    place = Home(home or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    return place, recipes.load(place, recipe)
