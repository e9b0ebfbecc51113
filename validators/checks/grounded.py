"""Grounded: whether the facts of an answer stand in the text that it was to be drawn from."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason

_NUMBER = r"\d[\d,]*(?:\.\d+)?"
_QUOTED = r"[“\"]([^“”\"\n]{3,120})[”\"]"
# A capital after a full stop, a bullet or nothing begins a sentence and says nothing.
_NAME = r"[\p{Ll},;:)]\s+(\p{Lu}[\p{L}’'-]+(?:\s+\p{Lu}[\p{L}’'-]+){0,4})"
_CODE = (
    r"(?m)^\s*(?:def |class |import |from \w+ import |#include|function |const |let |var |public |\}|\{)|;\s*$|=>|::"
)
_NAMED, _LONGEST = 3, 80
_KINDS = ["instruction", "conversation"]


@dataclass(frozen=True, kw_only=True)
class Grounded:
    """The share of the answer's numbers, quotations and names that stand in the context or the prompt.

    Judged are instructions and conversations with a context of `shortest` characters or more that isn't code (code is
    what `names` looks at); an answer without such facts scores 1. What an answer works out or adds may well be right:
    so a low share is a reason to ask an expert, and by its own rule never one to reject.
    """

    name: ClassVar[str] = "grounded"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.0, accept_from=0.5)
    shortest: int = 100

    def __post_init__(self) -> None:
        if self.shortest < 1:
            raise RecipeError(f"grounded needs a `shortest` of 1 character or more, not {self.shortest}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for each fact of `response` in `context` and `prompt`."""
        context = pl.col("context")
        judged = samples.filter(
            pl.col("kind").is_in(_KINDS), context.str.len_chars() >= self.shortest, ~context.str.contains(_CODE)
        )
        source = pl.concat_str(context, pl.lit("\n"), pl.col("prompt"))
        facts = judged.select(
            "sample_id",
            source=_plain(source),
            fact=pl.concat_list(
                pl.col("response").str.extract_all(_NUMBER),
                _groups(pl.col("response"), _QUOTED),
                _groups(pl.col("response"), _NAME),
            ).list.unique(maintain_order=True),
        ).explode("fact", empty_as_null=True)
        told = facts.drop_nulls("fact").with_columns(there=_stands())
        missing = pl.col("fact").filter(~pl.col("there")).str.head(_LONGEST)
        found = told.group_by("sample_id", maintain_order=True).agg(
            count=pl.len(), there=pl.col("there").sum(), missing=missing.head(_NAMED).str.join("”, “")
        )
        return complete(
            samples,
            found.filter(pl.col("there") < pl.col("count")).select(
                "sample_id",
                score=pl.col("there") / pl.col("count"),
                reason=reason(
                    "{} of {} numbers, quotations and names stand in the context, and not “{}”",
                    "there",
                    "count",
                    "missing",
                ),
            ),
        )


def _plain(text: pl.Expr) -> pl.Expr:
    """Text as facts are looked for in it: without case, and numbers without separators."""
    return text.str.to_lowercase().str.replace_all(r"(\d),(\d)", "${1}${2}").str.replace_all("’", "'")


def _groups(text: pl.Expr, pattern: str) -> pl.Expr:
    """What a pattern's group holds at each of its matches."""
    return text.str.extract_all(pattern).list.eval(pl.element().str.extract(pattern))


def _stands() -> pl.Expr:
    """Whether a fact stands in its source; a number not as a part of a longer one."""
    fact = _plain(pl.col("fact"))
    number = pl.col("fact").str.contains(r"^\d")
    fenced = pl.concat_str(pl.lit(r"(?:^|[^\d.])"), fact.str.replace_all(".", r"\.", literal=True), pl.lit(r"(?:\D|$)"))
    return (
        pl.when(number)
        .then(pl.col("source").str.contains(pl.when(number).then(fenced).otherwise(pl.lit("x"))))
        .otherwise(pl.col("source").str.contains(fact, literal=True))
    )
