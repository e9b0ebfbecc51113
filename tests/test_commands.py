"""The command line as its users meet it: what a run leaves in Prefect, and what is said when something is wrong."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from typer.main import get_command

from outcross.cli import app
from outcross.data.stores import journal
from outcross.data.stores.home import Home
from tests import make
from tests.openai_server import openai_server
from tests.running import BIN, outcross, prefect_server

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home") as environment:
        yield environment


@pytest.fixture
def stocked(home: Home, tmp_path: Path) -> Home:
    """A home with a recipe for sixty rows."""
    make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(60)))
    return home


def held(prefect: dict[str, str], what: str, query: str = "{}") -> list[dict[str, Any]]:
    """Things of one sort that the server holds."""
    address = f"{prefect['PREFECT_API_URL']}/{what}/filter"
    request = urllib.request.Request(address, data=query.encode(), headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


def test_a_users_own_rows_go_through_the_whole_job_and_leave_artifacts_in_prefect(home, tmp_path, prefect):
    people = make.write_jsonl(tmp_path / "my tasks.jsonl", make.tasks(60))
    with openai_server(tmp_path / "served.log") as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url}
        words = ["--licence", "CC0-1.0", "--attestation", "the tests", "--stratum", "topic", "--count", 30]
        done = outcross("run", "--human", people, *words, "--home", home.root, env=env)
    assert done.returncode == 0, done.stderr
    assert "Release my-tasks 1" in done.stdout
    assert "accepted" in done.stdout
    found = {row["key"]: row["type"] for row in held(prefect, "artifacts")}
    assert found["drafting-my-tasks"] == "progress"
    assert found["outcomes-my-tasks"] == "table"
    assert found["review-my-tasks"] == "markdown"
    assert found["release-my-tasks"] == "markdown"
    kept = b"".join(path.read_bytes() for path in Path(prefect["PREFECT_HOME"]).rglob("*") if path.is_file())
    assert b"pipeline-my-tasks" in kept
    assert b"more. How many?" not in kept, "Prefect holds a row's text"
    status = outcross("status", "--home", home.root, env=prefect)
    assert "my-tasks" in status.stdout
    proof = outcross("verify", "my-tasks", "--home", home.root, env=prefect)
    assert proof.returncode == 0
    assert "every chain ends with people" in proof.stdout
    out = tmp_path / "rows.jsonl"
    outcross("read", "my-tasks", "--out", out, "--home", home.root, env=prefect)
    assert {"instruction", "response", "weight"} <= json.loads(out.read_text().splitlines()[0]).keys()


def test_every_deployment_can_be_deployed_and_the_scheduled_ones_get_runs(prefect, tmp_path):
    env = {**prefect, "OUTCROSS_HOME": str(tmp_path), "PATH": f"{BIN}:/usr/bin:/bin"}
    for words in (["work-pool", "create", "outcross", "--type", "process"], ["deploy", "--all"]):
        done = subprocess.run([BIN / "prefect", *words], cwd=ROOT, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
    listed = subprocess.run(
        [BIN / "prefect", "deployment", "ls", "-o", "json"], env=env, capture_output=True, text=True
    )
    names = {row["name"] for row in json.loads(listed.stdout)}
    scheduled = {"collect", *(f"docstrings-{step}" for step in ("ingest", "draft", "screen", "release", "effect"))}
    assert names == {"docstrings", "docstrings-accept", "collapse", "judge", *scheduled}
    query = json.dumps({"flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}}})
    deadline = time.monotonic() + 60
    while len({row["deployment_id"] for row in held(prefect, "flow_runs", query)}) < len(scheduled):
        assert time.monotonic() < deadline, "the server schedules no runs"
        time.sleep(1)


def test_ctrl_c_ends_a_run_at_once_and_leaves_nothing_running(stocked, tmp_path):
    with openai_server(tmp_path / "served.log", latency=1.0) as server:
        # Without a server of its own, so that Prefect starts a private one that the same Ctrl-C reaches.
        env = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT")}
        env |= {"OUTCROSS_BASE_URL": server.base_url, "OUTCROSS_CONCURRENCY": "2"}
        command = [BIN / "outcross", "run", "mine", "--count", "100", "--home", stocked.root]
        with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True, start_new_session=True) as process:
            deadline = time.monotonic() + 120
            while len(server.served()) < 4:
                assert time.monotonic() < deadline
                time.sleep(0.1)
            family = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
            os.killpg(process.pid, signal.SIGINT)
            assert process.wait(10) == 130
            assert process.stderr.read().strip() == (
                "Interrupted. What was done is kept; the same command goes on from there."
            )
    psutil.wait_procs([psutil.Process(pid) for pid in family if psutil.pid_exists(pid)], timeout=10)
    assert not [pid for pid in family if psutil.pid_exists(pid)]
    assert journal.tally(stocked, "mine")["drafted"] > 0


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    """What an error says; nothing else may stand on the error channel."""
    assert done.returncode == 1, done.stdout
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    return lines[0].removeprefix("error: ")


def test_a_server_that_is_down_is_one_sentence_with_what_to_do(stocked, prefect):
    env = {**prefect, "OUTCROSS_BASE_URL": "http://127.0.0.1:9/v1"}
    outcross("ingest", "mine", "--home", stocked.root, env=env)
    said = one_sentence(outcross("draft", "mine", "--home", stocked.root, env=env))
    assert said.startswith("Nothing answers at http://127.0.0.1:9/v1")
    assert "unset OUTCROSS_BASE_URL to use the embedded model" in said


def test_a_model_that_the_server_does_not_have_is_named_with_those_it_has(stocked, prefect, tmp_path):
    with openai_server(tmp_path / "served.log", models=["one", "two"]) as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url, "OUTCROSS_MODEL": "three"}
        outcross("ingest", "mine", "--home", stocked.root, env=env)
        said = one_sentence(outcross("draft", "mine", "--home", stocked.root, env=env))
    assert "'three'" in said
    assert "'one', 'two'" in said


def test_a_server_that_dies_in_the_middle_loses_nothing_that_was_answered(stocked, prefect, tmp_path):
    with openai_server(tmp_path / "served.log", die_after=21, latency=0.05) as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url, "OUTCROSS_CONCURRENCY": "4", "OUTCROSS_PATIENCE": "0"}
        outcross("ingest", "mine", "--home", stocked.root, env=env)
        said = one_sentence(outcross("draft", "mine", "--count", 40, "--home", stocked.root, env=env))
    assert "server" in said.lower()
    assert sum(journal.tally(stocked, "mine").get(state, 0) for state in ("drafted", "invalid")) == 20
    with openai_server(tmp_path / "again.log") as server:
        env |= {"OUTCROSS_BASE_URL": server.base_url}
        assert outcross("draft", "mine", "--count", 40, "--home", stocked.root, env=env).returncode == 0
        assert len(server.served()) == 20


def test_a_request_that_fails_for_good_is_a_row_with_its_reason_and_the_rest_go_on(stocked, prefect, tmp_path):
    with openai_server(tmp_path / "served.log", faults=["400:0.3:always"]) as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url}
        outcross("ingest", "mine", "--home", stocked.root, env=env)
        done = outcross("draft", "mine", "--count", 40, "--home", stocked.root, env=env)
        assert done.returncode == 3, done.stderr
        assert "--retry-failed" in done.stdout
        tally = journal.tally(stocked, "mine")
        assert tally["failed"] > 4
        assert tally["drafted"] + tally["failed"] + tally.get("invalid", 0) == 40


@pytest.mark.parametrize("fault", ["400:1:always", "404:1:always"])
def test_a_run_that_gets_no_draft_at_all_ends_as_one_that_failed(stocked, prefect, tmp_path, fault):
    with openai_server(tmp_path / "served.log", faults=[fault]) as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url}
        outcross("ingest", "mine", "--home", stocked.root, env=env)
        one_sentence(outcross("draft", "mine", "--count", 3, "--home", stocked.root, env=env))
    tally = journal.tally(stocked, "mine")
    # A request that is wrong would be wrong again; a model that is not there may be back tomorrow.
    assert tally.get("failed", 0) == (3 if fault.startswith("400") else 0)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "nope"], "there is no recipe `nope`"),
        (["ingest", "mine", "--field", "instruction"], "is no pair"),
        (["run", "mine", "--licence", "MIT"], "--human names none"),
        (["ingest", "mine", "--human", "/elsewhere/mine.jsonl"], "/elsewhere/mine.jsonl is no file"),
        (["read", "mine", "--version", "9"], "has no release `mine`"),
        (["verify", "mine"], "has no release `mine`"),
        (["release", "mine"], "Run `outcross ingest` first"),
        (["draft", "mine", "--drafts", "/nowhere.jsonl", "--generator", "x"], "can't be read: No such file"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_code_1(stocked, prefect, words, said):
    done = outcross(*words, "--home", stocked.root, env={**prefect, "COLUMNS": "400"})
    assert said in one_sentence(done)


def test_every_command_says_what_it_does():
    commands = get_command(app).commands
    wanted = (
        "demo run ingest draft screen review invite reviewers collect release read verify status doctor import export"
        " generator collapse mix effect certify judge screen-corpus distil serve"
    )
    assert set(commands) == set(wanted.split())
    for name, command in commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.name in {"help"} or getattr(parameter, "help", None) or parameter.name == "port", (
                name,
                parameter.name,
            )
