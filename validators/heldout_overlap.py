"""Held-out overlap: a response that repeats a text kept for evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.reasons import reason
from outcross.validators.references import References
from outcross.validators.signals import complete
from outcross.validators.words import covered, runs, squeezed, words

_LEAK = 13
_RUN = 8
_INSIDE = f"{{}} of {{}} words lie in runs of {_RUN} that held-out texts have too, such as {{}}"


@dataclass(frozen=True, kw_only=True)
class HeldoutOverlap:
    """0 for a repeat of a held-out text, else 1 less the share of words in runs of 8 that one has too.

    A response of `short` words or more repeats one if any run of 13 words stands there, or if `coverage`
    of its words lie in such runs of 8. A shorter one does if it is the same text but for case, spacing
    and punctuation; below `shortest` words that is chance, and scores 1.

    Source: the n-gram rules that GPT-3 (13) and Dolma and decon (8, exact match for short texts) use.
    """

    name: ClassVar[str] = "heldout_overlap"
    version: ClassVar[int] = 1
    coverage: float = 0.5
    short: int = 20
    shortest: int = 5

    def __post_init__(self) -> None:
        if not (0 < self.coverage <= 1 and 0 <= self.shortest <= self.short):
            raise RecipeError(
                f"heldout_overlap needs 0 < coverage <= 1 and 0 <= shortest <= short, not {self.coverage}, "
                f"{self.shortest} and {self.short}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare `response` with the held-out texts."""
        size = words(pl.col("response")).list.len()
        short = samples.filter(size.is_between(self.shortest, self.short, closed="left"))
        long = samples.filter(size >= self.short)
        leaks = _shared(long, references.heldout, _LEAK)
        runs_of_8 = _shared(long, references.heldout, _RUN).join(leaks, on="sample_id", how="anti")
        share = pl.col("inside") / pl.col("words")
        found = [
            _same(short, references.heldout),
            leaks.select(
                "sample_id",
                score=pl.lit(0.0),
                reason=reason(f"{_LEAK} words in a row also stand in held-out {{}}", "heldout"),
            ),
            runs_of_8.select(
                "sample_id",
                score=pl.when(share >= self.coverage).then(0.0).otherwise(1 - share),
                reason=reason(_INSIDE, "inside", "words", "heldout"),
            ),
        ]
        return complete(samples, pl.concat(found))


def _same(samples: pl.DataFrame, heldout: pl.DataFrame) -> pl.DataFrame:
    own = samples.select("sample_id", text=squeezed(pl.col("response")))
    kept = heldout.select(squeezed(pl.col("text")), pl.col("sample_id").str.head(12).alias("heldout"))
    first = kept.group_by("text").agg(pl.col("heldout").min())
    return own.join(first, on="text").select(
        "sample_id", score=pl.lit(0.0), reason=reason("the same text as held-out {}", "heldout")
    )


def _shared(samples: pl.DataFrame, heldout: pl.DataFrame, length: int) -> pl.DataFrame:
    """Samples that share a run: `sample_id`, `words`, those `inside` shared runs, and a `heldout` id that has one."""
    own = runs(samples, "response", length)
    kept = runs(heldout, "text", length).join(own, on="run", how="semi")
    kept = kept.group_by("run").agg(pl.col("sample_id").str.head(12).min().alias("heldout"))
    return (
        own.join(kept, on="run", how="left", maintain_order="left")
        .with_columns(inside=covered(pl.col("heldout").is_not_null(), length))
        .group_by("sample_id")
        .agg(words=pl.len(), inside=pl.col("inside").sum(), heldout=pl.col("heldout").min())
        .filter(pl.col("inside") > 0)
    )
