"""Held-out overlap: a sample with a text that repeats one kept for evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import covered, runs, squeezed, words

_LEAK = 13
_RUN = 8
_INSIDE = f"{{}} of {{}} words of the {{}} lie in runs of {_RUN} of held-out texts, such as"
_NAMED = 80
"""Characters of a document's name that a reason shows."""


@dataclass(frozen=True, kw_only=True)
class HeldoutOverlap:
    """0 for a repeat of a held-out text, else 1 less the share of words in runs of 8 that one has too.

    Prompt, context and response are each compared with all held-out texts, and the worst of them counts. A
    text repeats a held-out one if a run of 13 words stands there; if it has `short` words or more and
    `coverage` of them lie in such runs of 8, or all of them in a shorter one; or if it is the same text but for
    case, spacing and punctuation, which below `shortest` words is chance.

    A context is what the sample is about, such as code, and unrelated code shares long runs. So a context
    repeats a held-out text only if `coverage` of its words are shared, or of the runs of one held-out text of
    `short` words or more, or if it is the same text of 13 words or more; else it scores 1.

    Words that stand in more than `common` of people's documents identify none of them: licence headers,
    instructions that all rows share, turns of phrase.

    Source: the n-gram rules that GPT-3 (13) and Dolma and decon (8, exact match for short texts) use.
    """

    name: ClassVar[str] = "heldout_overlap"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.7)
    coverage: float = 0.5
    short: int = 20
    shortest: int = 5
    common: int = 7

    def __post_init__(self) -> None:
        if not (0 < self.coverage <= 1 and 0 <= self.shortest <= self.short and self.common >= 1):
            raise RecipeError(
                "heldout_overlap needs 0 < coverage <= 1, 0 <= shortest <= short and 1 <= common, not coverage "
                f"{self.coverage}, shortest {self.shortest}, short {self.short} and common {self.common}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare every text of a sample with the held-out texts."""
        texts = _texts(samples)
        found = pl.concat([judge(texts, references) for judge in (self._same, self._long_runs, self._short_runs)])
        kept = references.heldout.with_row_index("held").select("held", pl.col("source").str.head(_NAMED))
        named = found.join(texts.with_row_index("row"), on="row").join(kept, on="held")
        quote = words(pl.col("text")).list.slice("at", "length").list.join(" ")
        said = reason("{} {}: “{}”", "said", "source", quote)
        worst = named.sort("score", "order", "row").group_by("sample_id", maintain_order=True).first()
        return complete(samples, worst.select("sample_id", "score", reason=said))

    def _same(self, texts: pl.DataFrame, references: References) -> pl.DataFrame:
        """Texts that are a held-out one, word for word."""
        size = words(pl.col("text")).list.len()
        least = pl.when(pl.col("field") == "context").then(_LEAK).otherwise(max(1, self.shortest))
        whole = squeezed(pl.col("text")).alias("run")
        own = texts.with_row_index("row").filter(size >= least).select("row", "field", whole, at=0, length=_LEAK)
        kept = references.heldout.with_row_index("held").select("held", whole)
        telling = _telling(kept, own, references.usual.select("source", whole), self.common)
        found = own.join(telling.group_by("run").agg(pl.col("held").min()), on="run")
        return _found(found, order=0, score=pl.lit(0.0), said=reason("the {} is the same text as held-out", "field"))

    def _long_runs(self, texts: pl.DataFrame, references: References) -> pl.DataFrame:
        """Texts that share a run too long for chance."""
        found = _shared(texts, references, _LEAK, self.common).filter(pl.col("field") != "context")
        said = reason(f"{_LEAK} words in a row of the {{}} also stand in held-out", "field")
        return _found(found, order=1, score=pl.lit(0.0), said=said)

    def _short_runs(self, texts: pl.DataFrame, references: References) -> pl.DataFrame:
        """Texts that share shorter runs, which together may be too much."""
        found = _shared(texts, references, _RUN, self.common)
        share, is_context = pl.col("inside") / pl.col("size"), pl.col("field") == "context"
        holds_it = is_context & (pl.col("held_size") >= self.short) & (pl.col("held_share") >= self.coverage)
        repeats = holds_it | ((pl.col("size") >= self.short) & (share >= self.coverage))
        said = reason(_INSIDE, "inside", "size", "field")
        score = pl.when(repeats).then(0.0).otherwise(1 - share)
        return _found(found.filter(repeats | ~is_context), order=2, score=score, said=said)


def _texts(samples: pl.DataFrame) -> pl.DataFrame:
    """`sample_id`, `field`, `text`: a row for each text of a sample."""
    return samples.unpivot(
        ["prompt", "context", "response"], index="sample_id", variable_name="field", value_name="text"
    ).filter(pl.col("text") != "")


def _found(found: pl.DataFrame, *, order: int, score: pl.Expr, said: pl.Expr) -> pl.DataFrame:
    """What one comparison says of the texts at `row`, with the place and length of the words to quote."""
    quoted = (pl.col(name).cast(pl.UInt32) for name in ("row", "held", "at", "length"))
    return found.select(*quoted, order=pl.lit(order), score=score, said=said)


def _telling(kept: pl.DataFrame, own: pl.DataFrame, usual: pl.DataFrame, common: int) -> pl.DataFrame:
    """The held-out runs (`held`, `run`) that `own` has too, without those of more than `common` documents."""
    both = kept.join(own, on="run", how="semi")
    known = usual.join(both, on="run", how="semi").group_by("run").agg(documents=pl.col("source").n_unique())
    return both.join(known.filter(pl.col("documents") > common), on="run", how="anti")


def _shared(texts: pl.DataFrame, references: References, length: int, common: int) -> pl.DataFrame:
    """Texts that share a run with held-out ones.

    Returns:
        `row` (of `texts`), `field`, its `size` in words and those `inside` shared runs; the place `at` and the
        `length` of the first shared run; the row `held` of the held-out text that has most of its own runs
        here, which share that is (`held_share`), and its `held_size` in words.
    """
    own = runs(texts, "text", length)
    kept = runs(references.heldout, "text", length).select("run", held="row")
    usual = (
        runs(references.usual, "text", length)
        .drop_nulls("run")
        .join(references.usual.with_row_index("row").select("row", "source"), on="row")
    )
    telling = _telling(kept.drop_nulls("run"), own, usual, common)
    hit = pl.col("run").is_in(telling["run"].unique().implode()).fill_null(value=False)
    spread = own.with_columns(hit=hit, at=pl.int_range(pl.len()).over("row"), inside=covered(hit, length))
    found = spread.group_by("row").agg(
        size=pl.len(), inside=pl.col("inside").sum(), at=pl.col("at").filter("hit").first(), length=pl.lit(length)
    )
    sizes = kept.group_by("held").agg(held_size=pl.len(), all=pl.col("run").drop_nulls().n_unique())
    pairs = own.join(telling, on="run").group_by("row", "held").agg(pl.col("run").n_unique()).join(sizes, on="held")
    pairs = pairs.with_columns(held_share=pl.col("run") / pl.col("all")).sort(
        "held_share", "held", descending=[True, False]
    )
    closest = pairs.group_by("row", maintain_order=True).first().drop("run", "all")
    fields = texts.with_row_index("row").select("row", "field")
    return found.filter(pl.col("inside") > 0).join(closest, on="row").join(fields, on="row")
