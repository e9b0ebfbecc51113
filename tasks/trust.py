"""How far each row can be trusted, by all that reviewers said of the queue's drafts."""

import polars as pl

from outcross.data.review.estimates import Estimates, estimates
from outcross.data.review.judgements import Records
from outcross.data.stores import trust
from outcross.data.stores.home import Home

LEAST = 0.001
"""Values are kept to this, so that nothing changes by less, and none is 0."""

JUDGED = ("correct", "error", "rejected")
"""Verdicts whose hybrid holds nothing but the judgement: steps with labels, or a pair whose answers changed places."""


def update(home: Home) -> int:
    """Weigh all judgements of the queue anew, each kind's on their own; return how many rows' trust changed.

    A draft's trust is the probability that it is good as it stands. A hybrid that holds nothing but a judgement of its
    draft has the probability that this judgement is right. Where somebody wrote a text, it is that of their being right
    about a draft: nobody has judged what they wrote.
    """
    found = estimates(Records(home.queue).judgements())
    values = pl.concat([found.drafts, _hybrids(home, found)])
    values = values.with_columns(pl.col("posterior").round(3).clip(LEAST, 1.0))
    return trust.add(home, values.unique(["recipe", "sample_id"], keep="last", maintain_order=True))


def _hybrids(home: Home, found: Estimates) -> pl.DataFrame:
    made = trust.hybrids(home)
    judged = pl.col("verdict").is_in(JUDGED).fill_null(value=False)
    of_drafts = made.filter(judged).join(
        found.drafts, left_on=["recipe", "draft"], right_on=["recipe", "sample_id"], how="inner"
    )
    right = pl.when(pl.col("verdict") == "correct").then("posterior").otherwise(1 - pl.col("posterior"))
    written = made.filter(~judged).join(
        found.people, left_on=["kind", "editor"], right_on=["kind", "reviewer"], how="inner"
    )
    alone = pl.lit(1, pl.Int32)
    return pl.concat(
        [
            of_drafts.with_columns(posterior=right).select(*trust.SCHEMA),
            written.with_columns(posterior="accuracy", reviewers=alone).select(*trust.SCHEMA),
        ]
    )
