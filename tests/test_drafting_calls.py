"""Drafts that take several calls, killed half-way: what was answered is not asked again."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from outcross.data.stores.home import Home
from outcross.data.stores.spool import Spool
from outcross.tasks.ingest import ingest
from tests import calling, make
from tests.openai_server import Running, openai_server

SLOTS, IN_FLIGHT = 24, 4
RUN = f"""
import sys
from pathlib import Path
from outcross.data import recipe
from outcross.data.stores.home import Home
from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import Settings
from outcross.tasks.drafting.engine import draft
home = Home(Path(sys.argv[1]))
with connect(Settings(base_url=sys.argv[2], concurrency={IN_FLIGHT})) as endpoint:
    draft(home, recipe.load(home, "mine"), Fleet(members=(Member(endpoint=endpoint),)), {SLOTS})
"""
ROWS = "SELECT rank, retry, state, reason, request_key, sample_id FROM draft ORDER BY rank, retry"
HALFWAY = "SELECT count(DISTINCT rank) FROM turn ANTI JOIN draft USING (recipe, setup, rank)"


def stocked(root: Path, file: Path, base: str) -> Home:
    home = Home(root)
    ingest(home, calling.recipe(home, file, base))
    return home


def running(home: Home, server: Running) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", RUN, str(home.root), server.base_url], start_new_session=True)


def read(home: Home, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("base", "rows"), [("preference", calling.pairs(120)), ("trajectory", calling.trajectories(120))]
)
def test_a_draft_that_is_killed_between_its_calls_goes_on_from_those_that_were_answered(tmp_path, base, rows):
    file = make.write_jsonl(tmp_path / "mine.jsonl", rows)
    with openai_server(tmp_path / "unbroken.log", latency=0.02) as server:
        unbroken = stocked(tmp_path / "unbroken", file, base)
        assert running(unbroken, server).wait() == 0
        asked = server.served()
    assert len(asked) == len(set(asked)), "an unbroken run asks nothing twice"
    with openai_server(tmp_path / "killed.log", latency=0.1) as server:
        home = stocked(tmp_path / "killed", file, base)
        run = running(home, server)
        while len(server.served()) < len(asked) / 2:
            assert run.poll() is None
            time.sleep(0.01)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        while server.stats()["flying"]:
            time.sleep(0.01)
        Spool(home, "mine").flush()
        assert read(home, HALFWAY)[0][0] > 0, "it was killed while slots waited for their next call"
        assert running(home, server).wait() == 0
        served = server.served()
    assert set(served) == set(asked)
    assert len(served) - len(asked) <= IN_FLIGHT, "only what was in flight is paid twice"
    assert read(home, ROWS) == read(unbroken, ROWS)
