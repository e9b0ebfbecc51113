"""What the commands about mixtures print: a plan, before anything is built."""

import numpy as np
from rich.console import Console
from rich.table import Table

from outcross.mixture.plan import Plan
from outcross.mixture.solver.wording import below
from outcross.mixture.supply import CLASSES
from outcross.reports import visible

TOP = 20
"""Strata that a plan names before it sums up the rest."""

ASKED = ("share", "kappa", "floor")
"""What a plan says of a stratum before its classes."""


def plan(console: Console, planned: Plan) -> None:
    """Say what a mixture would take from each stratum and class, how large it could be, and which rules bind."""
    console.print(
        f"\n[bold]A mixture of {planned.size:,.10g} rows[/] of at most {below(planned.largest)} that the rules allow"
    )
    console.print(_strata(planned))
    console.print(
        "Rows → their mass, where it differs. kappa: part of people's rare words that models' rows keep; ? where too "
        "few rows tell, and nothing is taken for granted. floor: least human share. price: rows by which one more "
        "human row raises the largest mixture.",
        style="dim",
    )
    better = 1 - planned.risk / planned.human_risk
    console.print(
        f"Predicted risk {planned.risk:.3g}, with human rows alone {planned.human_risk:.3g}: {abs(better):.1%} "
        f"{'lower' if better >= 0 else 'higher'}. It ranks mixtures of these rows and forecasts no loss."
    )
    for each in planned.binding:
        console.print(visible(f"binding: {each.words}"), style="yellow")
    if first := _first(planned):
        console.print(visible(f"A draft that an expert vouches for is worth most in {first}."))


def _strata(planned: Plan) -> Table:
    """A line for each of the largest strata, one for the others, one for all; classes without any row are left out."""
    classes = [place for place in range(len(CLASSES)) if planned.supply.rows[:, place].any()]
    table = Table(box=None, header_style="dim", pad_edge=False)
    table.add_column("stratum", overflow="fold")
    for name in (*ASKED, *(CLASSES[place] for place in classes), "price"):
        table.add_column(name, justify="right", no_wrap=True)
    strata, mass = planned.strata, planned.masses.sum(axis=1)
    order = np.argsort(-mass, kind="stable")
    for index in order[:TOP]:
        said = strata.row(int(index), named=True)
        kappa = "?" if said["kappa"] is None else f"{said['kappa']:.2f}"
        figures = f"{said['pinned']:.1%}", kappa, f"{said['floor']:.0%}"
        cells = _cells(planned, [int(index)], classes)
        table.add_row(visible(said["stratum"]), *figures, *cells, f"{said['price']:,.1f}")
    rest = [int(index) for index in order[TOP:]]
    if rest:
        share = f"{planned.shares[rest].sum():.1%}"
        table.add_row(f"… {len(rest):,} more", share, "", "", *_cells(planned, rest, classes), "")
    if len(order) > 1:
        cells = _cells(planned, [int(index) for index in order], classes)
        table.add_row("all", "100.0%", "", "", *cells, "", style="bold")
    return table


def _cells(planned: Plan, chosen: list[int], classes: list[int]) -> list[str]:
    rows, masses = planned.supply.rows[chosen].sum(axis=0), planned.masses[chosen].sum(axis=0)
    return [_cell(int(rows[place]), float(masses[place])) for place in classes]


def _cell(rows: int, mass: float) -> str:
    if not rows:
        return "–"
    return f"{rows:,}" if abs(rows - mass) < 0.05 else f"{rows:,} → {mass:,.1f}"


def _first(planned: Plan) -> str:
    """Up to three strata in which a reviewed row is worth most, best first."""
    order = np.argsort(-planned.worth, kind="stable")[:3]
    return ", ".join(planned.supply.strata[index] for index in order if planned.worth[index] > 0)
