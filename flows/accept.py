"""Drafts until just so many are accepted."""

from contextlib import ExitStack
from pathlib import Path

from prefect import flow

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.errors import ServerUnavailable
from outcross.progress import stage
from outcross.serving.fleet import Fleet, assemble
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.drafting.accept import Ending, Refill
from outcross.tasks.drafting.budget import Limits
from outcross.tasks.drafting.engine import alone
from outcross.tasks.steps import (
    bulk,
    check_part,
    choose_slots,
    collect_decisions,
    compare_part,
    decide_part,
    draft_slots,
    enqueue_doubtful,
    find_parts,
    recover_answers,
)

PART = 20_000
"""Drafts that are screened at once."""
CANDIDATES = 10
"""Candidates for each accepted draft, at most, where nothing is said."""


@flow(name="accept", flow_run_name="accept-{recipe}-{count}")
def accept(
    recipe: str,
    count: int,
    home: Path | None = None,
    at_most: int | None = None,
    tokens: int | None = None,
    money: float | None = None,
    minutes: float | None = None,
) -> Ending:
    """Draft and screen until so many drafts are accepted, by the screen or by experts, and stop there.

    Each round asks for as many drafts as are missing, stratum by stratum. Run again after an interruption, or after
    experts rejected some of them, it drafts just what is missing by then.

    Args:
        recipe: a recipe's name, or the path of its file.
        count: accepted drafts wanted in all.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        at_most: candidates in all; ten for each draft that is wanted where None.
        tokens: in and out, that all answers of the recipe may take before no more is asked for; these three stand over
            the recipe's own budget.
        money: what those may cost.
        minutes: that this run may take.

    Returns:
        How far it got, and why it ended.
    """
    settings = from_environment()
    place = home or settings.home
    loaded = recipes.load(Home(place), recipe)
    with ExitStack() as started:
        with stage("model", 0):
            started.enter_context(alone(Home(place), loaded.name))
            fleet = started.enter_context(assemble(settings, Home(place), loaded.draft.models))
        limits = Limits.begin(loaded.budget, tokens=tokens, money=money, minutes=minutes)
        started.enter_context(artifacts.drafting(Home(place), loaded.name, "accept"))
        started.enter_context(stage("draft", 0))
        started.enter_context(stage("accept", count))
        ending = _refilled(place, recipe, fleet, limits, count, CANDIDATES * count if at_most is None else at_most)
    with stage("queue", 0):
        enqueue_doubtful(place, recipe)
    artifacts.outcomes(Home(place), loaded)
    return ending


def _refilled(home: Path, recipe: str, fleet: Fleet, limits: Limits, count: int, at_most: int) -> Ending:
    """Draft and screen, round after round, until there is nothing left to do."""
    recover_answers(home, recipe)
    _screen(home, recipe)
    refill = Refill(Home(home), recipes.load(Home(home), recipe), fleet, count, at_most)
    gone = ""
    while not isinstance(chosen := choose_slots(bulk(refill), gone), Ending):
        try:
            gone = draft_slots(home, recipe, bulk(fleet), bulk(chosen), limits=bulk(limits)).stopped
        except ServerUnavailable as error:
            gone = str(error)
        _screen(home, recipe)
    return chosen


def _screen(home: Path, recipe: str) -> None:
    """Judge every draft that has no verdict, and bring experts' decisions in."""
    parts = find_parts(home, recipe, PART)
    for step in (check_part, compare_part, decide_part):
        for part in parts:
            step(home, recipe, part)
    collect_decisions(home)
