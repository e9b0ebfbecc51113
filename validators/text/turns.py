"""Turns: whether those of a conversation or trajectory follow one another as they must."""

import json
from collections.abc import Iterator
from typing import Any

import polars as pl


def disorder(samples: pl.DataFrame) -> pl.Series:
    """The first thing that is out of order in the turns of each sample's `content`; empty for all other kinds."""
    has_turns = samples["kind"].is_in(["conversation", "trajectory"])
    said = [_disorder(content) if turns else "" for content, turns in zip(samples["content"], has_turns, strict=True)]
    return pl.Series("disorder", said, dtype=pl.String)


def _disorder(content: str) -> str:
    try:
        return next(_disorders(json.loads(content)["turns"]), "") if content else ""
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return "the turns can't be read"


def _disorders(turns: list[dict[str, Any]]) -> Iterator[str]:
    """What is out of order, as it is found: people and model alternate, and each call gets one result."""
    last, waiting, used = "", set[str](), set[str]()
    for place, turn in enumerate(turns, 1):
        role, calls = turn["role"], [call["call_id"] for call in turn.get("calls") or ()]
        if role == "tool":
            yield from _result(place, turn.get("answers"), waiting)
        elif waiting:
            yield f"turn {place} comes before the result of call {min(waiting)[:40]}"
        elif role == "system" and last:
            yield f"turn {place} is the system's, after others"
        elif role == last:
            yield f"turn {place} is a second one of the {role} in a row"
        elif not calls and not turn.get("text", "").strip():
            yield f"turn {place} is empty"
        if len(set(calls)) < len(calls) or used & set(calls):
            yield f"turn {place} makes a call under an id that another one has"
        last = role
        waiting |= set(calls)
        used |= set(calls)
    if waiting:
        yield f"call {min(waiting)[:40]} has no result"
    if last not in ("", "assistant"):
        yield f"the last turn is the {last}'s"


def _result(place: int, answers: str | None, waiting: set[str]) -> Iterator[str]:
    if answers in waiting:
        waiting.discard(answers)
    elif answers is not None:
        yield f"turn {place} is the result of a call that waits for none"
    elif len(waiting) == 1:
        waiting.clear()
    else:
        yield f"turn {place} is a result of no call"
