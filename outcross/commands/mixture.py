"""The commands about mixtures: the plan of one, and the experiments on collapse."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from outcross import engine, reports
from outcross.commands import effect
from outcross.data import recipe as recipes
from outcross.data.release import versions as releases
from outcross.data.stores import effects, vault
from outcross.data.stores.home import Home
from outcross.display import watcher
from outcross.errors import InputError
from outcross.options import HomeFolder, RecipeName, needs
from outcross.progress import watched_by
from outcross.settings import from_environment

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
    from outcross.tasks.collapse.runs import USUAL, Settings

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


@app.command()
def mix(
    recipe: RecipeName = "docstrings",
    plan: Annotated[bool, typer.Option("--plan", help="Show the plan, and publish nothing.")] = False,
    size: Annotated[
        float | None, typer.Option(min=1, help="Rows of mass to plan for.", show_default="the recipe's own")
    ] = None,
    home: HomeFolder = None,
) -> None:
    """Say how much of what the next release would take, which rules bind, and what more human rows would be worth.

    Without [bold]--plan[/] the release is published, as by [bold]outcross release[/].
    """
    needs("prefect", "flows")
    if size is not None and not plan:
        raise InputError("--size asks what would be possible: add --plan, or set `size` in the recipe's [mixture].")
    place = Home(home or from_environment().home)
    loaded = recipes.load(place, recipe)
    if not vault.counts(place, loaded.name):
        raise InputError(f"{place.root} has no rows of {loaded.name} yet. Bring them in: outcross ingest {recipe}.")
    asked = loaded if size is None else loaded.model_copy(update={"mixture": loaded.mixture | {"size": size}})
    with console.status("Measuring and solving …"):
        from outcross import mixture_reports
        from outcross.tasks.effect.runs import outcome
        from outcross.tasks.mixing import mix as mixing

        mixed = mixing.mix(place, asked)
    mixture_reports.plan(console, mixed.mixture.plan)
    for words in mixed.contraction.warnings:
        console.print(reports.visible(f"warning: {words}"), style="yellow")
    if known := effects.latest(place, loaded.name):
        effect.summary(outcome(known))
    if plan:
        return
    engine.prepare(place.root)
    with console.status("Starting Prefect …"):
        from outcross.flows.release import release as flow
    before = releases.versions(place, loaded.name)
    with watcher(console) as watching, watched_by(watching):
        made = flow(recipe, place.root)
    reports.release(console, made, before)
