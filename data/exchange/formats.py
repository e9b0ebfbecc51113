"""Formats by name, and the files that they stand in."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from outcross.data.corpora import jsonl
from outcross.data.corpora.candidates import Refusal
from outcross.data.exchange import argilla, hh, label_studio, prm800k, steps, table
from outcross.data.exchange.judged import Imported, Judged, Refused
from outcross.data.samples import MAX_PARTS, MAX_TEXT
from outcross.errors import InputError

MAX_RECORD = MAX_PARTS * MAX_TEXT
"""Bytes of one record: as many as the longest content of one-byte characters has."""

MAX_ARRAY = 512 * 2**20
"""Bytes of a file that is one JSON array, which must be read at once."""


class Format(Protocol):
    """Somebody's records: ours out, theirs in."""

    @property
    def LOSES(self) -> str:  # noqa: N802  # a module's constant
        """What the format leaves out of every row, as the end of a sentence."""

    @property
    def HOLDS(self) -> frozenset[str]:  # noqa: N802  # a module's constant
        """Kinds that the format can hold."""

    def dump(self, rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
        """Records, and what can't be one."""

    def load(self, records: Iterable[object]) -> Iterator[Imported | Refused]:
        """One for each record, in order."""


FORMATS: Mapping[str, Format] = {
    "label-studio": label_studio,
    "argilla": argilla,
    "prm800k": prm800k,
    "hh": hh,
    "steps": steps,
    "csv": table,
}
ARRAYS = frozenset({"label-studio", "argilla"})
"""Formats that their own tools read as one JSON array; the others, CSV aside, have a record a line."""


@dataclass
class Written:
    """What went into a file."""

    records: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    """What didn't, by reason."""


def write(name: str, path: Path, records: Iterable[dict[str, object] | Refused]) -> Written:
    """Write records to a file, which is there whole or as it was before; one that no reading would take is left out.

    Raises:
        OSError: it can't be written.
    """
    path = path.absolute()
    fresh = path.with_name(f".{path.name}.new")
    written = Written()
    try:
        with fresh.open("w", encoding="utf-8", newline="") as stream:
            stream.writelines(_framed(name, _texts(name, records, written)))
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
    return written


def _texts(name: str, records: Iterable[dict[str, object] | Refused], written: Written) -> Iterator[str]:
    for record in records:
        if isinstance(record, Refused):
            written.left_out[record.reason] += 1
            continue
        text = table.line(record) if name == "csv" else json.dumps(record, ensure_ascii=False)
        # A line ends with a character more.
        if len(text.encode()) >= MAX_RECORD:
            written.left_out[f"it takes {MAX_RECORD:,} bytes or more, which no import would read"] += 1
            continue
        written.records += 1
        yield text


def _framed(name: str, texts: Iterator[str]) -> Iterator[str]:
    if name == "csv":
        yield table.HEADER
        yield from texts
    elif name in ARRAYS:
        yield "["
        yield from (f",\n{text}" if number else f"\n{text}" for number, text in enumerate(texts))
        yield "\n]\n"
    else:
        yield from (f"{text}\n" for text in texts)


def read(name: str, path: Path) -> Iterator[tuple[int, object | Refusal]]:
    """Records with their numbers: of the line, or of the place in a JSON array, counted from 1.

    Raises:
        InputError: the file can't be read, is empty, or is none of the format's.
    """
    if name == "csv":
        return _csv(path)
    return _array(path) if _begins_with_a_bracket(path) else _lines(path)


def _begins_with_a_bracket(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4_096).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"[")
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error


def _lines(path: Path) -> Iterator[tuple[int, object | Refusal]]:
    for number, line in jsonl.lines(path, MAX_RECORD):
        record = jsonl.parse(path, number, line, MAX_RECORD)
        if record is not None:
            yield number, record


def _array(path: Path) -> Iterator[tuple[int, object | Refusal]]:
    if (size := path.stat().st_size) > MAX_ARRAY:
        raise InputError(
            f"{path} is one JSON array of {size:,} bytes, more than {MAX_ARRAY:,}: split it, or use JSONL."
        )
    try:
        records = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {str(error)[:200]}. Export it again.") from error
    yield from enumerate(records, start=1)


def _csv(path: Path) -> Iterator[tuple[int, object | Refusal]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            for number, row in table.read(stream, MAX_RECORD):
                yield number, Refusal(path.name, number, row.reason, "") if isinstance(row, Refused) else row
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start + 1}: save it as UTF-8 and try again.") from error
