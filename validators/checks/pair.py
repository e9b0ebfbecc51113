"""Pair: whether two answers to one prompt differ enough, and in more than length, to teach what is better."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.checks.refusal import declines
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import plain, words

_VISIBLE = r"[\p{L}\p{N}]"
_FEW = 10
"""Words added to both lengths before they are compared: 12 words against 2 is no bias, 1,200 against 200 is."""


@dataclass(frozen=True, kw_only=True)
class Pair:
    """How well a pair's answers, the chosen one in `response` and the rejected one in `other`, tell good from bad.

    - 0 where they differ in case, spacing or punctuation only, or the chosen answer has no letter or digit. Signs that
      mean something count: `-5` and `5`, `1.5` and `15`, `<` and `>` differ. Beside code, any letter counts.
    - 0.4 where one declines and the other answers, or the rejected one has no letter or digit: right for a lesson in
      safety, and else a lesson in nothing but saying no, which a person tells apart.
    - falling from 1 to 0.2 as the share of common words rises from `alike` to all of them; unless a number differs,
      since one wrong number is the best of lessons.
    - falling from 1 as the longer answer has more than `ratio` times the words of the shorter, to 0.5 at twice that:
      a model learns to write at length instead.

    Other kinds of samples score 1.
    """

    name: ClassVar[str] = "pair"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.1, accept_from=0.6)
    alike: float = 0.9
    ratio: float = 4.0

    def __post_init__(self) -> None:
        if not (0 < self.alike < 1 and self.ratio >= 1):
            raise RecipeError(
                f"pair needs alike above 0 and below 1, and ratio from 1, not {self.alike} and {self.ratio}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Compare `response` and `other` of the preferences."""
        pairs = (
            samples.filter(pl.col("kind") == "preference")
            .select("sample_id", "response", "other")
            .with_columns(chosen=words(pl.col("response")), rejected=words(pl.col("other")))
        )
        looks = [_sameness(pairs), _silence(pairs), self._likeness(pairs), self._lengths(pairs)]
        found = pl.concat(looks).filter(pl.col("score") < 1).sort("score", maintain_order=True)
        return complete(samples, found.group_by("sample_id", maintain_order=True).first())

    def _likeness(self, pairs: pl.DataFrame) -> pl.DataFrame:
        """Jaccard's index of the two sets of words."""
        sets = pairs.select(
            "sample_id",
            a=pl.col("chosen").list.unique(),
            b=pl.col("rejected").list.unique(),
            counts_alike=_numbers("response") == _numbers("other"),
        ).with_columns(both=pl.col("a").list.set_intersection("b").list.len().cast(pl.Int64))
        either = pl.col("a").list.len() + pl.col("b").list.len() - pl.col("both")
        like = pl.col("both") / either
        falling = 1.0 - (like - self.alike) * (0.8 / (1 - self.alike))
        score = pl.when((either > 0) & pl.col("counts_alike")).then(falling.clip(0.2, 1.0)).otherwise(1.0)
        return sets.select("sample_id", score=score, reason=reason("the two share {} of {} words", "both", either))

    def _lengths(self, pairs: pl.DataFrame) -> pl.DataFrame:
        counts = pairs.select("sample_id", pl.col("chosen", "rejected").list.len().cast(pl.Int64))
        longer, shorter = pl.max_horizontal("chosen", "rejected"), pl.min_horizontal("chosen", "rejected")
        score = ((shorter + _FEW) * self.ratio / (longer + _FEW)).clip(0.0, 1.0)
        said = reason("the chosen answer has {} words and the rejected one {}", "chosen", "rejected")
        return counts.select("sample_id", score=score, reason=said)


def _numbers(column: str) -> pl.Expr:
    return pl.col(column).str.extract_all(r"-?[0-9]+(?:[.,][0-9]+)*")


def _bare(column: str) -> pl.Expr:
    """The text without spaces and without the marks that only set prose, in lower case; code as it is."""
    text = pl.col(column)
    code = text.str.contains(r"```|(?m)^(?:    |\t|def |class |import |from )")
    kept = plain(text).str.replace_all(r"([0-9])\.([0-9])", "${1}~${2}")
    prose = kept.str.replace_all(r"(?:^|[\s.,;:!?]+)[-–—]+\s|[\s.,;:!?…'\"“”‘’„«»()\[\]{}*_`#]+", "")
    return pl.when(code).then(text.str.strip_chars()).otherwise(prose)


def _sameness(pairs: pl.DataFrame) -> pl.DataFrame:
    same = pairs.filter(_bare("response") == _bare("other"))
    said = "the two answers differ in case, spacing or punctuation at most"
    return same.select("sample_id", score=pl.lit(0.0), reason=pl.lit(said))


def _silence(pairs: pl.DataFrame) -> pl.DataFrame:
    """Answers that aren't any, where the other one is."""
    both = pairs.select(
        "sample_id",
        declined=declines(pl.col("response")),
        declined_too=declines(pl.col("other")),
        empty=~pl.col("response").str.contains(_VISIBLE),
        empty_too=~pl.col("other").str.contains(_VISIBLE),
    )
    one = pl.col("declined") != pl.col("declined_too")
    flaw = (
        pl.when("empty")
        .then(pl.struct(score=pl.lit(0.0), reason=pl.lit("the chosen answer has no letter or digit")))
        .when("empty_too")
        .then(pl.struct(score=pl.lit(0.4), reason=pl.lit("the rejected answer has no letter or digit")))
        .when(one & pl.col("declined"))
        .then(pl.struct(score=pl.lit(0.4), reason=pl.lit("only the chosen answer declines")))
        .when(one)
        .then(pl.struct(score=pl.lit(0.4), reason=pl.lit("only the rejected answer declines")))
    )
    return both.select("sample_id", flaw=flaw).drop_nulls("flaw").unnest("flaw")
