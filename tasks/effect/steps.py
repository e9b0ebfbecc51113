"""The Prefect tasks of the flow `effect`: one that gathers, one an arm, and one that compares and shows."""

from pathlib import Path

from prefect import task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE

from outcross.data import recipe as recipes
from outcross.data.stores.effects import Measured
from outcross.data.stores.home import Home
from outcross.mixture.effect.outcome import Effect
from outcross.progress import advance
from outcross.tasks.artifacts import key
from outcross.tasks.effect import runs
from outcross.tasks.effect.trial import Trial, gather


@task(name="effect-arms", task_run_name="effect-arms-{recipe}", cache_policy=NO_CACHE, persist_result=False)
def gather_arms(home: Path, recipe: str, version: int | None) -> Trial:
    """Gather the arms of a release."""
    place = Home(home)
    return gather(place, recipes.load(place, recipe), version)


@task(name="effect-arm", task_run_name="effect-{digest}", cache_policy=NO_CACHE)
def try_arm(home: Path, trial: Trial, digest: str, proxies: tuple[str, ...] = runs.USUAL) -> None:
    """Try one arm with each proxy, unless that is done already."""
    for proxy in runs.chosen(proxies):
        runs.settle(Home(home), trial, digest, proxy)
    advance("effect")


@task(name="effect", cache_policy=NO_CACHE)
def compare_arms(home: Path, trial: Trial, proxies: tuple[str, ...] = runs.USUAL) -> Measured:
    """Compare the arms, store what came out, and leave it in Prefect."""
    measured = runs.finish(Home(home), trial, runs.chosen(proxies))
    found = runs.outcome(measured)
    create_table_artifact(
        table=table(found),
        key=key("effect", found.name),
        description=" ".join([*(f"{one.sentence} {one.reason}" for one in found.said), *found.remarks]),
    )
    return measured


def table(found: Effect) -> list[dict[str, str]]:
    """A line an arm and proxy, for people to read; names in it may be anybody's."""
    return [
        {
            "proxy": one.proxy,
            "trained on": arm.title,
            "rows": f"{arm.rows:,}",
            "nats a word against people's rows": f"{(by := arm.against_human).effect:+.3f}",
            "standard error": f"{by.standard_error:.3f}",
            "95 % interval": f"{by.low:+.3f} to {by.high:+.3f}",
            "worth in people's rows": arm.human_rows,
        }
        for one in found.proxies
        for arm in one.arms
        if arm.kind != "human"
    ]
