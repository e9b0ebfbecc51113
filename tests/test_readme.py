"""The README and the docs: every command and query in them is executed."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from outcross.data.recipe_tables import Review
from outcross.data.review.queue import Queue
from outcross.mixture.policy import Policy
from tests import make
from tests.openai_server import openai_server
from tests.review_items import ruling, taken
from tests.running import BIN, free_port

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
STORES = (ROOT / "docs" / "stores.md").read_text(encoding="utf-8")
DOCS = sorted((ROOT / "docs").glob("*.md"))

pytestmark = pytest.mark.xdist_group("readme")


def blocks(text: str, language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


COMMANDS = [block for block in blocks(README, "sh") if not any(word in block for word in ("make ", "venv", "collapse"))]
STAYS_UP = re.compile(r"outcross review|prefect (server|worker) start")
"""Commands that run until somebody stops them."""


def clone(folder: Path) -> Path:
    """The files that git tracks, as a newcomer's clone has them."""
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, tracked.decode().split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    return folder


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A clone in which the demo has run, with a stand-in for the model's server, and an environment for it."""
    folder = clone(tmp_path_factory.mktemp("readme") / "outcross")
    make.write_jsonl(folder / "mine.jsonl", make.tasks(80))
    make.write_jsonl(folder / "theirs.jsonl", make.tasks(120)[80:])
    with openai_server(folder.parent / "served.log") as server:
        path = f"{BIN}:{os.environ['PATH']}"
        env = os.environ | {"PATH": path, "OUTCROSS_BASE_URL": server.base_url, "PREFECT_HOME": str(folder / "prefect")}
        # What a model was trained on is said by a command, as a newcomer says it.
        del env["OUTCROSS_MODEL_DEPTH"]
        said = [BIN / "outcross", "generator", "stand-in", "--never-on-ours"]
        assert subprocess.run(said, cwd=folder, env=env).returncode == 0
        done = subprocess.run([BIN / "outcross", "demo", "--count", "40"], cwd=folder, env=env, capture_output=True)
        assert done.returncode == 0, done.stderr.decode()
        yield folder, env
        for process in STARTED:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(60)


def decide(folder: Path) -> None:
    """What a reviewer does while the page is up, who approves one item; test_first_minutes.py does it by keys."""
    queue = Queue(folder / ".outcross" / "review.sqlite")
    claim = taken(queue, "ada")
    queue.submit(claim.token, "ada", ruling(claim))


def run(command: str, folder: Path, env: dict[str, str]) -> None:
    """Run a command to its end; one that stays up goes on beside the test once it has said that it is ready."""
    log = folder.parent / "said.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command, shell=True, cwd=folder, env=env, stdout=out, stderr=out, start_new_session=True
        )
    if not STAYS_UP.match(command):
        assert process.wait(280) == 0, f"{command}\n{log.read_text()}"
        return
    STARTED.append(process)
    deadline = time.monotonic() + 90
    while not re.search(
        r"http://127\.0\.0\.1:\d+/enter\?token=|Worker .* started|Check out the dashboard", log.read_text()
    ):
        assert process.poll() is None, f"{command} ended:\n{log.read_text()}"
        assert time.monotonic() < deadline, f"{command}:\n{log.read_text()}"
        time.sleep(0.2)


STARTED: list[subprocess.Popen[bytes]] = []


def test_commands_that_build_on_each_other_run_on_one_worker(request):
    # pytest-xdist puts the group's name in the id of a test that it keeps with its group.
    alone = "PYTEST_XDIST_WORKER" not in os.environ
    assert alone or request.node.nodeid.endswith("@readme"), "use --dist=loadgroup and the locked versions"


@pytest.mark.parametrize("block", COMMANDS, ids=[block.splitlines()[0] for block in COMMANDS])
def test_the_readmes_commands_run_in_their_order(block, checkout):
    folder, env = checkout
    # The port of Prefect's server is the README's own; here it is one that is free.
    port = env.setdefault("README_PORT", str(free_port()))
    for command in block.splitlines():
        if command.startswith("export "):
            name, _, value = command.removeprefix("export ").partition("=")
            env[name] = value.replace("4200", port)
        else:
            run(command.replace("server start", f"server start --port {port}"), folder, env)
        if command.startswith("outcross review "):
            decide(folder)


@pytest.mark.parametrize("block", blocks(README, "python"))
def test_the_readmes_python_runs(block, checkout):
    folder, env = checkout
    done = subprocess.run([sys.executable, "-c", block], cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_documented_query_runs(checkout):
    folder, _ = checkout
    home = folder / ".outcross"
    stores = {"human_sample": home / "vault.duckdb", "samples": home / "releases/docstrings/1/table.duckdb"}
    queries = blocks(STORES, "sql")
    assert len(queries) > 5
    for query in queries:
        path = next((path for name, path in stores.items() if f"FROM {name} " in query), home / "warehouse.duckdb")
        with duckdb.connect(str(path), read_only=True) as connection:
            connection.execute(query).fetchall()


def test_links_in_the_docs_lead_somewhere():
    for path in (ROOT / "README.md", *DOCS):
        for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name}: {target}"


@pytest.mark.parametrize("block", blocks(README, "toml"))
def test_the_readmes_recipe_tables_hold(block):
    tables = tomllib.loads(block)
    for name, model in {"review": Review, "mixture": Policy}.items():
        if name in tables:
            assert model.model_validate(tables.pop(name))
    assert not tables


def test_the_readmes_policy_is_the_default_one():
    (said,) = [tables["mixture"] for block in blocks(README, "toml") if "mixture" in (tables := tomllib.loads(block))]
    assert Policy(**said) == Policy()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_experiments_on_collapse_run_as_the_readme_says(tmp_path):
    (command,) = [block for block in blocks(README, "sh") if "collapse" in block]
    env = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "OUTCROSS_HOME": str(tmp_path)}
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "collapse" / "collapse.html").is_file()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_fresh_clone_is_set_up_by_the_plain_commands_and_runs_the_demo_on_the_built_in_model(tmp_path):
    folder = clone(tmp_path / "outcross")
    block = next(block for block in blocks(README, "sh") if "venv" in block).replace(" demo", " demo --count 8")
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OUTCROSS", "PREFECT"))}
    done = subprocess.run(block, shell=True, cwd=folder, env=env, capture_output=True, text=True, timeout=880)
    assert done.returncode == 0, done.stderr
    assert "Release docstrings 1" in done.stdout
