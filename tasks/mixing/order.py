"""The order in which experts see what waits: first where a second of their time is worth most."""

from collections.abc import Mapping

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.review.judgements import Records
from outcross.data.review.queue import Queue
from outcross.data.samples import digest
from outcross.data.stores import screening
from outcross.data.stores.home import Home
from outcross.tasks.screening.routes import valued

VALUED = ("border", "overlap")
"""Sources whose items have a value of their own. All others are random draws, which keep a random order."""


def put_in_order(home: Home, recipe: Recipe, worth: Mapping[str, float]) -> None:
    """Give every open item of the recipe its priority in the queue.

    Args:
        worth: by stratum, what one more row there is worth; see `routes.valued`.
    """
    waiting = (
        Records(home.queue).frames(recipe.name).items.filter(pl.col("state") == "open", pl.col("source") != "gold")
    )
    rows = waiting.join(screening.sizes(home, recipe.name, waiting["sample_id"].to_list()), on="sample_id")
    placed = priorities(rows.with_columns(value=pl.Series(valued(rows, worth))))
    Queue(home.queue).prioritise(recipe.name, placed)


def priorities(waiting: pl.DataFrame) -> dict[str, float]:
    """A priority in [0, 1) for each item, by sample: the share of the doubtful items' values that are below its own.

    An item that was drawn at random, as audits are, takes the place of a doubtful one that is drawn by its id: so it
    comes up in random order, whatever it is worth, those decided so far stand for all, and its place in the queue
    tells nobody what it is.

    Args:
        waiting: sample_id, source, value.
    """
    doubtful = waiting.filter(pl.col("source").is_in(VALUED)).sort("sample_id")
    steps = doubtful["value"].unique().sort()
    placed = (steps.search_sorted(doubtful["value"]) / max(1, steps.len())).to_list()
    others = waiting.filter(~pl.col("source").is_in(VALUED))["sample_id"]
    return dict(zip(doubtful["sample_id"], placed, strict=True)) | {key: _drawn(placed, key) for key in others}


def _drawn(priorities: list[float], sample_id: str) -> float:
    return priorities[int(digest(sample_id), 16) % len(priorities)] if priorities else 0.0
