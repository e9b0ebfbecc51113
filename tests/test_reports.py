"""What commands print: nothing that a model or a file wrote may drive the terminal."""

import getpass
import io
import json
import os
import sqlite3
import sys
from contextlib import closing
from types import SimpleNamespace

import polars as pl
import pytest
from rich.console import Console

from outcross import cli, reports
from outcross.commands import review, screening
from outcross.data.recipe import Recipe, load
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home
from outcross.display import Bars, Lines, watcher
from outcross.errors import InputError, RecipeError, VerificationFailed
from outcross.progress import stage, tracked, watched_by
from outcross.tasks.intake import Intake
from outcross.tasks.release import release
from tests import judging, review_items


def printed(show: object, *arguments: object) -> str:
    out = io.StringIO()
    show(Console(file=out, force_terminal=True, width=200, color_system=None), *arguments)
    return out.getvalue()


@pytest.mark.parametrize("text", ["\x1b[2J\x1b]0;owned\x07", "a\u202eb", "\x9b31m", "zero\u200bwidth"])
def test_a_rows_control_characters_are_shown_and_not_obeyed(text):
    said = printed(reports.rows, pl.DataFrame({"response": [text]}))
    assert not set("\x1b\x07\u202e\x9b\u200b") & set(said)
    assert "\\x" in said


def test_what_has_no_rows_is_not_met_with_silence():
    assert printed(reports.rows, pl.DataFrame(schema={"chosen": pl.String})) == "It holds none.\n"


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
    room = screening if command == "screen" else cli
    getattr(room, command)(home=home.root)
    assert "count: 3 of 3" in capsys.readouterr().out


def test_a_release_that_was_there_already_is_said_to_stand(published):
    _, made = published
    assert "Nothing differs from version 1" in printed(reports.release, made, [1])
    assert "Nothing differs" not in printed(reports.release, made, [])


@pytest.fixture
def reviewed(stocked: tuple[Home, Recipe]) -> Home:
    """A home whose queue holds five items, with one decision, one split and one known answer."""
    home, _ = stocked
    queue = judging.sit_down(home, "ada", "bob")
    changes = [{"need": 2, "prio": 1.0}, *({} for _ in range(3))]
    queue.enqueue(review_items.an_item(n, recipe="mine", **more) for n, more in enumerate(changes))
    Management(home.queue).add_gold([review_items.a_gold(9, recipe="mine")])
    judging.answer(queue, "ada", lambda _: {"verdict": "approve"}, 2)
    judging.answer(queue, "bob", lambda _: {"verdict": "reject", "reasons": ["style"]}, 1)
    return home


def test_status_says_what_experts_decided_what_waits_and_what_they_split_on(reviewed):
    lines = printed(reports.status, reviewed).splitlines()
    head = next(number for number, line in enumerate(lines) if line.startswith("Experts"))
    assert [line.split() for line in lines[head + 1 : head + 3]] == [
        ["decided", "waiting", "split"],
        ["mine", "3", "2", "1"],
    ]


def test_the_status_of_a_home_without_a_queue_says_nothing_of_experts(stocked):
    assert "Experts" not in printed(reports.status, stocked[0])


def test_the_proof_of_the_queue_counts_all_that_holds(reviewed):
    said = printed(reports.queue_proof, reviewed)
    assert "The review queue holds. 5 items, 3 decisions and 1 known answers are as recorded in 11 events." in said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE decision SET verdict = 'approve' WHERE verdict = 'reject'", "the decision .* isn't what was recorded"),
        ("UPDATE gold SET verdict = 'approve'", "the gold .* isn't what was recorded"),
        ("UPDATE item SET score = 0.1", "the item .* isn't what was recorded"),
        ("DELETE FROM gold", "the table gold has 0 rows, of which 1 were recorded|the gold .* isn't what was recorded"),
    ],
)
def test_a_queue_that_was_changed_is_proven_wrong(reviewed, change, said):
    with closing(sqlite3.connect(reviewed.queue)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(change)
    with pytest.raises(VerificationFailed, match=said):
        printed(reports.queue_proof, reviewed)


def test_a_queue_whose_end_is_gone_is_an_error_that_names_the_release_that_wrote_it_down(reviewed):
    release(reviewed, load(reviewed, "mine").model_copy(update={"mixture": {"human_floor": 0.6}}))
    copy = reviewed.queue.with_suffix(".copy")
    reviewed.queue.rename(copy)
    Queue(reviewed.queue).add_reviewer("ada")
    out = io.StringIO()
    with pytest.raises(VerificationFailed, match=r"event 11, which mine 2 wrote down, is gone.* move mine 2 out of"):
        reports.queue_proof(Console(file=out), reviewed)
    assert "holds" not in out.getvalue()


def test_the_commands_lead_to_the_queues_proof_and_to_the_pairs(reviewed, tmp_path):
    cli.verify(review=True, home=reviewed.root)
    out = tmp_path / "pairs.jsonl"
    cli.read("mine", out=out, pairs=True, home=reviewed.root)
    (pair,) = map(json.loads, out.read_text(encoding="utf-8").splitlines())
    assert (pair["chosen"], pair["rejected"]) == ("It joins three texts with a space.", "It joins 3 texts.")


def test_a_home_without_a_queue_has_nothing_to_prove_of_it(home):
    with pytest.raises(InputError, match="has no review queue yet: outcross screen makes one"):
        printed(reports.queue_proof, home)


@pytest.mark.parametrize("error", [KeyError("uid not found"), OSError("no username")])
def test_whoever_has_no_name_on_this_machine_is_called_by_number(home, monkeypatch, error):
    def nobody() -> str:
        raise error

    home.root.mkdir()
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert "review --as user-12345" in printed(reports.next_steps, home, "mine")
    assert review._me() == "user-12345 at the command line"


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
