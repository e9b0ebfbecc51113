"""Repetition: a text that says the same again, down to a model caught in a loop."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import WORD, covered, plain, runs


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """1 less the share of words that only repeat what the same text said before.

    A run of `run` words counts only where it occurs again, and only from `shortest` words up: the web's
    rules, which count an n-gram that occurs once, reject every clean text of under 15 words. Whole lines
    count likewise. Shorter texts are only searched for immediate loops: one or two words said three times
    in a row, or more words said twice.

    Source: Rae et al., Scaling Language Models (2021), appendix A, with the limits set for short samples.
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.4, accept_from=0.6)
    run: int = 4
    shortest: int = 20

    def __post_init__(self) -> None:
        if not 2 <= self.run <= self.shortest:
            raise RecipeError(f"repetition needs 2 <= run <= shortest, not {self.run} and {self.shortest}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Measure the repeated runs, lines or loops of `response`."""
        spread = runs(samples, "response", 1).with_columns(size=pl.len().over("row"))
        short = samples.join(spread.filter(pl.col("size") < self.shortest), on="sample_id", how="semi")
        long = samples.join(spread.filter(pl.col("size") >= self.shortest), on="sample_id", how="semi")
        sizes = spread.group_by("sample_id").agg(words=pl.len())
        parts = [
            _repeated_runs(long, self.run).with_columns(what=pl.lit(f"runs of {self.run} words")),
            _repeated_lines(long).with_columns(what=pl.lit("lines")),
            _loops(short, self.shortest // 2).with_columns(what=pl.lit("loops")),
        ]
        found = (
            pl.concat(parts)
            .filter(pl.col("again") > 0)
            .sort("again", "what", descending=[True, False])
            .group_by("sample_id", maintain_order=True)
            .first()
            .join(sizes, on="sample_id")
        )
        return complete(
            samples,
            found.select(
                "sample_id",
                score=(1 - pl.col("again") / pl.col("words")).clip(0, 1),
                reason=reason("{} of {} words stand in repeated {}", "again", "words", "what"),
            ),
        )


def _repeated_runs(samples: pl.DataFrame, length: int) -> pl.DataFrame:
    """`sample_id` and how many of its words lie in a run that occurred before."""
    seen = pl.col("run").is_not_null() & ~pl.struct("row", "run").is_first_distinct()
    spread = runs(samples, "response", length).with_columns(again=covered(seen, length))
    return spread.group_by("sample_id").agg(pl.col("again").sum().cast(pl.Int64))


def _repeated_lines(samples: pl.DataFrame) -> pl.DataFrame:
    """`sample_id` and how many of its words lie in a line that stood before."""
    lines = samples.select("sample_id", line=plain(pl.col("response")).str.split("\n")).explode("line")
    lines = lines.with_columns(pl.col("line").str.strip_chars())
    again = pl.when(~pl.struct("sample_id", "line").is_first_distinct()).then(pl.col("line").str.count_matches(WORD))
    return lines.group_by("sample_id").agg(again.sum().cast(pl.Int64).alias("again"))


def _loops(samples: pl.DataFrame, longest: int) -> pl.DataFrame:
    """`sample_id` and how many of its words repeat the words just before them."""
    spread = runs(samples, "response", 1)
    for period in range(1, longest + 1):
        same = (pl.col("run") == pl.col("run").shift(period)) & (pl.col("row") == pl.col("row").shift(period))
        streak = pl.len().over("row", pl.col("same").rle_id())
        spread = (
            spread.with_columns(same=same.fill_null(value=False))
            .with_columns((pl.col("same") & (streak >= period * (2 if period < 3 else 1))).alias(str(period)))
            .drop("same")
        )
    periods = [pl.col(str(period)).sum() for period in range(1, longest + 1)]
    return spread.group_by("sample_id").agg(again=pl.max_horizontal(periods).cast(pl.Int64))
