"""A process that drafts and nothing else, for tests that kill it or take its disk away, and what it left.

python -m tests.drafting_child HOME BASE_URL COUNT [LARGEST_FILE]
"""

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from outcross.data.recipe import Recipe, load
from outcross.data.stores.home import Home
from outcross.errors import OutcrossError, ServerUnavailable
from outcross.serving.endpoint import connect
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.ingest import ingest
from tests import make
from tests.drafting import fleet
from tests.openai_server import Running

PATIENCE = 60
STORED = {
    "sample": "SELECT sample_id, provenance_digest, content FROM sample",
    "draft": "SELECT setup, rank, retry, state, sample_id, request_key, seed, reason, raw, tokens_in, tokens_out"
    " FROM draft",
    "turn": "SELECT request_key, rank, text FROM turn",
}
"""Everything that drafting stores, apart from clocks, attempts and how long things took."""


def stock(home: Home) -> Recipe:
    """A home with people's rows, which have numbers that begin with noughts."""
    asked = enumerate(make.tasks(300))
    rows = [{**row, "id": f"{n:05d}", "question": f"Ticket {n:05d}: {row['question']}"} for n, row in asked]
    recipe = make.recipe(home, make.write_jsonl(home.root.parent / "rows.jsonl", rows))
    ingest(home, recipe)
    return recipe


def drafted(home: Home, base_url: str, count: int, **more: object) -> Drafted:
    """Draft in this process, on a server that may be out of reach when it begins."""
    deadline = time.monotonic() + PATIENCE
    with ExitStack() as connected:
        while True:
            try:
                endpoint = connected.enter_context(connect(Settings(base_url=base_url)))
                break
            except ServerUnavailable:
                assert time.monotonic() < deadline
                time.sleep(0.1)
        return draft(home, load(home, "mine"), fleet(endpoint), count, **more)


def rows(home: Home) -> dict[str, list[tuple[object, ...]]]:
    """All rows that drafting stored."""
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        return {name: sorted(connection.execute(query).fetchall(), key=repr) for name, query in STORED.items()}


@contextmanager
def drafting(home: Home, base_url: str, count: int, largest_file: int = 0) -> Iterator[subprocess.Popen[str]]:
    """A process of its own that drafts; it doesn't outlive the block."""
    command = [sys.executable, "-m", "tests.drafting_child", home.root, base_url, count, largest_file]
    process = subprocess.Popen(
        list(map(str, command)),
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def strike(process: subprocess.Popen[str], server: Running, served: int, how: int = signal.SIGKILL) -> None:
    """Send a signal to a process and all that it started, once the server has answered so often."""
    await_answers(server, served)
    assert process.poll() is None, process.stderr
    os.killpg(process.pid, how)
    process.wait(PATIENCE)
    settle(server)


def await_answers(server: Running, served: int) -> None:
    """Wait until the server has answered so often."""
    deadline = time.monotonic() + PATIENCE
    while len(server.served()) < served:
        assert time.monotonic() < deadline, f"{len(server.served())} answers, where {served} are waited for"
        time.sleep(0.01)


def settle(server: Running) -> None:
    """Wait until the server has answered what nobody waits for any more: it charges for that too."""
    deadline = time.monotonic() + PATIENCE
    while server.stats()["flying"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def resent(server: Running) -> int:
    """Answers that the server gave to requests which it had answered before."""
    return len(server.served()) - len(set(server.served()))


def main() -> None:
    root, base_url, count, largest_file = sys.argv[1:]
    if int(largest_file):
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(largest_file), resource.RLIM_INFINITY))
    try:
        print(drafted(Home(Path(root)), base_url, int(count)))
    except OutcrossError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
