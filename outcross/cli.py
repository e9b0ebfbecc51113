"""The command line: `outcross`, and what each command tells the person who typed it."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NoReturn

import psutil
import typer
from rich.console import Console

from outcross import engine, reports
from outcross.commands import certificate, drafting, effect, exchange, generator, mixture, review, screening, serving
from outcross.data import recipe as recipes
from outcross.data.release import verify as proofs
from outcross.data.release import versions as releases
from outcross.data.release.read import read as read_release
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.errors import InputError, OutcrossError
from outcross.options import Count, HomeFolder, RecipeName, needs
from outcross.progress import watched_by
from outcross.settings import from_environment

app = typer.Typer(
    help="The data foundry that a team runs itself: models draft, validators screen, experts settle what is doubtful.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(drafting.app)
app.add_typer(review.app)
app.add_typer(exchange.app)
app.add_typer(mixture.app)
app.add_typer(effect.app)
app.add_typer(generator.app)
app.add_typer(screening.app)
app.add_typer(certificate.app)
app.add_typer(serving.app)
console = Console()

HumanFile = Annotated[Path | None, typer.Option("--human", help="A JSONL file that people wrote.")]
Licence = Annotated[str, typer.Option(help="The licence of that file's rows, as an SPDX identifier.")]
Attestation = Annotated[str, typer.Option("--attestation", help="Whose word it is that people wrote them.")]
Fields = Annotated[
    list[str] | None, typer.Option("--field", metavar="OURS=THEIRS", help="Which field is which; may be repeated.")
]
Stratum = Annotated[str | None, typer.Option(help="The field that slices the rows, such as their topic.")]
Base = Annotated[str, typer.Option(help="The recipe that says what is drafted.", show_default="jsonl")]


def _home(given: Path | None) -> Home:
    """The home to work in, with Prefect set up for it."""
    place = Home(given or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    return place


def _recipe_for(
    home: Home,
    name: str,
    human: Path | None = None,
    licence: str = "",
    attestation: str = "",
    field: list[str] | None = None,
    stratum: str | None = None,
    base: str = "",
) -> str:
    """What flows should load: the recipe named, or one made for a file of people's rows and kept in the home.

    Raises:
        InputError: the rows of a file are described, and there is no file.
    """
    said = {"licence": licence, "attestation": attestation, "fields": _pairs(field), "stratum": stratum}
    source = {key: value for key, value in said.items() if value}
    if human is None:
        if source or base:
            raise InputError(
                "--licence, --attestation, --field, --stratum and --base are about a file of rows, and --human names "
                "none. Name the file, or say these things in the recipe."
            )
        return str(Path(name).absolute()) if name.endswith(recipes.SUFFIX) else name
    return recipes.for_file(home, None if name == "docstrings" else name, human, source, base).name


def _pairs(fields: list[str] | None) -> dict[str, str]:
    pairs = {}
    for field in fields or []:
        ours, equals, theirs = field.partition("=")
        if not (ours and equals and theirs):
            raise InputError(f"--field {field!r} is no pair. Write it as instruction=question.")
        pairs[ours] = theirs
    return pairs


@app.command()
def demo(
    home: HomeFolder = None, count: Annotated[int, typer.Option(min=0, help="Drafts wanted in all.")] = 60
) -> None:
    """Run the main job on Python's own docstrings with the embedded model, and show where to look next."""
    place = _home(home)
    loaded = recipes.load(place, "docstrings")
    console.print(f"[bold]Outcross[/] · {loaded.about} Interrupt it at will; run it again and it goes on.")
    _pipeline(place, loaded.name, count)
    reports.next_steps(console, place, loaded.name)


@app.command()
def run(
    recipe: RecipeName = "docstrings",
    human: HumanFile = None,
    licence: Licence = "",
    attestation: Attestation = "",
    field: Fields = None,
    stratum: Stratum = None,
    base: Base = "",
    count: Count = None,
    home: HomeFolder = None,
) -> None:
    """Run the main job: ingest, draft, screen, queue, collect, release.

    With [bold]--human[/] FILE.jsonl a recipe is made for your own rows and kept under RECIPE, or the file's name.
    """
    place = _home(home)
    _pipeline(place, _recipe_for(place, recipe, human, licence, attestation, field, stratum, base), count)


def _pipeline(place: Home, recipe: str, count: int | None) -> None:
    loaded = recipes.load(place, recipe)
    with _starting():
        from outcross.flows.pipeline import pipeline
    with watcher(console) as watching, watched_by(watching):
        made = pipeline(recipe, place.root, count)
    reports.outcomes(console, place, loaded)
    reports.release(console, made)


