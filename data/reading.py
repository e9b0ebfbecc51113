"""How a sample of any kind reads: as a task, what the task is about, and an answer."""

from typing import NamedTuple, assert_never

from outcross.data.samples import Content, Conversation, Instruction, Preference, Reasoning, Text, Trajectory


class Reading(NamedTuple):
    """The three texts that validators judge and people read."""

    prompt: str
    context: str
    response: str


def read(content: Content) -> Reading:
    """The reading of one content; a part that its kind doesn't have is empty."""
    match content:
        case Instruction():
            return Reading(content.instruction, content.context, content.response)
        case Preference():
            return Reading(content.prompt, "", content.chosen)
        case Reasoning():
            return Reading(content.problem, "", "\n".join((*content.steps, content.answer)))
        case Conversation():
            *before, last = content.turns
            return Reading("\n\n".join(f"{turn.role}: {turn.text}" for turn in before), "", last.text)
        case Trajectory():
            *earlier, final = content.turns
            return Reading("\n\n".join(f"{turn.role}: {turn.text}" for turn in earlier), "", final.text)
        case Text():
            return Reading("", "", content.text)
        case _:
            assert_never(content)
