"""Votes: what reviewers said of drafts, good or bad, and what that tells of the reviewers."""

from typing import NamedTuple

import numpy as np
import polars as pl

from outcross.agreement.coefficients import gwet_ac1, krippendorff_alpha, raw_agreement, specific_agreement
from outcross.agreement.judgements import Ints, Judgements
from outcross.data.review.estimates import estimates
from outcross.data.samples import Record

STANCES = ("good", "bad")
BAD = STANCES.index("bad")


class Agreement(Record):
    """How well people agree on good and bad, in four numbers that each see a part; None where not defined."""

    items: int
    """Those that two or more people judged."""
    raw: float | None
    alpha: float | None
    ac1: float | None
    bad: float | None
    """Where one says bad, how often another does."""


class Trust(NamedTuple):
    """How often a reviewer is right about drafts of one kind, as Dawid and Skene's model has it."""

    kind: str
    accuracy: float
    good: float
    """Of good drafts, the share that they call good."""
    bad: float
    """Of bad drafts, the share that they call bad."""


def votes(judgements: pl.DataFrame) -> pl.DataFrame:
    """The judgements at the review desk that call a draft good or bad."""
    return judgements.filter(pl.col("stage") == "review", pl.col("stance").is_not_null())


def trust(judgements: pl.DataFrame) -> dict[str, list[Trust]]:
    """Each reviewer's estimated reliability by name, a kind after the other: what releases weigh rows by."""
    found = estimates(judgements).people.sort("kind").select("reviewer", *Trust._fields)
    return {
        str(name): [Trust(*row[1:]) for row in of_one.iter_rows()] for (name,), of_one in found.group_by("reviewer")
    }


def team_agreement(judgements: pl.DataFrame) -> Agreement:
    """How well all agree on the items that are nobody's test."""
    cast = _live(judgements)
    return _agreement(cast, "item")


def own_agreement(judgements: pl.DataFrame) -> dict[str, Agreement]:
    """How well each reviewer agrees with the others: every vote against each one on the same item."""
    cast = _live(judgements).select("item", "reviewer", "stance")
    met = cast.join(cast, on="item", suffix="_other").filter(pl.col("reviewer") != pl.col("reviewer_other"))
    return {str(name): _agreement(_halves(pairs), "pair") for (name,), pairs in met.group_by("reviewer")}


def _live(judgements: pl.DataFrame) -> pl.DataFrame:
    return votes(judgements).filter(pl.col("source") != "gold")


def _halves(pairs: pl.DataFrame) -> pl.DataFrame:
    """Two votes of each pair, one below the other."""
    told = pairs.with_row_index("pair")
    mine = told.select("item", "pair", "stance", reviewer=pl.lit("own"))
    return pl.concat([mine, told.select("item", "pair", stance="stance_other", reviewer=pl.lit("other"))])


def _agreement(cast: pl.DataFrame, unit: str) -> Agreement:
    shared = cast.filter(pl.len().over(unit) >= 2)["item"].n_unique()
    if not shared:
        return Agreement(items=0, raw=None, alpha=None, ac1=None, bad=None)
    said = _arrays(cast, unit)
    return Agreement(
        items=shared,
        raw=raw_agreement(said),
        alpha=krippendorff_alpha(said),
        ac1=gwet_ac1(said),
        bad=specific_agreement(said, BAD),
    )


def _arrays(cast: pl.DataFrame, unit: str) -> Judgements:
    return Judgements(_ranks(cast[unit]), _ranks(cast["reviewer"]), _codes(cast["stance"]), len(STANCES))


def _ranks(names: pl.Series) -> Ints:
    """Numbers from 0 in the order of the names."""
    return names.rank("dense").cast(pl.Int64).to_numpy() - 1


def _codes(stances: pl.Series) -> Ints:
    """0 for good, 1 for bad."""
    return np.array([STANCES.index(stance) for stance in stances], dtype=np.int64)
