"""Durability: the pipeline is killed at random moments, run again, and ends with the rows of an unbroken run."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import duckdb
import pytest

from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home
from tests import make
from tests.openai_server import Running, openai_server
from tests.running import BIN, outcross, prefect_server

COUNT = 200
COMMAND = ["run", "mine", "--count", COUNT]

STORED = {
    "vault": "SELECT sample_id, part, provenance_digest FROM human_sample",
    "sample": "SELECT sample_id, provenance_digest, content FROM sample",
    "draft": "SELECT rank, state, sample_id, request_key, seed FROM draft",
    "signal": "SELECT sample_id, validator, score, reason, failure FROM signal",
    "verdict": "SELECT sample_id, outcome, reasons::VARCHAR, audited FROM verdict",
    "quarantine": "SELECT line, reason FROM quarantine",
}


def rows(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """Everything a home holds, apart from clocks, random ids and how long things took."""
    held = {}
    for name, query in STORED.items():
        path = home.vault if name == "vault" else home.warehouse
        with duckdb.connect(str(path), read_only=True) as connection:
            held[name] = sorted(connection.execute(query).fetchall(), key=repr)
    with Queue(home.queue)._connected() as connection:
        items = connection.execute("SELECT sample_id, source, incl_prob, payload_hash FROM item").fetchall()
        held["item"] = sorted(map(tuple, items))
    made = [releases.find(home, "mine", version).manifest() for version in releases.versions(home, "mine")]
    held["release"] = [(entry["version"], entry["rows_root"], entry["ancestors_root"]) for entry in made]
    return held


def stocked(template: Path, root: Path) -> Home:
    shutil.copytree(template, root)
    return Home(root)


def answered(home: Home) -> set[str]:
    """The slots that there is an answer for, in the warehouse or on its way there."""
    ranks = set[str]()
    for path in home.spool.glob("*/*"):
        *whole, _ = path.read_bytes().split(b"\n")
        ranks |= {json.loads(line.partition(b"\t")[2])["rank"] for line in whole}
    if home.warehouse.exists():
        with duckdb.connect(str(home.warehouse), read_only=True) as connection, suppress(duckdb.CatalogException):
            ranks |= {rank for (rank,) in connection.execute("SELECT rank FROM draft").fetchall()}
    return ranks


def killed(home: Home, env: Mapping[str, str], after: float) -> bool:
    """Start the pipeline and kill all of it after some seconds; False if it had ended by then."""
    command = [BIN / "outcross", *map(str, COMMAND), "--home", home.root]
    process = subprocess.Popen(
        command,
        env=os.environ | dict(env),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(after)
    alive = process.poll() is None
    if alive:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return alive


def finish(home: Home, env: Mapping[str, str], server: Running) -> None:
    """Run to the end; the model is asked for what there is no answer for, and for nothing else."""
    while server.stats()["flying"]:
        time.sleep(0.05)
    missing, before = COUNT - len(answered(home)), len(server.served())
    done = outcross(*COMMAND, "--home", home.root, env=env)
    assert done.returncode == 0, done.stderr
    paid = server.served()[before:]
    assert len(paid) == len(set(paid)) == missing


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("kills", [2, pytest.param(20, marks=pytest.mark.slow)])
def test_a_pipeline_killed_at_random_moments_ends_with_the_rows_of_an_unbroken_run(tmp_path, kills):
    template = Home(tmp_path / "template")
    template.audit_key()
    path = make.write_jsonl(tmp_path / "mine.jsonl", [*make.tasks(300), {"not": "a row"}])
    make.recipe(template, path)
    with (
        prefect_server(tmp_path / "prefect") as prefect,
        openai_server(tmp_path / "served.log", latency=0.15) as server,
    ):
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url, "OUTCROSS_CONCURRENCY": "8"}
        unbroken = stocked(template.root, tmp_path / "unbroken")
        began = time.monotonic()
        finish(unbroken, env, server)
        took = time.monotonic() - began
        expected = rows(unbroken)
        assert len(expected["draft"]) == COUNT

        chance = random.Random(7)
        struck, number = 0, 0
        while struck < kills:
            home = stocked(template.root, tmp_path / f"killed-{(number := number + 1)}")
            # Work that was done stays done, so each run of one home is shorter; a few kills each, then a new home.
            for _ in range(min(4, kills - struck)):
                if not killed(home, env, after=chance.uniform(0.15 * took, took)):
                    break
                struck += 1
            finish(home, env, server)
            assert rows(home) == expected
            verify(home, releases.find(home, "mine"))
    assert struck == kills
