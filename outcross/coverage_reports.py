"""What `outcross draft` prints of its plan: strata with what is there and wanted, and how a refill ended."""

from rich.console import Console
from rich.table import Table

from outcross.data.recipe import Recipe
from outcross.data.stores.home import Home
from outcross.reports import visible
from outcross.tasks.drafting.accept import BARREN, Ending
from outcross.tasks.drafting.anchors import anchors
from outcross.tasks.drafting.coverage import Stratum
from outcross.tasks.drafting.coverage import coverage as strata

COLUMNS = ("people", "seeds", "targets", "planned", "drafted", "accepted", "near", "leaks", "long")


def coverage(console: Console, home: Home, recipe: Recipe, count: int | None) -> None:
    """A line for each stratum, those first that the plan covers first; no model is asked."""
    wanted = recipe.draft.count if count is None else count
    found = strata(home, recipe, wanted)
    table = Table(box=None, header_style="dim", pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("stratum", overflow="fold")
    for name in COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        table.add_row(visible(one.name), *_cells(_numbers(one)))
    table.add_row("all", *_cells([sum(column) for column in zip(*map(_numbers, found), strict=True)]), style="bold")
    console.print(table)
    console.print(
        f"planned: of the first {wanted:,} slots. Passed over: seeds and targets that nearly repeat an earlier one "
        "(near), repeat a held-out text (leaks), or are longer than `max_prompt` (long). Where people have no row in "
        "the mixture (people), nothing is drafted.",
        style="dim",
    )


def _numbers(one: Stratum) -> list[int]:
    counts = one.mixture, one.seeds, one.targets, one.planned, one.drafted, one.accepted, one.near, one.leaks, one.long
    return list(counts)


def _cells(numbers: list[int]) -> list[str]:
    return [f"{number:,}" if number else "–" for number in numbers]


def passed_over(console: Console, home: Home, recipe: Recipe) -> None:
    """Say how many rows nothing was drafted for, and why."""
    there = anchors(home, recipe)
    whys = {
        "near": "nearly repeat an earlier one",
        "leak": "repeat a held-out text",
        "long": "are longer than `max_prompt`",
    }
    said = [f"{there.passed(why):,} {words}" for why, words in whys.items() if there.passed(why)]
    if said:
        console.print(
            f"Passed over of people's seeds and targets: {', '.join(said)}; see `outcross draft {recipe.name} --plan`.",
            style="dim",
        )


def ending(console: Console, came: Ending) -> None:
    """Say how many drafts are accepted, what that took, and why it ended."""
    console.print(
        f"{came.accepted:,} of {came.wanted:,} wanted drafts are accepted, from {came.candidates:,} candidates; "
        f"{came.waiting:,} borderline ones wait for experts. Rounds of this run: {came.rounds:,}."
    )
    if came.why:
        console.print(visible(came.why), style="yellow")
    if came.barren:
        console.print(
            visible(
                f"Nothing was accepted of the last {BARREN} candidates in {', '.join(came.barren)}: what was wanted "
                "there fell to the other strata."
            ),
            style="yellow",
        )
