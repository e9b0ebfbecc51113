"""Formats by name, and the files that they stand in."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Protocol

from outcross.data.corpora import jsonl
from outcross.data.corpora.candidates import Refusal
from outcross.data.exchange import argilla, hh, label_studio, prm800k, steps, table
from outcross.data.exchange.judged import Imported, Judged, Refused
from outcross.errors import InputError

MAX_ARRAY = 512 * 2**20
"""Bytes of a file that is one JSON array, which must be read at once."""


class Format(Protocol):
    """Somebody's records: ours out, theirs in."""

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


def write(name: str, path: Path, records: Iterator[dict[str, object]]) -> None:
    """Write records to a file, which is there whole or as it was before.

    Raises:
        OSError: it can't be written.
    """
    path = path.absolute()
    fresh = path.with_name(f".{path.name}.new")
    try:
        with fresh.open("w", encoding="utf-8", newline="") as stream:
            if name == "csv":
                table.write(stream, records)
            else:
                _write_json(stream, records, array=name in ARRAYS)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _write_json(stream: IO[str], records: Iterator[dict[str, object]], *, array: bool) -> None:
    texts = (json.dumps(record, ensure_ascii=False) for record in records)
    if not array:
        stream.writelines(f"{text}\n" for text in texts)
        return
    stream.write("[")
    stream.writelines(f",\n{text}" if number else f"\n{text}" for number, text in enumerate(texts))
    stream.write("\n]\n")


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
    for number, line in jsonl.lines(path):
        record = jsonl.parse(path, number, line)
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
            for number, row in table.read(stream):
                yield number, Refusal(path.name, number, row.reason, "") if isinstance(row, Refused) else row
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 at byte {error.start + 1}: save it as UTF-8 and try again.") from error
