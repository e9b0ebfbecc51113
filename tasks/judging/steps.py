"""The Prefect tasks of the judges' stage; see `outcross.tasks.steps` for what goes for all of them."""

from pathlib import Path

from prefect import task
from prefect.cache_policies import NO_CACHE

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.serving.endpoint import Endpoint
from outcross.tasks.judging import judge


@task(name="unsignalled", task_run_name="unsignalled-{recipe}", cache_policy=NO_CACHE)
def find_unsignalled(home: Path, recipe: str, endpoint: Endpoint) -> list[str]:
    """Drafts that a judge of the recipe hasn't judged by this model."""
    place = Home(home)
    return judge.unsignalled(place, recipes.load(place, recipe), endpoint)


@task(name="judge", cache_policy=NO_CACHE, retries=2, retry_delay_seconds=[2, 10])
def judge_batch(home: Path, recipe: str, endpoint: Endpoint, ids: list[str]) -> int:
    """Let a model judge a batch of drafts; a retry asks only for what has no answer."""
    place = Home(home)
    return judge.judge(place, recipes.load(place, recipe), endpoint, ids)
