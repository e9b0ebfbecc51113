"""Mathematics: whether the final answer is the right one."""

import re
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.verifiers import bounds
from outcross.verifiers.answers import LONGEST, Final, bare, counted, expression, final, folded, number
from outcross.verifiers.judged import RIGHT, Keyed, Verdict, keyed, stated, verdicts
from outcross.verifiers.pool import Answer, Failed, pool

_SHOWN = 80
_TOWER = re.compile(r"[\w)}]\s{0,3}\^\s{0,3}\{?(?:[^{}^$\n]{0,30}\^|\s{0,3}\d{5})")
"""A power of a power, or one of five digits and more."""


@dataclass(frozen=True, kw_only=True)
class Mathematics:
    """1 where the final answer equals the key's `answer`, 0 where it doesn't, null where that can't be told.

    Numbers are compared exactly, whatever their currency, unit or grouping; expressions by math-verify. Words must be
    the same words: others are no wrong answer, but one that can't be judged.
    """

    name: ClassVar[str] = "mathematics"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    seconds: float = 5.0
    """Of processor time for one comparison."""
    memory: int = 512
    """Megabytes for one comparison."""

    def __post_init__(self) -> None:
        bounds.check(self.name, self.seconds, self.memory)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Compare `response`, or `content`'s answer where there is a worked one, with the key's `answer`."""
        rows, said = keyed(samples, "answer", str, int, float)
        seen = {row.sample["sample_id"]: _at_sight(row) for row in rows}
        said |= {one: told for one, told in seen.items() if isinstance(told, Verdict)}
        open_ = {one: question for one, question in seen.items() if not isinstance(question, Verdict)}
        answers = pool("mathematics", self.seconds, self.memory).ask(list(open_.values()))
        said |= {one: _told(question, answer) for (one, question), answer in zip(open_.items(), answers, strict=True)}
        return verdicts(samples, said)


def _at_sight(row: Keyed) -> Verdict | dict[str, Any]:
    """What can be said without algebra, else the question for it."""
    right = bare(counted(str(row.key["answer"])))
    given = final(stated(row.sample))
    if given is None:
        return Verdict(None, "what stands where the answer is expected is too long to be compared")
    if folded(given.answer) == folded(right) != "":
        return RIGHT
    known, found = number(right), number(given.answer)
    if known is not None and found is not None:
        return RIGHT if known == found else _wrong(given.answer, right)
    return _question(right, given)


def _question(right: str, given: Final) -> Verdict | dict[str, Any]:
    gold, answer = expression(right), expression(given.answer)
    if not gold or len(gold) > LONGEST:
        return Verdict(
            None, f"the key's answer {right[:_SHOWN]!r} is no number or expression, and other words are given"
        )
    # Where memory runs out on these, math-verify takes them for unequal.
    if found := _TOWER.search(f"{gold}\n{answer or given.text}"):
        return Verdict(None, f"the power {found[0][:_SHOWN]!r} is too large to be worked out")
    return {"right": gold, "answer": answer, "text": given.text}


def _told(question: dict[str, Any], answer: Answer) -> Verdict:
    if isinstance(answer, Failed):
        return Verdict(None, answer.reason)
    assert isinstance(answer, dict)  # noqa: S101  # the judge's own form
    if answer["right"] is None:
        return Verdict(None, f"the key's answer {question['right'][:_SHOWN]!r} doesn't parse")
    if answer["right"]:
        return RIGHT
    if answer["found"] is None:
        return Verdict(0.0, f"no number or expression is found as the answer, which is {question['right'][:_SHOWN]}")
    return _wrong(str(answer["found"]), question["right"])


def _wrong(found: str, right: str) -> Verdict:
    return Verdict(0.0, f"the answer is {found[:_SHOWN]}, and {right[:_SHOWN]} is right")
