"""The command that says what a model was trained on, and lists what was said."""

from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outcross.data.release import versions as releases
from outcross.data.samples import explain
from outcross.data.stores import generators, runs
from outcross.data.stores.generators import Generator
from outcross.data.stores.home import Home
from outcross.data.stores.runs import Terms
from outcross.errors import InputError
from outcross.options import HomeFolder, me
from outcross.reports import visible
from outcross.settings import from_environment

app = typer.Typer()
console = Console()


@app.command()
def generator(
    name: Annotated[str | None, typer.Argument(help="The model's name.", show_default="list what was said")] = None,
    never_on_ours: Annotated[
        bool, typer.Option("--never-on-ours", help="It was never trained on a release of yours.")
    ] = False,
    trained_on: Annotated[
        str | None, typer.Option(metavar="NAME@VERSION", help="The release that it was trained on.")
    ] = None,
    depth: Annotated[
        int | None, typer.Option(min=0, help="Model generations between people and its training data.")
    ] = None,
    weights_digest: Annotated[
        str | None, typer.Option(help="SHA-256 of its weights.", show_default="all weights of that name")
    ] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Its licence, as an SPDX identifier or by its name.", show_default="what was said before"),
    ] = None,
    home: HomeFolder = None,
) -> None:
    """Say what a model was trained on, from which the depth of its drafts follows; without NAME, list what was said.

    Drafts of a model of which nothing is known are refused.
    """
    place = Home(home or from_environment().home)
    ways = [never_on_ours, trained_on is not None, depth is not None]
    if name is None:
        if any(ways) or licence:
            raise InputError("which model is it? Put its name after `outcross generator`.")
        _list(generators.current(place), runs.terms(place))
        return
    before = generators.find(place, name, weights_digest)
    if sum(ways) > 1 or not (any(ways) or (licence and before)):
        raise InputError(
            f"what was {name!r} trained on? Say one of --never-on-ours, --trained-on NAME@VERSION and --depth N."
        )
    words = _trained(place, trained_on, depth or 0) if any(ways) else _as_before(before)
    said = _said(name, weights_digest or None, {**words, "licence": licence or (before.licence if before else None)})
    generators.add(place, said)
    under = f", under {said.licence}" if said.licence else ""
    console.print(visible(f"{name}: {_words(said)}{under}. Its drafts have depth {1 + said.depth} from now on."))


def _trained(home: Home, trained_on: str | None, depth: int) -> dict[str, object]:
    """What a word says of a model's training."""
    if trained_on is None:
        return {"depth": depth, "mean_depth": depth}
    title, _, version = trained_on.rpartition("@")
    if not (title and version.isascii() and version.isdigit()):
        raise InputError(f"--trained-on {trained_on!r} names no version. Write it as docstrings@3.")
    release = releases.find(home, title, int(version))
    deepest, mean = generators.depths(release)
    return {"trained_on": title, "version": release.version, "depth": deepest, "mean_depth": mean}


def _as_before(said: Generator | None) -> dict[str, object]:
    """What the word that stands says of it: a licence alone changes nothing there."""
    return said.model_dump(include={"trained_on", "version", "depth", "mean_depth"}) if said else {}


def _said(name: str, weights_digest: str | None, words: Mapping[str, object]) -> Generator:
    try:
        return Generator.model_validate({"model": name, "weights_digest": weights_digest, "said_by": me(), **words})
    except ValidationError as error:
        raise InputError(f"this can't be recorded of a model: {explain(error)}.") from None


def _words(said: Generator) -> str:
    if said.trained_on is not None:
        return f"trained on {said.trained_on} {said.version}, of mean depth {said.mean_depth:.2f}"
    return f"trained at depth {said.depth}" if said.depth else "never trained on a release of yours"


def _list(known: list[Generator], used: Mapping[str, Terms]) -> None:
    """Print all words that stand, each with the licence that it gives, or else that of the model's last run."""
    if not known:
        console.print("Nothing was said of any model. Say it: outcross generator NAME --never-on-ours.")
        return
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in ("model", "weights", "trained on", "drafts' depth", "licence", "said by", "on"):
        table.add_column(column, justify="right" if "depth" in column else "left", overflow="fold")
    for one in known:
        release = f"{one.trained_on} {one.version}" if one.trained_on else "depth was said" if one.depth else "none"
        weights = Text(one.weights_digest[:8] if one.weights_digest else "all")
        on = f"{one.recorded_at.astimezone():%Y-%m-%d}" if one.recorded_at else ""
        depth = f"{1 + one.depth}"
        terms = used.get(one.model)
        licence = one.licence or (terms.licence if terms else None) or "–"
        table.add_row(visible(one.model), weights, visible(release), depth, visible(licence), visible(one.said_by), on)
    console.print(table)
