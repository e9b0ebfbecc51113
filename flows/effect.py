"""Whether a release trains a better model than people's rows alone, and than the release before."""

from pathlib import Path

from prefect import flow

from outcross.data.stores.effects import Measured
from outcross.progress import stage
from outcross.settings import from_environment
from outcross.tasks.effect.runs import USUAL
from outcross.tasks.effect.steps import compare_arms, gather_arms, try_arm
from outcross.tasks.steps import bulk


@flow(name="effect", flow_run_name="effect-{recipe}")
def effect(
    recipe: str = "docstrings",
    home: Path | None = None,
    version: int | None = None,
    proxies: tuple[str, ...] = USUAL,
) -> Measured:
    """Try a small model on each arm, going on where a run before was cut off, and compare.

    Args:
        recipe: a recipe's name, or the path of its file.
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        version: the release's; the newest where None.
        proxies: the small models that all have to agree.
    """
    place = (home or from_environment().home).absolute()
    trial = gather_arms(place, recipe, version)
    with stage("effect", len(trial.distinct)):
        for digest in trial.distinct:
            try_arm(place, bulk(trial), digest, proxies)
    return compare_arms(place, bulk(trial), proxies)
