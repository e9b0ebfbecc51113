"""The trial of a release: the arms and held-out texts that are gathered for it, and what comes of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.mixture.effect.arms import Arm, Material, hold_back
from outcross.mixture.effect.evaluate import Bench
from outcross.tasks.effect import sources
from outcross.tasks.effect.sources import Rows
from outcross.tasks.screening.leaks import leaking

DEV = 0.2
"""Share of the held-out documents that proxies are tuned on."""

MOST_ROWS = 100_000
"""Rows of a release that are trained on; of a larger one each row has the same chance to be among them."""

FEW = 0.05
"""Share of drafts below which a release can hardly differ from people's rows."""


@dataclass(frozen=True, eq=False)
class Trial:
    """All that an evaluation needs, gathered once."""

    name: str
    version: int
    last: int | None
    """The version before; None for a first release."""
    material: Material
    dev: pl.DataFrame
    test: pl.DataFrame
    share: float
    """Of the rows, those that are trained on."""

    @cached_property
    def arms(self) -> list[Arm]:
        """Everything to train on, each a row set of its own name; see `Material.arms`."""
        return self.material.arms()

    @cached_property
    def distinct(self) -> dict[str, Arm]:
        """The arms by digest: what there is to do."""
        return {arm.digest: arm for arm in reversed(self.arms)}

    @cached_property
    def bench(self) -> Bench:
        """What they are tried on."""
        return Bench.of(self.dev, self.test, self.distinct.values())

    @property
    def remarks(self) -> Iterator[str]:
        """What keeps the evaluation from seeing much, in sentences."""
        rows = self.material.release
        drafts = rows.filter(pl.col("klass") != "human").height
        if drafts < FEW * rows.height:
            yield f"Only {drafts:,} of {rows.height:,} rows are drafts: such a release can hardly differ from people's."
        if self.share < 1:
            yield f"The release is large: {self.share:.1%} of its rows are trained on, the same ones in every arm."


def gather(home: Home, recipe: Recipe, version: int | None = None) -> Trial:
    """Gather the arms of a release.

    The test and the rows that proxies are tuned on come from the vault's held-out part, of different documents. Any
    row, of whatever arm, that repeats a held-out text is taken away. The ruler's rows from people are whole documents
    of the vault's mixture part, and people's rows of these documents are taken from every other arm, the releases
    too: so each row of the ruler is new to all, at the price that the release is tried with up to a quarter of
    people's rows missing, on both sides of each comparison. Drafts stay, whichever document they stand closest to.

    Args:
        home: holds the release, people's rows and the drafts.
        recipe: the release's.
        version: the newest where None.

    Raises:
        InputError: fewer than two documents are held out, or people's rows are lacking.
        ReleaseError: there is no such release.
    """
    release = releases.find(home, recipe.name, version)
    last = max((one for one in releases.versions(home, recipe.name) if one < release.version), default=None)
    test, dev = _held_out(home, recipe)
    people = sources.people(home, recipe, "mixture")
    ours, theirs = (sources.released(home, recipe, one) if one else {} for one in (release.version, last))
    refused = sources.refused(home, recipe, ours)
    share = min(1.0, MOST_ROWS / len(ours))
    usable = _usable(home, recipe, share, people, ours, theirs, *refused.values())
    human, extra = hold_back(sources.frame(recipe, people, usable))
    if human.is_empty():
        raise InputError(f"people have no rows in {recipe.name} to compare with. Bring some: outcross ingest.")

    def rows(found: Rows) -> pl.DataFrame:
        held = (pl.col("klass") == "human") & pl.col("document").is_in(extra["document"].unique().implode())
        return sources.frame(recipe, found, usable).filter(~held)

    material = Material(
        human, extra, rows(ours), rows(theirs) if last else None, {name: rows(part) for name, part in refused.items()}
    )
    return Trial(recipe.name, release.version, last, material, dev, test, share)


def _held_out(home: Home, recipe: Recipe) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is tested on, and what is tuned on: at least a document each."""
    held = sources.frame(recipe, sources.people(home, recipe, "heldout"))
    documents = held["document"].n_unique()
    if documents < 2:
        raise InputError(
            f"the effect of {recipe.name} is measured on people's held-out documents, and there are {documents} of "
            "them; two are the least, 100 do well. Raise `heldout_share` in [source], and ingest into a new home."
        )
    names = held["document"].unique().sort()
    drawn = np.random.default_rng(0).permutation(documents)[: max(1, round(DEV * documents))]
    tuned_on = pl.col("document").is_in(names[drawn].implode())
    return held.filter(~tuned_on), held.filter(tuned_on)


def _usable(home: Home, recipe: Recipe, share: float, *parts: Rows) -> set[str]:
    """The rows that may be trained on: a share of all, the same in any arm, and none that repeats held-out text."""
    among = {key: row.sample for part in parts for key, row in part.items() if int(key[:12], 16) < share * 16**12}
    return among.keys() - leaking(home, recipe, among.values()).keys()
