"""What a model says of drafts, beside what validators say."""

from pathlib import Path

from prefect import flow

from outcross.data import recipe as recipes
from outcross.data.stores.home import Home
from outcross.progress import stage
from outcross.serving.endpoint import connect
from outcross.settings import from_environment
from outcross.tasks.batches import batches
from outcross.tasks.judging.registry import judges
from outcross.tasks.judging.steps import find_unsignalled, judge_batch
from outcross.tasks.steps import bulk


@flow(name="judge", flow_run_name="judge-{recipe}")
def judge(recipe: str = "docstrings", home: Path | None = None) -> int:
    """Let the recipe's judges ask the model about every draft that they haven't judged by it.

    Their scores inform and decide nothing: nothing waits for them, and an answer is never paid for twice.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.

    Returns:
        How many signals are new.
    """
    settings = from_environment()
    place = home or settings.home
    asked = judges(recipes.load(Home(place), recipe))
    if not asked:
        return 0
    with stage("model", 0):
        connected = connect(settings, Home(place))
    with connected as endpoint:
        ids = find_unsignalled(place, recipe, bulk(endpoint))
        with stage("judge", len(ids) * len(asked)):
            return sum(judge_batch(place, recipe, bulk(endpoint), bulk(part)) for part in batches(ids))
