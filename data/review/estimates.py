"""What judgements are worth, told from all of them together: how good drafts are, and how often people are right.

Releases weigh their rows by this, and the statistics show it, so that both say the same.
"""

from typing import NamedTuple

import polars as pl

from outcross.agreement.dawid_skene import dawid_skene
from outcross.agreement.judgements import Judgements

BAD, GOOD = range(2)
CLASSES = {"bad": BAD, "good": GOOD}

DRAFTS = {"recipe": pl.String, "sample_id": pl.String, "posterior": pl.Float64, "reviewers": pl.Int32}
PEOPLE = {"kind": pl.String, "reviewer": pl.String, **dict.fromkeys(("accuracy", "good", "bad"), pl.Float64)}


class Estimates(NamedTuple):
    """What follows from the judgements."""

    drafts: pl.DataFrame
    """Of each draft that isn't gold `recipe sample_id`, `posterior` (probability that it is good as it stands) and
    `reviewers` (how many judged it)."""
    people: pl.DataFrame
    """Of each reviewer and `kind` the `accuracy`, and the shares of `good` and of `bad` drafts that they call so."""


def estimates(judgements: pl.DataFrame) -> Estimates:
    """Dawid and Skene's model, fitted to each kind on its own.

    Silent gold counts with its known answer, and an adjudicator as one voice more; answers in training don't count, nor
    do those that say nothing of the draft.

    Args:
        judgements: as `Records` gives them.
    """
    said = judgements.filter(pl.col("stage") != "training", pl.col("stance").is_not_null())
    fits = [_of_a_kind(str(kind), part) for (kind,), part in said.group_by("kind", maintain_order=True)]
    return Estimates(
        drafts=pl.concat([pl.DataFrame(schema=DRAFTS), *(fit.drafts for fit in fits)]),
        people=pl.concat([pl.DataFrame(schema=PEOPLE), *(fit.people for fit in fits)]),
    )


def _of_a_kind(kind: str, said: pl.DataFrame) -> Estimates:
    items = said.group_by("item").agg(
        pl.col("recipe", "sample_id", "source", "truth_stance").first(), reviewers=pl.len().cast(pl.Int32)
    )
    items = items.sort("item").with_row_index("place")
    people = said.select(pl.col("reviewer").unique().sort()).with_row_index("person")
    rows = said.join(items.select("item", "place"), on="item").join(people, on="reviewer").sort("place", "person")
    found = dawid_skene(
        Judgements(
            item=rows["place"].cast(pl.Int64).to_numpy(),
            reviewer=rows["person"].cast(pl.Int64).to_numpy(),
            label=rows["stance"].replace_strict(CLASSES, return_dtype=pl.Int64).to_numpy(),
            n_classes=len(CLASSES),
        ),
        gold=items["truth_stance"].replace_strict(CLASSES, default=-1, return_dtype=pl.Int64).to_numpy(),
    )
    drafts = items.with_columns(posterior=pl.Series(found.posterior[:, GOOD])).filter(pl.col("source") != "gold")
    measured = people.with_columns(
        kind=pl.lit(kind),
        accuracy=pl.Series(found.accuracy),
        good=pl.Series(found.confusion[:, GOOD, GOOD]),
        bad=pl.Series(found.confusion[:, BAD, BAD]),
    )
    return Estimates(drafts=drafts.select(*DRAFTS), people=measured.select(*PEOPLE))
