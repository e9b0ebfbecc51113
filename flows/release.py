"""A human-weighted mixture, gated and published."""

from pathlib import Path

from prefect import flow

from outcross.data.release.versions import Release
from outcross.progress import stage
from outcross.settings import from_environment
from outcross.tasks import artifacts
from outcross.tasks.steps import publish_release


@flow(name="release", flow_run_name="release-{recipe}")
def release(recipe: str = "docstrings", home: Path | None = None) -> Release:
    """Publish the next version, or return the newest where nothing in it would differ.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
    """
    with stage("release", 0):
        made = publish_release(home or from_environment().home, recipe)
    artifacts.published(made)
    return made
