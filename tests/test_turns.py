"""Turns: those of conversations and trajectories follow one another as they must."""

import json

import pytest

from outcross.validators.checks.shape import Shape
from outcross.validators.references import References
from outcross.validators.signals import run
from tests.validating import frame

U, A, S = {"role": "user", "text": "Hi."}, {"role": "assistant", "text": "Hello."}, {"role": "system", "text": "Be."}


def calls(*ids: str) -> dict[str, object]:
    made = [{"call_id": one, "tool": "sum", "arguments": "{}"} for one in ids]
    return {"role": "assistant", "text": "", "calls": made}


def tool(answers: str | None) -> dict[str, object]:
    return {"role": "tool", "text": "4", "answers": answers}


def judge(*turns: dict[str, object], kind: str = "trajectory"):
    """Score and reason of one sample with these turns."""
    content = json.dumps({"kind": kind, "turns": turns})
    row = {"kind": kind, "prompt": "user: Hi.", "response": "Hello.", "content": content}
    (said,) = run(Shape(), frame(row), References()).rows(named=True)
    assert said["failure"] is None
    return said["score"], said["reason"]


@pytest.mark.parametrize(
    "turns",
    [
        (U, A),
        (S, U, A, U, A),
        (A, U, A),
        (U, calls("a"), tool("a"), A),
        (U, calls("a", "b"), tool("b"), tool("a"), calls("c"), tool("c"), A),
        (U, calls("a"), tool(None), A),
    ],
)
def test_turns_in_order_are_left_alone(turns):
    assert judge(*turns) == (1, "")


@pytest.mark.parametrize(
    ("turns", "reason"),
    [
        ((U, U, A), "turn 2 is a second one of the user in a row"),
        ((U, A, A), "turn 3 is a second one of the assistant in a row"),
        ((U, A, S, U, A), "turn 3 is the system's, after others"),
        ((U, A, U), "the last turn is the user's"),
        ((U, {"role": "assistant", "text": " "}, U, A), "turn 2 is empty"),
        ((U, calls("a"), A), "turn 3 comes before the result of call a"),
        ((U, calls("a")), "call a has no result"),
        ((U, calls("a"), tool("b"), A), "turn 3 is the result of a call that waits for none"),
        ((U, calls("a"), tool("a"), tool("a"), A), "turn 4 is the result of a call that waits for none"),
        ((U, calls("a", "b"), tool(None), A), "turn 3 is a result of no call"),
        ((U, calls("a", "a"), tool("a"), A), "turn 2 makes a call under an id that another one has"),
        ((U, calls("a"), tool("a"), calls("a"), tool("a"), A), "turn 4 makes a call under an id"),
        ((U, calls("a"), tool("a")), "the last turn is the tool's"),
    ],
)
def test_disorder_is_named_by_its_turn(turns, reason):
    score, said = judge(*turns)
    assert (score, said[: len(reason)]) == (0.5, reason)


@pytest.mark.parametrize("content", ["{", "[]", '{"turns": [1]}', '{"turns": 5}', '{"turns": [{}]}', "[" * 100_000])
def test_turns_that_cannot_be_read_are_a_flaw_and_no_crash(content):
    row = {"kind": "conversation", "prompt": "user: Hi.", "response": "Hello.", "content": content}
    (said,) = run(Shape(), frame(row), References()).rows(named=True)
    assert (said["score"], said["reason"]) == (0.5, "the turns can't be read")


def test_other_kinds_have_no_turns():
    assert judge(U, U, U, kind="instruction") == (1, "")