@app.command()
def ingest(
    recipe: RecipeName = "docstrings",
    human: HumanFile = None,
    licence: Licence = "",
    attestation: Attestation = "",
    field: Fields = None,
    stratum: Stratum = None,
    base: Base = "",
    home: HomeFolder = None,
) -> None:
    """Read people's rows into the vault; rows without source, licence and attestation are refused."""
    place = _home(home)
    loaded = _recipe_for(place, recipe, human, licence, attestation, field, stratum, base)
    with _starting():
        from outcross.flows.ingest import ingest as flow
    with watcher(console) as watching, watched_by(watching):
        taken = flow(loaded, place.root)
    reports.intake(console, taken)


@app.command()
def collect(home: HomeFolder = None) -> None:
    """Bring experts' decisions into the warehouse."""
    place = _home(home)
    with _starting():
        from outcross.flows.collect import collect as flow
    with watcher(console) as watching, watched_by(watching):
        new = flow(place.root)
    console.print(f"{new:,} decisions are new.")


@app.command()
def release(recipe: RecipeName = "docstrings", home: HomeFolder = None) -> None:
    """Publish the next version of the mixture, if anything in it would differ."""
    place = _home(home)
    with _starting():
        from outcross.flows.release import release as flow
    before = releases.versions(place, recipes.load(place, recipe).name)
    with watcher(console) as watching, watched_by(watching):
        made = flow(_recipe_for(place, recipe), place.root)
    reports.release(console, made, before)


@app.command()
def read(
    name: Annotated[str, typer.Argument(help="The release.")] = "docstrings",
    version: Annotated[int | None, typer.Option(help="A version.", show_default="the newest")] = None,
    head: Annotated[int, typer.Option(min=1, help="Rows to show.")] = 5,
    out: Annotated[Path | None, typer.Option(help="Write all rows to this .parquet or .jsonl file instead.")] = None,
    pairs: Annotated[bool, typer.Option("--pairs", help="Experts' edits against the drafts, for preference.")] = False,
    home: HomeFolder = None,
) -> None:
    """Show the first rows of a release, or write all of it to a file."""
    place = Home(home or from_environment().home)
    frame = read_release(name, version, home=place.root, table="pairs" if pairs else "samples")
    if out is None:
        reports.rows(console, frame.head(head))
    elif out.suffix == ".parquet":
        frame.write_parquet(out)
    elif out.suffix == ".jsonl":
        frame.write_ndjson(out)
    else:
        raise InputError(f"--out {out} has the ending {out.suffix!r}. Give a file that ends in .parquet or .jsonl.")
    if out is not None:
        console.print(f"{frame.height:,} rows are in {out}.")


@app.command()
def verify(
    name: Annotated[str, typer.Argument(help="The release.")] = "docstrings",
    version: Annotated[int | None, typer.Option(help="A version.", show_default="the newest")] = None,
    review: Annotated[bool, typer.Option("--review", help="Prove the review queue instead of a release.")] = False,
    home: HomeFolder = None,
) -> None:
    """Recompute every digest of a release and walk every row's ancestry back to people.

    With [bold]--review[/] check the review queue's log, and every item, decision and known answer against it.
    """
    place = Home(home or from_environment().home)
    if review:
        reports.queue_proof(console, place)
        return
    found = releases.find(place, name, version)
    with console.status(f"Verifying {name} {found.version} …"):
        proof = proofs.verify(place, found)
    console.print(f"[green]{name} {found.version} holds.[/] {proofs.summary(proof)}", highlight=False)
    certificate.prove(place, found)


@app.command()
def status(home: HomeFolder = None) -> None:
    """Say how each recipe of this home stands."""
    reports.status(console, Home(home or from_environment().home))


@app.command()
def doctor(home: HomeFolder = None) -> None:
    """Say what is installed, which model would answer, and what would be used."""
    if not reports.doctor(console, Home(home or from_environment().home), from_environment()):
        raise typer.Exit(1)


@contextmanager
def _starting() -> Iterator[None]:
    """Show that something happens while Prefect is imported, which takes seconds."""
    needs("prefect", "flows")
    with console.status("Starting Prefect …"):
        yield


def main() -> None:
    """Run a command; an error that was foreseen is one sentence and exit code 1."""
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except OutcrossError as error:
        _end(str(error))
    except OSError as error:
        _end(f"{error.filename or 'the system'}: {error.strerror or error}.")


def _interrupted(*_: object) -> NoReturn:
    """End at once, with all that was started: the stores are made for it.

    Prefect would wait minutes for its private server, which the same Ctrl-C has ended.
    """
    said = "\nInterrupted. What was done is kept; the same command goes on from there."
    Console(stderr=True).print(said, style="yellow")
    console.show_cursor(show=True)
    for child in psutil.Process().children(recursive=True):
        child.terminate()
    os._exit(130)


def _end(said: str) -> NoReturn:
    Console(stderr=True).print("[bold red]error:[/]", reports.visible(said), soft_wrap=True)
    sys.exit(1)
