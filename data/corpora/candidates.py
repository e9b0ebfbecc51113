"""What a corpus reader yields: rows that may become samples, before anyone has checked them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, Self

from pydantic import JsonValue

EXCERPT = 200
"""Characters of a refused row that are kept."""


@dataclass(frozen=True)
class Refusal:
    """A row that can't come in, and why."""

    file: str
    line: int
    """Counted from 1; for a source file, the line that the function starts on."""
    reason: str
    excerpt: str

    @classmethod
    def of(cls, file: str, line: int, reason: str, found: object) -> Self:
        """A refusal with the beginning of what was found, any JSON value, as a store takes it."""
        text = json.dumps(found, ensure_ascii=False)[:EXCERPT]
        return cls(file, line, reason, text.encode("utf-8", "backslashreplace").decode().replace("\0", "␀"))


@dataclass(frozen=True)
class Author:
    """A model that wrote rows; whoever names one says how far its training data is from people."""

    model: str
    depth: int
    """Model generations between people and what it was trained on; 0 if it never saw a release of ours."""


@dataclass(frozen=True)
class Candidate:
    """One row as a corpus has it."""

    file: str
    line: int
    document: str
    """Rows of one document stay on one side of the split."""
    stratum: str
    content: Mapping[str, object]
    """Fields of the recipe's kind, unchecked."""
    target: bool = False
    """Something to draft for: a text with no answer of its own."""
    licence: str | None = None
    """The row's own; the recipe's where None."""
    attestation: str | None = None
    origin: str | None = None
    """What the row claims of itself; human where None."""
    key: Mapping[str, JsonValue] | None = None
    """What is known of the right answer, for verifiers."""
    author: Author | None = None
    """The model that wrote it, where the corpus names one; of drafts, the caller's where None."""


class Reader(Protocol):
    """Reads a corpus row by row; a row that can't be read is a `Refusal`, and reading goes on."""

    def __call__(self) -> Iterator[Candidate | Refusal]: ...
