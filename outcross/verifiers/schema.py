"""Schema: whether a response is JSON as asked, and tool calls have the arguments that their tools take."""

import json
from dataclasses import dataclass
from typing import Any, ClassVar

import polars as pl
from pydantic import JsonValue

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.verifiers import bounds
from outcross.verifiers.fences import blocks
from outcross.verifiers.judged import Keyed, Verdict, keyed, verdicts
from outcross.verifiers.pool import Answer, Failed, pool


@dataclass(frozen=True, kw_only=True)
class Schema:
    """Share of what a key's schemas ask for that meets them: the one response, or each of a trajectory's tool calls."""

    name: ClassVar[str] = "schema"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=1.0, accept_from=1.0)
    seconds: float = 5.0
    """Of processor time for one sample: a schema's patterns can take for ever."""
    memory: int = 256
    """Megabytes for one sample."""

    def __post_init__(self) -> None:
        bounds.check(self.name, self.seconds, self.memory)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Hold `response` against the key's `schema`, and the calls in `content` against those of its `tools`."""
        answers, odd = keyed(samples, "schema", dict, bool)
        calls, odder = keyed(samples, "tools", dict)
        questions = [*((row, _of_response(row)) for row in answers), *((row, _of_calls(row)) for row in calls)]
        found = pool("schema", self.seconds, self.memory).ask([question for _, question in questions])
        said = odd | odder
        for (row, question), answer in zip(questions, found, strict=True):
            said[row.sample["sample_id"]] = _told(len(question["checks"]), answer)
        return verdicts(samples, said)


def _of_response(row: Keyed) -> dict[str, Any]:
    response = row.sample["response"]
    fenced = [block.text for block in blocks(response) if block.language in ("", "json")]
    text = max(fenced, key=len) if fenced else response
    return {"checks": [{"what": "the response", "text": text, "schema": row.key["schema"]}]}


def _of_calls(row: Keyed) -> dict[str, Any]:
    turns = json.loads(row.sample["content"] or "{}").get("turns", [])
    made = [call for turn in turns for call in turn.get("calls", ())]
    return {"checks": [_of_call(number, call, row.key["tools"]) for number, call in enumerate(made, start=1)]}


def _of_call(number: int, call: dict[str, str], tools: dict[str, JsonValue]) -> dict[str, Any]:
    what, tool = f"call {number}, of {call['tool'][:60]},", call["tool"]
    return {"what": what, "text": call["arguments"], "schema": tools.get(tool)}


def _told(count: int, answer: Answer) -> Verdict:
    if isinstance(answer, Failed):
        return Verdict(None, answer.reason)
    assert isinstance(answer, dict)  # noqa: S101  # the judge's own form
    wrong, failed = answer["wrong"], answer["failed"]
    assert isinstance(wrong, list)  # noqa: S101
    if failed:
        return Verdict(None, str(failed))
    more = f" (and {len(wrong) - 1} more of {count})" if len(wrong) > 1 else ""
    return Verdict(1.0 - len(wrong) / count if wrong else 1.0, f"{wrong[0]}{more}" if wrong else "")
