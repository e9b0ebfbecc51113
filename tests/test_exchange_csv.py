"""CSV in a spreadsheet: no cell starts a formula, and each reads back as it was."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.exchange import table
from outcross.data.exchange.judged import Imported, Judged, Refused
from outcross.data.samples import Preference
from tests.judged import WORDS, judge, judged


def written(rows: list[Judged]) -> io.StringIO:
    lines = [table.line(record) for record in table.dump(rows) if not isinstance(record, Refused)]
    return io.StringIO(table.HEADER + "".join(lines), newline="")


@given(st.lists(judged(), max_size=3))
def test_a_csv_file_gives_back_every_sample_and_decision(rows):
    file = written(rows)
    found = list(table.load(row for _, row in table.read(file, 1_000)))
    assert [(one.content, one.answers) for one in found if isinstance(one, Imported)] == [
        (row.sample.content, (decision,) if decision else ()) for row in rows for decision in row.decisions or (None,)
    ]


TRIGGERS = [
    "=",
    "+",
    "-",
    "@",
    "\t",
    "\r",
    "\n",
    "＝",
    "＋",
    "－",
    "＠",
    " =",
    "   +",
    "\u00a0-",
    "\u3000＝",
    "\ufeff@",
    "\u200b=",
    "\u200f+",
    "\u2060-",
]


@pytest.mark.parametrize("start", TRIGGERS)
def test_no_cell_starts_a_formula_and_each_reads_back(start):
    texts = [f"{start}cmd|' /C calc'!A0", start + "1", f"'{start}1", f"''{start}1"]
    for text in texts:
        file = written([judge(Preference(prompt=text, chosen="x", rejected="y"), "chosen", strength=1)])
        assert all(cell.startswith('"') and cell.endswith('"') for cell in file.getvalue().split("\r\n")[0].split(","))
        (parsed,) = csv.DictReader(io.StringIO(file.getvalue(), newline=""))
        assert parsed["prompt"] == f"'{text}"
        (found,) = table.load(row for _, row in table.read(file, 1_000))
        assert isinstance(found, Imported), found
        assert isinstance(found.content, Preference)
        assert found.content.prompt == text


def test_cells_that_start_nothing_stay_as_they_are():
    for text in ("'tis", "a=b", "x-y", "1", "'", ""):
        assert table.guarded(text) == table.unguarded(text) == text


@given(WORDS)
def test_guarding_a_cell_can_be_undone_whatever_it_holds(text):
    guarded = table.guarded(text)
    assert table.unguarded(guarded) == text
    assert not guarded.lstrip().startswith(tuple("=+-@＝＋－＠"))


def test_a_file_that_stops_being_csv_is_read_up_to_there():
    file = io.StringIO('"kind","text"\r\n"text","one"\r\n"text","tw"o"\r\n"text","three"\r\n', newline="")
    (_, first), (line, last) = table.read(file, 1_000)
    assert first == {"kind": "text", "text": "one"}
    assert line == 3
    assert isinstance(last, Refused)
    assert "no CSV from here on" in last.reason
