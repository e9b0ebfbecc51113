"""What experts may answer to each kind of sample, when an answer is whole, and when two answers agree."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

from pydantic import Field

from outcross.data.samples import (
    Content,
    Conversation,
    Filled,
    Instruction,
    Preference,
    Prose,
    Reasoning,
    Record,
    Text,
    Trajectory,
)

Label = Literal[-1, 0, 1] | None
"""Of a step or turn: bad, neutral, good; None where it was not judged, which is not the same as bad."""

Stance = Literal["good", "bad"]

WORDS: Mapping[str, tuple[str, ...]] = {
    "instruction": ("approve", "edit", "reject"),
    "text": ("approve", "edit", "reject"),
    "preference": ("a", "b", "tie", "both_bad"),
    "reasoning": ("correct", "error", "bad_problem", "give_up"),
    "conversation": ("success", "partial", "fail", "cannot_tell"),
    "trajectory": ("success", "partial", "fail", "cannot_tell"),
}
"""The verdicts that the page may send, by kind; an adjudicator has `broken` besides."""

FLAWS = ("inaccurate", "not_following", "unsafe", "style", "incomplete", "duplicate", "other")
REASONS: Mapping[str, tuple[str, ...]] = {
    "instruction": FLAWS,
    "text": FLAWS,
    "preference": ("accuracy", "helpfulness", "instruction", "safety", "style"),
    "reasoning": ("calculation", "logic", "misread", "unsupported", "notation", "other"),
    "conversation": ("inaccurate", "not_following", "unsafe", "style", "incomplete", "other"),
    "trajectory": ("wrong_tool", "wrong_arguments", "ignored_result", "unsafe_action", "inaccurate", "other"),
}
"""The reasons that an answer to each kind may give."""

GOOD, BAD, SILENT = (
    ("approve", "chosen", "correct", "success"),
    ("edit", "reject", "rejected", "tie", "both_bad", "error", "bad_problem", "partial", "fail"),
    ("give_up", "cannot_tell", "broken"),
)
STANCES: Mapping[str, Stance | None] = {
    **dict.fromkeys(GOOD, "good"),
    **dict.fromkeys(BAD, "bad"),
    **dict.fromkeys(SILENT),
}
"""What each verdict, as stored, says of the draft as it stood; None where it says nothing."""


class Answer(Record):
    """What an expert says of one item."""

    verdict: str
    """One of the kind's `WORDS`; of a pair, as it is stored, `chosen` or `rejected` instead of `a` or `b`."""
    reasons: tuple[str, ...] = ()
    note: Annotated[Prose, Field(max_length=2_000)] = ""
    edit: Filled | None = None
    """The whole corrected text of the response, of the first bad step, of the first bad turn, or of a pair's answer."""
    labels: tuple[Label, ...] = ()
    """One for each step or turn, or none at all."""
    strength: Literal[1, 2] | None = None
    """Of a preference: better, or much better."""

    @property
    def bare(self) -> "Answer":
        """What was said, without who said it and all else that a record of it holds."""
        return Answer.model_validate(self.model_dump(include=set(Answer.model_fields)))


class Adjudication(Record):
    """How somebody settled what two reviewers split on."""

    takes: Literal["a", "b"] | None = None
    """Whose answer stands, by its place on the screen; None for a new one."""
    cause: Literal["reviewer_error", "ambiguous_item", "guideline_gap"]
    both_fine: bool = False
    """Both answers would do, so that nobody was wrong."""


class Ruling(Answer):
    """An answer as the page sends it."""

    shown_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """The claim's own, as proof of what was on the screen."""
    idem: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
    """Chosen by the page, once per item shown: the same ruling sent twice counts once."""
    active_ms: int = Field(default=0, ge=0, le=86_400_000)
    revises: bool = False
    """Supersedes what the same claim has led to before."""
    adjudication: Adjudication | None = None


def complaint(content: Content, answer: Answer, *, per_step: bool = False) -> str | None:
    """What keeps an answer from being whole, as a sentence for its author; None where nothing does.

    Args:
        content: what was judged.
        answer: in the page's words.
        per_step: whether steps after the first bad one are judged too.
    """
    if answer.verdict not in WORDS[content.kind]:
        return f"{answer.verdict!r} is no verdict on a {content.kind}: choose one of {', '.join(WORDS[content.kind])}."
    if strange := set(answer.reasons) - set(REASONS[content.kind]):
        return f"{min(strange)!r} is no reason here: choose among {', '.join(REASONS[content.kind])}."
    if "other" in answer.reasons and not answer.note.strip():
        return "the reason other needs a few words: say what is wrong."
    if (answer.strength is not None) != (answer.verdict in ("a", "b")):
        return "a preference for one answer says how strong it is, and nothing else does."
    match content:
        case Instruction(response=text) | Text(text=text):
            return _of_a_text(text, answer)
        case Preference():
            return _of_a_pair(content, answer)
        case Reasoning():
            return _of_steps(content, answer, per_step)
        case Conversation() | Trajectory():
            return _of_turns(content, answer)


