"""Programs that tests run beside themselves: a Prefect server, and the command line."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

BIN = Path(sys.executable).parent


def free_port() -> int:
    """A port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def prefect_server(folder: Path) -> Iterator[dict[str, str]]:
    """A real Prefect server for the length of the block; gives the environment that leads to it."""
    port = free_port()
    environment = {
        "PREFECT_HOME": str(folder),
        "PREFECT_API_URL": f"http://127.0.0.1:{port}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "2",
    }
    command = [BIN / "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    log = folder.with_suffix(".log").open("w")
    with subprocess.Popen(command, env=os.environ | environment, stdout=log, stderr=log) as server:
        try:
            deadline = time.monotonic() + 120
            while True:
                try:
                    urllib.request.urlopen(f"{environment['PREFECT_API_URL']}/health", timeout=5)
                    break
                except OSError:
                    assert time.monotonic() < deadline, folder.with_suffix(".log").read_text()
                    time.sleep(0.2)
            yield environment
        finally:
            server.terminate()


def outcross(*words: object, env: Mapping[str, str], timeout: float = 240) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [BIN / "outcross", *map(str, words)],
        env=os.environ | dict(env),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
