"""The commands about mixtures: the experiments on collapse."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import engine, reports
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.options import HomeFolder, needs
from outcross.progress import watched_by
from outcross.settings import from_environment
from outcross.tasks.collapse.runs import USUAL, Settings

app = typer.Typer()
console = Console()

Parts = Annotated[
    list[str] | None,
    typer.Option("--part", help="A part to run; may be repeated.", show_default="all but the transformer"),
]
Policies = Annotated[
    list[str] | None, typer.Option("--policy", help="A policy to run under; may be repeated.", show_default="all")
]


@app.command()
def collapse(
    part: Parts = None,
    policy: Policies = None,
    quick: Annotated[bool, typer.Option("--quick", help="The small version of each part: minutes.")] = False,
    text: Annotated[
        Path | None,
        typer.Option(help="Text that people wrote, a file or a folder.", show_default="Python's documentation"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all chances.")] = 0,
    home: HomeFolder = None,
) -> None:
    """Show on one page how models collapse that train on models' texts, and what holds against it.

    The papers' experiments under seven policies. Interrupt it at will; run it again and it goes on.
    """
    needs("prefect", "flows")
    # An unknown name is refused before Prefect starts, which takes seconds.
    settings = Settings(tuple(part or USUAL), tuple(policy or ()), quick, seed, text)
    place = Home(home or from_environment().home)
    place.root.mkdir(parents=True, exist_ok=True)
    engine.prepare(place.root)
    with console.status("Starting Prefect …"):
        from outcross.flows.collapse import collapse as flow
    with watcher(console) as watching, watched_by(watching):
        shown = flow(place.root, settings.parts, settings.policies, quick, seed, text)
    for name, absent in shown.absent.items():
        console.print(reports.visible(f"{name} was not run: {absent.reason}"), style="yellow")
    console.print(reports.visible(f"\nThe page is {shown.page}. Open it in a browser."))
