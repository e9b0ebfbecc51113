"""A home with people's rows to draft from, made up for the benchmark, and what lies in its warehouse afterwards."""

import json
import random
from pathlib import Path

from marks import SUBJECTS

from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.tasks.ingest import ingest

ROWS = 1_000
"""Of these a tenth are seeds, which are shown to the model."""


def stocked(folder: Path) -> tuple[Home, Recipe]:
    """A home in a new folder, its rows ingested, and the recipe to draft by."""
    home, chance = Home(folder), random.Random(1)
    folder.mkdir(parents=True)
    rows = folder / "rows.jsonl"
    rows.write_text("".join(json.dumps(row(number, chance)) + "\n" for number in range(ROWS)), encoding="utf-8")
    said = {
        "base": "jsonl",
        "about": "Rows of the benchmark.",
        "source": {"path": str(rows), "licence": "CC0-1.0", "attestation": "the benchmark", "stratum": "topic"},
    }
    recipe = recipes.write(home, "bench", said)
    ingest(home, recipe)
    return home, recipe


def row(number: int, chance: random.Random) -> dict[str, str]:
    """A task about numbers with its answer, no two alike."""
    one, other, third = chance.sample(SUBJECTS, 3)
    few, many = chance.randint(2, 99), 100 + number
    return {
        "instruction": f"A town has {few} {one} and {many} {other}, and gives away {few - 1} {one}. How many are left?",
        "response": f"Of the {few} {one} one is left, beside {many} {other}: {many + 1} in all. It has no {third}.",
        "topic": one,
    }


def drafted(home: Home, recipe: Recipe) -> int:
    """Answers that the warehouse holds."""
    return journal.tally(home, recipe.name).get("drafted", 0)
