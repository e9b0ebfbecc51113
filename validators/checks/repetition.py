"""Repetition: a text that says the same again, down to a model caught in a loop."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text import grams
from outcross.validators.text.characters import Ints
from outcross.validators.text.grams import Units
from outcross.validators.text.patterns import asks
from outcross.validators.text.reasons import reason
from outcross.validators.text.streaming import streamed
from outcross.validators.text.words import WORD

_LOOP = 3
"""Words that a loop adds at least: a cry said three times is none."""
_LINE = r"[^\n]*\S[^\n]*"
_MARKER = r"^\s*(?:[-*•]|\d+[.):])\s"
_WANTED = r"repeat|\btimes\b|again|echo|chorus|refrain|lyric|lullaby|mantra|\bchant|song"
_LEAST = 0.5
_NUMBERS = 5
"""Times `shortest` words that a text has in which repeated numbers count."""


@dataclass(frozen=True, kw_only=True)
class Repetition:
    """1 less the share of words that only repeat what the same text said before.

    A run of `run` words counts only where it occurs again, and only from `shortest` words up: the web's
    rules, which count an n-gram that occurs once, reject every clean text of under 15 words. Whole lines
    count likewise. Shorter texts are only searched for immediate loops that add three words or more: one or two
    words said three times in a row, or more words said twice.

    Rows of numbers repeat because what they count does: runs and lines without a letter count only in texts of
    five times `shortest` words, and never leave less than 0.5. Nor does a repetition that the prompt asks for.

    Source: Rae et al., Scaling Language Models (2021), appendix A, with the limits set for short samples.
    """

    name: ClassVar[str] = "repetition"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.4, accept_from=0.6)
    run: int = 4
    shortest: int = 20

    def __post_init__(self) -> None:
        if not 2 <= self.run <= self.shortest:
            raise RecipeError(f"repetition needs 2 <= run <= shortest, not {self.run} and {self.shortest}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Measure the repeated runs, lines or loops of `response`."""
        return streamed(self._judge, samples.select("sample_id", "prompt", "response"), "response")

    def _judge(self, samples: pl.DataFrame) -> pl.DataFrame:
        found = grams.words(samples["response"])
        words = np.bincount(found.row, minlength=found.texts)
        letters = grams.running(found.lettered())
        long = words >= self.shortest
        runs, numbers = _in_runs(found, self.run, letters)
        counts = {
            f"runs of {self.run} words": np.where(long, runs, 0),
            "lines": np.where(long, _in_lines(samples["response"]), 0),
            "loops": np.where(long, 0, _in_loops(found, self.shortest // 2, letters)),
            "runs of numbers": np.where(words >= _NUMBERS * self.shortest, np.minimum(numbers, words // 2), 0),
        }
        table = np.stack(list(counts.values()))
        return samples.select(
            "sample_id",
            "prompt",
            words=pl.Series(words),
            again=pl.Series(table.max(axis=0)),
            what=pl.Series(np.array(list(counts))[table.argmax(axis=0)].astype(str).tolist(), dtype=pl.String),
        ).select("sample_id", *_said())


def _said() -> tuple[pl.Expr, pl.Expr]:
    some = pl.col("again") > 0
    said = reason("{} of {} words stand in repeated {}", "again", "words", "what")
    share = 1 - pl.col("again") / pl.col("words")
    score = pl.when(~some).then(1.0).when(asks(_WANTED)).then(pl.max_horizontal(share, pl.lit(_LEAST))).otherwise(share)
    return score.alias("score"), pl.when(some).then(said).otherwise(pl.lit("")).alias("reason")


def _in_runs(found: Units, length: int, letters: Ints) -> tuple[Ints, Ints]:
    """For each text, how many of its words lie in a run that occurred before: in one with a letter, and in any."""
    again = next(grams.repeats(found, length, length)).again
    spoken = again[letters[again + length] > letters[again]]
    each = np.arange(len(found.row) + 1)
    return grams.covered(found, spoken, length, each), grams.covered(found, again, length, each)


def _in_lines(texts: pl.Series) -> Ints:
    """For each text, how many of its words lie in a line with a letter that stood before."""
    line = pl.element().str.replace(_MARKER, "").str.strip_chars()
    lines = texts.str.to_lowercase().str.extract_all(_LINE).list.eval(line)
    found = grams.units(lines)
    again = next(grams.repeats(found, 1, 1)).again
    words = found.parts.str.count_matches(WORD).cast(pl.Int64).to_numpy()
    return grams.covered(found, again[found.lettered()[again]], 1, grams.running(words))


def _in_loops(found: Units, longest: int, letters: Ints) -> Ints:
    """For each text, how many of its words repeat the words just before them, in a loop of up to `longest` words."""
    most = np.zeros(found.texts, np.int64)
    for period in range(1, longest + 1):
        same = np.zeros(len(found.row), np.bool_)
        same[period:] = found.hash[period:] == found.hash[:-period]
        edges = np.flatnonzero(np.diff(same, prepend=False, append=False))
        starts, ends = edges[::2], edges[1::2]
        looping = (ends - starts >= period * (2 if period < 3 else 1)) & (letters[ends] > letters[starts])
        length = (ends - starts)[looping]
        most = np.maximum(most, np.bincount(found.row[starts[looping]], length, found.texts).astype(np.int64))
    return np.where(most >= _LOOP, most, 0)
