"""What audits prove of the drafts that were accepted unseen, at the threshold in force and at others."""

from bisect import bisect_left

import polars as pl

from outcross.agreement.intervals import upper_bound
from outcross.data.review.judgements import Frames
from outcross.data.samples import Record
from outcross.review.outcomes import outcomes
from outcross.review.rates import Rate

PROMISE = 0.05
"""Share of bad rows among the accepted that audits are to rule out."""

STEPS = 20
"""Thresholds that are tried, at most."""

BINS = 10


class Audit(Record):
    """How the audits stand."""

    errors: Rate
    """Of the audited drafts that are settled, those that weren't found good; who couldn't tell counts against them."""
    waiting: int
    needed: int
    """Audits without an error after which the bound is no more than `PROMISE`."""


class Bin(Record):
    """Drafts whose score lies in [low, high), and in the last bin up to 1."""

    low: float
    high: float
    good: Rate


class Threshold(Record):
    """What it costs and what is proven if drafts that score at least this are accepted unseen."""

    score: float
    errors: Rate
    """Among audited drafts at or above it; its `bound` is proven for this threshold alone."""
    reviewed: float
    """Estimated drafts below it, to be reviewed."""
    spared: float
    """Estimated drafts at or above it."""


def audit(frames: Frames) -> Audit:
    """The audits so far."""
    seen = outcomes(frames).filter(pl.col("source") == "audit")
    errors = _errors(seen)
    drawn = len(frames.items.filter(pl.col("source") == "audit"))
    return Audit(errors=errors, waiting=drawn - errors.n, needed=clean_needed(errors.k, errors.n))


def clean_needed(k: int, n: int, promise: float = PROMISE) -> int:
    """How many more audits without an error bring the upper bound down to `promise`."""
    far = 1
    while upper_bound(k, n + far) > promise:
        far *= 2
    return bisect_left(range(far + 1), x=True, key=lambda more: upper_bound(k, n + more) <= promise)


def reliability(frames: Frames) -> list[Bin]:
    """How often drafts of like score were found good; bins without any are left out."""
    seen = outcomes(frames).filter(pl.col("score").is_not_null(), pl.col("stance").is_not_null())
    place = (pl.col("score") * BINS).floor().clip(0, BINS - 1).cast(pl.Int64)
    counted = seen.group_by(place=place).agg((pl.col("stance") == "good").sum().alias("k"), pl.len().alias("n"))
    return [
        Bin(low=place / BINS, high=(place + 1) / BINS, good=Rate(k=k, n=n))
        for place, k, n in counted.sort("place").iter_rows()
    ]


def thresholds(frames: Frames) -> list[Threshold]:
    """Thresholds at audited scores, strict to lenient, each with what it costs and what is proven of it.

    Drafts are estimated from those drawn, each weighed by the inverse of its probability; drafts that the screen
    rejected stay out. Nothing is said below the lowest audited score, where nobody audits.
    """
    seen = outcomes(frames).filter(pl.col("source") == "audit", pl.col("score").is_not_null())
    drawn = frames.items.filter(~pl.col("source").is_in(["gold", "reject_audit"]), pl.col("score").is_not_null())
    drawn = drawn.select("score", weight=1 / pl.col("incl_prob"))
    scores = seen["score"].unique().sort(descending=True).to_list()
    tried = scores[:: -(-len(scores) // STEPS) or 1]
    return [_threshold(score, seen, drawn) for score in dict.fromkeys([*tried, *scores[-1:]])]


def _threshold(score: float, seen: pl.DataFrame, drawn: pl.DataFrame) -> Threshold:
    at_least = pl.col("score") >= score
    above = seen.filter(at_least)
    spared, reviewed = (float(drawn.filter(at_least == side)["weight"].sum()) for side in (True, False))
    return Threshold(score=score, errors=_errors(above), spared=spared, reviewed=reviewed)


def _errors(seen: pl.DataFrame) -> Rate:
    """Of settled audits, those that weren't found good."""
    return Rate(k=len(seen.filter(pl.col("stance").ne_missing("good"))), n=len(seen))
