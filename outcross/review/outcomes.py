"""What became of drafts: whether they were found good, and whether a row came of them."""

import polars as pl

from outcross.data.review.judgements import Frames

KEPT = ("approve", "chosen", "rejected", "correct", "error", "success")
"""Verdicts that make a row of a draft without a correction: as it is, with both answers exchanged, or labelled."""


def outcomes(frames: Frames) -> pl.DataFrame:
    """The items that are settled, gold left out, each with the word that decided it.

    Returns:
        Columns `item source incl_prob score`, `stance` (good, bad, or null where nobody could tell), `kept`, and
        `at`, when it was settled. The deciding word is an adjudicator's, else the last that says good or bad.
    """
    words = frames.judgements.filter(pl.col("source") != "gold", pl.col("stage") != "training").sort(
        pl.col("stage") == "adjudication", pl.col("stance").is_not_null(), "seq"
    )
    # Whoever rewrites a first turn leaves one turn alone, which is no conversation.
    alone = pl.col("kind").is_in(["conversation", "trajectory"]) & pl.col("label").str.ends_with("@1")
    kept = pl.col("verdict").is_in(KEPT) | (pl.col("edit").is_not_null() & ~alone)
    last = words.group_by("item", maintain_order=True).agg(
        pl.col("stance").last(), kept.last().alias("kept"), pl.col("at").max()
    )
    settled = frames.items.filter(pl.col("state") == "done").select("item", "source", "incl_prob", "score")
    return settled.join(last, on="item", maintain_order="left")
