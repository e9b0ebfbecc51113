"""People's rows into the vault."""

from pathlib import Path

from prefect import flow

from outcross.settings import from_environment
from outcross.tasks.intake import Intake
from outcross.tasks.steps import ingest_corpus


@flow(name="ingest", flow_run_name="ingest-{recipe}")
def ingest(recipe: str = "docstrings", home: Path | None = None) -> Intake:
    """Read a recipe's corpus; rows that are there already stay as they are.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
    """
    return ingest_corpus(home or from_environment().home, recipe)
