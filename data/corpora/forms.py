"""Forms: what files in common use call the fields of a kind, and how what stands there becomes these fields."""

import re
from collections.abc import Iterable, Mapping

from outcross.data.corpora.dotted import find
from outcross.data.corpora.keys import MARK, valued
from outcross.data.samples import KINDS, Instruction

Names = Mapping[str, str]
"""Content field → name in the file, dotted where nested; one that ends in `####` takes what stands behind that mark."""

PAIRS: tuple[Names, ...] = (
    {"instruction": "instruction", "context": "context", "response": "response"},
    {"instruction": "instruction", "context": "input", "response": "response"},
    {"instruction": "question", "response": "answer"},
    {"instruction": "prompt", "response": "completion"},
    {"instruction": "prompt", "response": "response"},
    {"instruction": "instruction", "context": "input", "response": "output"},
    {"instruction": "instruction", "context": "instances.0.input", "response": "instances.0.output"},
)
"""Names of a task and its answer; the set that the first good line fits best is taken for the whole file."""

FORMS: Mapping[str, tuple[tuple[Names, ...], ...]] = {
    "instruction": (PAIRS,),
    "reasoning": (
        (
            {"problem": "question", "steps": "answer", "answer": f"answer {MARK}"},
            {"problem": "problem", "steps": "solution", "answer": "answer"},
        ),
    ),
    "conversation": (({"turns": "messages"}, {"turns": "conversations"}, {"turns": "conversation"}), PAIRS),
}
"""By kind, sets of names in common use; those of an earlier group go before those of a later one."""

_ROLES = {"human": "user", "prompter": "user", "gpt": "assistant", "bot": "assistant", "model": "assistant"}
_WORKED_OUT = re.compile(r"<<[^<>\n]{0,200}>>")
"""What GSM8K's calculator put between people's words: `<<48/2=24>>`."""


def own(kind: str) -> Names:
    """The kind's own names."""
    return {part: part for part in KINDS[kind].model_fields if part != "kind"}


def usual(kind: str, row: Mapping[str, object]) -> Names:
    """Our own names or those in common use that fit a row best; empty where none do."""
    first, *others = FORMS.get(kind, ((),))
    found = (best(kind, row, group) for group in ((own(kind), *first), *others))
    return next(filter(None, found), {})


def best(kind: str, row: Mapping[str, object], sets: Iterable[Names]) -> Names:
    """Of sets of names that fit a row, the one under which it has the most, and the first of those; empty if none."""

    def held(names: Names) -> int:
        return sum(valued(row, name) is not None for name in names.values())

    return max((names for names in sets if fits(kind, row, names)), key=held, default={})


def fits(kind: str, row: Mapping[str, object], names: Names) -> bool:
    """Whether a row has all that its kind can't do without, under these names."""
    fields = {**Instruction.model_fields, **KINDS[kind].model_fields}
    needed = [name for part, name in names.items() if fields[part].is_required()]
    return bool(names) and all(valued(row, name) is not None for name in needed)


def contents(kind: str, row: Mapping[str, object], names: Names) -> dict[str, object]:
    """What a row holds, as unchecked fields of its kind.

    A solution in one text is cut into its lines, up to a mark of the answer; turns get our names; and a task with its
    answer is a conversation of one exchange.
    """
    parts = {part: value for part, name in names.items() if (value := valued(row, name)) is not None}
    match kind, parts:
        case "reasoning", {"steps": str(text)}:
            parts["steps"] = _steps(text)
        case "conversation", {"turns": list(turns)}:
            parts["turns"] = [_turn(turn) for turn in turns]
        case "conversation", {"instruction": str(task), "response": answer}:
            asked = "\n\n".join(filter(None, (task, str(parts.get("context", "")))))
            return {"kind": kind, "turns": [{"role": "user", "text": asked}, {"role": "assistant", "text": answer}]}
    return {"kind": kind, **parts}


def _steps(text: str) -> list[str]:
    worked, mark, _ = text.rpartition(MARK)
    lines = _WORKED_OUT.sub("", worked if mark else text).splitlines()
    return [line.strip() for line in lines if line.strip()]


def _turn(turn: object) -> object:
    if not isinstance(turn, dict):
        return turn
    role = find(turn, "role") or find(turn, "from")
    text = next((turn[name] for name in ("text", "content", "value") if name in turn), None)
    return {"role": _ROLES.get(str(role), role), "text": text}
