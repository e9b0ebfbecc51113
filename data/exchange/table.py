"""CSV, for spreadsheets: a row for each decision, every cell quoted, and none that a spreadsheet would run.

A cell that begins with what starts a formula gets an apostrophe before it, which reading takes off again. Source:
OWASP ASVS 5.0, 1.2.10, with the full-width signs, and what may stand before a sign unseen, added.
"""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from outcross.data.exchange.judged import (
    Imported,
    Judged,
    Judgement,
    Refused,
    Unfit,
    content_of,
    facts,
    fields_of,
    loaded,
)
from outcross.data.samples import KINDS

HOLDS = frozenset(KINDS)
LOSES = "which model wrote it, and which of several answers stands"

FACTS = ("sample_id", "origin", "stratum", "source", "licence")
CONTENT = tuple(dict.fromkeys(name for shape in KINDS.values() for name in shape.model_fields if name != "labels"))
ANSWER = tuple(Judgement.model_fields)
COLUMNS = (*FACTS, *CONTENT, *ANSWER)

NESTED = frozenset({"steps", "turns", "reasons", "labels"})
"""Columns that hold JSON."""

# The apostrophes too, so that a cell which has one of its own before a sign keeps it.
_STARTS = re.compile(r"'*(?:[\t\r\n]|[\s\ufeff\u200b-\u200f\u2060]*[=+\-@＝＋－＠])")


def guarded(cell: str) -> str:
    """A cell as no spreadsheet takes it for a formula."""
    return f"'{cell}" if _STARTS.match(cell) else cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if cell.startswith("'") and _STARTS.match(cell) else cell


def dump(rows: Iterable[Judged]) -> Iterator[dict[str, object] | Refused]:
    """A row for each decision, or one for a sample without any: guarded cells by column, empty for nothing."""
    for row in rows:
        sample = facts(row.sample) | fields_of(row.sample)
        for decision in row.decisions or (None,):
            answer = decision.model_dump(mode="json") if decision else {}
            yield {name: guarded(_cell(name, (sample | answer).get(name))) for name in COLUMNS}


def _cell(column: str, value: object) -> str:
    if value is None:
        return ""
    if column in NESTED:
        return json.dumps(value, ensure_ascii=False) if value else ""
    return value if isinstance(value, str) else json.dumps(value)


def load(records: Iterable[object]) -> Iterator[Imported | Refused]:
    """Rows by column, guarded cells as they stand in the file; columns that we don't know are passed over."""
    return loaded(records, _read)


def _read(record: Mapping[str, object]) -> Imported:
    cells = {name: unguarded(cell) for name, cell in record.items() if isinstance(cell, str) and cell}
    found = {name: _nested(name, cell) if name in NESTED else cell for name, cell in cells.items()}
    answers: tuple[Judgement, ...] = ()
    if "verdict" in found:
        numbers = {name: _number(name, cells[name]) for name in ("strength", "at", "active_ms") if name in cells}
        answers = (Judgement.model_validate({name: found[name] for name in ANSWER if name in found} | numbers),)
    return Imported(content=content_of(found), answers=answers, beside=found)


def _nested(column: str, cell: str) -> object:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise Unfit(f"{column}: {cell[:40]!r} is no JSON") from None


def _number(column: str, cell: str) -> float:
    try:
        return int(cell) if cell.isdecimal() else float(cell)
    except ValueError:
        raise Unfit(f"{column}: {cell[:40]!r} is no number") from None


def line(row: Mapping[str, object]) -> str:
    """A row of guarded cells as text, cells of other columns left out."""
    return _joined(str(row.get(name, "")) for name in COLUMNS)


def _joined(cells: Iterable[str]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL).writerow(cells)
    return text.getvalue()


HEADER = _joined(COLUMNS)


def read(stream: IO[str], limit: int) -> Iterator[tuple[int, dict[str, object] | Refused]]:
    """The number of each row's last line, and the row by column; at one that is no CSV reading ends with a refusal.

    So it does at a cell of more than `limit` characters: where that one ends, nobody can tell.
    """
    csv.field_size_limit(limit)
    rows = csv.DictReader(stream, restkey="", strict=True)
    while True:
        try:
            row: dict[str, object] = dict(next(rows))
        except StopIteration:
            return
        except csv.Error as error:
            yield rows.reader.line_num, Refused(reason=f"no CSV from here on: {error}")
            return
        yield rows.line_num, row
