"""Pair: whether two answers to one prompt differ enough, and in the right thing, to teach which is better."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import squeezed, words


@dataclass(frozen=True, kw_only=True)
class Pair:
    """0 for two answers that are one; less than 1 for two that are nearly one, or differ mostly in their length.

    Of a pair with more than `alike` of its words in common the score falls from 1 to 0.3. A chosen answer of more than
    `ratio` times the words of the rejected one, or the other way round, scores 0.5: a model learns from such pairs that
    long is good. Answers of fewer than `shortest` words are only compared whole. Samples of other kinds score 1.

    Source: the length bias of reward models, Singhal et al., A long way to go (2023), arXiv:2310.03716.
    """

    name: ClassVar[str] = "pair"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.6)
    alike: float = 0.9
    ratio: float = 6.0
    shortest: int = 8

    def __post_init__(self) -> None:
        if not (0 < self.alike < 1 and self.ratio > 1 and self.shortest >= 1):
            raise RecipeError(
                f"pair needs 0 < alike < 1, ratio above 1 and shortest from 1, not {self.alike}, {self.ratio} and "
                f"{self.shortest}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Compare `response`, the chosen answer, with `other`, the rejected one."""
        said = samples.select(
            "sample_id",
            pair=pl.col("kind") == "preference",
            same=squeezed(pl.col("response")) == squeezed(pl.col("other")),
            plain=pl.col("response").str.strip_chars() == pl.col("other").str.strip_chars(),
            chosen=words(pl.col("response")),
            rejected=words(pl.col("other")),
        )
        counts = said.select(
            "sample_id",
            "pair",
            # Two answers in signs alone have no words to differ in.
            one=pl.col("plain") | (pl.col("same") & (pl.col("chosen").list.len() > 0)),
            chosen=pl.col("chosen").list.len().cast(pl.Int64),
            rejected=pl.col("rejected").list.len().cast(pl.Int64),
            shared=pl.col("chosen").list.set_intersection("rejected").list.len().cast(pl.Int64),
            all=pl.col("chosen").list.set_union("rejected").list.len().cast(pl.Int64),
        )
        long = pl.min_horizontal("chosen", "rejected") >= self.shortest
        share = pl.col("shared") / pl.col("all")
        most, least = pl.max_horizontal("chosen", "rejected"), pl.min_horizontal("chosen", "rejected")
        near = long & (share > self.alike)
        lopsided = (most >= self.shortest) & (most > least * self.ratio)
        score = (
            pl.when(~pl.col("pair"))
            .then(1.0)
            .when("one")
            .then(0.0)
            .when(near)
            .then(0.3 + (1 - share) * (0.7 / (1 - self.alike)))
            .when(lopsided)
            .then(0.5)
            .otherwise(1.0)
        )
        why = (
            pl.when("one")
            .then(pl.lit("both answers say the same"))
            .when(near)
            .then(reason("the answers have {} of {} different words in common", "shared", "all"))
            .when(lopsided)
            .then(reason("one answer has {} words and the other {}", "chosen", "rejected"))
            .otherwise(pl.lit(""))
        )
        return counts.select(
            "sample_id", score.alias("score"), pl.when("pair").then(why).otherwise(pl.lit("")).alias("reason")
        )
