"""Keys of people's rows: what a file says of the right answer, in the form that verifiers read."""

from collections.abc import Mapping
from typing import cast

from pydantic import JsonValue

from outcross.data.corpora.dotted import find

MARK = "####"
"""What GSM8K's people write before a final answer (Cobbe et al., arXiv 2110.14168)."""


def key_of(row: Mapping[str, object], names: Mapping[str, str]) -> dict[str, JsonValue] | None:
    """The key of a row; None where nothing is asked for, or the row lacks any part of it.

    Args:
        row: a line of a JSONL file, as JSON has it.
        names: field of the key → name in the file, dotted where nested; one that ends in `####` takes what stands
            behind that mark: `answer = "answer ####"`.
    """
    key = {part: valued(row, name) for part, name in names.items()}
    return cast("dict[str, JsonValue]", key) if key and None not in key.values() else None


def valued(row: Mapping[str, object], name: str) -> object:
    """The value at a dotted name, or what stands behind its mark; None where the row doesn't have it."""
    if not name.endswith(MARK):
        return find(row, name)
    text = find(row, name.removesuffix(MARK).strip())
    return behind_mark(text) or None if isinstance(text, str) else None


def behind_mark(text: str) -> str:
    """The line behind a text's last `####`; "" where it has none."""
    _, mark, after = text.rpartition(MARK)
    return after.strip().partition("\n")[0].strip() if mark else ""
