"""Argilla 2.x records: fields of a sample, and people's responses by question.

The shape is that of `Record.to_dict`, whose responses have a list of values with user ids under each question. Its own
export leaves out each response's status; one that is there is written and read. Steps and tool calls, for which Argilla
has no field of its own, stand in custom fields, turns in chat fields.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal
from uuid import NAMESPACE_URL, uuid5

from outcross.data.exchange.judged import (
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
)
from outcross.data.samples import KINDS, Sample

HOLDS = frozenset(KINDS)
LOSES = "which model wrote it, when each answer was given and how long it took, and which of several answers stands"

QUESTIONS = ("verdict", "reasons", "note", "edit", "labels", "strength")


class Response(Theirs):
    """One user's answer to one question."""

    value: object
    user_id: str | None = None
    status: Literal["draft", "submitted", "discarded"] | None = None


class Taken(Theirs):
    """A record as it is exported."""

    fields: dict[str, object]
    metadata: dict[str, object] | None = None
    responses: dict[str, tuple[Response, ...]] | None = None


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """One record a sample, with each reviewer's answers under the questions that they answer.

    Argilla knows users by UUID: a reviewer's is made from the name, and the names stand in the metadata.
    """
    for row in rows:
        metadata: dict[str, object] = {"kind": row.sample.content.kind, **facts(row.sample)}
        if row.decisions:
            metadata["reviewers"] = sorted({decision.reviewer for decision in row.decisions})
        yield {
            "id": row.sample.sample_id,
            "fields": _fields(row.sample),
            "metadata": metadata,
            "suggestions": {},
            "responses": _responses(row.decisions),
            "vectors": {},
            "status": "completed" if row.decisions else "pending",
        }


def _fields(sample: Sample) -> dict[str, object]:
    fields = fields_of(sample)
    match fields.pop("kind"):
        case "reasoning":
            fields["steps"] = {"steps": fields["steps"]}
        case "trajectory":
            fields["turns"] = {"turns": fields["turns"]}
        case "conversation" if isinstance(turns := fields["turns"], list):
            fields["turns"] = [{"role": turn["role"], "content": turn["text"]} for turn in turns]
    return fields


def user_id(reviewer: str) -> str:
    """The UUID that stands for a reviewer's name."""
    return str(uuid5(NAMESPACE_URL, f"outcross:{reviewer}"))


def _responses(decisions: Iterable[Judgement]) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = defaultdict(list)
    # Argilla has one response of a user to a question: the last word of each stands.
    for decision in {decision.reviewer: decision for decision in decisions}.values():
        answers: dict[str, object] = {
            "verdict": decision.verdict,
            "reasons": list(decision.reasons),
            "note": decision.note,
            "edit": decision.edit,
            "labels": json.dumps(decision.labels) if decision.labels else None,
            "strength": decision.strength,
        }
        by = {"user_id": user_id(decision.reviewer), "status": "submitted"}
        for question, value in answers.items():
            if value:
                found[question].append({"value": value} | by)
    return dict(found)


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Records as they come out of Argilla; suggestions are no person's answers and stay where they are.

    A user's responses are an answer where one of them is to the question `verdict`; drafts and what was discarded
    are none.
    """
    return loaded(records, _read)


def _read(record: dict[str, object]) -> Imported:
    taken = Taken.model_validate(record)
    metadata = taken.metadata or {}
    # Others may call something else a kind.
    kind = {"kind": metadata["kind"]} if metadata.get("kind") in [*KINDS] else {}
    answers = tuple(_answers(taken.responses or {}, metadata))
    return Imported(content=content_of(_ours(taken.fields) | kind), answers=answers, beside=metadata)


def _ours(fields: Mapping[str, object]) -> dict[str, object]:
    """Fields with custom ones opened, and chat turns under our name for their text."""
    found = dict(fields)
    for name in ("steps", "turns"):
        value = found.get(name)
        if isinstance(value, dict):
            found[name] = value.get(name)
        elif isinstance(value, list):
            found[name] = [_turn(turn) for turn in value]
    return found


def _turn(turn: object) -> object:
    if isinstance(turn, dict) and "content" in turn:
        return {"role": turn.get("role"), "text": turn["content"]}
    return turn


def _answers(responses: Mapping[str, tuple[Response, ...]], metadata: Mapping[str, object]) -> Iterator[Judgement]:
    by_user: dict[str, dict[str, object]] = defaultdict(dict)
    for question, given in responses.items():
        for response in given:
            if response.status in (None, "submitted") and response.value is not None:
                by_user[response.user_id or "unknown"][question] = response.value
    reviewers = metadata.get("reviewers")
    names = {user_id(str(name)): name for name in reviewers} if isinstance(reviewers, list) else {}
    for user, answered in by_user.items():
        if "verdict" not in answered:
            continue
        known = {name: answered[name] for name in QUESTIONS if name in answered}
        if "labels" in known:
            known["labels"] = _labels(known["labels"])
        yield Judgement.model_validate(known | {"reviewer": names.get(user, user)})


def _labels(text: object) -> object:
    try:
        return json.loads(str(text))
    except (ValueError, RecursionError):
        raise Unfit(f"the response to labels is {str(text)[:40]!r}, where a JSON list is wanted") from None
