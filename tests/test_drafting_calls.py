"""Drafts that take several calls, killed half-way: what was answered is not asked again."""

from pathlib import Path

import duckdb
import pytest

from outcross.data.stores.home import Home
from outcross.data.stores.spool import Spool
from outcross.tasks.ingest import ingest
from tests import calling, make
from tests.drafting_child import drafted, drafting, resent, rows, strike
from tests.openai_server import openai_server

COUNT = 40
HALFWAY = "SELECT count(DISTINCT rank) FROM turn ANTI JOIN draft USING (recipe, setup, rank)"


def stocked(folder: Path, base: str) -> Home:
    made = calling.pairs(150) if base == "preference" else calling.trajectories(150)
    folder.mkdir()
    home = Home(folder / "home")
    recipe = calling.recipe(home, make.write_jsonl(folder / "rows.jsonl", made), base)
    ingest(home, recipe)
    return home


@pytest.mark.parametrize("base", ["preference", "trajectory"])
def test_a_draft_that_is_killed_between_its_calls_goes_on_from_those_that_were_answered(tmp_path, base):
    unbroken = stocked(tmp_path / "unbroken", base)
    with openai_server(tmp_path / "unbroken.log") as server:
        drafted(unbroken, server.base_url, COUNT)
        assert resent(server) == 0
        asked = server.served()
    home = stocked(tmp_path / "killed", base)
    # Latencies with a long tail, so that slots are at different calls when it strikes.
    with openai_server(tmp_path / "killed.log", latency=0.1, lognormal=0.8) as server:
        with drafting(home, server.base_url, COUNT) as process:
            strike(process, server, len(asked) // 2)
        flying = server.stats()["peak"]
        Spool(home, "mine").flush()
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            assert connection.execute(HALFWAY).fetchall()[0][0] > 0
        drafted(home, server.base_url, COUNT)
        assert set(server.served()) == set(asked)
        assert resent(server) <= flying
        paid = len(server.served())
        drafted(home, server.base_url, COUNT)
        assert len(server.served()) == paid, "a finished run asks for nothing"
    assert rows(home) == rows(unbroken)
