"""Near duplicates: a response that a person or an earlier draft already gave in nearly the same words."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import runs, squeezed, words


@dataclass(frozen=True, kw_only=True)
class NearDuplicate:
    """1 less the Jaccard similarity, over runs of `run` words, with the closest text that takes precedence.

    Human rows take precedence over drafts, and drafts of lower rank over those of higher rank, so of several
    alike exactly one is kept, as long as those judged before have the lower ranks. Similarities below `floor`
    count as none. Responses of fewer than `short` words are compared as whole texts but for case, spacing and
    punctuation, and those of fewer than `shortest` aren't compared.

    Source: Broder, On the resemblance and containment of documents (1997); computed exactly.
    """

    name: ClassVar[str] = "near_duplicate"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.4)
    run: int = 3
    floor: float = 0.3
    short: int = 8
    shortest: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.run <= self.short and 0 < self.floor <= 1 and 0 <= self.shortest <= self.short):
            raise RecipeError(
                f"{self.name} needs 1 <= run <= short, 0 < floor <= 1 and 0 <= shortest <= short, not "
                f"run {self.run}, short {self.short}, floor {self.floor}, shortest {self.shortest}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:
        """Compare `response` with the human rows and the drafts that precede each sample."""
        others = _others(references)
        own = _placed(samples, others, references.human["sample_id"]).filter(pl.col("size") >= self.shortest)
        is_short = pl.col("size") < self.short
        found = pl.concat([_same(own.filter(is_short), others), self._similar(own.filter(~is_short), others)])
        named = found.join(others.select("draft", other="sample_id", closest="place"), on="closest")
        kind = pl.when("draft").then(pl.lit("earlier draft")).otherwise(pl.lit("human row"))
        alike, other = pl.col("alike").round(2), pl.col("other").str.head(12)
        said = reason("{} alike with {} {}", alike, kind, other)
        return complete(samples, named.select("sample_id", score=1 - pl.col("alike"), reason=said))

    def _similar(self, own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
        """The closest other of every text that has one: `sample_id`, `closest` (its place), `alike`.

        Counted sample by sample over an inverted index, because drafts made from one template share most
        of their runs, and a join of all pairs then outgrows time and memory.
        """
        theirs = _sets(others.filter(pl.col("size") >= self.short), "place", self.run).sort("run", "place")
        spans = theirs.with_row_index("start").group_by("run").agg(pl.col("start").first(), length=pl.len())
        mine = _sets(own, "sample_id", self.run).with_columns(size=pl.len().over("sample_id")).join(spans, on="run")
        rows = mine.group_by("sample_id").agg("start", "length", pl.col("size").first())
        places = theirs["place"].to_numpy()
        sizes = np.bincount(places, minlength=others.height)
        found = []
        for sample_id, starts, lengths, size, place in rows.join(
            own.select("sample_id", "place"), on="sample_id"
        ).rows():
            spanned = [places[start : start + length] for start, length in zip(starts, lengths, strict=True)]
            shared = np.bincount(np.concatenate(spanned), minlength=others.height)[:place]
            alike = shared / (size + sizes[:place] - shared)
            if place and alike.max() >= self.floor:
                found.append((sample_id, int(alike.argmax()), float(alike.max())))
        return pl.DataFrame(found, schema=_CLOSEST, orient="row")


_CLOSEST = pl.Schema({"sample_id": pl.String(), "closest": pl.UInt32(), "alike": pl.Float64()})
_ORDER = ["draft", "rank", "sample_id"]


def _texts(rows: pl.DataFrame) -> pl.DataFrame:
    text = squeezed(pl.col("response"))
    return rows.select(*_ORDER, text.alias("text"), words(pl.col("response")).list.len().alias("size"))


def _others(references: References) -> pl.DataFrame:
    """The texts to compare with, numbered by `place` in their order of precedence.

    Of those with the same words only the first is there: a text given 10,000 times is compared once.
    """
    human = references.human.select("sample_id", "response", rank=pl.lit(""), draft=pl.lit(value=False))
    drafts = references.earlier.select("sample_id", "response", "rank", draft=pl.lit(value=True))
    rows = _texts(pl.concat([human, drafts])).sort(_ORDER)
    return rows.unique("text", keep="first", maintain_order=True).with_row_index("place")


def _placed(samples: pl.DataFrame, others: pl.DataFrame, human: pl.Series) -> pl.DataFrame:
    """The samples' texts, each with its `place`: how many of the others take precedence over it."""
    is_human = pl.col("sample_id").is_in(human.to_list())
    rank = pl.when(is_human).then(pl.lit("")).otherwise("rank").alias("rank")
    own = _texts(samples.select("sample_id", "response", rank, ~is_human.alias("draft")))
    merged = pl.concat([own.with_columns(other=pl.lit(0)), others.drop("place").with_columns(other=pl.lit(1))])
    # A sample that is among the others itself comes just before its own entry.
    placed = merged.sort(*_ORDER, "other").with_columns(place=pl.col("other").cum_sum().cast(pl.UInt32))
    return placed.filter(pl.col("other") == 0).drop("other")


def _sets(texts: pl.DataFrame, key: str, length: int) -> pl.DataFrame:
    """`key` and `run` for each different run of a text's words."""
    spread = runs(texts, "text", length).drop_nulls("run").select("row", "run").unique()
    return spread.join(texts.select(key).with_row_index("row"), on="row").drop("row")


def _same(own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    first = others.select("text", closest="place")
    pairs = own.join(first, on="text").filter(pl.col("closest") < pl.col("place"))
    return pairs.select("sample_id", "closest", alike=pl.lit(1.0))
