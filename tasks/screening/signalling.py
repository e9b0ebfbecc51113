"""Signals: what the validators say of drafts that they haven't judged yet."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT
from outcross.data.stores import arrivals, costs, screening
from outcross.data.stores.home import Home
from outcross.tasks.keys import of_drafts
from outcross.tasks.screening.frames import Seen, frame
from outcross.tasks.screening.leaks import heldout, people
from outcross.tasks.screening.suite import Screen
from outcross.validators.references import References
from outcross.validators.signals import Validator, params_digest, run


def check(home: Home, recipe: Recipe, ids: Sequence[str]) -> None:
    """Let the validators that look at a sample alone judge the drafts that they haven't judged."""
    made = Screen.of(recipe)
    _signal(home, recipe, made.checks, ids, References())


def compare(home: Home, recipe: Recipe, ids: Sequence[str]) -> None:
    """Let the validators that compare judge the drafts that they haven't judged.

    A draft is compared with people's rows and with the drafts that came before it, whichever were judged first.
    """
    made = Screen.of(recipe)
    if not made.repeats:
        return
    rows = people(home, recipe)
    read_first = rows.filter(~pl.col("also"), pl.col("part").is_in(["seed", "mixture"]), pl.col("response") != "")
    everyone = arrivals.unjudged(home, recipe.name, "")
    earlier = _seen(home, recipe, everyone, rows)
    references = replace(
        heldout(rows),
        human=read_first.select("sample_id", "prompt", "response"),
        earlier=earlier.select("sample_id", "rank", "prompt", "response"),
    )
    _signal(home, recipe, made.repeats, ids, references)


def _signal(
    home: Home, recipe: Recipe, validators: Iterable[Validator], ids: Sequence[str], references: References
) -> None:
    batch = _seen(home, recipe, ids, people(home, recipe))
    keys = {(one.name, one.version, params_digest(one)) for one in validators}
    there = screening.signals(home, recipe.name, keys, ids).select("validator", "sample_id")
    for validator in validators:
        judged = there.filter(pl.col("validator") == validator.name)
        missing = batch.join(judged, on="sample_id", how="anti", maintain_order="left")
        if not missing.is_empty():
            _run(home, recipe, validator, missing, references)


def _run(home: Home, recipe: Recipe, validator: Validator, rows: pl.DataFrame, references: References) -> None:
    began = time.process_time()
    found = run(validator, rows, references)
    seconds = time.process_time() - began
    screening.add_signals(home, recipe.name, found)
    costs.add(home, recipe.name, validator.name, validator.version, params_digest(validator), rows.height, seconds)


def _seen(home: Home, recipe: Recipe, ids: Sequence[str], rows: pl.DataFrame) -> pl.DataFrame:
    """Drafts as validators see them, with the answers of the examples that each was shown."""
    seeds = rows.filter(~pl.col("also"), pl.col("part") == "seed").select("sample_id", "response")
    shown = dict(seeds.iter_rows())
    drafts = arrivals.drafts(home, recipe.name, ids)
    keys = of_drafts(home, recipe.name, drafts)
    return frame(_as_seen(row, shown, keys) for row in drafts.iter_rows(named=True))


def _as_seen(row: Mapping[str, Any], seeds: Mapping[str, str], keys: Mapping[str, str]) -> Seen:
    said = json.loads(row["provenance"])
    shown = [seeds[parent["sample_id"]] for parent in said["parents"] if parent["sample_id"] in seeds]
    return Seen(
        row["sample_id"],
        said["stratum"],
        CONTENT.validate_json(row["content"]),
        shown="\n\n".join(shown),
        key=keys.get(row["sample_id"], ""),
        logprob=row["mean_logprob"],
        rank=f"{row['place']:012}",
    )
