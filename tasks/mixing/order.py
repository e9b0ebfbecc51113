"""The order in which experts see what waits: first where a row that a person vouches for is worth most."""

from collections.abc import Mapping

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.review.judgements import Records
from outcross.data.review.queue import Queue
from outcross.data.samples import digest
from outcross.data.stores import warehouse
from outcross.data.stores.home import Home


def put_in_order(home: Home, recipe: Recipe, worth: Mapping[str, float]) -> None:
    """Give every open item of the recipe its priority in the queue.

    Args:
        worth: by stratum, what one more row there is worth, in whatever unit; 0 where nothing is said.
    """
    waiting = (
        Records(home.queue).frames(recipe.name).items.filter(pl.col("state") == "open", pl.col("source") != "gold")
    )
    placed = priorities(waiting.join(warehouse.strata(home, recipe.name), on="sample_id"), worth)
    Queue(home.queue).prioritise(recipe.name, placed)


def priorities(waiting: pl.DataFrame, worth: Mapping[str, float]) -> dict[str, float]:
    """A priority in [0, 1) for each item, by sample: the share of the strata at hand that are worth less than its own.

    An audited item takes the place of a doubtful one that is drawn by its id: audits come in random order, whatever
    stratum they are of, so that those decided so far stand for all, and their place in the queue tells nobody what
    they are.

    Args:
        waiting: sample_id, stratum, source.
    """
    value = waiting.with_columns(
        worth=pl.col("stratum").replace_strict(dict(worth), default=0.0, return_dtype=pl.Float64)
    )
    steps = value["worth"].unique().sort()
    ranked = value.with_columns(prio=steps.search_sorted(value["worth"]) / max(1, steps.len()))
    doubtful = ranked.filter(pl.col("source") != "audit").sort("sample_id")["prio"].to_list()
    return {
        sample_id: _drawn(doubtful, sample_id) if source == "audit" else prio
        for sample_id, source, prio in ranked.select("sample_id", "source", "prio").iter_rows()
    }


def _drawn(priorities: list[float], sample_id: str) -> float:
    return priorities[int(digest(sample_id), 16) % len(priorities)] if priorities else 0.0
