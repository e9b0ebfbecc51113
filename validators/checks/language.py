"""Language: whether a response is in the language that is expected, English as a rule, or that its prompt asks for."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete
from outcross.validators.text.languages import ENGLISH, NAMES, foreign
from outcross.validators.text.patterns import asks
from outcross.validators.text.reasons import reason
from outcross.validators.text.streaming import streamed

_NAMES = (
    r"translat|\blanguages?\b|\bscripts?\b|alphabet|kanji|hiragana|arabic|bengali|bulgarian|chinese|mandarin|cantonese|greek|georgian"
    r"|hebrew|hindi|urdu|persian|farsi|japanese|korean|russian|ukrainian|serbian|armenian|tamil|telugu|thai|sanskrit"
)
_DOUBT = 0.2
_LANGUAGES = {said.lower(): name.lower() for code, name in NAMES.items() for said in (code, name)}


@dataclass(frozen=True, kw_only=True)
class Language:
    """1 less the share of a response that is in another language than the expected one, which is English.

    A response with fewer than `shortest` bytes of prose isn't judged and scores 1: no method tells the language of a
    few technical words. (In other scripts than the Latin one a character is two or three bytes, and tells more.)
    Code, formulas and addresses are no prose. A language that the prompt names is what it asks for, and scores 1;
    one that the prompt is written in itself never scores less than 0.2, which an expert should see, nor does a
    response of less than twice `shortest`, which may be a list of foreign names.

    With `by_stratum` at 1, a row whose stratum is named by a language's code or English name, such as `de` or `German`,
    is expected in that language. One that is sure to be in another language is then wrong, even if its prompt is too.

    Source: the detector CLD2 by its label alone, as its probabilities reject good English texts that are technical.
    """

    name: ClassVar[str] = "language"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.2, accept_from=0.5)
    shortest: int = 100
    by_stratum: int = 0

    def __post_init__(self) -> None:
        if self.shortest < 0:
            raise RecipeError(f"language needs shortest from 0, not {self.shortest}.")
        if self.by_stratum not in (0, 1):
            raise RecipeError(f"language needs 0 or 1 for by_stratum, not {self.by_stratum}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Tell the language of `response`, and where it is another than expected, that of `prompt`."""
        columns = samples.select("sample_id", "stratum", "prompt", "response")
        return complete(samples, streamed(self._judged, columns, "prompt", "response"))

    def _judged(self, samples: pl.DataFrame) -> pl.DataFrame:
        """`sample_id`, `score` and `reason` of the responses that aren't all in the expected language."""
        stratum = pl.col("stratum").str.to_lowercase() if self.by_stratum else pl.lit("")
        expected = stratum.replace_strict(_LANGUAGES, default=ENGLISH, return_dtype=pl.String).alias("expected")
        rows = samples.with_columns(expected)
        said = rows.with_columns(foreign(rows["response"], self.shortest, rows["expected"]).struct.unnest())
        found = said.filter(pl.col("share") > 0)
        asked_in = foreign(found["prompt"], expected=found["expected"]).struct.field("language")
        judged = found.with_columns(asked_in.alias("asked_in")).select("sample_id", *_said(self.shortest))
        return judged.filter(pl.col("score") < 1)


def _said(shortest: int) -> tuple[pl.Expr, pl.Expr]:
    language, known = pl.col("language"), pl.col("language") != ""
    named = pl.col("prompt").str.to_lowercase().str.contains(language, literal=True)
    wanted = pl.when(known).then(named | asks("translat")).otherwise(asks(_NAMES))
    as_asked = (language == pl.col("asked_in")) & (pl.col("expected") == ENGLISH)
    doubtful = as_asked | (pl.col("response").str.len_bytes() < 2 * shortest)
    least = pl.when(known & doubtful).then(_DOUBT).otherwise(0.0)
    score = pl.when(wanted).then(1.0).otherwise(pl.max_horizontal(1 - pl.col("share"), least))
    name = pl.when(known).then(language.str.to_titlecase()).otherwise(pl.lit("in another script"))
    percent = (pl.col("share") * 100).round().cast(pl.Int64)
    said = reason("{} % isn't {} but {}", percent, pl.col("expected").str.to_titlecase(), name)
    return score.alias("score"), said.alias("reason")
