"""Copied: a response taken from the examples that the model was shown, or from its own prompt."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import runs


@dataclass(frozen=True, kw_only=True)
class Copied:
    """1 less the share of the response's runs of words that also stand in what the model read.

    Runs of `shown_run` words count against the examples; only the longer runs of `prompt_run` words count
    against the prompt and the context, whose names an answer must repeat. Shorter responses score 1.
    """

    name: ClassVar[str] = "copied"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.7)
    shown_run: int = 5
    prompt_run: int = 8

    def __post_init__(self) -> None:
        if min(self.shown_run, self.prompt_run) < 1:
            raise RecipeError(f"copied needs runs of 1 word or more, not {self.shown_run} and {self.prompt_run}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Compare `response` with `shown`, `context` and `prompt` of the same sample."""
        sources = [("shown", self.shown_run), ("context", self.prompt_run), ("prompt", self.prompt_run)]
        found = pl.concat(_shared(samples, source, length) for source, length in sources)
        return complete(
            samples,
            found.filter(pl.col("shared") > 0)
            .sort(1 - pl.col("shared") / pl.col("all"), "source")
            .group_by("sample_id", maintain_order=True)
            .first()
            .select(
                "sample_id",
                score=1 - pl.col("shared") / pl.col("all"),
                reason=reason("{} of {} runs of {} words also stand in {}", "shared", "all", "length", "source"),
            ),
        )


def _shared(samples: pl.DataFrame, source: str, length: int) -> pl.DataFrame:
    """`sample_id`, how many runs the response has (`all`), and how many of them `source` has too (`shared`)."""
    samples = samples.filter(pl.col(source) != "")
    own = runs(samples, "response", length).drop_nulls("run")
    read = runs(samples, source, length).drop_nulls("run").select("sample_id", "run").unique()
    names = {"shown": "the examples shown", "context": "the context", "prompt": "the prompt"}
    return (
        own.join(read.with_columns(hit=pl.lit(value=True)), on=["sample_id", "run"], how="left")
        .group_by("sample_id")
        .agg(all=pl.len(), shared=pl.col("hit").sum().cast(pl.UInt32))
        .with_columns(length=pl.lit(length), source=pl.lit(names[source]))
    )
