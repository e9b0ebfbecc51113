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
from outcross.review.typeset import Look

UNSEEN = frozenset({"Cc", "Cf", "Co", "Zl", "Zp"})
"""Unicode categories of controls, direction marks, zero-width and private characters, and odd line ends."""

BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE0E), *range(0xE0100, 0xE01F0))))
)
"""Other characters without ink: fillers, and the variation selectors that can smuggle bytes (not the two of emoji)."""

CAP = 20_000
"""Characters of a tool's result that are shown before the reader asks for more."""

GLIMPSE = 80
"""Characters of a turn that its line in the outline begins with."""


@dataclass(frozen=True)
class Passage:
    """One field of the content, under a label."""

    label: str
    text: str
    look: Look
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
    match content:
        case Instruction():
            context = (_context(content.context),) if content.context else ()
            asked = (_prose("Instruction", content.instruction), *context)
            return Screen(shown, asked, (_prose("Response", content.response),), rivals=said)
        case Preference():
            texts = (content.rejected, content.chosen) if swapped else (content.chosen, content.rejected)
            answers = tuple(_prose(label, text) for label, text in zip("AB", texts, strict=True))
            return Screen(shown, (_prose("Prompt", content.prompt),), answers, rivals=said)
        case Reasoning():
            steps = tuple(_prose(f"Step {number}", step) for number, step in enumerate(content.steps, 1))
            final = _prose("Final answer", content.answer)
            return Screen(shown, (_prose("Problem", content.problem),), steps, final, rivals=said)
        case Conversation() | Trajectory():
            return Screen(shown, (), (), acts=tuple(_acts(content)), rivals=said)
        case Text():
            return Screen(shown, (), (_prose("Text", content.text),), rivals=said)


def hidden(text: str) -> int:
    """How many characters can't be seen but may mislead; line ends, tabs and ordinary spaces are none."""
    if text.isascii() and text.isprintable():
        return 0
    rest = text.replace("\r\n", "\n")
    return sum(char not in "\n\t" and (unicodedata.category(char) in UNSEEN or char in BLANKS) for char in rest)


def _prose(label: str, text: str) -> Passage:
    return Passage(label, text, "prose", hidden(text))


def _code(label: str, text: str) -> Passage:
    return Passage(label, text, "code", hidden(text))


def _context(text: str) -> Passage:
    return Passage("Context", text, "code" if has_code(text) else "prose", hidden(text), fills=True)


def _acts(content: Conversation | Trajectory) -> Iterator[Act]:
    tools: dict[str, str] = {}
    for turn in content.turns:
        yield _act(turn, tools)
        if isinstance(turn, Action):
            tools |= {call.call_id: call.tool for call in turn.calls}


def _act(turn: Turn | Action, tools: dict[str, str]) -> Act:
    """Lay out a turn; `tools` names the tool of each call before it."""
    heading = turn.role.capitalize()
    said = _prose(heading, turn.text) if turn.text else None
    more: Passage | None = None
    calls: tuple[Call, ...] = ()
    if isinstance(turn, Action):
        calls = tuple(map(_call, turn.calls))
        if turn.role == "tool":
            heading = f"Result of {tools.get(turn.answers or '', 'an unknown call')}"
            said, more = _result(heading, turn.text)
    return Act(turn.role, heading, " ".join(turn.text[: 4 * GLIMPSE].split())[:GLIMPSE], said, more, calls)


def _call(call: ToolCall) -> Call:
    text = call.arguments
    pretty = laid_out(text)
    label = f"Arguments of {call.tool}"
    other = None if pretty is None or pretty == text else _code(label, pretty)
    return Call(call.tool, pretty is not None, _code(label, text), other)


def _result(heading: str, text: str) -> tuple[Passage | None, Passage | None]:
    """The start of a tool's result, cut at the end of a line where there is one, and the rest."""
    if len(text) <= CAP:
        return (_code(heading, text) if text else None), None
    cut = text.rfind("\n", 0, CAP) + 1 or CAP
    return _code(heading, text[:cut]), _code(f"Rest of the {heading[:1].lower()}{heading[1:]}", text[cut:])
