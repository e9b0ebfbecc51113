"""Fences: the blocks that a text sets off between lines of three backticks."""

from typing import NamedTuple

_FENCE = "```"


class Block(NamedTuple):
    """One fenced block."""

    language: str
    """In lower case; "" where the fence names none."""
    text: str


def blocks(text: str) -> list[Block]:
    """The fenced blocks in their order; one that isn't closed goes to the end."""
    found: list[Block] = []
    inside: list[str] | None = None
    language = ""
    for line in text.splitlines():
        if not line.lstrip().startswith(_FENCE):
            if inside is not None:
                inside.append(line)
        elif inside is None:
            inside, language = [], line.strip().lstrip("`").strip().lower()
        else:
            found.append(Block(language, "\n".join(inside)))
            inside = None
    return found if inside is None else [*found, Block(language, "\n".join(inside))]
