"""What reviewers' judgements are worth, told from all of them together, and how far each row can be trusted by that."""

import polars as pl

from outcross.agreement.dawid_skene import dawid_skene
from outcross.agreement.judgements import Judgements
from outcross.data.review.judgements import Records
from outcross.data.stores import trust
from outcross.data.stores.home import Home

CLASSES = {"bad": 0, "good": 1}

LEAST = 0.001
"""Values are kept to this, so that nothing changes by less, and none is 0."""


def update(home: Home) -> int:
    """Weigh all judgements of the queue anew, each kind's on their own; return how many rows' trust changed.

    Silent gold counts with its known answer; answers in training don't count, nor do those that say nothing of the
    draft. A draft's trust is the probability that it is good as it stands. A hybrid's is that of its editor being
    right about a draft: nobody has judged the edit itself.
    """
    said = Records(home.queue).judgements().filter(pl.col("stage") != "training", pl.col("stance").is_not_null())
    drafts, accuracy = [pl.DataFrame(schema=trust.SCHEMA)], [pl.DataFrame(schema=ACCURACY)]
    for (kind,), part in said.group_by("kind", maintain_order=True):
        of_drafts, of_people = estimate(part)
        drafts.append(of_drafts)
        accuracy.append(of_people.with_columns(kind=pl.lit(kind)).select(*ACCURACY))
    hybrids = trust.editors(home).join(pl.concat(accuracy), on=["kind", "editor"], how="inner")
    edits = hybrids.with_columns(reviewers=pl.lit(1)).cast({"reviewers": pl.Int32}).select(*trust.SCHEMA)
    found = pl.concat([*drafts, edits]).with_columns(pl.col("posterior").round(3).clip(LEAST, 1.0))
    return trust.add(home, found.unique(["recipe", "sample_id"], keep="last", maintain_order=True))


ACCURACY = {"kind": pl.String, "editor": pl.String, "posterior": pl.Float64}


def estimate(said: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Dawid and Skene's model over judgements of one kind.

    Args:
        said: what `Records.judgements` gives: a row an item and reviewer, with the stance, and the known one of gold.

    Returns:
        Of each draft that isn't gold its recipe, sample_id, posterior (probability that it is good) and reviewers
        (how many judged it); of each reviewer (`editor`) the posterior accuracy.
    """
    items = said.group_by("item").agg(
        pl.col("recipe", "sample_id", "source", "truth_stance").first(), reviewers=pl.len().cast(pl.Int32)
    )
    items = items.sort("item").with_row_index("place")
    people = said.select(editor=pl.col("reviewer").unique().sort()).with_row_index("person")
    rows = said.join(items.select("item", "place"), on="item", maintain_order="left").join(
        people, left_on="reviewer", right_on="editor", maintain_order="left"
    )
    found = dawid_skene(
        Judgements(
            item=rows["place"].cast(pl.Int64).to_numpy(),
            reviewer=rows["person"].cast(pl.Int64).to_numpy(),
            label=rows["stance"].replace_strict(CLASSES, return_dtype=pl.Int64).to_numpy(),
            n_classes=len(CLASSES),
        ),
        gold=items["truth_stance"].replace_strict(CLASSES, default=-1, return_dtype=pl.Int64).to_numpy(),
    )
    drafts = items.with_columns(posterior=pl.Series(found.posterior[:, CLASSES["good"]]))
    drafts = drafts.filter(pl.col("source") != "gold").select(*trust.SCHEMA)
    return drafts, people.select("editor", posterior=pl.Series(found.accuracy))
