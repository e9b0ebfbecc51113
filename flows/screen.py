"""Verdicts on drafts, and the doubtful ones before experts."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prefect import Task, flow
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from outcross.data import recipe as recipes
from outcross.data.stores.arrivals import Part
from outcross.data.stores.home import Home
from outcross.progress import advance, stage
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.screening.screen import Decided
from outcross.tasks.steps import check_part, compare_part, decide_part, enqueue_doubtful, find_parts

PART = 20_000
"""Drafts of a part: a task run costs 5 to 20 ms, and what a part takes of memory is taken once a worker."""


# One part at a time: validators keep the cores busy by themselves. More of them want processes or machines, and not
# threads: `screen.with_options(task_runner=…)` with Prefect's ProcessPoolTaskRunner, or Ray's.
@flow(name="screen", flow_run_name="screen-{recipe}", task_runner=ThreadPoolTaskRunner(max_workers=1))  # type: ignore[arg-type]  # Prefect types the runner's future as invariant
def screen(recipe: str = "docstrings", home: Path | None = None) -> int:
    """Judge every draft that has no verdict, then queue borderline ones and the audit slice.

    Nobody is waited for: the flow ends with the queue filled, and `collect` brings decisions back.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.

    Returns:
        How many items are new in the review queue.
    """
    place = home or from_environment().home
    parts = find_parts(place, recipe, PART)
    for name, step in (("check", check_part), ("compare", compare_part), ("screen", decide_part)):
        with stage(name, sum(part.rows for part in parts)):
            _all(step, place, recipe, parts, name)
    with stage("queue", 0):
        queued = enqueue_doubtful(place, recipe)
    artifacts.outcomes(Home(place), recipes.load(Home(place), recipe))
    return queued


def _all(step: Task[[Path, str, Part], Any], home: Path, recipe: str, parts: Iterable[Part], name: str) -> None:
    """Do a step for every part, whichever worker takes it; the next step waits for all."""
    running = {step.submit(home, recipe, part): part for part in parts}
    for done in as_completed(list(running)):
        found = done.result()
        counts = found.outcomes if isinstance(found, Decided) else {}
        advance(name, running[done].rows, **Counter(counts))
