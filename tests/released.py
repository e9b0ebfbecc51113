"""A home with one release in it, for tests to read, copy and tamper with."""

import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.release.versions import Release
from outcross.data.samples import Sample
from outcross.data.stores import decisions, journal, screening, vault
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.tasks.release import release
from outcross.tasks.screening.suite import Screen
from tests import make


def drafted(home: Home, recipe: Recipe, samples: list[Sample], outcome: str, *, audited: bool = False) -> None:
    """Put drafts with a verdict into the warehouse, as drafting and screening would."""
    entries = [
        Draft(request_key=one.sample_id, setup="test", rank=one.sample_id, state="drafted", sample=one, model="tiny")
        for one in samples
    ]
    journal.write(home, recipe.name, entries)
    frame = pl.DataFrame(
        [(one.sample_id, outcome, [], audited, 1.0) for one in samples],
        schema={
            "sample_id": pl.Utf8,
            "outcome": pl.Utf8,
            "reasons": pl.List(pl.Utf8),
            "audited": pl.Boolean,
            "incl_prob": pl.Float64,
        },
        orient="row",
    )
    screening.add_verdicts(home, recipe.name, Screen.of(recipe).ruleset, frame)


def decide(home: Home, sample: Sample, verdict: str, *, seq: int, edit: Sample | None = None, **more: object) -> None:
    decisions.add(
        home,
        "mine",
        [
            Decision.model_validate(
                {
                    "decision_id": f"d{seq}",
                    "seq": seq,
                    "sample_id": sample.sample_id,
                    "recipe": "mine",
                    "verdict": verdict,
                    "reasons": (),
                    "edited_id": edit.sample_id if edit else None,
                    "reviewer": "ada",
                    "route": "border",
                    "incl_prob": 1.0,
                    "shown_hash": "0" * 64,
                    "reviewed_at": "2026-01-01T00:00:00Z",
                    **more,
                }
            )
        ],
        [edit] if edit else [],
    )


def stock(home: Home) -> None:
    """Forty rows from people, one draft of every fate, and one release."""
    recipe = make.recipe(home, Path("mine.jsonl"))
    people = [make.human(f"It adds {n} and {n + 1}.", stratum="sums" if n % 4 else "rare") for n in range(40)]
    seeds = [make.human(f"It takes {n} from {n + 3}.") for n in range(2)]
    vault.add(home, "mine", [*(("mixture", one) for one in people), *(("seed", one) for one in seeds)])
    drafts = [make.synthetic(seeds, f"It joins {n} texts.") for n in range(7)]
    drafted(home, recipe, [*drafts[:3], drafts[6]], "accepted")
    drafted(home, recipe, drafts[3:5], "borderline")
    drafted(home, recipe, drafts[5:6], "rejected")
    decide(home, drafts[1], "reject", seq=1)
    decide(home, drafts[3], "edit", seq=2, edit=make.hybrid(drafts[3], "It joins three texts with a space."))
    # An audit, without which nothing that nobody read weighs anything.
    decide(home, drafts[6], "approve", seq=3, route="audit")
    release(home, recipe)


def floored(recipe: Recipe, floor: float) -> Recipe:
    """The recipe with another share for people, which makes another version."""
    return recipe.model_copy(update={"mixture": {**recipe.mixture, "human_floor": floor}})


def tampered(made: Release, *statements: str) -> None:
    """Change a published table as somebody with access to the disk could."""
    made.table.chmod(0o644)
    with duckdb.connect(str(made.table)) as connection:
        for statement in statements:
            connection.execute(statement)


def first(made: Release, where: str) -> str:
    """The first of the rows that meet a condition."""
    with duckdb.connect(str(made.table), read_only=True) as connection:
        return connection.execute(f"SELECT min(sample_id) FROM samples WHERE {where}").fetchone()[0]


def child(home: Home, *lines: str, prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """A process of its own that runs some lines, with the home, its recipe and what they need at hand."""
    code = "\n".join(
        [
            "import os, resource, signal, sys",
            "from pathlib import Path",
            "import outcross",
            "from outcross.data.recipe import load",
            "from outcross.data.release import versions as releases",
            "from outcross.data.release.verify import summary, verify",
            "from outcross.data.stores.home import Home",
            "from outcross.tasks.release import release",
            "from tests.released import floored",
            f"home = Home(Path({str(home.root)!r}))",
            "recipe = load(home, 'mine')",
            *lines,
        ]
    )
    root = str(Path(__file__).parents[1])
    command = [*prefix, sys.executable, "-c", code]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
