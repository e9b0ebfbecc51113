"""What two reviewers said of one item, set out so that an adjudicator sees where they part."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import repeat

from outcross.data.review.answers import Answer, Label, first_bad
from outcross.data.samples import Content, Conversation, Instruction, Preference, Reasoning, Text, Trajectory
from outcross.review.worddiff import Diff, diff


@dataclass(frozen=True)
class Rival:
    """One of the answers, and what in it the other doesn't say."""

    answer: Answer
    """In the page's words: of a pair, `a` or `b` by the place on this screen."""
    differs: frozenset[str]
    """In which of the verdict, its strength and its reasons the two differ; their words are read side by side."""
    labels: tuple[tuple[Label, bool], ...]
    """Of each step or turn its label, and whether the other's differs."""
    change: Diff | None
    """From the draft's text to the corrected one."""
    changes: str
    """What that text is, such as "Step 3"."""


def rivalry(content: Content, answers: Sequence[Answer], swapped: bool) -> tuple[Rival, ...]:
    """Set two answers, as stored, against each other; nothing comes of none."""
    said = [spoken(answer, swapped) for answer in answers]
    return tuple(_rival(content, one, other, swapped) for one, other in zip(said, reversed(said), strict=True))


def spoken(answer: Answer, swapped: bool) -> Answer:
    """An answer as it is stored, in the words of a screen: which place won, not which of the sample's own."""
    if answer.verdict not in ("chosen", "rejected"):
        return answer
    return answer.model_copy(update={"verdict": "a" if (answer.verdict == "chosen") is not swapped else "b"})


def _rival(content: Content, one: Answer, other: Answer, swapped: bool) -> Rival:
    fields = ("verdict", "strength", "reasons")
    differs = frozenset(field for field in fields if getattr(one, field) != getattr(other, field))
    pairs = zip(one.labels, other.labels or repeat(None), strict=False)
    labels = tuple((mine, mine != yours) for mine, yours in pairs)
    change, changes = _change(content, one, swapped)
    return Rival(one, differs, labels, change, changes)


def _change(content: Content, answer: Answer, swapped: bool) -> tuple[Diff | None, str]:
    """How an answer's edit differs from what it stands instead of, and what that is called.

    Which answer of a pair was rewritten isn't stored: it is the one that the edit is closer to.
    """
    if answer.edit is None:
        return None, ""
    bad = first_bad(answer.labels) or 0
    match content:
        case Instruction(response=text):
            drafts = {"Response": text}
        case Text(text=text):
            drafts = {"Text": text}
        case Preference(chosen=one, rejected=other):
            drafts = {"A": other, "B": one} if swapped else {"A": one, "B": other}
        case Reasoning(steps=steps):
            drafts = {f"Step {bad + 1}": steps[bad]}
        case Conversation() | Trajectory():
            drafts = {f"Turn {bad + 1}": content.turns[bad].text}
    changes = {name: diff(text, answer.edit) for name, text in drafts.items()}
    nearest = min(changes, key=lambda name: changes[name].distance)
    return changes[nearest], nearest
