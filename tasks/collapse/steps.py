"""The Prefect tasks of the flow `collapse`: one a part and policy, and one that shows what came out."""

from dataclasses import dataclass
from pathlib import Path

from prefect import task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE

from outcross.progress import advance
from outcross.tasks.artifacts import key
from outcross.tasks.collapse.page import render, summary
from outcross.tasks.collapse.runs import Absent, Settings, found, read_text, settle

PAGE = "collapse.html"


@dataclass(frozen=True)
class Shown:
    """What a run ends in."""

    page: Path
    absent: dict[str, Absent]
    """Parts that couldn't be run here, with the reason."""


@task(name="collapse", task_run_name="{part}-{policy}", cache_policy=NO_CACHE)
def run_policy(home: Path, settings: Settings, part: str, policy: str) -> Absent | None:
    """Run one part under one policy, unless that is done already."""
    absent = settle(home, settings, part, policy)
    advance(part, 0 if absent else 1)
    return absent


@task(name="collapse-page", cache_policy=NO_CACHE)
def show(home: Path, settings: Settings, absent: dict[str, Absent]) -> Shown:
    """Write the page, and leave its sentences in Prefect."""
    results = {part: result for part in settings.parts if (result := found(home, settings, part)) is not None}
    place = home / "collapse" / PAGE
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = place.with_suffix(".new")
    fresh.write_text(render(results, absent, settings, read_text(settings)), encoding="utf-8")
    fresh.replace(place)
    create_markdown_artifact(markdown=summary(results, absent) + f"\nThe page: `{place}`.", key=key("collapse"))
    return Shown(place, absent)
