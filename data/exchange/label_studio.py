"""Label Studio's task JSON: the sample under `data`, a reviewer's answer as the results of an annotation.

The shapes are those of labelstud.io/guide/task_format, and of the editor's control tags for what they put into a
result: `choices`, `textarea`, `rating`, and `pairwise`, which selects `left` or `right` and points to itself. Left is
always the sample's own chosen answer, wherever it stood on a reviewer's screen.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import Field

from outcross.data.exchange.judged import (
    VERDICTS,
    Imported,
    Judged,
    Judgement,
    Refused,
    Theirs,
    Unfit,
    content_of,
    facts,
    fields_of,
    loaded,
    moment,
    parts,
    seconds,
)
from outcross.data.review.answers import Label
from outcross.data.samples import KINDS, Content

HOLDS = frozenset(KINDS)
LOSES = "which model wrote it, and which of several answers stands"

SHOWN = {
    "instruction": "response",
    "text": "text",
    "preference": "prompt",
    "reasoning": "steps",
    "conversation": "turns",
    "trajectory": "turns",
}
"""By kind, the field of `data` that an answer is about."""

SIDES = {"chosen": "left", "rejected": "right"}
WORDS: Mapping[Label, str] = {1: "good", 0: "neutral", -1: "bad"}
STRENGTHS: Mapping[float | None, int] = {1: 1, 2: 2}
"""Of a rating; others than our own say nothing that we know."""
LABEL = re.compile(r"label_(\d{1,6})")
"""The result that labels a step or turn, counted from 1."""


class Value(Theirs):
    """What a control tag put into a result."""

    choices: tuple[str, ...] = ()
    text: tuple[str, ...] | str = ()
    rating: float | None = None
    selected: str | None = None

    @property
    def written(self) -> str:
        """What was typed; a text area sends its lines one by one."""
        return self.text if isinstance(self.text, str) else "\n".join(self.text)


class Result(Theirs):
    """One answer to one control tag."""

    from_name: str = ""
    type: str = ""
    value: Value = Value()


class Annotation(Theirs):
    """What one annotator said of a task."""

    result: tuple[Result, ...] = ()
    was_cancelled: bool = False
    completed_by: int | str | dict[str, object] | None = None
    created_at: str | None = None
    lead_time: float | None = Field(default=None, ge=0, le=10**9, allow_inf_nan=False)
    """Seconds; a task that was left open counts days."""

    @property
    def reviewer(self) -> str:
        """The annotator's address or number."""
        by = self.completed_by
        name = str((by.get("email") or by.get("id")) if isinstance(by, dict) else by)
        return name if by is not None and name.strip() else "unknown"


class Task(Theirs):
    """A task as it is exported, with or without annotations."""

    data: dict[str, object]
    meta: dict[str, object] | None = None
    annotations: tuple[Annotation, ...] = ()


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """One task a sample, with an annotation a decision.

    Annotators are named as `completed_by: {"email": …}`. Label Studio takes that in where it is a member's address,
    or where its setting ALLOW_IMPORT_TASKS_WITH_UNKNOWN_EMAILS is on.
    """
    for row in rows:
        kind = row.sample.content.kind
        annotations = [_annotation(kind, decision) for decision in row.decisions]
        yield {"data": fields_of(row.sample), "meta": facts(row.sample), "annotations": annotations}


def _annotation(kind: str, decision: Judgement) -> dict[str, object]:
    made: dict[str, object] = {
        "result": list(_results(kind, decision)),
        "completed_by": {"email": decision.reviewer},
        "was_cancelled": False,
        "ground_truth": False,
    }
    if decision.at is not None:
        made["created_at"] = moment(decision.at)
    if decision.active_ms is not None:
        made["lead_time"] = decision.active_ms / 1000
    return made


def _results(kind: str, decision: Judgement) -> Iterator[dict[str, object]]:
    def result(name: str, tag: str, value: object, key: str = "") -> dict[str, object]:
        about = name if tag == "pairwise" else SHOWN[kind]
        said = {"id": name, "from_name": name, "to_name": about, "type": tag}
        return said | {"value": {key or tag: value}, "origin": "manual"}

    if side := SIDES.get(decision.verdict):
        yield result("preference", "pairwise", side, "selected")
    else:
        yield result("verdict", "choices", [decision.verdict])
    if decision.reasons:
        yield result("reasons", "choices", list(decision.reasons))
    for name, text in (("note", decision.note), ("edit", decision.edit)):
        if text:
            yield result(name, "textarea", [text], "text")
    for number, label in enumerate(decision.labels, start=1):
        if label is not None:
            yield result(f"label_{number}", "choices", [WORDS[label]])
    if decision.strength is not None:
        yield result("strength", "rating", decision.strength)


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Tasks as they come out of Label Studio; predictions are no person's and stay where they are.

    An annotation counts as an answer where it holds one of our verdicts, in any choice, or a pairwise selection;
    those that were cancelled are skips.
    """
    return loaded(records, _read)


def _read(record: dict[str, object]) -> Imported:
    task = Task.model_validate(record)
    content = content_of(task.data)
    given = [_answer(content, annotation) for annotation in task.annotations if not annotation.was_cancelled]
    answers = tuple(answer for answer in given if answer is not None)
    return Imported(content=content, answers=answers, beside=task.data | (task.meta or {}))


def _answer(content: Content, annotation: Annotation) -> Judgement | None:
    verdict = _verdict(content.kind, annotation.result)
    if verdict is None:
        return None
    named = {result.from_name: result.value for result in annotation.result}
    nothing = Value()
    return Judgement.model_validate(
        {
            "verdict": verdict,
            "reasons": named.get("reasons", nothing).choices,
            "note": named.get("note", nothing).written,
            "edit": named.get("edit", nothing).written or None,
            "labels": _labels(content, named),
            "strength": STRENGTHS.get(named.get("strength", nothing).rating),
            "reviewer": annotation.reviewer,
            "at": seconds(annotation.created_at),
            "active_ms": None if annotation.lead_time is None else round(annotation.lead_time * 1000),
        }
    )


def _verdict(kind: str, results: Sequence[Result]) -> str | None:
    sides = {side: verdict for verdict, side in SIDES.items()}
    for result in results:
        if kind == "preference" and result.type == "pairwise" and result.value.selected in sides:
            return sides[result.value.selected]
        words = [choice.strip().lower().replace(" ", "_") for choice in result.value.choices]
        if len(words) == 1 and words[0] in VERDICTS[kind]:
            return words[0]
    return None


def _labels(content: Content, named: Mapping[str, Value]) -> tuple[Label, ...]:
    labels: list[Label] = [None] * parts(content)
    numbers = {word: label for label, word in WORDS.items()}
    for name, value in named.items():
        if not (match := LABEL.fullmatch(name)):
            continue
        if not 1 <= int(match[1]) <= len(labels):
            raise Unfit(f"labels step {match[1]} of {len(labels)}")
        if value.choices and value.choices[0] not in numbers:
            raise Unfit(f"has the label {value.choices[0][:40]!r}, where one of {', '.join(numbers)} is wanted")
        labels[int(match[1]) - 1] = numbers[value.choices[0]] if value.choices else None
    return tuple(labels) if any(label is not None for label in labels) else ()
