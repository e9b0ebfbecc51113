"""Drafts from a model, or from a file of drafts that somebody already has."""

from contextlib import ExitStack
from pathlib import Path

from prefect import flow
from prefect.artifacts import update_progress_artifact
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.progress import stage
from outcross.serving.endpoint import connect
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.batches import batches
from outcross.tasks.draft import alone, require_answers
from outcross.tasks.intake import Intake
from outcross.tasks.steps import bulk, draft_batch, import_drafts, import_solutions, plan_drafts

WORKERS = 2
"""Batches drafted at once, so that one's last slow answers don't leave the server idle."""


@flow(name="draft", flow_run_name="draft-{recipe}", task_runner=ThreadPoolTaskRunner(max_workers=WORKERS))  # type: ignore[arg-type]  # Prefect types the runner's future as invariant
def draft(
    recipe: str = "docstrings",
    home: Path | None = None,
    count: int | None = None,
    drafts: Path | None = None,
    generator: str = "",
) -> int | Intake:
    """Draft until the plan's first `count` slots are answered; what has an answer is not paid for again.

    Runs that draft for one recipe take turns. A corpus that brings drafts of its own, as CHAMP does, has them taken in
    first; where the recipe wants no others, no model is asked.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        count: drafts wanted in all; the recipe's own number where None.
        drafts: a JSONL file to import instead of asking a model.
        generator: the name of the model that wrote that file.

    Returns:
        How many slots were asked for, or what came in from the file.
    """
    settings = from_environment()
    place = home or settings.home
    if drafts is not None:
        return import_drafts(place, recipe, drafts, generator)
    loaded = recipes.load(Home(place), recipe)
    name = loaded.name
    if loaded.source.reader == "champ":
        brought = import_solutions(place, recipe)
        if not (loaded.draft.count if count is None else count):
            return brought
    with ExitStack() as started:
        with stage("model", 0):
            started.enter_context(alone(Home(place), name))
            endpoint = started.enter_context(connect(settings, Home(place)))
        with stage("plan", 0):
            slots = plan_drafts(place, recipe, bulk(endpoint), count)
        bar = artifacts.drafting(name)
        share = endpoint.model_copy(update={"concurrency": max(1, endpoint.concurrency // WORKERS)})
        with stage("draft", len(slots)):
            parts = batches(slots)
            futures = [draft_batch.submit(place, recipe, bulk(share), bulk(part)) for part in parts]
            for done, _ in enumerate(as_completed(futures), start=1):
                update_progress_artifact(bar, progress=100 * done / len(futures))
        require_answers(Home(place), name, [future.result() for future in futures])
    return len(slots)
