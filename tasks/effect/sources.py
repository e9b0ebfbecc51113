"""Where the rows of an evaluation come from: the vault, published releases, and drafts that were kept out."""

from collections.abc import Collection, Mapping
from statistics import fmean
from typing import NamedTuple

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.release.read import read_arrow
from outcross.data.release.table import rebuild
from outcross.data.samples import Sample
from outcross.data.stores import decisions, vault, warehouse
from outcross.data.stores.home import Home
from outcross.mixture.effect.arms import ROWS
from outcross.tasks.mixing import kept
from outcross.tasks.mixing.texts import texts


class Weighed(NamedTuple):
    """A row as something is trained on it."""

    sample: Sample
    klass: str
    weight: float


Rows = Mapping[str, Weighed]
"""By sample id."""


def people(home: Home, recipe: Recipe, part: str) -> Rows:
    """A part of the vault, as far as it is of the recipe's kind, each row once."""
    found = vault.samples(home, recipe.name, part)
    return {one.sample_id: Weighed(one, "human", 1.0) for one in found if one.content.kind == recipe.kind}


def released(home: Home, recipe: Recipe, version: int) -> Rows:
    """A release, from the very columns that a training job reads.

    Raises:
        ReleaseError: there is none, or it can't be read.
    """
    rows = read_arrow(recipe.name, version, home=home.root).to_pylist()
    return {row["sample_id"]: Weighed(rebuild(row), row["klass"], row["weight"]) for row in rows}


def refused(home: Home, recipe: Recipe, release: Rows) -> dict[str, Rows]:
    """What one validator alone kept out of a release, by validator; weighed like the drafts that nobody reviewed.

    Rows that an expert rejected, or let in all the same, aren't among it.
    """
    against = {one.validator: one.judged - one.kept for one in kept.of_drafts(home, recipe)}
    settled = set(decisions.settled(home, recipe.name)["sample_id"]) | release.keys()
    weights = [row.weight for row in release.values() if row.klass == "unreviewed"]
    weight = fmean(weights) if weights else 1.0
    found: dict[str, Rows] = {}
    for name, rows in against.items():
        others: set[str] = set().union(*(against[other] for other in against if other != name))
        alone = warehouse.samples(home, recipe.name, sorted(rows - others - settled))
        found[name] = {key: Weighed(one, "unreviewed", weight) for key, one in alone.items()}
    return found


def frame(recipe: Recipe, rows: Rows, keep: Collection[str] | None = None) -> pl.DataFrame:
    """Rows with the columns `ROWS`, those without a text left out; only those to `keep` where that is said."""
    chosen = {key: row for key, row in rows.items() if keep is None or key in keep}
    found = texts(recipe, (row.sample for row in chosen.values()), {key: row.weight for key, row in chosen.items()})
    said = [row.sample.provenance.generation for row in chosen.values()]
    return (
        found.with_columns(
            klass=pl.Series([row.klass for row in chosen.values()], dtype=pl.String),
            prompt=pl.Series([one.prompt_digest if one else None for one in said], dtype=pl.String),
        )
        .filter(pl.col("text").str.contains(r"\S"))
        .select(ROWS.keys())
    )
