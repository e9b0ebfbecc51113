"""Confidence: how sure the model was of what it wrote."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import INFORMS, Rule


@dataclass(frozen=True, kw_only=True)
class Confidence:
    """The geometric mean of the probabilities that the model gave its own tokens; 1 where the server told none.

    It comes with the draft and costs nothing. A sure model may well be wrong, so it informs what is calibrated on
    experts' decisions, and decides nothing.
    """

    name: ClassVar[str] = "confidence"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = INFORMS

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Take `logprob`."""
        mean = pl.col("logprob").cast(pl.Float64, strict=False).exp().clip(0, 1)
        said = pl.concat_str(pl.lit("mean probability of a token "), mean.round(3))
        known = mean.is_not_null() & (mean < 1)
        return samples.select(
            "sample_id",
            pl.when(known).then(mean).otherwise(1.0).alias("score"),
            pl.when(known).then(said).otherwise(pl.lit("")).alias("reason"),
        )
