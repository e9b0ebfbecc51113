"""Leaks: rows of the training side that repeat a text held out for evaluation."""

from collections.abc import Iterable

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import Sample
from outcross.data.stores.home import Home
from outcross.tasks.screening.frames import Seen, frame
from outcross.tasks.screening.known import known, readings
from outcross.validators.profiles import settings
from outcross.validators.registry import build
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap


def leaking(home: Home, recipe: Recipe, samples: Iterable[Sample]) -> dict[str, str]:
    """The samples that repeat a held-out text, by id, each with the worst repeat in a phrase.

    What counts is what the validator `heldout_overlap` scores 0, with the recipe's limits for it if there are
    some; the recipe need not name it. A row of another kind than the recipe's, such as a target, counts as the
    context that it is going to be. A preference's other answer and the arguments of tool calls count too.
    """
    rows = [
        Seen(f"{sample.sample_id}/{number}", sample.provenance.stratum, sample.content, reading=reading)
        for sample in {sample.sample_id: sample for sample in samples}.values()
        for number, reading in enumerate(readings(sample.content, recipe.kind))
    ]
    limits = settings(recipe.profile, recipe.screen).get(HeldoutOverlap.name, {})
    (validator,) = build({HeldoutOverlap.name: limits})
    said = validator(frame(rows), known(home, recipe).references)
    leaks = said.filter(pl.col("score") == 0).sort("sample_id", descending=True)
    return {key.partition("/")[0]: reason for key, reason in leaks.select("sample_id", "reason").iter_rows()}
