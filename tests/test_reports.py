"""What commands print: nothing that a model or a file wrote may drive the terminal."""

import io
import sys
from types import SimpleNamespace

import polars as pl
import pytest
from rich.console import Console

from outcross import cli, reports
from outcross.display import Bars, Lines, watcher
from outcross.errors import RecipeError
from outcross.progress import stage, tracked, watched_by
from outcross.tasks.intake import Intake


def printed(show: object, *arguments: object) -> str:
    out = io.StringIO()
    show(Console(file=out, force_terminal=True, width=200, color_system=None), *arguments)
    return out.getvalue()


@pytest.mark.parametrize("text", ["\x1b[2J\x1b]0;owned\x07", "a\u202eb", "\x9b31m", "zero\u200bwidth"])
def test_a_rows_control_characters_are_shown_and_not_obeyed(text):
    said = printed(reports.rows, pl.DataFrame({"response": [text]}))
    assert not set("\x1b\x07\u202e\x9b\u200b") & set(said)
    assert "\\x" in said


def test_brackets_in_texts_are_text_and_no_markup():
    assert "[red]loud[/red] [/]" in printed(reports.rows, pl.DataFrame({"response": ["[red]loud[/red] [/]"]}))
    assert "the recipe's [source]" in printed(reports.intake, Intake(2, 1, {"see the recipe's [source]": 1}))
    assert str(reports.visible(str(RecipeError("[screen.x] names none")))) == "[screen.x] names none"


def test_rows_that_stay_as_they_were_are_said_with_what_to_do():
    said = " ".join(printed(reports.intake, Intake(30, 0, {}, otherwise=12)).split())
    assert "12 are in the vault already under another licence, attestation or stratum, and stay as they are" in said
    assert "outcross ingest NAME --human FILE" in said
    assert "already" not in printed(reports.intake, Intake(30, 0, {}))


@pytest.mark.parametrize("command", ["ingest", "screen", "collect", "release"])
def test_commands_show_the_stages_of_what_they_start(command, home, monkeypatch, capsys):
    def flow(*_: object) -> int:
        assert list(tracked("abc", "count", 3)) == ["a", "b", "c"]
        return 0

    monkeypatch.setitem(sys.modules, f"outcross.flows.{command}", SimpleNamespace(**{command: flow}))
    monkeypatch.setattr(cli.engine, "prepare", lambda root: None)
    for report in ("intake", "outcomes", "release"):
        monkeypatch.setattr(reports, report, lambda *_: None)
    getattr(cli, command)(home=home.root)
    assert "count: 3 of 3" in capsys.readouterr().out


def test_a_release_that_was_there_already_is_said_to_stand(published):
    _, made = published
    assert "Nothing differs from version 1" in printed(reports.release, made, [1])
    assert "Nothing differs" not in printed(reports.release, made, [])


def test_progress_is_lines_where_it_is_no_terminal_and_bars_where_it_is():
    out = io.StringIO()
    with watcher(Console(file=out)) as watching, watched_by(watching):
        assert isinstance(watching, Lines)
        assert list(tracked("abc", "read")) == ["a", "b", "c"]
    assert out.getvalue() == "read: 3 in 0 s\n"
    out = io.StringIO()
    with watcher(Console(file=out, force_terminal=True, width=120)) as watching, watched_by(watching):
        assert isinstance(watching, Bars)
        with stage("draft", 2):
            watching.advance("draft", tokens=50, invalid=1)
            watching.advance("draft", tokens=50)
    assert "2/2" in out.getvalue()
    assert "1 invalid" in out.getvalue()
