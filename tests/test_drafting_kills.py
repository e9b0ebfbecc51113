"""Drafting that is killed and run again ends with the rows of an unbroken run, and pays twice for what was in flight.

These are the six ways in which the tools of this field were seen to lose rows, to repeat them or to hang.
"""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from outcross.commands.drafting import INCOMPLETE
from outcross.data.recipe import load
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.serving.endpoint import SERVER_CONCURRENCY, connect
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, draft
from tests.drafting import fleet
from tests.drafting_child import drafted, drafting, resent, rows, stock, strike
from tests.openai_server import openai_server
from tests.running import BIN, free_port, outcross, prefect_server

COUNT = 300
LATENCY = 0.25
"""Seconds, in which tens of requests are in flight. One answer more may be lost: that which was just being written."""
pytestmark = pytest.mark.timeout(120)
"""A run that hangs fails."""


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = Home(tmp_path_factory.mktemp("template") / "home")
    stock(home)
    return home.root


@pytest.fixture(scope="module")
def unbroken(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[object, ...]]]:
    """The rows of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("unbroken")
    shutil.copytree(template, folder / "home")
    with openai_server(folder / "served.log") as server:
        assert drafted(Home(folder / "home"), server.base_url, COUNT).left == 0
        assert resent(server) == 0
    return rows(Home(folder / "home"))


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Home:
    shutil.copytree(template, tmp_path / "home")
    return Home(tmp_path / "home")


@pytest.mark.parametrize("served", [1, 130, 270])
def test_a_run_that_is_killed_goes_on_from_there(home, unbroken, tmp_path, served):
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        with drafting(home, server.base_url, COUNT) as process:
            strike(process, server, served)
        flying = server.stats()["peak"]
        assert flying <= SERVER_CONCURRENCY
        drafted(home, server.base_url, COUNT)
        assert resent(server) <= flying + 1
    assert rows(home) == unbroken
    assert not list((home.spool / "mine").iterdir())


def test_two_kills_in_a_row_cost_what_was_in_flight_twice(home, unbroken, tmp_path):
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        for served in (60, 160):
            with drafting(home, server.base_url, COUNT) as process:
                strike(process, server, served)
        flying = server.stats()["peak"]
        drafted(home, server.base_url, COUNT)
        assert resent(server) <= 2 * (flying + 1)
        paid = len(server.served())
        assert drafted(home, server.base_url, COUNT) == Drafted()
        assert len(server.served()) == paid, "a finished run asks for nothing"
    assert rows(home) == unbroken


def test_an_interrupt_from_the_keyboard_passes_nothing_off_as_done(home, unbroken, tmp_path):
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        with drafting(home, server.base_url, COUNT) as process:
            strike(process, server, 100, signal.SIGINT)
            assert process.returncode not in {0, -signal.SIGKILL}
        flying = server.stats()["peak"]
        drafted(home, server.base_url, COUNT)
        assert resent(server) <= flying + 1
    assert rows(home) == unbroken


def test_rows_whose_ids_begin_with_noughts_are_neither_repeated_nor_renumbered(home, unbroken, tmp_path):
    with openai_server(tmp_path / "served.log", latency=LATENCY) as server:
        with drafting(home, server.base_url, COUNT) as process:
            strike(process, server, 200)
        drafted(home, server.base_url, COUNT)
    held = rows(home)
    assert held == unbroken
    slots = [(row[1], row[2]) for row in held["draft"]]
    assert len(set(slots)) == len(slots)
    assert len({rank for rank, _ in slots}) == COUNT


def test_one_bad_row_in_ten_costs_one_request_each_and_no_other_row(home, unbroken, tmp_path):
    log = tmp_path / "served.log"
    with openai_server(log, latency=LATENCY, faults=["400:0.1:always"]) as server:
        with drafting(home, server.base_url, COUNT) as process:
            strike(process, server, 130)
        flying = server.stats()["peak"]
        drafted(home, server.base_url, COUNT)
        stats = server.stats()
        refused = journal.tally(home, "mine")["failed"]
        assert 10 < refused < 60
        assert stats["asked"] - stats["served"] <= refused + flying, "what was refused is not asked again"
        assert drafted(home, server.base_url, COUNT) == Drafted(passed_over=refused), "and not hidden"
        assert server.stats()["asked"] == stats["asked"]
    assert {state for *_, state in [row[:4] for row in rows(home)["draft"]]} <= {"drafted", "invalid", "failed"}
    dead = journal.dead_letters(home, "mine")
    assert dead.height == refused
    assert set(dead["reason"]) == {"The server answered with status 400."}
    assert set(dead["attempts"]) == {1}
    assert all("fault on demand" in raw for raw in dead["raw"])
    with openai_server(tmp_path / "mended.log") as server:
        assert drafted(home, server.base_url, COUNT, retry_failed=True) == Drafted(drafted=refused)
    assert journal.dead_letters(home, "mine").is_empty()
    assert journal.tally(home, "mine") == {"drafted": COUNT, "missed": 0}
    told = {row[1]: row for row in unbroken["draft"] if row[3] == "drafted"}
    kept = {row[1]: row for row in rows(home)["draft"] if row[3] == "drafted" and row[2] == told[row[1]][2]}
    assert kept.items() <= told.items()
    assert len(kept) == COUNT - refused


@pytest.mark.parametrize(
    "other",
    [{"system": "Answer as a pirate."}, {"ask": "Write another."}, {"temperature": 0.1}, {"max_tokens": 150}],
    ids=lambda other: next(iter(other)),
)
def test_another_prompt_or_parameter_asks_anew_and_the_same_asks_nothing(home, tmp_path, other):
    recipe = load(home, "mine")
    changed = recipe.model_copy(update={"draft": recipe.draft.model_copy(update=other)})
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        for wanted, asked in ((recipe, 20), (recipe, 0), (changed, 20), (changed, 0), (recipe, 0)):
            before = len(server.served())
            assert draft(home, wanted, fleet(endpoint), 20).drafted == asked
            assert len(server.served()) - before == asked
        assert resent(server) == 0


def test_another_model_asks_anew_and_the_same_one_at_another_address_asks_nothing(home, tmp_path):
    with openai_server(tmp_path / "one.log") as server:
        assert drafted(home, server.base_url, 20) == Drafted(drafted=20)
    with openai_server(tmp_path / "moved.log") as server:
        assert drafted(home, server.base_url, 20) == Drafted()
        assert server.stats()["asked"] == 0
    with openai_server(tmp_path / "other.log", models=["other"]) as server:
        assert drafted(home, server.base_url, 20) == Drafted(drafted=20)
        assert len(server.served()) == 20


def test_the_order_of_answers_changes_nothing_that_is_stored(template, unbroken, tmp_path):
    for concurrency, latency, tail in ((1, 0.0, 0.0), (64, 0.005, 1.5)):
        home = Home(tmp_path / str(concurrency) / "home")
        shutil.copytree(template, home.root)
        with (
            openai_server(home.root.with_suffix(".log"), latency=latency, lognormal=tail) as server,
            connect(Settings(base_url=server.base_url, concurrency=concurrency)) as endpoint,
        ):
            assert draft(home, load(home, "mine"), fleet(endpoint), COUNT).left == 0
        assert rows(home) == unbroken


@pytest.mark.timeout(600)
def test_the_command_is_killed_interrupted_and_run_again_and_its_exit_code_tells(home, unbroken, tmp_path):
    command = ["draft", "mine", "--count", COUNT, "--home", home.root]
    log, port = tmp_path / "served.log", free_port()
    with prefect_server(tmp_path / "prefect") as prefect:
        with openai_server(log, latency=LATENCY, faults=["400:0.1:always"], port=port) as server:
            env = {**prefect, "OUTCROSS_BASE_URL": server.base_url}
            for served, how, code in ((60, signal.SIGKILL, -signal.SIGKILL), (150, signal.SIGINT, 130)):
                process = subprocess.Popen(
                    [BIN / "outcross", *map(str, command)],
                    env=os.environ | env,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
                strike(process, server, served, how)
                assert process.returncode == code
            flying = server.stats()["peak"]
            done = outcross(*command, env=env)
            refused = journal.tally(home, "mine")["failed"]
            assert done.returncode == INCOMPLETE, done.stderr
            assert f"{refused} of the slots that were asked for are left without a draft" in " ".join(
                done.stdout.split()
            )
            assert resent(server) <= 2 * (flying + 1)
            asked = server.stats()["asked"]
            again = outcross(*command, env=env)
            assert again.returncode == INCOMPLETE, "a slot that was given up is not hidden"
            assert f"{refused} had come to nothing before" in " ".join(again.stdout.split())
            assert server.stats()["asked"] == asked
        with openai_server(log, port=port) as server:
            done = outcross(*command, "--retry-failed", env=env)
            assert done.returncode == 0, done.stderr
            assert server.stats()["served"] == refused
    assert journal.dead_letters(home, "mine").is_empty()
    assert journal.tally(home, "mine") == {"drafted": COUNT, "missed": 0}
    assert len(rows(home)["sample"]) == len(unbroken["sample"])
