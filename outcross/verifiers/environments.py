"""Environments: whether the answer to a generated task is right, by the program that made the task."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.verifiers import bounds
from outcross.verifiers.answers import alone
from outcross.verifiers.judged import RIGHT, Keyed, Verdict, keyed, stated, verdicts
from outcross.verifiers.pool import Answer, Failed, pool

LIBRARY = "reasoning_gym"
_TAGGED = re.compile(r"<answer>((?:(?!</?answer>).){0,20000})</answer>", re.DOTALL)
_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Environments:
    """The score that reasoning-gym's family gives the answer to its own task, null where it can't give one.

    The key says `environment`, "reasoning_gym/" and the family, and `entry`, the task as the family made it.
    """

    name: ClassVar[str] = "environments"
    version: ClassVar[int] = 1
    # A part goes to an answer that has the right form, or holds the right one among other words.
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    seconds: float = 10.0
    """Of processor time for one answer."""
    memory: int = 512
    """Megabytes for one answer."""

    def __post_init__(self) -> None:
        bounds.check(self.name, self.seconds, self.memory)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Score the answer in `response`, or in `content`, by the key's `environment`."""
        rows, said = keyed(samples, "environment", str)
        open_: dict[str, Any] = {}
        for row in rows:
            library, _, family = row.key["environment"].partition("/")
            if library != LIBRARY or not isinstance(row.key.get("entry"), dict):
                said[row.sample["sample_id"]] = Verdict(
                    None, f"no environment {row.key['environment'][:_SHOWN]!r} is known"
                )
            else:
                open_[row.sample["sample_id"]] = _question(family, row)
        answers = pool("environment", self.seconds, self.memory).ask(list(open_.values()))
        said |= {one: _told(question, answer) for (one, question), answer in zip(open_.items(), answers, strict=True)}
        return verdicts(samples, said)


def _question(family: str, row: Keyed) -> dict[str, Any]:
    said = stated(row.sample)
    tagged = _TAGGED.findall(said)
    answer = tagged[-1].strip() if tagged else alone(said.strip()) or said.strip()
    return {"do": "score", "family": family, "entry": row.key["entry"], "answer": answer}


def _told(question: dict[str, Any], answer: Answer) -> Verdict:
    if isinstance(answer, Failed):
        return Verdict(None, answer.reason)
    assert isinstance(answer, float)  # noqa: S101  # the judge's own form
    if answer == 1:
        return RIGHT
    return Verdict(answer, f"{question['family']} gives {question['answer'][:_SHOWN]!r} a score of {answer:g}")
