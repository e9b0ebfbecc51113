"""Steps: whether a solution counts its steps right, calculates right, and arrives at the answer that it gives."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import polars as pl

from outcross.validators.checks.equations import false_equations
from outcross.validators.checks.sums import stated
from outcross.validators.privacy.finds import veiled
from outcross.validators.privacy.identifiers import IDENTIFIERS
from outcross.validators.privacy.keys import KEYS
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete

_NUMBERED = re.compile(r"\s{0,9}(?:step\s{1,3}([0-9]{1,3})\b[.:)]?|\(?([0-9]{1,3})[.:)](?=\s|$))", re.I)
_VISIBLE = re.compile(r"[^\W_]")
_ONE_NUMBER = re.compile(r"[^0-9]{0,40}?[0-9][0-9,]{0,25}(?:\.[0-9]{1,20})?(?:/[0-9]{1,20})?[^0-9]{0,40}")
_SAID_OTHERWISE = re.compile(r"\b(?:yes|no|not|none|never|true|false|impossible|possible)\b|\b[a-z]\b|[0-9\\]")
_SPELT = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_WORD = re.compile(r"[^\W\d_]{3,40}")
_LAST, _TOLD, _SHOWN = 3, 3, 40
_READ = 50_000
"""Characters that are read for sums, so that a text made to be slow isn't."""

_Flaw = tuple[float, str]


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How sound a solution's working is, by its worst flaw.

    - 0.2 where it states a sum that is false, such as `12 * 7 = 85` (see `equations`). This is looked for in the
      answers of instructions, conversations and preferences without a context too.
    - 0.4 where none of the last three steps holds the number, or makes the sum, that is given as the answer; of an
      answer of one or two words, where none of its words occurs in a step.
    - 0.5 where the steps' own numbers don't rise, or a step is empty or repeats another.

    What an annotator has marked as a bad step may be false, as may all after it: that is what it teaches.
    """

    name: ClassVar[str] = "steps"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.8)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Read `content` of reasoning, and `response` of what else answers a task."""
        reasoning = samples.filter(pl.col("kind") == "reasoning").select("sample_id", "content")
        answers = samples.filter(
            pl.col("kind").is_in(["instruction", "conversation", "preference"]),
            pl.col("context") == "",
            pl.col("response").str.contains("[0-9][^=\n]*=[^=\n]*[0-9]"),
        ).select("sample_id", "response")
        flaws = {
            **{sample_id: list(_of_solution(content)) for sample_id, content in reasoning.iter_rows()},
            **{sample_id: list(_of_sums(response)) for sample_id, response in answers.iter_rows()},
        }
        found = [(sample_id, *_worst(told)) for sample_id, told in flaws.items() if told]
        schema = {"sample_id": pl.String, "score": pl.Float64, "reason": pl.String}
        return complete(samples, pl.DataFrame(found, schema=schema, orient="row"))


def _worst(told: Sequence[_Flaw]) -> _Flaw:
    ranked = sorted(told, key=lambda flaw: flaw[0])
    more = [f"and {len(ranked) - _TOLD} more"] if len(ranked) > _TOLD else []
    return ranked[0][0], "; ".join([*(reason for _, reason in ranked[:_TOLD]), *more])


def _of_solution(content: str) -> Iterator[_Flaw]:
    try:
        solution = json.loads(content)
        steps, answer, labels = solution["steps"], solution["answer"], solution.get("labels", [])
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    meant = labels.index(-1) if -1 in labels else len(steps)
    yield from _of_sums("\n".join(steps[:meant]))
    yield from _of_order(steps)
    yield from _of_emptiness(steps)
    if meant == len(steps):
        yield from _of_answer(steps, answer)


def _of_sums(text: str) -> Iterator[_Flaw]:
    read = text if len(text) <= _READ else text[:_READ].rpartition("\n")[0]
    for equation in false_equations(read):
        yield 0.2, f"{equation.text} is false, for the left side makes {equation.makes}"


def _of_order(steps: Sequence[str]) -> Iterator[_Flaw]:
    last = -1
    for step in steps:
        match = _NUMBERED.match(step)
        if match is None:
            continue
        number = int(match[1] or match[2])
        if number <= last:
            yield 0.5, f"step {number} comes after step {last}"
        last = number


def _of_emptiness(steps: Sequence[str]) -> Iterator[_Flaw]:
    seen: dict[str, int] = {}
    for place, step in enumerate(steps, 1):
        said = " ".join(_NUMBERED.sub("", step, count=1).casefold().split())
        if not _VISIBLE.search(said):
            yield 0.5, f"step {place} says nothing"
        elif len(said.split()) >= 3 and said in seen:
            yield 0.5, f"step {place} repeats step {seen[said]}"
        seen.setdefault(said, place)


def _of_answer(steps: Sequence[str], answer: str) -> Iterator[_Flaw]:
    """A late step must hold the answer's number, and any step a word of its one or two; 0 is told in too many ways."""
    if _ONE_NUMBER.fullmatch(answer):
        wanted = next(stated(answer), Fraction(0))
        if wanted and not _arrives(answer.strip(), wanted, "\n".join(steps[-_LAST:])[-_READ:]):
            yield 0.4, f"no late step arrives at the answer {_shown(answer)}"
        return
    words = _WORD.findall(answer.casefold())
    telling = len(words) in (1, 2) and not _SAID_OTHERWISE.search(answer.casefold())
    if telling and set(_WORD.findall("\n".join(steps).casefold())).isdisjoint(words):
        yield 0.4, f"no step speaks of the answer {_shown(answer)}"


def _shown(answer: str) -> str:
    return veiled(answer, (*IDENTIFIERS, *KEYS))[:_SHOWN]


def _arrives(answer: str, wanted: Fraction, text: str) -> bool:
    """Whether a number occurs as it is written, or in words, in percent or with another sign, or a sum makes it."""
    if re.search(rf"(?<![0-9.,]){re.escape(answer)}(?![0-9])", text):
        return True
    spelt = {Fraction(_SPELT.index(word)) for word in _WORD.findall(text.casefold()) if word in _SPELT}
    at = spelt.union(stated(text))
    return any(value in at for one in (wanted, -wanted) for value in (one, one / 100, one * 100))
