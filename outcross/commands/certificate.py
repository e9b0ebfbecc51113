"""The command that says what is proven of drafts that nobody read, and what a proof still lacks."""

import json
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from outcross.data import recipe as recipes
from outcross.data.release.versions import CERTIFICATES, Release
from outcross.data.stores.home import Home
from outcross.options import HomeFolder, RecipeName, needs
from outcross.reports import visible
from outcross.settings import from_environment

if TYPE_CHECKING:
    from outcross.tasks.certifying.summary import Promise

app = typer.Typer()
console = Console()


@app.command()
def certify(recipe: RecipeName = "docstrings", home: HomeFolder = None) -> None:
    """Say what audits prove of the drafts that the screen accepts and nobody reads, and what is missing.

    What is proven is issued as a certificate, which releases carry.
    """
    needs("scipy", "flows")
    from outcross.tasks.certifying.certify import standings
    from outcross.tasks.certifying.summary import summary

    place = Home(home or from_environment().home)
    loaded = recipes.load(place, recipe)
    found = standings(place, loaded)
    if not found:
        console.print(
            visible(
                f"No draft of {loaded.name} was accepted that an audit could draw. Run `outcross screen {loaded.name}` "
                "first; `audit_share` in the recipe's [review] must be above 0."
            )
        )
    for one in found:
        show(summary(one))


def prove(place: Home, found: Release) -> None:
    """Compute the certificates that a release carries again, and say so.

    Raises:
        VerificationFailed: one doesn't follow from what the home holds.
    """
    file = found.folder / CERTIFICATES
    if not file.exists():
        return
    needs("scipy", "flows")
    from outcross.certificate.record import Certificate
    from outcross.tasks.certifying.recompute import recompute

    loaded = recipes.load(place, found.name)
    for entry in json.loads(file.read_text(encoding="utf-8")):
        recompute(Certificate.model_validate(entry["certificate"]), entry["certificate_id"], place, loaded)
        name, rows = entry["certificate_id"][:12], len(entry["rows"])
        console.print(f"Certificate {name} follows from the audits and speaks for {rows:,} rows.", highlight=False)


def show(found: "Promise") -> None:
    """Print what is promised or missing, then the numbers."""
    console.print()
    console.print(visible(f"Drafts by {found.model}"), style="bold")
    console.print(visible(found.sentence), style="green" if found.certificate_id else "yellow")
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    for name, value in _lines(found):
        table.add_row(name, value)
    console.print(table)


def _lines(found: "Promise") -> list[tuple[str, str]]:
    open_ones = f" ({found.evaded:,} not settled)" if found.evaded else ""
    noticed = f"{found.known} known errors shown" if found.known else "as the recipe says"
    lines = [
        ("accepted by the screen", f"{found.accepted:,}"),
        ("audits, of those drawn", f"{found.audits:,} of {found.drawn:,}"),
        ("errors among them", f"{found.errors:,}{open_ones}"),
        (f"wrong at most, at {100 * (1 - found.delta):.4g} % confidence", f"{100 * found.bound:.2f} %"),
        (f"errors that reviewers notice, at least ({noticed})", f"{100 * found.sensitivity:.1f} %"),
        ("reviewers' time on the audits", f"{found.minutes:.1f} minutes"),
        ("method", found.method),
    ]
    if found.threshold is not None:
        share = found.covered / max(1, found.accepted)
        lines.insert(1, (f"at or above the threshold {found.threshold:.3f}", f"{found.covered:,} ({share:.0%})"))
    if found.certificate_id:
        lines.append(("certificate", found.certificate_id))
    return lines
