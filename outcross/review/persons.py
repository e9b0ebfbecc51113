"""A reviewer's figures: how much, how fast, how often right, and what looks odd."""

from math import ceil
from typing import NamedTuple

import polars as pl

from outcross.agreement import sequential
from outcross.agreement.sequential import Standing
from outcross.data.review.judgements import Frames
from outcross.data.samples import Record
from outcross.review.rates import Rate
from outcross.review.votes import Agreement, Trust, own_agreement, trust
from outcross.review.worddiff import diff

WORD, FASTEST = 6, 600
"""Characters of a word, its space included, and words a minute that nobody reads faster with care."""

NONE = Rate(k=0, n=0)
NO_AGREEMENT = Agreement(items=0, raw=None, alpha=None, ac1=None, bad=None)


class Quartiles(NamedTuple):
    """The least values that a quarter, half and three quarters of all don't exceed."""

    low: float
    median: float
    high: float


class Person(Record):
    """One reviewer's figures. All but `items`, `minutes` and `trust` are of the review desk alone."""

    name: str
    items: int
    """Decisions that stand, training left out."""
    minutes: float
    """Time at work on them."""
    seconds: Quartiles | None
    gold: Rate
    """Of their first answers to gold, those that were right."""
    trust: list[Trust]
    """By kind."""
    agreement: Agreement
    overturned: Rate
    """Of their decisions that were adjudicated, those that didn't stand, unless both would have done."""
    edits: int
    edit_share: float | None
    """How much of a text their edits change, on average; 0 for nothing, 1 for all."""
    hasty: Rate
    """Decisions faster than the text can be read."""
    run: int
    """See `longest_run`."""
    skips: dict[str, int]
    left: Rate
    """Of the pairs in which they preferred one, those in which it stood left."""
    test: Standing
    """Where the sequential test on gold stands since they were last reinstated."""

    @property
    def leans(self) -> bool:
        """Whether one side of the screen is preferred beyond chance."""
        return self.left.excludes(0.5)


def persons(frames: Frames) -> list[Person]:
    """Everybody's figures, by name; those who did nothing have some too."""
    trusted, agreed = trust(frames.judgements), own_agreement(frames.judgements)
    graded, overturned, tests = grades(frames.grades), _overturned(frames.judgements), _tests(frames)
    people = []
    for name in frames.reviewers["reviewer"]:
        work = frames.judgements.filter(pl.col("reviewer") == name, pl.col("stage") != "training")
        said = work.filter(pl.col("stage") == "review")
        figures = {
            "name": name,
            "items": len(work),
            "minutes": work["seconds"].sum() / 60,
            "seconds": quartiles(said["seconds"]),
            "gold": graded.get(name, NONE),
            "trust": trusted.get(name, []),
            "agreement": agreed.get(name, NO_AGREEMENT),
            "overturned": overturned.get(name, NONE),
            "hasty": _hasty(said),
            "run": longest_run(said),
            "skips": _skips(frames.claims, name),
            "left": _left(said),
            "test": tests[name],
        }
        people.append(Person.model_validate(figures | _edits(said)))
    return people


def grades(graded: pl.DataFrame) -> dict[str, Rate]:
    """How often each reviewer was right on gold, by name; `graded` is the frame of the first answers to it."""
    counted = graded.group_by("reviewer").agg(pl.col("correct").sum(), pl.len())
    return {name: Rate(k=right, n=times) for name, right, times in counted.iter_rows()}


def quartiles(values: pl.Series) -> Quartiles | None:
    """Quartiles by rank, so that each is one of the values; None of no values."""
    if values.is_empty():
        return None
    ordered = values.sort()
    return Quartiles(*(float(ordered[ceil(share * len(ordered)) - 1]) for share in (0.25, 0.5, 0.75)))


def longest_run(said: pl.DataFrame) -> int:
    """The most items of one kind in a row with one and the same answer; in pairs, the side of the screen is one."""
    pressed = said.sort("seq").select("kind", answer=pl.coalesce(_side(), "verdict"))
    runs = pressed.with_columns(run=pl.col("answer").rle_id().over("kind")).group_by("kind", "run").len()
    return int(runs["len"].max() or 0)  # type: ignore[arg-type]  # a column of counts


def _side() -> pl.Expr:
    """`left` or `right` where one answer of a pair was preferred, else null."""
    left = (pl.col("verdict") == "chosen") != pl.col("swapped")
    side = pl.when(left).then(pl.lit("left")).otherwise(pl.lit("right"))
    return pl.when(pl.col("verdict").is_in(["chosen", "rejected"])).then(side)


def _left(said: pl.DataFrame) -> Rate:
    sides = said.select(side=_side())["side"].drop_nulls()
    return Rate(k=(sides == "left").sum(), n=len(sides))


def _hasty(said: pl.DataFrame) -> Rate:
    least = pl.col("characters") / WORD / FASTEST * 60
    return Rate(k=len(said.filter(pl.col("seconds") < least)), n=len(said))


def _edits(said: pl.DataFrame) -> dict[str, object]:
    """How many texts they edited; the share is of those whose text before is known."""
    edited = said.filter(pl.col("edit").is_not_null())
    known = edited.filter(pl.col("before").is_not_null()).select("before", "edit").rows()
    shares = [diff(before, edit).share for before, edit in known]
    return {"edits": len(edited), "edit_share": sum(shares) / len(shares) if shares else None}


def _skips(claims: pl.DataFrame, name: str) -> dict[str, int]:
    skipped = claims.filter(pl.col("reviewer") == name, pl.col("state") == "skipped")
    return dict(skipped["skip_reason"].value_counts().sort("skip_reason").iter_rows())


def _overturned(judgements: pl.DataFrame) -> dict[str, Rate]:
    """Of each one's votes on adjudicated items, those whose label isn't the one that stood."""
    last = judgements.filter(pl.col("stage") == "adjudication").select("item", last="label", fine="both_fine")
    met = judgements.filter(pl.col("stage") == "review", pl.col("stance").is_not_null()).join(last, on="item")
    lost = ((pl.col("label") != pl.col("last")) & ~pl.col("fine") & (pl.col("last") != "broken")).sum()
    counted = met.group_by("reviewer").agg(lost.alias("k"), pl.len().alias("n"))
    return {name: Rate(k=k, n=n) for name, k, n in counted.iter_rows()}


def _tests(frames: Frames) -> dict[str, Standing]:
    since = frames.reviewers.select("reviewer", "reinstated")
    graded = frames.grades.join(since, on="reviewer").filter(pl.col("at") > pl.col("reinstated")).sort("seq")
    return {
        name: sequential.standing(graded.filter(pl.col("reviewer") == name)["correct"])
        for name in frames.reviewers["reviewer"]
    }
