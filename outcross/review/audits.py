"""What audits prove of drafts that were accepted unseen, at the threshold in force and at others, and of rejects."""

from bisect import bisect_left

import polars as pl

from outcross.agreement.intervals import upper_bound
from outcross.data.review.items import Source
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
    """Of the audited drafts that are settled or were evaded, those that weren't found good."""
    waiting: int
    needed: int
    """Audits without an error after which the bound is no more than `PROMISE`."""


class Rejects(Record):
    """How the audits of rejected drafts stand."""

    good: Rate
    """Of those that are settled or were evaded, those that weren't found bad: who can't tell speaks for the draft."""
    waiting: int


class Bin(Record):
    """Drafts whose score lies in [low, high), and in the last bin up to 1."""

    low: float
    high: float
    good: Rate
    share: float
    """Estimated share of good ones, each draft weighed by the inverse of its probability of being drawn."""
    alike: bool
    """Whether all had the same probability; else the interval of `good` says nothing of `share`."""


class Threshold(Record):
    """What it costs and what is proven if drafts that score at least this are accepted unseen."""

    score: float
    errors: Rate
    """Among audited drafts at or above it; its `bound` is proven for this threshold alone."""
    reviewed: float
    """Estimated drafts that would be reviewed: accepted ones below it, and all that the screen sends anyway."""
    spared: float
    """Estimated drafts, accepted unseen by the screen, at or above it."""


def audit(frames: Frames) -> Audit:
    """The audits so far."""
    errors = _errors(_audited(frames, "audit"))
    return Audit(errors=errors, waiting=_left(frames, "audit", errors.n), needed=clean_needed(errors.k, errors.n))


def rejects(frames: Frames) -> Rejects:
    """The audits of rejected drafts so far."""
    seen = _audited(frames, "reject_audit")
    good = Rate(k=len(seen.filter(pl.col("stance").ne_missing("bad"))), n=len(seen))
    return Rejects(good=good, waiting=_left(frames, "reject_audit", good.n))


def _left(frames: Frames, source: Source, counted: int) -> int:
    return len(frames.items.filter(pl.col("source") == source)) - counted


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
    good, weight = pl.col("stance") == "good", 1 / pl.col("incl_prob")
    counted = seen.group_by(place=place).agg(
        good.sum().alias("k"),
        pl.len().alias("n"),
        share=(good * weight).sum() / weight.sum(),
        alike=pl.col("incl_prob").n_unique() == 1,
    )
    return [
        Bin(low=place / BINS, high=(place + 1) / BINS, good=Rate(k=k, n=n), share=share, alike=alike)
        for place, k, n, share, alike in counted.sort("place").iter_rows()
    ]


def thresholds(frames: Frames) -> list[Threshold]:
    """Thresholds at audited scores, strict to lenient, each with what it costs and what is proven of it.

    Drafts are estimated from those drawn, each weighed by the inverse of its probability; drafts that the screen
    rejected stay out. Only what the screen accepts can be spared, for only that is audited: a borderline draft is
    reviewed at every threshold. Nothing is said below the lowest audited score, where nobody audits.
    """
    seen = _audited(frames, "audit").filter(pl.col("score").is_not_null())
    drawn = frames.items.filter(~pl.col("source").is_in(["gold", "reject_audit"]))
    drawn = drawn.select("source", "score", weight=1 / pl.col("incl_prob"))
    scores = seen["score"].unique().sort(descending=True).to_list()
    tried = scores[:: -(-len(scores) // STEPS) or 1]
    return [_threshold(score, seen, drawn) for score in dict.fromkeys([*tried, *scores[-1:]])]


def _threshold(score: float, seen: pl.DataFrame, drawn: pl.DataFrame) -> Threshold:
    at_least = pl.col("score") >= score
    unseen = (at_least & (pl.col("source") == "audit")).fill_null(value=False)
    spared, reviewed = (float(drawn.filter(unseen == side)["weight"].sum()) for side in (True, False))
    return Threshold(score=score, errors=_errors(seen.filter(at_least)), spared=spared, reviewed=reviewed)


def _audited(frames: Frames, source: Source) -> pl.DataFrame:
    """Audits that count, as score and stance: the settled ones, and those that somebody evaded, until they are settled.

    Whoever skips what looks bad, lets it lapse or can't tell must not better the proof, and neither must a fault that
    was found and waits for another opinion. Only a conflict of interest says nothing of the draft, and what nobody was
    shown.
    """
    settled = outcomes(frames).filter(pl.col("source") == source).select("score", "stance")
    left = frames.claims.filter(
        pl.col("state").is_in(["skipped", "expired", "released"]),
        pl.col("skip_reason").ne_missing("conflict_of_interest"),
    )
    doubted = frames.judgements.filter(pl.col("stance").ne_missing("good"))
    evaded = pl.concat([left.select("item"), doubted.select("item")])
    waiting = frames.items.filter(pl.col("source") == source, pl.col("state") == "open").join(
        evaded, on="item", how="semi"
    )
    return pl.concat([settled, waiting.select("score", stance=pl.lit(None, pl.String))])


def _errors(seen: pl.DataFrame) -> Rate:
    """Of audits, those that weren't found good; who couldn't tell counts against the draft."""
    return Rate(k=len(seen.filter(pl.col("stance").ne_missing("good"))), n=len(seen))
