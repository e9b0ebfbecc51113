"""Drafting on a real vLLM, unbroken and with either end killed: nothing is lost, and nothing paid for twice."""

import json
import os
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest

from outcross.data import recipe as recipes
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from tests import make
from tests.running import BIN
from tests.vllm.server import CONCURRENCY, Vllm, until

pytestmark = [pytest.mark.vllm, pytest.mark.timeout(1200)]

COUNT = 96


@pytest.fixture
def home(tmp_path) -> Home:
    """Rows from people, and a recipe for short drafts in their manner, of which each slot is asked once."""
    home = Home(tmp_path / "home")
    source = {"path": "mine.jsonl", "licence": "CC0-1.0", "attestation": "the tests", "stratum": "topic"}
    draft = {"max_tokens": 90, "tries": 1, "examples": 1}
    recipes.write(home, "mine", {"base": "jsonl", "about": "Rows of a test.", "source": source, "draft": draft})
    people = [make.human(f"It adds {n} and {n + 1}.") for n in range(40)]
    seeds = [make.human(f"It takes {n} from {n + 3}.") for n in range(4)]
    vault.add(home, "mine", [*(("mixture", one) for one in people), *(("seed", one) for one in seeds)])
    return home


def drafting(home: Home, count: int, env: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    words = ["draft", "mine", "--count", str(count), "--home", str(home.root)]
    with log.open("a") as out:
        return subprocess.Popen(
            [BIN / "outcross", *words], env=os.environ | env, stdout=out, stderr=out, start_new_session=True
        )


ENDED = {0, 3}
"""Exit codes of a run to the end; 3 where the answers to some slots were no sample, as a small model's often aren't."""


def finish(process: subprocess.Popen[bytes], log: Path) -> None:
    assert process.wait(900) in ENDED, log.read_text()


def stored(home: Home) -> list[tuple[str, str, str]]:
    if not home.warehouse.exists():
        return []
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute("SELECT rank, state, model FROM draft").fetchall()


def known(home: Home) -> set[str]:
    """Slots whose answer a killed run has left, in the warehouse or on its way there."""
    lines = [line for path in home.root.glob("spool/**/*.jsonl") for line in path.read_text().splitlines()]
    spooled = {json.loads(line.partition("\t")[2])["rank"] for line in lines if line.startswith("draft\t")}
    return spooled | {rank for rank, _, _ in stored(home)}


def test_drafts_are_made_and_name_the_model(server: Vllm, prefect, home, tmp_path):
    log = tmp_path / "draft.log"
    finish(drafting(home, 16, prefect | server.environment, log), log)
    drafts = stored(home)
    assert len({rank for rank, _, _ in drafts}) == len(drafts) == 16
    assert {model for _, _, model in drafts} == {server.endpoint.model}
    assert "drafted" in {state for _, state, _ in drafts}


def test_a_killed_client_pays_for_nothing_again_that_it_had(server: Vllm, prefect, home, tmp_path):
    log = tmp_path / "draft.log"
    before = server.answered()
    process = drafting(home, COUNT, prefect | server.environment, log)
    until(lambda: server.answered() - before >= COUNT // 4 or process.poll() is not None)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    until(server.idle)
    paid, had = server.answered() - before, len(known(home))
    assert 0 < had < COUNT
    assert paid - had <= CONCURRENCY

    finish(drafting(home, COUNT, prefect | server.environment, log), log)
    assert server.answered() - before - paid == COUNT - had
    drafts = stored(home)
    assert len({rank for rank, _, _ in drafts}) == len(drafts) == COUNT


def test_a_server_killed_meanwhile_costs_what_was_in_flight(server: Vllm, prefect, home, tmp_path):
    log = tmp_path / "draft.log"
    before = server.answered()
    process = drafting(home, COUNT, prefect | server.environment, log)
    until(lambda: server.answered() - before >= COUNT // 4 or process.poll() is not None)
    paid = server.answered() - before
    server.kill_engine()
    until(lambda: not server.well(), 60)
    until(server.well)
    if process.wait(900) not in ENDED:  # a busy machine may bring it back later than a client waits
        finish(drafting(home, COUNT, prefect | server.environment, log), log)
    assert paid + server.answered() <= COUNT + CONCURRENCY
    drafts = stored(home)
    assert len({rank for rank, _, _ in drafts}) == len(drafts) == COUNT
    assert sum("started again" in line for line in server.said) == 1
