"""A JSONL file of the user's own as a corpus: one object a line, fields named by the recipe."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcross.data.corpora.candidates import EXCERPT, Candidate, Refusal
from outcross.data.samples import KINDS
from outcross.errors import InputError

MAX_LINE = 1_000_000
"""Bytes of a line; a longer one is refused without being parsed."""

GUESSES = (
    {"instruction": "instruction", "context": "context", "response": "response"},
    {"instruction": "question", "response": "answer"},
    {"instruction": "prompt", "response": "completion"},
    {"instruction": "prompt", "response": "response"},
    {"instruction": "instruction", "context": "input", "response": "output"},
    {"instruction": "instruction", "context": "instances.0.input", "response": "instances.0.output"},
)
"""Field names in common use; the first set that the first good line holds is taken."""

OPTIONAL = {"context"}


@dataclass(frozen=True)
class JsonlReader:
    """Reads a file; see `Reader`. Dotted names reach into objects and lists: `instances.0.output`.

    Raises:
        InputError: the file can't be read, is empty, or is in an encoding other than UTF-8.
    """

    path: Path
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Content field → name in the file; guessed for instruction rows where empty."""
    stratum: str | None = None
    """Name of the field that holds a row's stratum; all rows are of stratum `all` where None."""
    document: str | None = None
    """Name of the field that holds a row's document; each row is a document of its own where None."""

    def __call__(self) -> Iterator[Candidate | Refusal]:
        fields = dict(self.fields)
        for number, line in lines(self.path):
            row = parse(self.path, number, line)
            if isinstance(row, dict):
                fields = fields or self._guess(row)
                missing = [name for name in (self.stratum, self.document) if name and _find(row, name) is None]
                if missing:
                    yield Refusal(self.path.name, number, f"has no field {missing[0]}: the recipe slices by it", "")
                else:
                    yield self._candidate(number, row, fields)
            elif row is not None:
                yield row

    def _guess(self, row: dict[str, object]) -> dict[str, str]:
        if self.kind != "instruction":
            return {}
        for guess in GUESSES:
            if all(_find(row, name) is not None for part, name in guess.items() if part not in OPTIONAL):
                return dict(guess)
        raise InputError(
            f"{self.path} has the fields {', '.join(sorted(row))}, and none of the usual pairs. Say which is which: "
            f"--field instruction=NAME --field response=NAME."
        )

    def _candidate(self, number: int, row: dict[str, object], fields: Mapping[str, str]) -> Candidate:
        names = fields or {part: part for part in KINDS[self.kind].model_fields if part != "kind"}
        content = {part: value for part, name in names.items() if (value := _find(row, name)) is not None}
        name = self.path.name
        document = str(_find(row, self.document)) if self.document else str(number)
        return Candidate(
            file=name,
            line=number,
            document=f"{name}#{document}",
            stratum=str(_find(row, self.stratum)) if self.stratum else "all",
            content={"kind": self.kind, **content},
            licence=_text(row.get("licence") or row.get("license")),
            attestation=_text(row.get("attestation")),
            origin=_text(row.get("origin")),
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _find(row: object, dotted: str) -> object:
    """The value at a dotted name; None where the row doesn't have it."""
    for part in dotted.split("."):
        if isinstance(row, dict):
            row = row.get(part)
        elif isinstance(row, list) and part.isdigit() and int(part) < len(row):
            row = row[int(part)]
        else:
            return None
    return row


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """A file's lines with their numbers from 1; of a line over `MAX_LINE` bytes only the beginning, one byte over.

    Raises:
        InputError: the file can't be read, is empty, or starts like UTF-16 or UTF-32.
    """
    try:
        with path.open("rb") as handle:
            if not (start := handle.peek(4)[:4]):
                raise InputError(f"{path} is empty. Give a file with one JSON object a line.")
            if start[:2] in (b"\xff\xfe", b"\xfe\xff") or start[:2] == b"{\x00" or start[:2] == b"\x00{":
                raise InputError(f"{path} looks like UTF-16. Convert it first: iconv -f UTF-16 -t UTF-8.")
            number = 0
            while line := handle.readline(MAX_LINE + 1):
                number += 1
                whole = line
                while len(whole) > MAX_LINE and not whole.endswith(b"\n") and (whole := handle.readline(MAX_LINE + 1)):
                    pass
                yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def parse(path: Path, number: int, line: bytes) -> dict[str, object] | Refusal | None:
    """One line as an object; a refusal where it isn't one; None where it is blank."""
    if not line.strip():
        return None

    def refuse(reason: str) -> Refusal:
        return Refusal(path.name, number, reason, line[:EXCERPT].decode("utf-8", "backslashreplace").replace("\0", "␀"))

    if len(line) > MAX_LINE:
        return refuse(f"the line is longer than {MAX_LINE:,} bytes; split the row or cut it")
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return refuse(f"byte {error.start + 1} of the line is not UTF-8")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        return refuse(f"not JSON: {error}")
    return row if isinstance(row, dict) else refuse(f"a JSON {type(row).__name__} where an object is wanted")
