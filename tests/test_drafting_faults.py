"""Drafting where servers die, networks fail, disks fill up and scripts break: what was paid for is kept and said."""

import asyncio
import shutil
import threading
import time
from pathlib import Path

import duckdb
import pytest

from outcross.data.recipe import load
from outcross.data.stores import journal, lease
from outcross.data.stores.home import Home
from outcross.errors import RecipeError, ServerUnavailable, StoreBusy
from outcross.serving.asking import client
from outcross.serving.endpoint import SERVER_CONCURRENCY, connect
from outcross.settings import Settings
from outcross.tasks.drafting import engine
from outcross.tasks.drafting.budget import Limits
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.drafting.scripts.registry import SCRIPTS
from tests.drafting import fleet
from tests.drafting_child import PATIENCE, await_answers, drafted, drafting, resent, rows, settle, stock
from tests.faulty_proxy import Faults, faulty_proxy
from tests.openai_server import openai_server
from tests.running import free_port

COUNT = 300
LATENCY = 0.25
pytestmark = pytest.mark.timeout(180)
"""A run that hangs fails."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("template") / "home")
    stock(home)
    return home.root


@pytest.fixture(scope="module")
def unbroken(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """The rows of a run that nothing disturbed."""
    folder = tmp_path_factory.mktemp("unbroken")
    shutil.copytree(template, folder / "home")
    with openai_server(folder / "served.log") as server:
        assert drafted(Home(folder / "home"), server.base_url, COUNT).left == 0
    return rows(Home(folder / "home"))


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    shutil.copytree(template, tmp_path / "home")
    return Home(tmp_path / "home")


def accounted(home: Home) -> int:
    """Attempts that the journal owns up to."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        (found,) = connection.execute(
            "SELECT coalesce(sum(attempts), 0)::BIGINT FROM (SELECT attempts FROM draft UNION ALL FROM"
            " (SELECT attempts FROM miss))"
        ).fetchall()
    return int(found[0])


def waiting(home: Home) -> int:
    """Files that the warehouse hasn't taken in."""
    return len(list((home.spool / "mine").glob("*")))


def test_a_server_that_dies_and_comes_back_costs_what_it_had_in_flight(home, unbroken, tmp_path):
    log, port, came = tmp_path / "served.log", free_port(), []
    with openai_server(log, latency=LATENCY, port=port) as first:
        run = threading.Thread(target=lambda: came.append(drafted(home, first.base_url, COUNT)))
        run.start()
        await_answers(first, 100)
        flying = first.stats()["peak"]
        first.kill()
    with openai_server(log, port=port) as second:
        run.join()
        assert came == [Drafted(drafted=COUNT)]
        assert resent(second) <= flying
    assert rows(home) == unbroken


def test_a_server_that_stays_away_ends_the_run_in_a_sentence_and_what_it_answered_is_kept(
    home, unbroken, tmp_path, monkeypatch
):
    monkeypatch.setattr(client, "PATIENCE", 0.5)
    log = tmp_path / "served.log"
    with openai_server(log, latency=LATENCY, die_after=100) as server:
        with pytest.raises(ServerUnavailable, match="what was answered is kept") as gone:
            drafted(home, server.base_url, COUNT)
        assert "\n" not in str(gone.value)
    assert waiting(home) == 0
    kept = journal.tally(home, "mine")["drafted"]
    assert 100 - 64 <= kept < 100
    with openai_server(log) as server:
        assert drafted(home, server.base_url, COUNT) == Drafted(drafted=COUNT - kept)
        assert resent(server) == 100 - kept
    assert rows(home) == unbroken


