"""Drafts from a model, or from a file of drafts that somebody already has."""

from contextlib import ExitStack
from pathlib import Path

from prefect import flow, get_run_logger

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.progress import stage
from outcross.serving.fleet import assemble
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.drafting.budget import Limits
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
    tokens: int | None = None,
    money: float | None = None,
    minutes: float | None = None,
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
        tokens: in and out, that all answers of the recipe may take before no more is asked for; these three stand over
            the recipe's own budget.
        money: what those may cost.
        minutes: that this run may take.

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
            fleet = started.enter_context(assemble(settings, Home(place), loaded.draft.models))
        limits = Limits.begin(loaded.budget, tokens=tokens, money=money, minutes=minutes)
        with artifacts.drafting(Home(place), name), stage("draft", wanted):
            came = draft_slots(place, recipe, bulk(fleet), wanted, retry_failed, bulk(limits))
        if came.stopped:
            get_run_logger().warning(came.stopped)
        require_drafts(Home(place), name, came)
    return came
