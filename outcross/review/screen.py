"""What of an item is shown where: pure functions from its content to labelled passages of text."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from outcross.data.review.answers import Answer
from outcross.data.review.items import Shown
from outcross.data.samples import (
    Action,
    Conversation,
    Instruction,
    Preference,
    Reasoning,
    Text,
    ToolCall,
    Trajectory,
    Turn,
)
from outcross.review.arguments import laid_out
from outcross.review.highlight import has_code
from outcross.review.rivals import Rival, rivalry
from outcross.review.typeset import MAX_TEXT, Look

UNSEEN = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})
"""Unicode categories of controls, direction marks, zero-width and private characters, and odd line ends."""

BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2065\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE0E))))
    + "".join(map(chr, (*range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000))))
)
"""Other characters without ink: what Unicode has browsers ignore, named or not, such as fillers and the tags and
variation selectors that can smuggle bytes (not the two selectors of emoji); and the empty pattern of Braille."""

CAP = 20_000
"""Characters of a tool's result that are shown before the reader asks for more."""

MAX_SET = 100_000
"""Characters of an item that are set for reading; passages for which none are left stand as they are written.

`typeset` bounds what a text costs, but an item may have a thousand of them.
"""

GLIMPSE = 80
"""Characters of a turn that its line in the outline begins with."""


@dataclass(frozen=True)
class Passage:
    """One field of the content, under a label."""

    label: str
    text: str
    look: Look
    plainly: bool
    """Whether it is too much to be set, by itself or with what stands before it (`MAX_SET`)."""
    hidden: int
    fills: bool = False
    """Takes the height that is left in its pane."""


@dataclass(frozen=True)
class Call:
    """A tool call: its arguments as they were written, and set out one member a line where that is another text."""

    tool: str
    sound: bool
    """Whether the arguments are JSON."""
    exact: Passage
    pretty: Passage | None


@dataclass(frozen=True)
class Act:
    """One turn, with the tools that it calls."""

    role: str
    heading: str
    glimpse: str
    said: Passage | None
    more: Passage | None
    """What a long result goes on with, once asked for."""
    calls: tuple[Call, ...]

    @property
    def judged(self) -> bool:
        """Whether a reviewer labels it."""
        return self.role == "assistant"


@dataclass(frozen=True)
class Screen:
    """What was asked, and what is to be judged."""

    shown: Shown
    asked: tuple[Passage, ...]
    judged: tuple[Passage, ...]
    """The response; a pair's answers; the steps."""
    final: Passage | None = None
    """What a reasoning ends in."""
    acts: tuple[Act, ...] = ()
    """A conversation's or trajectory's turns."""
    rivals: tuple[Rival, ...] = ()
    """In adjudication, the two answers to choose between."""

    @property
    def kind(self) -> str:
        """Which screen it is."""
        return self.shown.content.kind


def screen(shown: Shown, *, swapped: bool = False, rivals: Sequence[Answer] = ()) -> Screen:
    """Lay out an item's content.

    Args:
        swapped: whether a pair stands with its second answer first.
        rivals: in adjudication the two answers, as stored, in the order of the screen.
    """
    content = shown.content
    said = rivalry(content, rivals, swapped)
    part = _Parts()
    match content:
        case Instruction():
            instruction = part.prose("Instruction", content.instruction)
            asked = (instruction, part.context(content.context)) if content.context else (instruction,)
            return Screen(shown, asked, (part.prose("Response", content.response),), rivals=said)
        case Preference():
            texts = (content.rejected, content.chosen) if swapped else (content.chosen, content.rejected)
            answers = tuple(part.prose(label, text) for label, text in zip("AB", texts, strict=True))
            return Screen(shown, (part.prose("Prompt", content.prompt),), answers, rivals=said)
        case Reasoning():
            steps = tuple(part.prose(f"Step {number}", step) for number, step in enumerate(content.steps, 1))
            final = part.prose("Final answer", content.answer)
            return Screen(shown, (part.prose("Problem", content.problem),), steps, final, rivals=said)
        case Conversation() | Trajectory():
            return Screen(shown, (), (), acts=tuple(part.acts(content)), rivals=said)
        case Text():
            return Screen(shown, (), (part.prose("Text", content.text),), rivals=said)


def hidden(text: str) -> int:
    """How many characters can't be seen but may mislead; line ends, tabs and ordinary spaces are none."""
    if text.isascii() and text.isprintable():
        return 0
    rest = text.replace("\r\n", "\n")
    return sum(char not in "\n\t" and (unicodedata.category(char) in UNSEEN or char in BLANKS) for char in rest)


class _Parts:
    """Makes an item's passages, in the order of reading, and keeps count of how much of them is set."""

    def __init__(self) -> None:
        self.left = MAX_SET

    def prose(self, label: str, text: str) -> Passage:
        return Passage(label, text, "prose", self._is_beyond(text), hidden(text))

    def code(self, label: str, text: str) -> Passage:
        return Passage(label, text, "code", self._is_beyond(text), hidden(text))

    def context(self, text: str) -> Passage:
        look: Look = "code" if has_code(text) else "prose"
        return Passage("Context", text, look, self._is_beyond(text), hidden(text), fills=True)

    def _is_beyond(self, text: str) -> bool:
        """Whether a text isn't set; one that is too long whatever stands before it takes nothing from the others."""
        if len(text) > min(self.left, MAX_TEXT):
            return True
        self.left -= len(text)
        return False

    def acts(self, content: Conversation | Trajectory) -> Iterator[Act]:
        tools: dict[str, str] = {}
        for turn in content.turns:
            yield self._act(turn, tools)
            if isinstance(turn, Action):
                tools |= {call.call_id: call.tool for call in turn.calls}

    def _act(self, turn: Turn | Action, tools: dict[str, str]) -> Act:
        """Lay out a turn; `tools` names the tool of each call before it."""
        heading = turn.role.capitalize()
        more: Passage | None = None
        if isinstance(turn, Action) and turn.role == "tool":
            heading = f"Result of {tools.get(turn.answers or '', 'an unknown call')}"
            said, more = self._result(heading, turn.text)
        else:
            said = self.prose(heading, turn.text) if turn.text else None
        calls = tuple(map(self._call, turn.calls)) if isinstance(turn, Action) else ()
        return Act(turn.role, heading, " ".join(turn.text[: 4 * GLIMPSE].split())[:GLIMPSE], said, more, calls)

    def _call(self, call: ToolCall) -> Call:
        text = call.arguments
        pretty = laid_out(text)
        label = f"Arguments of {call.tool}"
        other = None if pretty is None or pretty == text else self.code(label, pretty)
        return Call(call.tool, pretty is not None, self.code(label, text), other)

    def _result(self, heading: str, text: str) -> tuple[Passage | None, Passage | None]:
        """The start of a tool's result, cut at the end of a line where there is one, and the rest."""
        if len(text) <= CAP:
            return (self.code(heading, text) if text else None), None
        cut = text.rfind("\n", 0, CAP) + 1 or CAP
        return self.code(heading, text[:cut]), self.code(f"Rest of the {heading[:1].lower()}{heading[1:]}", text[cut:])
