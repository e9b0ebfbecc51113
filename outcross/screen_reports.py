"""What `outcross screen --explain` prints: each validator with what it hit, why, and what it costs."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from outcross.reports import visible
from outcross.tasks.screening.explain import Explained, Left
from outcross.tasks.screening.rejects import FalseRejects

NUMBERS = ("judged", "rejected", "doubtful", "kappa drafts", "kappa people", "ms / 1,000")


def explained(console: Console, validators: Sequence[Explained]) -> None:
    """A line for each validator, and its commonest reasons below them all."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("validator", no_wrap=True)
    for name in NUMBERS:
        table.add_column(name, justify="right", no_wrap=True)
    for one in validators:
        doubtful = f"{one.doubtful:,}" + (f" ({one.failed:,} failed)" if one.failed else "")
        took = "–" if one.milliseconds is None else f"{one.milliseconds:,.0f}"
        counts = f"{one.judged:,}", f"{one.rejected:,}", doubtful, _kappa(one.drafts), _kappa(one.people), took
        table.add_row(f"{one.validator} [dim]v{one.version}[/]", *counts)
    console.print(table)
    for one in validators:
        for reason, count in one.reasons:
            console.print(visible(f"{one.validator}: {count:,} × {reason}"))
    console.print(
        "kappa: what the validator alone leaves of rare words, 1 where none is lost, with its 90 % interval; – where "
        "fewer than 30 rows tell. Below 0.95 on people's own rows it narrows the data whatever the model.",
        style="dim",
    )


def rejects(console: Console, audited: Sequence[FalseRejects]) -> None:
    """Say how many of the rejected drafts that experts looked at were good, and how many of all may be."""
    for one in audited:
        if not one.decided and not one.waiting:
            continue
        whose = f"by {one.validator}" if one.validator else "in all"
        waiting = f"; {one.waiting:,} wait for an expert" if one.waiting else ""
        console.print(
            f"Of {one.decided:,} rejected drafts that experts looked at {whose}, {one.good:,} were good: at most "
            f"{one.bound:.0%} of such rejects, with 95 % confidence{waiting}."
        )


def _kappa(left: Left | None) -> str:
    if left is None or left.kappa is None:
        return "–"
    interval = "" if left.low is None or left.high is None else f" ({left.low:.2f}–{left.high:.2f})"
    return f"{left.kappa:.2f}{interval}"