def _of_a_text(text: str, answer: Answer) -> str | None:
    if answer.labels:
        return "a text has no steps to label."
    if (answer.verdict == "edit") != (answer.edit is not None):
        return "the corrected text belongs to the verdict edit, and to no other."
    if answer.edit == text:
        return "the text is unchanged: approve it, or change it first."
    if (answer.verdict == "reject") != bool(answer.reasons):
        return "a rejection needs a reason, and nothing else has one."
    return None


def _of_a_pair(content: Preference, answer: Answer) -> str | None:
    if answer.labels:
        return "a pair has no steps to label."
    if answer.edit is not None and (answer.verdict != "both_bad" or answer.edit in (content.chosen, content.rejected)):
        return "only where both answers are bad can one be rewritten, and the text must differ from both."
    return None


def _of_steps(content: Reasoning, answer: Answer, per_step: bool) -> str | None:
    if answer.verdict in ("bad_problem", "give_up"):
        if answer.labels or answer.edit is not None:
            return "who can't judge the steps labels none and corrects none."
        return None if answer.note.strip() else "say in a few words what is in the way."
    if complaint := _labels_fit(len(content.steps), answer):
        return complaint
    first = first_bad(answer.labels)
    if answer.verdict == "correct":
        whole = first is None and None not in answer.labels
        return None if whole and answer.edit is None else "a correct solution has every step labelled, and none bad."
    if first is None or None in answer.labels[:first]:
        return "an error has its step: label each step up to the first bad one."
    if set(answer.labels[first + 1 :]) - {None} if not per_step else None in answer.labels:
        return "label every step." if per_step else "steps after the first bad one stay without a label."
    if not answer.reasons or not answer.note.strip():
        return "an error needs its type, and one line that says what is wrong."
    return "the step is unchanged: change it, or leave it out." if answer.edit == content.steps[first] else None


def _of_turns(content: Conversation | Trajectory, answer: Answer) -> str | None:
    if answer.labels and (complaint := _labels_fit(len(content.turns), answer)):
        return complaint
    roles = [turn.role for turn in content.turns]
    for role, label in zip(roles, answer.labels, strict=False):
        if label is not None and role != "assistant":
            return f"only the assistant's turns are judged, and one of the {role}'s has a label."
    first = first_bad(answer.labels)
    if answer.verdict in ("partial", "fail") and first is None:
        return "mark the first turn that went wrong."
    if answer.verdict in ("success", "cannot_tell") and (first is not None or answer.edit is not None):
        return f"{answer.verdict} has no bad turn and nothing rewritten."
    if first is not None and answer.edit == content.turns[first].text:
        return "the turn is unchanged: change it, or leave it out."
    return None


def _labels_fit(units: int, answer: Answer) -> str | None:
    return None if len(answer.labels) == units else f"{len(answer.labels)} labels came for {units} steps."


def first_bad(labels: Sequence[Label]) -> int | None:
    """Index from 0 of the first step or turn labelled bad."""
    return next((index for index, label in enumerate(labels) if label == -1), None)


def agree(one: Answer, other: Answer) -> bool:
    """Whether two answers, as stored, say the same: one verdict, and the same first bad step or turn."""
    return one.verdict == other.verdict and first_bad(one.labels) == first_bad(other.labels)


def matches(known: Answer, given: Answer, kind: str) -> bool:
    """Whether an answer agrees with a known one.

    Of a text only the stance counts: who edits a bad one is as right as who rejects it.
    """
    if kind in ("instruction", "text"):
        return STANCES[known.verdict] == STANCES[given.verdict]
    return agree(known, given)


def stored(verdict: str, swapped: bool) -> str:
    """A verdict as it is stored: of a pair, which of the sample's own answers won, wherever it stood on the screen."""
    if verdict not in ("a", "b"):
        return verdict
    return "chosen" if (verdict == "a") is not swapped else "rejected"
