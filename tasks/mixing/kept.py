"""What each validator keeps by its own rule alone: of the drafts, and of people's own rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import Sample
from outcross.data.stores import screening
from outcross.data.stores.home import Home
from outcross.tasks.screening.frames import Seen, frame
from outcross.tasks.screening.known import known
from outcross.tasks.screening.suite import Screen
from outcross.validators.signals import run

MOST_ROWS = 2_000
"""People's rows that validators are tried on."""


@dataclass(frozen=True)
class Kept:
    """One validator's judgement of rows of one origin."""

    validator: str
    origin: str
    """synthetic or human."""
    judged: frozenset[str]
    kept: frozenset[str]


def of_drafts(home: Home, recipe: Recipe) -> list[Kept]:
    """What the screen's validators keep of the drafts that they have judged, in the screen's order."""
    made = Screen.of(recipe)
    return _kept(made, screening.signals(home, recipe.name, made.keys), "synthetic")


def of_people(home: Home, recipe: Recipe, rows: Collection[Sample], *, seed: int = 0) -> list[Kept]:
    """What the screen's validators would keep of people's rows if these were drafts, in the screen's order.

    Half of the documents are judged, whole ones as far as `MOST_ROWS` rows go; the other half, and the rows that models
    were shown, stand for what people wrote before, or each row would be a copy of itself.

    Args:
        home: whose held-out texts are compared with too.
        recipe: whose screen it is.
        rows: people's, of the recipe's kind.
        seed: of the choice of documents.
    """
    made = Screen.of(recipe)
    documents, judged = _drawn({one.sample_id: one.provenance.source for one in rows}, seed)
    batch = frame(Seen(one.sample_id, one.provenance.stratum, one.content) for one in rows if one.sample_id in judged)
    there = known(home, recipe)
    before = there.shown.filter(~pl.col("source").is_in(list(documents)))
    references = replace(there.references, human=before.select("sample_id", "prompt", "response"))
    signals = [run(validator, batch, references) for validator in made.validators]
    return _kept(made, pl.concat(signals), "human")


def _drawn(document: Mapping[str, str], seed: int) -> tuple[set[str], set[str]]:
    """Half of the documents, and the ids of rows of theirs: all of each, or some of one that is too large itself."""
    names, sizes = np.unique(list(document.values()), return_counts=True)
    order = np.random.default_rng(seed).permutation(names.size)[: (names.size + 1) // 2]
    whole = max(1, int((np.cumsum(sizes[order]) <= MOST_ROWS).sum()))
    chosen = set(names[order[:whole]])
    return set(names[order]), set([key for key, name in document.items() if name in chosen][:MOST_ROWS])


def _kept(made: Screen, signals: pl.DataFrame, origin: str) -> list[Kept]:
    least = {name: rule.accept_from for name, rule in made.rules.items()}
    enough = pl.col("score") >= pl.col("validator").replace_strict(least, return_dtype=pl.Float64)
    frames = signals.with_columns(kept=enough.fill_null(value=False)).partition_by("validator", as_dict=True)
    return [
        Kept(one.name, origin, frozenset(found["sample_id"]), frozenset(found.filter("kept")["sample_id"]))
        for one in made.validators
        if (found := frames.get((one.name,))) is not None
    ]
