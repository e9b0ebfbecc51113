"""Rows and recipes that tests of drafts share which take several calls; made for tests, so nobody wrote them."""

from pathlib import Path

from outcross.data import recipe as recipes
from outcross.data.recipe import Recipe
from outcross.data.stores.home import Home
from tests import make

THINGS = ["kettle", "ladder", "magnet", "funnel", "compass", "anchor", "pulley", "hinge"]


def pairs(count: int) -> list[dict[str, object]]:
    """Preference rows: a prompt, the answer that is better, and the one that is worse."""
    return [
        {
            "prompt": f"What would room {n} need a {THINGS[n % 8]} for? Answer in one or two sentences.",
            "chosen": f"Whoever works in room {n} reaches for the {THINGS[n % 8]} when hands alone are not enough.",
            "rejected": f"It depends on what one means by room {n}.",
            "topic": THINGS[n % 4],
        }
        for n in range(count)
    ]


def trajectories(count: int) -> list[dict[str, object]]:
    """Trajectory rows: a task, one call, its result, and the answer."""
    return [
        {
            "turns": [
                {"role": "user", "text": f"A shelf has {n + 3} rows of {n % 7 + 4} {make.SUBJECTS[n % 8]}. How many?"},
                {
                    "role": "assistant",
                    "calls": [
                        {
                            "call_id": "call_1",
                            "tool": "calculate",
                            "arguments": f'{{"expression": "{n + 3} * {n % 7 + 4}"}}',
                        }
                    ],
                },
                {"role": "tool", "text": str((n + 3) * (n % 7 + 4)), "answers": "call_1"},
                {
                    "role": "assistant",
                    "text": f"There are {(n + 3) * (n % 7 + 4)} {make.SUBJECTS[n % 8]} on the shelf.",
                },
            ],
            "topic": "shelves",
        }
        for n in range(count)
    ]


def recipe(home: Home, path: Path, base: str, *, name: str = "mine", **tables: dict[str, object]) -> Recipe:
    """A recipe of a home's own for a file of rows, after a built-in one; tables of its own win."""
    source = {"path": str(path), "licence": "CC0-1.0", "attestation": "the tests", "stratum": "topic"}
    table = {"base": base, "about": "Rows of a test.", "source": source}
    return recipes.write(home, name, table | tables)
