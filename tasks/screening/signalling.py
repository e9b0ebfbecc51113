"""Signals: what the validators say of drafts that they haven't judged yet."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT
from outcross.data.stores import arrivals, costs, screening
from outcross.data.stores.home import Home
from outcross.tasks.keys import of_drafts
from outcross.tasks.screening import distil
from outcross.tasks.screening.comparisons import Comparisons
from outcross.tasks.screening.frames import Seen, frame
from outcross.tasks.screening.known import known
from outcross.tasks.screening.suite import Screen
from outcross.validators.references import References
from outcross.validators.repeats.semantic import Semantic
from outcross.validators.signals import Validator, params_digest, run

PART = 20_000
"""Texts that are sketched at once."""


def arrive(home: Home, recipe: Recipe) -> None:
    """Give drafts and people's rows that have none their places, in which those before take precedence."""
    arrivals.arrive(home, recipe.name)
    comparisons = Comparisons.of(home, recipe.name, Screen.of(recipe).repeats)
    comparisons.enlist(known(home, recipe).shown["sample_id"], arrivals.places(home, recipe.name))


def check(home: Home, recipe: Recipe, ids: Sequence[str]) -> None:
    """Let the validators that look at a sample alone judge the drafts that they haven't judged."""
    made = Screen.of(recipe)
    _signal(home, recipe, made.checks, seen(home, recipe, ids), References())


def sketch(home: Home, recipe: Recipe) -> None:
    """Sketch all texts that have no sketch yet, so that they can be compared with."""
    comparisons = Comparisons.of(home, recipe.name, Screen.of(recipe).repeats)
    waiting = comparisons.unsketched()
    for start in range(0, len(waiting), PART):
        comparisons.sketch(_texts(home, recipe, waiting[start : start + PART]))


def compare(home: Home, recipe: Recipe, ids: Sequence[str]) -> None:
    """Let the validators that compare judge the drafts that they haven't judged; all texts must be sketched.

    A draft is compared with people's rows and with the drafts that came before it, whichever were judged first.
    """
    made = Screen.of(recipe)
    if not made.repeats:
        return
    by_meaning = [one for one in made.repeats if isinstance(one, Semantic)]
    batch = seen(home, recipe, ids)
    candidates = Comparisons.of(home, recipe.name, made.repeats).candidates(ids)
    references = candidates.references(_texts(home, recipe, candidates.others), known(home, recipe).references)
    by_words = [one for one in made.repeats if one not in by_meaning]
    _signal(home, recipe, by_words, candidates.ranked(batch), references)
    if by_meaning:
        _signal(home, recipe, by_meaning, batch, _all(home, recipe))


def _all(home: Home, recipe: Recipe) -> References:
    """All texts that take precedence over any draft: sketches of words don't tell which of them mean the same."""
    human, placed = known(home, recipe).shown, arrivals.places(home, recipe.name)
    texts = _texts(home, recipe, placed["sample_id"].to_list())
    earlier = placed.join(texts, on="sample_id").join(human, on="sample_id", how="anti")
    return References(human=human, earlier=earlier, vectors=distil.load(home))


def _signal(
    home: Home, recipe: Recipe, validators: Iterable[Validator], batch: pl.DataFrame, references: References
) -> None:
    keys = {(one.name, one.version, params_digest(one)) for one in validators}
    there = screening.signals(home, recipe.name, keys, batch["sample_id"].to_list()).select("validator", "sample_id")
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


def seen(home: Home, recipe: Recipe, ids: Sequence[str]) -> pl.DataFrame:
    """Drafts as validators see them, with the answers of the examples that each was shown."""
    shown = known(home, recipe).seeds
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


def _texts(home: Home, recipe: Recipe, ids: Sequence[str]) -> pl.DataFrame:
    """`sample_id`, `prompt` and `response` of people's rows and of drafts."""
    people = known(home, recipe).shown.filter(pl.col("sample_id").is_in(list(ids)))
    drafts = arrivals.drafts(home, recipe.name, ids)
    contents = drafts.select("sample_id", "content").iter_rows()
    rows = frame(Seen(key, "", CONTENT.validate_json(content)) for key, content in contents)
    names = ["sample_id", "prompt", "response"]
    return pl.concat([people.select(names), rows.select(names)]).unique("sample_id", keep="first", maintain_order=True)
