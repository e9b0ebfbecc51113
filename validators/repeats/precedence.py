"""Precedence: which texts a sample is compared with, and what is said of the closest."""

import polars as pl

from outcross.validators.references import References
from outcross.validators.text.reasons import reason

_ORDER = ["draft", "rank", "sample_id"]


def in_order(references: References, field: str) -> pl.DataFrame:
    """The texts to compare with, in their order of precedence."""
    human = references.human.select("sample_id", text=field, rank=pl.lit(""), draft=pl.lit(value=False))
    drafts = references.earlier.select("sample_id", "rank", text=field, draft=pl.lit(value=True))
    return pl.concat([human, drafts], how="diagonal").sort(_ORDER)


def placed(samples: pl.DataFrame, others: pl.DataFrame, human: pl.Series, field: str) -> pl.DataFrame:
    """The samples' texts, each with its `place`: how many of the others take precedence over it."""
    is_human = pl.col("sample_id").is_in(human.to_list())
    rank = pl.when(is_human).then(pl.lit("")).otherwise("rank")
    own = samples.select("sample_id", text=field, rank=rank, draft=~is_human, other=pl.lit(0))
    # A sample that is among the others itself comes just before its own entry.
    merged = pl.concat([own, others.with_columns(other=pl.lit(1))], how="diagonal").sort(*_ORDER, "other")
    return merged.with_columns(place=pl.col("other").cum_sum().cast(pl.Int64)).filter(pl.col("other") == 0)


def closest(found: pl.DataFrame, own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """What to say of each text that is alike with one that takes precedence; of equals the first is named.

    Args:
        found: `own` and `other` (rows of the two frames) and how much they are `alike`, from 0 to 1.
        own: as `placed` gives it.
        others: as `in_order` gives it.

    Returns:
        `sample_id`, `score`, `reason`.
    """
    ours = own.select("sample_id", "place").with_row_index("own")
    theirs = others.select("draft", named=pl.col("sample_id").str.head(12)).with_row_index("other")
    pairs = found.cast({"own": ours.schema["own"], "other": theirs.schema["other"]}).join(ours, on="own")
    first = (
        pairs.filter(pl.col("other") < pl.col("place"))
        .sort("own", "alike", "other", descending=[False, True, False])
        .unique("own", keep="first", maintain_order=True)
        .join(theirs, on="other")
    )
    kind = pl.when("draft").then(pl.lit("earlier draft")).otherwise(pl.lit("human row"))
    said = reason("{} alike with {} {}", pl.col("alike").round(2), kind, "named")
    return first.select("sample_id", score=1 - pl.col("alike"), reason=said)
