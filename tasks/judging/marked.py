"""Marked text: a sample inside a prompt, where it can neither end its own marks nor speak as anybody else."""

import re
from collections.abc import Iterable

from outcross.data.samples import digest

# Servers read these as control tokens wherever they stand in a message, so that a text could end the user's turn and
# begin the system's (https://github.com/ggml-org/llama.cpp/issues/24382). A space inside makes plain text of them.
_ANGLES = re.compile(r"<(?=[|｜]|/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think)>)|(?<=[|｜])(?=>)")
_BRACKETS = re.compile(r"\[(?=/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS)\])")


def disarmed(text: str) -> str:
    """The text with a space inside whatever chat templates use as a control token."""
    return _BRACKETS.sub("[ ", _ANGLES.sub(lambda found: f"{found[0]} ", text))


def seal(texts: Iterable[str]) -> str:
    """Sixteen characters that no author of these texts could put into them: they are digested from all of them."""
    return digest(list(texts))[:16]


def marked(name: str, text: str, seal: str) -> str:
    """The text, disarmed, between a line that begins it and one that ends it."""
    return f"<<<{name} {seal}\n{disarmed(text)}\n{name} {seal}>>>"
