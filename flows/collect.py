"""Experts' decisions back from the review queue."""

from pathlib import Path

from prefect import flow

from outcross.settings import from_environment
from outcross.tasks.steps import collect_decisions


@flow(name="collect", flow_run_name="collect")
def collect(home: Path | None = None) -> int:
    """Copy new decisions into the warehouse; an edit becomes a hybrid sample there.

    Args:
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.

    Returns:
        How many decisions were new.
    """
    return collect_decisions(home or from_environment().home)
