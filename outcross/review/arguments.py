"""How a tool call's arguments are set out for reading: one member a line, every token as the model wrote it."""

import json
import re
from collections.abc import Iterator

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:]|[^\s\[\]{},:"]+')
DEEPEST = 12
"""Levels that are set in; what is nested deeper stays at that margin, so that depth can't blow a text up."""


def laid_out(text: str) -> str | None:
    """Set JSON out over lines, changing nothing but the space between its tokens.

    Numbers keep their digits, strings their escapes, and a key that comes twice stays twice, which printing the
    parsed value would lose.

    Returns:
        None where the text isn't a JSON object or array, or is nested too deeply to be parsed.
    """
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=str, parse_int=str)
    except (ValueError, RecursionError):
        return None
    return "".join(_lines(TOKEN.findall(text))) if isinstance(value, dict | list) else None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _lines(tokens: list[str]) -> Iterator[str]:
    depth = 0
    for before, part, after in zip(["", *tokens], tokens, [*tokens[1:], ""], strict=False):
        if part in "]}":
            depth -= 1
            yield "" if before in "[{" else _margin(depth)
        yield part
        if part in "[{":
            depth += 1
        if part == ":":
            yield " "
        elif part == "," or (part in "[{" and after not in "]}"):
            yield _margin(depth)


def _margin(depth: int) -> str:
    return "\n" + "  " * min(depth, DEEPEST)
