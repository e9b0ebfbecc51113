"""What all clients share: what they are to do, and the marks between which they are measured. Runs in any Python.

A client is started with the server's address, how many requests to make, and how many at once; it says when it begins
and when it has ended, and each time waits until the one who measures has looked.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

MODEL = "stand-in"
MAX_TOKENS = 350
"""As in the recipe that Outcross drafts by."""
SUBJECTS = """
apples bridges clouds dances engines forests gardens harbours islands journeys kitchens letters
""".split()  # noqa: SIM905  # a list of quoted words would be longer than the line
"""What the prompts are about."""


class Work(NamedTuple):
    """What a client is to do."""

    url: str
    """Where the server is, without `/v1`."""
    count: int
    """Requests."""
    limit: int
    """Requests at once, or of one batch."""

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def prompts(self) -> list[str]:
        """One a request, no two alike."""
        chance = random.Random(self.count)
        pairs = (chance.sample(SUBJECTS, 2) for _ in range(self.count))
        return [
            f"Write one new task about {one} and {other} with its answer, as a JSON object with the fields "
            f"`instruction` and `response`. The answer is correct and follows from the task. This is task {number}."
            for number, (one, other) in enumerate(pairs)
        ]


def work() -> Work:
    """What the command line says."""
    url, count, limit = sys.argv[1:4]
    return Work(url, int(count), int(limit))


class Held:
    """What a client has at the end."""

    answers = 0


@contextmanager
def measured() -> Iterator[Held]:
    """Measure the block, which says how many answers it holds then.

    Whatever else is printed goes to standard error, so that nothing but the marks is on standard output.
    """
    said = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    held = Held()
    for mark in ("begun", "ended"):
        said.write(f"{mark} {held.answers}\n")
        said.flush()
        sys.stdin.readline()
        if mark == "begun":
            yield held
