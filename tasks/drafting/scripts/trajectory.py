"""The script of trajectories: a model calls tools, one at a time, until it has the answer.

A model is shown its past calls as its own answers, and their results as what the user says next: "Result of calculate:
42". Many chat templates refuse a role of tools, or want it in a form of their own, and some insist that user and
assistant take turns; this way every template and server shows the same.
"""

import json
import re
from collections.abc import Iterator, Sequence

from pydantic import JsonValue, ValidationError

from outcross.data.recipe import Recipe
from outcross.data.samples import Action, Sample, ToolCall, Trajectory, explain
from outcross.serving.chats import Message
from outcross.tasks.drafting.environments import Task
from outcross.tasks.drafting.plan import Slot
from outcross.tasks.drafting.prompts import render
from outcross.tasks.drafting.scripts.script import Call, NoSample, Script, Use, call, content, fields
from outcross.tasks.drafting.tools.registry import TOOLS

_GAP = re.compile(r"[\s,:]*")
_DECODER = json.JSONDecoder()


def trajectory(recipe: Recipe, slot: Slot) -> Script:
    """Ask for the next call or the answer, run the call, and ask again with its result."""
    task = posed(slot.anchor)
    system = described(recipe.draft.tools)
    asked = [*_messages(recipe, slot, system, task)]
    turns = [Action(role="system", text=system), Action(role="user", text=task)]
    for number in range(1, recipe.draft.max_calls + 2):
        said = yield from call(Call(messages=tuple(asked), schema=schema(recipe.draft.tools, answers=number > 1)))
        step = fields(said)
        if "answer" in step:
            return content(recipe, {"turns": [*turns, _answer(step["answer"], turns, said)]}, said)
        made = _call(recipe, step, said, number)
        if number > recipe.draft.max_calls:
            break
        result: str = yield Use(tool=made.tool, arguments=made.arguments)
        turns += [Action(role="assistant", calls=(made,)), Action(role="tool", text=result, answers=made.call_id)]
        asked += [Message(role="assistant", content=said), _result(made.tool, result)]
    raise NoSample(f"no answer after {recipe.draft.max_calls} calls", said)


def posed(anchor: Sample | Task) -> str:
    """The task that an anchor sets: a generated one's question, or what a person asked first."""
    if isinstance(anchor, Task):
        return anchor.question
    turns = anchor.content.turns if isinstance(anchor.content, Trajectory) else ()
    return next((turn.text for turn in turns if turn.role == "user"), "")


def described(tools: Sequence[str]) -> str:
    """What is said of the tools, to the model and in the row: without it, nobody could learn from its calls."""
    return "\n".join(["These tools can be called:", *(f"- {TOOLS[name].described}" for name in tools)])


def schema(tools: Sequence[str], *, answers: bool) -> dict[str, JsonValue]:
    """JSON schema of one step: the call of a tool with the arguments that it takes, or the answer.

    Args:
        answers: whether it may be the answer; a small model would else give it at once, and call nothing.
    """
    calls = [_object({"tool": {"const": name}, "arguments": TOOLS[name].schema}) for name in tools]
    return {"anyOf": [*calls, *([_object({"answer": {"type": "string"}})] if answers else [])]}


def _object(properties: dict[str, JsonValue]) -> JsonValue:
    return {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}


def _messages(recipe: Recipe, slot: Slot, system: str, task: str) -> Iterator[Message]:
    yield Message(role="system", content=f"{recipe.draft.system}\n\n{system}")
    for example in slot.examples:
        # The anchor's own way to the answer would only be repeated.
        if example != slot.anchor and isinstance(example.content, Trajectory):
            yield from _shown(recipe, example.content)
    yield Message(role="user", content=render(recipe, recipe.draft.ask, {"task": task}))


def _shown(recipe: Recipe, example: Trajectory) -> Iterator[Message]:
    """People's turns as a model would have made them: one call at a time, each with its result."""
    waiting: dict[str, ToolCall] = {}
    for turn in example.turns:
        waiting |= {made.call_id: made for made in turn.calls}
        if turn.role == "user":
            yield Message(role="user", content=render(recipe, recipe.draft.ask, {"task": turn.text}))
        elif turn.role == "assistant" and not turn.calls:
            yield Message(role="assistant", content=json.dumps({"answer": turn.text}, ensure_ascii=False))
        elif turn.role == "tool" and waiting:
            made = waiting.pop(turn.answers or "", None) or waiting.pop(next(iter(waiting)))
            name = json.dumps(made.tool, ensure_ascii=False)
            yield Message(role="assistant", content=f'{{"tool": {name}, "arguments": {made.arguments}}}')
            yield _result(made.tool, turn.text)


def _result(tool: str, result: str) -> Message:
    return Message(role="user", content=f"Result of {tool}: {result}")


def _answer(said: JsonValue, turns: Sequence[Action], raw: str) -> dict[str, str]:
    """The last turn, which is yet to be checked: any text may be in it."""
    if not isinstance(said, str) or not said.strip():
        raise NoSample("the answer is empty", raw)
    if not any(turn.calls for turn in turns):
        raise NoSample("it answers without calling a tool", raw)
    return {"role": "assistant", "text": said}


def _call(recipe: Recipe, step: dict[str, JsonValue], said: str, number: int) -> ToolCall:
    tool = step.get("tool")
    if tool not in recipe.draft.tools or not isinstance(step.get("arguments"), dict):
        raise NoSample(f"neither an answer nor a call of {', '.join(recipe.draft.tools)}", said)
    try:
        return ToolCall(call_id=f"call_{number}", tool=str(tool), arguments=written(said, "arguments"))
    except ValidationError as error:
        raise NoSample(explain(error), said) from None


def written(said: str, name: str) -> str:
    """A member of a JSON object, byte for byte; of several with the name the last one, which readers take.

    Args:
        said: the object's text, known to be JSON.
    """
    place, found = said.index("{") + 1, ""
    while said[place := _past(said, place)] != "}":
        key, place = _DECODER.raw_decode(said, place)
        start = _past(said, place)
        _, place = _DECODER.raw_decode(said, start)
        found = said[start:place] if key == name else found
    return found


def _past(said: str, place: int) -> int:
    gap = _GAP.match(said, place)
    return gap.end() if gap else place
