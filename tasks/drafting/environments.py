"""Environments: tasks that a program makes, and whose answers the same program can check."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from pydantic import JsonValue

from outcross.data.samples import digest
from outcross.errors import InputError, RecipeError
from outcross.verifiers.environments import LIBRARY
from outcross.verifiers.pool import Failed, Pool, pool

LICENCE = "Apache-2.0"
_BLOCK = 20
"""Tasks made at once. A family's block depends on its number alone, so asking for more tasks later only adds."""
_BARREN = 5
"""Blocks in a row without one new task, after which a family is taken to have no more."""
_SECONDS, _MEMORY = 60.0, 1024


@dataclass(frozen=True)
class Task:
    """A question that a family of reasoning-gym made, with all that its own check needs."""

    family: str
    entry: Mapping[str, JsonValue]
    """As the family made it: `question`, `answer` and `metadata`."""

    @property
    def question(self) -> str:
        return str(self.entry["question"])

    @property
    def stratum(self) -> str:
        return self.family

    @property
    def source(self) -> str:
        """What made it: no person did."""
        return f"reasoning-gym/{self.family}"

    @property
    def difficulty(self) -> JsonValue:
        """The family's own settings of it; None where it says none."""
        metadata = self.entry.get("metadata")
        return metadata.get("difficulty") if isinstance(metadata, dict) else None

    @property
    def key(self) -> dict[str, JsonValue]:
        """What the verifier `environments` reads."""
        return {"environment": f"{LIBRARY}/{self.family}", "entry": dict(self.entry)}

    @cached_property
    def task_id(self) -> str:
        """Digest of the family and the entry."""
        return digest(self.key)

    def rank(self, turn: int = 0) -> str:
        """Its slot in a plan, which says which task a draft is of: see `outcross.tasks.keys`."""
        return f"{turn:06d}-{self.task_id[:24]}"


def make(families: Sequence[str], count: int, seed: int) -> list[Task]:
    """The first `count` tasks that a seed gives, one of each family in turn, no question twice.

    The same families, seed and version of reasoning-gym give the same tasks on every machine. A family that runs out of
    new questions leaves its turns to the others. A task whose own answer isn't scored right is left out.

    Raises:
        RecipeError: no family is named, or one that there isn't.
        InputError: reasoning-gym isn't installed, or a family can't make tasks here.
    """
    asked = pool("environment", _SECONDS, _MEMORY)
    _require(families, asked)
    turns = itertools.zip_longest(*(_of_family(family, seed, asked) for family in families))
    tasks = (task for turn in turns for task in turn if task is not None)
    return list(itertools.islice(tasks, count))


def _require(families: Sequence[str], asked: Pool) -> None:
    (there,) = asked.ask([{"do": "families"}])
    if isinstance(there, Failed):
        raise InputError(f"{LIBRARY} can't be used here: {there.reason}.")
    known = cast("list[str]", there)
    if odd := [family for family in families if family not in known] or ([] if families else ["none"]):
        raise RecipeError(f"[environment] `families` names {', '.join(odd)}; there are {', '.join(known)}.")


def _of_family(family: str, seed: int, asked: Pool) -> Iterator[Task]:
    """All tasks of a family, block by block, until it makes no new ones."""
    known: set[str] = set()
    barren = 0
    for block in itertools.count():
        start = int(digest([seed, family, block])[:7], 16)
        (made,) = asked.ask([{"do": "make", "family": family, "seed": start, "count": _BLOCK}])
        if isinstance(made, Failed):
            raise InputError(
                f"{LIBRARY}'s {family} can't make tasks here: {made.reason}. Take it out of [environment]."
            )
        tasks = [Task(family, entry) for entry in cast("list[dict[str, JsonValue]]", made)]
        fresh = {task.question: task for task in tasks if task.question not in known}
        known |= fresh.keys()
        yield from fresh.values()
        barren = 0 if fresh else barren + 1
        if barren == _BARREN:
            return
