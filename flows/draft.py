"""Drafts from a model, or from a file of drafts that somebody already has."""

from contextlib import ExitStack
from pathlib import Path

from prefect import flow
from prefect.artifacts import update_progress_artifact

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.progress import stage
from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.drafting.engine import Drafted, alone, require_drafts
from outcross.tasks.intake import Intake
from outcross.tasks.steps import bulk, draft_slots, import_drafts, import_solutions


@flow(name="draft", flow_run_name="draft-{recipe}")
def draft(
    recipe: str = "docstrings",
    home: Path | None = None,
    count: int | None = None,
    drafts: Path | None = None,
    generator: str = "",
    retry_failed: bool = False,
) -> Drafted | Intake:
    """Draft the plan's first `count` slots; what has an answer is not paid for again.

    Runs that draft for one recipe take turns. A corpus that brings drafts of its own, as CHAMP does, has them taken in
    first; where the recipe wants no others, no model is asked.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        count: drafts wanted in all; the recipe's own number where None.
        drafts: a JSONL file to import instead of asking a model.
        generator: the name of the model that wrote that file.
        retry_failed: ask once more for slots whose answers made no sample, or that were refused.

    Returns:
        What the slots that were asked for came to, or what came in from the file.
    """
    settings = from_environment()
    place = home or settings.home
    if drafts is not None:
        return import_drafts(place, recipe, drafts, generator)
    loaded = recipes.load(Home(place), recipe)
    name, wanted = loaded.name, loaded.draft.count if count is None else count
    if loaded.source.reader == "champ":
        brought = import_solutions(place, recipe)
        if not wanted:
            return brought
    with ExitStack() as started:
        with stage("model", 0):
            started.enter_context(alone(Home(place), name))
            endpoint = started.enter_context(connect(settings, Home(place)))
        fleet = Fleet(members=(Member(endpoint=endpoint),))
        bar = artifacts.drafting(name)
        with stage("draft", wanted):
            came = draft_slots(place, recipe, bulk(fleet), wanted, retry_failed)
        update_progress_artifact(bar, progress=100)
        require_drafts(Home(place), name, came)
    return came
