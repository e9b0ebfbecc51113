"""The Prefect tasks: each a thin step around a plain function of this room.

The stores are the memory, not Prefect's cache: a step that runs again finds what it did and adds nothing twice.
Arguments are names, paths and counts; what is larger is quoted, because Prefect walks everything else.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.runtime import task_run
from prefect.utilities.annotations import quote

from outcross.data import recipe as recipes
from outcross.data.release.versions import Release
from outcross.data.stores.arrivals import Part
from outcross.data.stores.home import Home
from outcross.data.stores.spool import Spool
from outcross.serving.fleet import Fleet
from outcross.tasks import gold, imports, ingest, release, review
from outcross.tasks.drafting import engine
from outcross.tasks.drafting.accept import Ending, Refill
from outcross.tasks.drafting.budget import Limits
from outcross.tasks.drafting.engine import Drafted
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.intake import Intake
from outcross.tasks.mixing.mix import worth
from outcross.tasks.mixing.order import put_in_order
from outcross.tasks.screening import screen, signalling
from outcross.tasks.screening.screen import Decided

T = TypeVar("T")


def bulk(value: T) -> T:
    """Mark an argument as one that Prefect hands over as it is, without walking through it."""
    return cast("T", quote(value))


@task(name="ingest", task_run_name="ingest-{recipe}", cache_policy=NO_CACHE)
def ingest_corpus(home: Path, recipe: str) -> Intake:
    """Read people's rows into the vault."""
    place = Home(home)
    return ingest.ingest(place, recipes.load(place, recipe))


@task(name="import-drafts", task_run_name="import-{recipe}", cache_policy=NO_CACHE)
def import_drafts(home: Path, recipe: str, drafts: Path, generator: str) -> Intake:
    """Take in drafts that somebody already has."""
    place = Home(home)
    return imports.import_drafts(place, recipes.load(place, recipe), drafts, generator)


@task(name="import-solutions", task_run_name="import-{recipe}", cache_policy=NO_CACHE)
def import_solutions(home: Path, recipe: str) -> Intake:
    """Take in the drafts that a recipe's own corpus brings."""
    place = Home(home)
    return imports.import_solutions(place, recipes.load(place, recipe))


@task(name="draft", task_run_name="draft-{recipe}", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=[2, 10])
def draft_slots(
    home: Path,
    recipe: str,
    fleet: Fleet,
    wanted: int | Sequence[Slot],
    retry_failed: bool = False,
    limits: Limits | None = None,
) -> Drafted:
    """Draft some slots of the plan, or so many of its first ones; a retry asks only for what has no answer."""
    place = Home(home)
    # What failed again in this run isn't paid for once more because a server went away in the middle of it.
    again = retry_failed and (task_run.run_count or 1) == 1
    return engine.draft(place, recipes.load(place, recipe), fleet, wanted, retry_failed=again, limits=limits)


@task(name="recover", task_run_name="recover-{recipe}", cache_policy=NO_CACHE)
def recover_answers(home: Path, recipe: str) -> int:
    """Take in the answers that an interrupted run left; nobody else may draft for the recipe meanwhile."""
    place = Home(home)
    return Spool(place, recipes.load(place, recipe).name).flush()


@task(name="choose", cache_policy=NO_CACHE)
def choose_slots(refill: Refill, gone: str) -> Sequence[Slot] | Ending:
    """The slots to draft next, or why there are none; see `Refill.next`."""
    return refill.next(gone)


@task(name="parts", task_run_name="parts-{recipe}", cache_policy=NO_CACHE)
def find_parts(home: Path, recipe: str, rows: int) -> list[Part]:
    """The drafts without a verdict, in parts of so many rows."""
    place = Home(home)
    return screen.parts(place, recipes.load(place, recipe), rows)


@task(name="check", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def check_part(home: Path, recipe: str, part: Part) -> None:
    """Let the validators that look at a sample alone judge a part."""
    place = Home(home)
    loaded = recipes.load(place, recipe)
    signalling.check(place, loaded, screen.unjudged(place, loaded, part))


@task(name="compare", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def compare_part(home: Path, recipe: str, part: Part) -> None:
    """Let the validators that compare judge a part; all parts must have been checked."""
    place = Home(home)
    loaded = recipes.load(place, recipe)
    signalling.compare(place, loaded, screen.unjudged(place, loaded, part))


@task(name="decide", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def decide_part(home: Path, recipe: str, part: Part) -> Decided:
    """Give a part its verdicts."""
    place = Home(home)
    loaded = recipes.load(place, recipe)
    return screen.decide(place, loaded, screen.unjudged(place, loaded, part))


@task(name="enqueue", task_run_name="enqueue-{recipe}", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def enqueue_doubtful(home: Path, recipe: str) -> int:
    """Put borderline drafts and the audit slice before experts, and among them what is known to be right or wrong."""
    place = Home(home)
    loaded = recipes.load(place, recipe)
    value = worth(place, loaded)
    queued = review.enqueue(place, loaded, value)
    gold.add_gold(place, loaded)
    put_in_order(place, loaded, value)
    return queued


@task(name="collect", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def collect_decisions(home: Path) -> int:
    """Bring experts' decisions back."""
    return review.collect(Home(home))


@task(name="release", task_run_name="release-{recipe}", cache_policy=NO_CACHE)
def publish_release(home: Path, recipe: str) -> Release:
    """Weigh, gate and publish."""
    place = Home(home)
    return release.release(place, recipes.load(place, recipe))
