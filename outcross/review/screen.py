"""What of an item is shown where: pure functions from its content to labelled passages of text."""

import unicodedata
from dataclasses import dataclass

from outcross.data.review.items import Shown
from outcross.data.samples import (
    Action,
    Content,
    Conversation,
    Instruction,
    Preference,
    Reasoning,
    Text,
    Trajectory,
)
from outcross.review.highlight import has_code
from outcross.review.typeset import Look

UNSEEN = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})
"""Unicode categories of controls, direction marks, zero-width and private characters, and odd line ends."""

BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
)
"""Other characters without ink: fillers, and the variation selectors that can smuggle bytes (not the two of emoji)."""


@dataclass(frozen=True)
class Passage:
    """One field of the content, under a label; `name` is the field that an edit would replace."""

    label: str
    text: str
    look: Look
    hidden: int
    name: str = ""
    fills: bool = False
    """Takes the height that is left in its pane."""


@dataclass(frozen=True)
class Screen:
    """The two panes: what was asked, and what is to be judged."""

    asked: tuple[Passage, ...]
    judged: tuple[Passage, ...]


def screen(shown: Shown) -> Screen:
    """Lay out an item's content."""
    asked, judged = _panes(shown.content)
    return Screen(tuple(asked), tuple(judged))


def hidden(text: str) -> int:
    """How many characters can't be seen but may mislead; line ends, tabs and ordinary spaces are none."""
    if text.isascii() and text.isprintable():
        return 0
    rest = text.replace("\r\n", "\n")
    return sum(char not in "\n\t" and (unicodedata.category(char) in UNSEEN or char in BLANKS) for char in rest)


def _prose(label: str, text: str, name: str = "") -> Passage:
    return Passage(label, text, "prose", hidden(text), name)


def _code(label: str, text: str) -> Passage:
    return Passage(label, text, "code", hidden(text))


def _context(text: str) -> Passage:
    return Passage("Context", text, "code" if has_code(text) else "prose", hidden(text), fills=True)


def _panes(content: Content) -> tuple[list[Passage], list[Passage]]:
    match content:
        case Instruction():
            context = [_context(content.context)] if content.context else []
            return [_prose("Instruction", content.instruction), *context], [
                _prose("Response", content.response, "response")
            ]
        case Preference():
            answers = [_prose("Preferred", content.chosen), _prose("Other", content.rejected)]
            return [_prose("Prompt", content.prompt)], answers
        case Reasoning():
            steps = [_prose(f"Step {number}", step) for number, step in enumerate(content.steps, 1)]
            return [_prose("Problem", content.problem)], [*steps, _prose("Answer", content.answer)]
        case Conversation():
            return [], [_prose(turn.role.capitalize(), turn.text) for turn in content.turns]
        case Trajectory():
            return [], [passage for turn in content.turns for passage in _turn(turn)]
        case Text():
            return [], [_prose("Text", content.text, "text")]


def _turn(turn: Action) -> list[Passage]:
    said = [_prose(turn.role.capitalize(), turn.text)] if turn.text else []
    return said + [_code(f"Calls {call.tool}", call.arguments) for call in turn.calls]
