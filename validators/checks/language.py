"""Language: whether a response is English."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import words

# Common in English prose and documentation; words that are as common in another language are left out.
STOP_WORDS = [
    "the", "of", "and", "to", "is", "that", "for", "with", "this", "be", "are", "it", "if", "not", "by",
    "from", "or", "when", "which", "will", "should", "can", "has", "have", "must", "only", "used", "given",
    "each", "than", "into", "its", "their", "were", "but", "would", "you", "they", "there", "been", "these",
    "no", "all", "any", "as", "on", "at",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Language:
    """1 from a share of `stop_words` English stop words and `ascii` plain letters up, falling to 0 without any.

    A text of fewer than `shortest` characters isn't judged and scores 1: no method tells the language of
    a few technical words.

    Source: the stop-word rule of Rae et al., Scaling language models (2021), as a share and over more words.
    """

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.2, accept_from=0.5)
    shortest: int = 100
    stop_words: float = 0.1
    ascii: float = 0.9

    def __post_init__(self) -> None:
        if not (self.shortest >= 0 and 0 < self.stop_words <= 1 and 0 < self.ascii <= 1):
            raise RecipeError(
                f"language needs shortest from 0, and stop_words and ascii above 0 and up to 1, not {self.shortest}, "
                f"{self.stop_words}, {self.ascii}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Count letters and stop words of `response`."""
        text, listed = pl.col("response"), words(pl.col("response"))
        spoken = listed.list.eval(pl.element().filter(pl.element().str.contains(r"^\p{L}")))
        counts = samples.select(
            "sample_id",
            long=text.str.len_chars() >= self.shortest,
            letters=text.str.count_matches(r"\p{L}"),
            plain=text.str.count_matches("[A-Za-z]"),
            words=spoken.list.len(),
            common=listed.list.eval(pl.element().is_in(STOP_WORDS)).list.sum(),
        )
        # Limits multiply what is divided by: Polars divides one row by a number otherwise than many, in the last bit.
        ascii_share = pl.col("plain") / (pl.col("letters") * self.ascii)
        stop_share = pl.col("common") / (pl.col("words") * self.stop_words)
        parts = ascii_share.clip(0, 1), stop_share.clip(0, 1)
        score = pl.min_horizontal(parts)
        said = (
            pl.when(parts[0] < parts[1])
            .then(reason("{} of {} letters are plain English ones", "plain", "letters"))
            .otherwise(reason("{} of {} words are common English ones", "common", "words"))
        )
        judged = pl.col("long") & (pl.col("words") > 0)
        return counts.select(
            "sample_id",
            pl.when(judged).then(score).otherwise(1.0).alias("score"),
            pl.when(judged & (score < 1)).then(said).otherwise(pl.lit("")).alias("reason"),
        )
