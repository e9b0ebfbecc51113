"""Held-out overlap: a sample with a text that repeats one kept for evaluation."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.repeats.heldout import LEAK, RUN, HeldOut, Runs
from outcross.validators.repeats.shingles import Words, hashed
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import covered, words

_INSIDE = f"{{}} of {{}} words of the {{}} lie in runs of {RUN} of held-out texts, such as"
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
    instructions that all rows share, turns of phrase. Of a context's words this goes for more than `idiom`, as code
    is copied more readily.

    Source: the n-gram rules that GPT-3 (13) and Dolma and decon (8, exact match for short texts) use.
    """

    name: ClassVar[str] = "heldout_overlap"
    version: ClassVar[int] = 3
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.7)
    coverage: float = 0.5
    short: int = 20
    shortest: int = 5
    common: int = 7
    idiom: int = 3

    def __post_init__(self) -> None:
        if not (0 < self.coverage <= 1 and 0 <= self.shortest <= self.short and 1 <= self.idiom <= self.common):
            raise RecipeError(
                "heldout_overlap needs 0 < coverage <= 1, 0 <= shortest <= short and 1 <= idiom <= common, not "
                f"coverage {self.coverage}, shortest {self.shortest}, short {self.short}, idiom {self.idiom} and "
                f"common {self.common}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare every text of a sample with the held-out texts."""
        texts = _texts(samples)
        own = hashed(texts["text"])
        index = references.index or HeldOut.of(references.heldout, references.usual)
        found = pl.concat(judge(texts, own, index) for judge in (self._same, self._long_runs, self._short_runs))
        kept = references.heldout.with_row_index("held").select("held", pl.col("source").str.head(_NAMED))
        named = found.join(texts, on="row").join(kept, on="held")
        quote = words(pl.col("text")).list.slice("at", "length").list.join(" ")
        said = reason("{} {}: “{}”", "said", "source", quote)
        worst = named.sort("score", "order", "row").group_by("sample_id", maintain_order=True).first()
        return complete(samples, worst.select("sample_id", "score", reason=said))

    def _same(self, texts: pl.DataFrame, own: Words, index: HeldOut) -> pl.DataFrame:
        """Texts that are a held-out one, word for word."""
        least = np.where(texts["field"] == "context", LEAK, max(1, self.shortest))
        told = index.wholes.tell(own.wholes(), np.full(least.size, self.common)) & (own.sizes >= least)
        whole = texts.filter(told).with_columns(run=own.wholes()[told], at=0, length=LEAK)
        first = index.wholes.places.group_by("run").agg(pl.col("held").min())
        said = reason("the {} is the same text as held-out", "field")
        return _found(whole.join(first, on="run"), order=0, score=pl.lit(0.0), said=said)

    def _long_runs(self, texts: pl.DataFrame, own: Words, index: HeldOut) -> pl.DataFrame:
        """Texts that share a run too long for chance."""
        told = texts.filter(pl.col("field") != "context")
        found = _shared(own, index.leaks, LEAK, np.full(texts.height, self.common)).join(told, on="row")
        said = reason(f"{LEAK} words in a row of the {{}} also stand in held-out", "field")
        return _found(found, order=1, score=pl.lit(0.0), said=said)

    def _short_runs(self, texts: pl.DataFrame, own: Words, index: HeldOut) -> pl.DataFrame:
        """Texts that share shorter runs, which together may be too much."""
        common = np.where(texts["field"] == "context", self.idiom, self.common)
        sizes = pl.DataFrame({"held_size": index.sizes}).with_row_index("held")
        found = _shared(own, index.runs, RUN, common).join(texts, on="row").join(sizes, on="held")
        share, is_context = pl.col("inside") / pl.col("size"), pl.col("field") == "context"
        holds_it = is_context & (pl.col("held_size") >= self.short) & (pl.col("held_share") >= self.coverage)
        repeats = holds_it | ((pl.col("size") >= self.short) & (share >= self.coverage))
        score = pl.when(repeats).then(0.0).otherwise(1 - share)
        said = reason(_INSIDE, "inside", "size", "field")
        return _found(found.filter(repeats | ~is_context), order=2, score=score, said=said)


def _texts(samples: pl.DataFrame) -> pl.DataFrame:
    """`row`, `sample_id`, `field`, `text`: a row for each text of a sample."""
    texts = samples.unpivot(
        ["prompt", "context", "response"], index="sample_id", variable_name="field", value_name="text"
    )
    return texts.filter(pl.col("text") != "").with_row_index("row")


def _found(found: pl.DataFrame, *, order: int, score: pl.Expr, said: pl.Expr) -> pl.DataFrame:
    """What one comparison says of the texts at `row`, with the place and length of the words to quote."""
    quoted = (pl.col(name).cast(pl.UInt32) for name in ("row", "held", "at", "length"))
    return found.select(*quoted, order=pl.lit(order), score=score, said=said)


def _shared(own: Words, index: Runs, length: int, common: NDArray[np.int64]) -> pl.DataFrame:
    """Texts that share a run with held-out ones.

    Args:
        own: the texts' words.
        index: the held-out runs.
        length: of a run, in words.
        common: by text, the documents that may have a run which counts.

    Returns:
        `row` (of the texts), its `size` in words and those `inside` shared runs; the place `at` and the `length` of
        the first shared run; the row `held` of the held-out text that has most of its own runs here, and which share
        that is (`held_share`).
    """
    run, whole = own.runs(length)
    hit = index.tell(run, np.repeat(common, own.sizes)) & whole
    some = np.zeros(own.sizes.size, dtype=np.bool_)
    some[own.rows[hit]] = True
    at = np.flatnonzero(some[own.rows])
    spread = pl.DataFrame({"row": own.rows[at].astype(np.uint32), "run": run[at], "hit": hit[at]}).with_columns(
        at=pl.int_range(pl.len()).over("row"), inside=covered(pl.col("hit"), length)
    )
    found = spread.group_by("row").agg(
        size=pl.len(), inside=pl.col("inside").sum(), at=pl.col("at").filter("hit").first(), length=pl.lit(length)
    )
    pairs = spread.filter("hit").join(index.places, on="run").group_by("row", "held")
    shares = pairs.agg(held_share=pl.col("run").n_unique() / pl.col("all").first())
    closest = shares.sort("held_share", "held", descending=[True, False]).unique(
        "row", keep="first", maintain_order=True
    )
    return found.join(closest, on="row")
