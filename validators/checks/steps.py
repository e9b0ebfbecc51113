"""Steps: whether what is worked out holds together: its arithmetic, the order of its steps, and its answer."""

import json
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.checks.equations import false_equations
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.words import squeezed

_NUMBERED = re.compile(r"^\W{0,3}(?:step\s{1,3})?(\d{1,3})(?:[.):]|\s-)(?!\d)", re.I)
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class Steps:
    """`false` where an equation between numbers is false, less where steps repeat, miscount or don't reach the answer.

    Equations are worked out exactly, in any sample's response, and hold to the digits that their result is written
    with. Of a sample of kind reasoning, steps that are numbered must count up by one, no step may say what another
    says, and a number that is the answer must stand in some step: each of these costs `loose`.
    """

    name: ClassVar[str] = "steps"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.3, accept_from=0.8)
    false: float = 0.2
    loose: float = 0.3

    def __post_init__(self) -> None:
        if not (0 <= self.false <= 1 and 0 <= self.loose <= 1):
            raise RecipeError(f"steps needs `false` and `loose` in 0 to 1, not {self.false} and {self.loose}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Work out the equations of `response`, and look at the steps of `content`."""
        equations = samples["response"].str.contains("=", literal=True)
        reasoned = samples["kind"] == "reasoning"
        found = [
            self._judge(response if has else "", content if steps else "")
            for has, steps, response, content in zip(
                equations, reasoned, samples["response"], samples["content"], strict=True
            )
        ]
        scores, reasons = zip(*found, strict=True) if found else ((), ())
        return samples.select(
            "sample_id", pl.Series("score", scores, pl.Float64), pl.Series("reason", reasons, pl.String)
        )

    def _judge(self, response: str, content: str) -> tuple[float, str]:
        wrong = false_equations(response)
        loose = _loose(content)
        score = max(0.0, 1.0 - self.loose * len(loose))
        if wrong:
            said = f"{wrong[0]} is false" + (f", and {len(wrong) - 1} more" if len(wrong) > 1 else "")
            return min(score, self.false), "; ".join([said, *loose])
        return score, "; ".join(loose)


def _loose(content: str) -> list[str]:
    """What doesn't hold together about the steps of a sample of kind reasoning, in phrases."""
    if not content:
        return []
    said = json.loads(content)
    steps, answer = said["steps"], said["answer"]
    found = []
    numbers = [int(match[1]) for step in steps if (match := _NUMBERED.match(step))]
    if len(numbers) == len(steps) and any(after != before + 1 for before, after in pairwise(numbers)):
        found.append(f"the steps are numbered {', '.join(map(str, numbers[:8]))}")
    plain = pl.Series("step", steps, pl.String).to_frame().select(squeezed(pl.col("step")))["step"]
    if repeated := [place for place, again in enumerate(~plain.is_first_distinct(), start=1) if again]:
        found.append(f"step {repeated[0]} says what an earlier one says")
    stated = {_plain(number) for step in steps for number in _NUMBER.findall(step)}
    if (wanted := _NUMBER.fullmatch(answer.strip(" $€£%."))) and _plain(wanted[0]) not in stated:
        found.append(f"no step comes to the answer, {wanted[0][:40]}")
    return found


def _plain(number: str) -> str:
    whole, _, part = number.replace(",", "").partition(".")
    part = part.rstrip("0")
    return f"{whole.lstrip('0') or '0'}.{part}" if part else whole.lstrip("0") or "0"
