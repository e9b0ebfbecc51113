"""Verdicts on drafts, and the doubtful ones before experts."""

from pathlib import Path

from prefect import flow

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.progress import stage
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.batches import batches
from outcross.tasks.steps import bulk, enqueue_doubtful, find_unjudged, screen_batch

PART = 5_000
"""Drafts of a screening batch: a validator compares each batch with all rows, which is worth doing seldom."""


@flow(name="screen", flow_run_name="screen-{recipe}")
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
    ids = find_unjudged(place, recipe)
    with stage("screen", len(ids)):
        for part in batches(ids, wanted=1, largest=PART):
            screen_batch(place, recipe, bulk(part))
    with stage("queue", 0):
        queued = enqueue_doubtful(place, recipe)
    artifacts.outcomes(Home(place), recipes.load(Home(place), recipe))
    return queued