def test_of_two_models_the_one_whose_server_is_there_goes_on(home, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE", 0.2)
    recipe = load(home, "mine")
    with (
        openai_server(tmp_path / "one.log", models=["one"], die_after=20) as one,
        openai_server(tmp_path / "two.log", models=["two"], latency=0.1) as two,
        connect(Settings(base_url=one.base_url)) as dying,
        connect(Settings(base_url=two.base_url, concurrency=16)) as living,
    ):
        with pytest.raises(ServerUnavailable, match=one.base_url):
            draft(home, recipe, fleet(dying, living), COUNT)
        assert resent(two) == 0
        served = len(two.served())
        assert 100 < served < 200
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        found = dict(connection.execute("SELECT model, count(*) FROM draft GROUP BY model").fetchall())
    assert found["two"] == served
    assert found.get("one", 0) < 20


NETWORKS = {
    "drops": Faults(drop=0.1, refuse=0.05),
    "truncates": Faults(truncate=0.15),
    "delays": Faults(delay=0.3, delay_seconds=0.3),
    "goes dark": Faults(dark=0.01, dark_seconds=0.4),
    "does it all": Faults(drop=0.04, refuse=0.03, truncate=0.04, delay=0.1, dark=0.005, dark_seconds=0.3),
}


@pytest.mark.parametrize("faults", NETWORKS.values(), ids=NETWORKS.keys())
def test_a_network_that_fails_leaves_every_slot_in_one_state_with_what_a_server_said(home, unbroken, tmp_path, faults):
    with openai_server(tmp_path / "served.log", latency=0.02) as server:
        with faulty_proxy(server.base_url, faults, seed=3) as url:
            missed = COUNT
            while missed:  # four attempts may all meet a fault, and then the next run asks again
                came = drafted(home, url, COUNT)
                assert came.drafted + came.missed == missed
                missed = came.missed
        settle(server)
        stats = server.stats()
        assert resent(server) == stats["served"] - COUNT
        assert stats["asked"] <= accounted(home), "every attempt is in the journal"
    assert rows(home) == unbroken


def test_a_network_that_changes_bytes_ends_no_run_and_loses_no_slot(home, tmp_path):
    """What is no JSON any more is asked again; a letter that became another one, no plain HTTP can tell."""
    with openai_server(tmp_path / "served.log", latency=0.02) as server:
        with faulty_proxy(server.base_url, Faults(corrupt=0.3), seed=5) as url:
            left = COUNT
            while left:
                left = drafted(home, url, COUNT, retry_failed=True).left
        assert server.stats()["asked"] <= accounted(home)
    assert journal.dead_letters(home, "mine").is_empty()
    assert journal.tally(home, "mine")["drafted"] == COUNT


@pytest.mark.parametrize("room", ["spool", "warehouse"])
def test_a_full_disk_ends_a_run_in_a_sentence_and_a_later_one_completes_it(home, unbroken, tmp_path, room):
    journal.write(home, "mine", [])
    largest = 4_000 if room == "spool" else 100_000
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        with drafting(home, server.base_url, COUNT, largest) as process:
            said, trouble = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1, said
        assert "can't be" in trouble
        assert "kept" in trouble
        assert len(trouble.splitlines()) == 1, trouble
        settle(server)
        paid = len(server.served())
        assert paid < COUNT, "the run ends, and isn't paid to its end for nothing"
        drafted(home, server.base_url, COUNT)
        assert resent(server) <= SERVER_CONCURRENCY
    assert rows(home) == unbroken


def test_a_script_that_breaks_ends_the_run_in_its_sentence_after_what_is_in_flight(
    home, unbroken, tmp_path, monkeypatch
):
    recipe, begun = load(home, "mine"), []
    whole = SCRIPTS["write"]

    def breaking(recipe, slot):
        begun.append(slot.rank)
        if len(begun) == 150:
            raise RecipeError("the template names what no row has.")
        return (yield from whole(recipe, slot))

    with (
        openai_server(tmp_path / "served.log", latency=LATENCY) as server,
        connect(Settings(base_url=server.base_url)) as endpoint,
    ):
        monkeypatch.setitem(SCRIPTS, "write", breaking)
        with pytest.raises(RecipeError, match="no row has"):
            draft(home, recipe, fleet(endpoint), COUNT)
        monkeypatch.undo()
        assert waiting(home) == 0
        assert journal.tally(home, "mine")["drafted"] == len(server.served()) == server.stats()["asked"] < 200
        draft(home, recipe, fleet(endpoint), COUNT)
        assert resent(server) == 0
    assert rows(home) == unbroken


def test_a_bug_in_one_slot_ends_the_run_at_once_and_what_was_answered_is_kept(home, unbroken, tmp_path, monkeypatch):
    recipe, begun = load(home, "mine"), []
    whole = SCRIPTS["write"]

    def buggy(recipe, slot):
        begun.append(slot.rank)
        if len(begun) == 150:
            raise ZeroDivisionError
        return (yield from whole(recipe, slot))

    with (
        openai_server(tmp_path / "served.log", latency=LATENCY) as server,
        connect(Settings(base_url=server.base_url)) as endpoint,
    ):
        monkeypatch.setitem(SCRIPTS, "write", buggy)
        with pytest.raises(ZeroDivisionError):
            draft(home, recipe, fleet(endpoint), COUNT)
        monkeypatch.undo()
        settle(server)
        flying = server.stats()["peak"]
        draft(home, recipe, fleet(endpoint), COUNT)
        assert resent(server) <= flying
    assert rows(home) == unbroken


def test_a_run_that_is_cancelled_in_the_middle_of_a_flush_loses_nothing(home, unbroken, tmp_path, monkeypatch):
    recipe, write, flushing = load(home, "mine"), journal.write, threading.Event()

    def slow(*args):
        flushing.set()
        time.sleep(0.5)
        return write(*args)

    async def cancelled(endpoint) -> None:
        limits = Limits.begin(recipe.budget)
        run = asyncio.create_task(engine._Run(home, recipe, fleet(endpoint), COUNT, limits, retry_failed=False).all())
        await asyncio.to_thread(flushing.wait)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    with (
        openai_server(tmp_path / "served.log", latency=LATENCY) as server,
        connect(Settings(base_url=server.base_url)) as endpoint,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(journal, "write", slow)
            asyncio.run(cancelled(endpoint))
        settle(server)
        flying = server.stats()["peak"]
        draft(home, recipe, fleet(endpoint), COUNT)
        assert resent(server) <= flying
    assert rows(home) == unbroken


def test_a_warehouse_that_is_in_use_for_too_long_ends_the_run_and_keeps_what_was_in_flight(
    home, unbroken, tmp_path, monkeypatch
):
    monkeypatch.setattr(lease, "WAIT", 0.2)
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        said: list[Exception] = []

        def run() -> None:
            try:
                drafted(home, server.base_url, COUNT)
            except StoreBusy as error:
                said.append(error)

        running = threading.Thread(target=run)
        running.start()
        await_answers(server, 20)
        with lease.lock(home.warehouse, wait=PATIENCE):
            running.join()
        assert "The answers are kept" in str(said[0])
        assert server.stats()["flying"] == 0, "what was in flight was waited for"
        drafted(home, server.base_url, COUNT)
        assert resent(server) == 0
    assert rows(home) == unbroken
