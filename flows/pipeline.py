"""The main job from end to end."""

from pathlib import Path

from prefect import flow

from outcross.data.release.versions import Release
from outcross.flows.collect import collect
from outcross.flows.draft import draft
from outcross.flows.ingest import ingest
from outcross.flows.release import release
from outcross.flows.screen import screen


@flow(name="pipeline", flow_run_name="pipeline-{recipe}")
def pipeline(recipe: str = "docstrings", home: Path | None = None, count: int | None = None) -> Release:
    """People's data in, drafts screened, doubtful ones queued, decisions collected, a release out.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        count: drafts wanted in all; the recipe's own number where None.
    """
    ingest(recipe, home)
    draft(recipe, home, count)
    screen(recipe, home)
    collect(home)
    return release(recipe, home)
