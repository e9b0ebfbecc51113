"""A JSONL file of the user's own as a corpus: one object a line, fields named by the recipe."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from outcross.data.corpora.candidates import EXCERPT, Candidate, Refusal
from outcross.data.corpora.dotted import find
from outcross.data.corpora.forms import contents, fits, own, usual
from outcross.data.corpora.keys import key_of
from outcross.errors import InputError

MAX_LINE = 1_000_000
"""Bytes of a line; a longer one is refused without being parsed."""


@dataclass(frozen=True)
class JsonlReader:
    """Reads a file; see `Reader`. Dotted names reach into objects and lists: `instances.0.output`.

    Raises:
        InputError: the file can't be read, is empty, or is in an encoding other than UTF-8.
    """

    path: Path
    kind: str
    fields: Mapping[str, str] = field(default_factory=dict)
    """Content field → name in the file."""
    stratum: str | None = None
    """Name of the field that holds a row's stratum; all rows are of stratum `all` where None."""
    document: str | None = None
    """Name of the field that holds a row's document; each row is a document of its own where None."""
    key: Mapping[str, str] = field(default_factory=dict)
    """Part of a row's key → name in the file; see `outcross.data.corpora.keys`."""
    guess: bool = True
    """Whether a row that `fields` don't fit may have names in common use, the same ones in the whole file."""

    def __call__(self) -> Iterator[Candidate | Refusal]:
        common: Mapping[str, str] = {}
        for number, line in lines(self.path):
            row = parse(self.path, number, line)
            if isinstance(row, dict):
                named = fits(self.kind, row, self.fields)
                if self.guess and not named:
                    common = common or usual(self.kind, row)
                names = self.fields if named else common or self.fields or self._own
                reason = self._unfit(row, names)
                yield Refusal(self.path.name, number, reason, "") if reason else self._candidate(number, row, names)
            elif row is not None:
                yield row

    @property
    def _own(self) -> Mapping[str, str]:
        """Names for a row that none fit, so that it is told what it lacks; a task has too many to guess which."""
        return {} if self.kind == "instruction" else own(self.kind)

    def _unfit(self, row: dict[str, object], names: Mapping[str, str]) -> str:
        """Why a row can't be read; empty where it can."""
        if not names:
            # A name may hold what no store takes, which `repr` escapes.
            found = ", ".join(map(repr, sorted(row)))[:EXCERPT]
            return (
                f"has the fields {found}, and none of the usual pairs: say which is which with --field "
                "instruction=NAME --field response=NAME"
            )
        missing = [name for name in (self.stratum, self.document) if name and find(row, name) is None]
        return f"has no field {missing[0]}: the recipe slices by it" if missing else ""

    def _candidate(self, number: int, row: dict[str, object], names: Mapping[str, str]) -> Candidate:
        name = self.path.name
        document = str(find(row, self.document)) if self.document else str(number)
        return Candidate(
            file=name,
            line=number,
            document=f"{name}#{document}",
            stratum=str(find(row, self.stratum)) if self.stratum else "all",
            content=contents(self.kind, row, names),
            licence=_text(row.get("licence") or row.get("license")),
            attestation=_text(row.get("attestation")),
            origin=_text(row.get("origin")),
            key=key_of(row, self.key),
        )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def lines(path: Path, limit: int = MAX_LINE) -> Iterator[tuple[int, bytes]]:
    """A file's lines with their numbers from 1; of a line over `limit` bytes only the beginning, one byte over.

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
            while line := handle.readline(limit + 1):
                number += 1
                whole = line
                while len(whole) > limit and not whole.endswith(b"\n") and (whole := handle.readline(limit + 1)):
                    pass
                yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def parse(path: Path, number: int, line: bytes, limit: int = MAX_LINE) -> dict[str, object] | Refusal | None:
    """One line as an object; a refusal where it isn't one; None where it is blank."""
    if not line.strip():
        return None

    def refuse(reason: str) -> Refusal:
        return Refusal(path.name, number, reason, line[:EXCERPT].decode("utf-8", "backslashreplace").replace("\0", "␀"))

    if len(line) > limit:
        return refuse(f"the line is longer than {limit:,} bytes; split the row or cut it")
    try:
        row = json.loads(line.decode("utf-8"))
    except UnicodeDecodeError as error:
        return refuse(f"byte {error.start + 1} of the line is not UTF-8")
    except (ValueError, RecursionError) as error:  # a number of thousands of digits is a plain ValueError
        return refuse(f"not JSON: {error}")
    return row if isinstance(row, dict) else refuse(f"a JSON {type(row).__name__} where an object is wanted")
