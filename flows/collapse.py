"""The papers' experiments on collapse under every policy, on one page."""

from pathlib import Path

from prefect import flow

from outcross.progress import stage
from outcross.settings import from_environment
from outcross.tasks.collapse.runs import USUAL, Absent, Settings
from outcross.tasks.collapse.steps import Shown, run_policy, show


@flow(name="collapse")
def collapse(
    home: Path | None = None,
    parts: tuple[str, ...] = USUAL,
    policies: tuple[str, ...] = (),
    quick: bool = False,
    seed: int = 0,
    text: Path | None = None,
) -> Shown:
    """Run each part under each policy, going on where a run before was cut off, and write the page.

    Args:
        home: the folder of the stores; `OUTCROSS_HOME`, or `.outcross`, where None.
        parts: which experiments.
        policies: under which policies; all where none is named.
        quick: the small version of each part.
        seed: of all chances.
        text: a file, or a folder of documentation, for the parts that read; what the machine has where None.
    """
    place = (home or from_environment().home).absolute()
    settings = Settings(parts, policies, quick, seed, text)
    absent: dict[str, Absent] = {}
    for part in parts:
        with stage(part, len(settings.under(part))):
            for policy in settings.under(part):
                if missing := run_policy(place, settings, part, policy):
                    absent[part] = missing
                    break
    return show(place, settings, absent)
