"""The command that says whether a release trains a better model, and what in it paid."""

from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from outcross import engine
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.options import HomeFolder, RecipeName, needs
from outcross.progress import watched_by
from outcross.reports import visible
from outcross.settings import from_environment

if TYPE_CHECKING:
    from outcross.mixture.effect.outcome import Effect, ProxyOutcome

app = typer.Typer()
console = Console()

STYLES = {"better": "green", "no evidence": "yellow", "worse": "red"}


@app.command()
def effect(
    recipe: RecipeName = "docstrings",
    version: Annotated[
        int | None, typer.Option(min=1, help="The release's version.", show_default="the newest")
    ] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Ask a small transformer as well; minutes an arm without a GPU.")
    ] = False,
    home: HomeFolder = None,
) -> None:
    """Say whether a release trains a better model than people's rows alone, and than the release before.

    Small models are trained on each, and tried on people's held-out texts. Interrupt it at will; run it again and it
    goes on.
    """
    needs("prefect", "flows")
    place = Home(home or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    with console.status("Starting Prefect …"):
        from outcross.flows.effect import effect as flow
        from outcross.tasks.effect.runs import USUAL, chosen, outcome

        # An extra that is missing is told of before anything is gathered.
        chosen(proxies := (*USUAL, *(["network"] if network else [])))
    with watcher(console) as watching, watched_by(watching):
        measured = flow(recipe, place.root, version, proxies)
    show(outcome(measured))


def show(found: "Effect") -> None:
    """Print the verdict, then the arms, then what paid."""
    console.print(visible(f"\n{found.name} {found.version}"), style="bold")
    for one in found.said:
        console.print(visible(one.sentence), style=STYLES[one.verdict])
        if one.reason:
            console.print(visible(one.reason))
    for remark in found.remarks:
        console.print(visible(remark), style="dim")
    for proxy in found.proxies:
        _arms(found, proxy)
        _paid(proxy)


def summary(found: "Effect") -> None:
    """Print the verdict and what paid, in few lines."""
    console.print(visible(f"\nEffect of {found.name} {found.version}:"), style="bold")
    for one in found.said:
        console.print(visible(one.sentence), style=STYLES[one.verdict])
    _paid(found.proxies[0])


def _arms(found: "Effect", one: "ProxyOutcome") -> None:
    console.print(
        f"\nHow surprising {found.rows:,} held-out rows of people's, in {found.documents:,} documents, are to a "
        f"{one.proxy} model that was trained on each; below 0 is better than people's rows alone. The smallest "
        f"difference that is seen four times in five: {one.against_human.detectable:.3f} nats a word."
    )
    table = _table("trained on", "rows", "nats a word", "SE", "95 % interval", "worth in people's rows")
    for arm in one.arms:
        by = arm.against_human
        figures = (f"{by.effect:+.3f}", f"{by.standard_error:.3f}", f"{by.low:+.3f} to {by.high:+.3f}", arm.human_rows)
        table.add_row(visible(arm.title), f"{arm.rows:,}", *(("", "", "", "") if arm.kind == "human" else figures))
    console.print(table)


def _paid(one: "ProxyOutcome") -> None:
    if not one.paid:
        return
    console.print("\nWhat having each part does to it, the most helpful first; below 0 it pays.")
    table = _table("part", "rows", "nats a word", "SE", "95 % interval")
    for part in one.paid:
        interval = f"{part.low:+.3f} to {part.high:+.3f}"
        table.add_row(
            visible(part.title), f"{part.rows:,}", f"{part.effect:+.3f}", f"{part.standard_error:.3f}", interval
        )
    console.print(table)


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        table.add_column(column, justify="left" if column in ("trained on", "part") else "right", overflow="fold")
    return table
