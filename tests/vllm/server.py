"""A real vLLM, kept by `outcross serve`, for tests to ask, to watch and to hurt."""

import os
import re
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from outcross.data.stores.home import Home
from outcross.serving.endpoint import Endpoint
from outcross.serving.servers import local, vllm
from outcross.serving.servers.health import ailment
from outcross.serving.servers.local import LocalServer
from tests.running import BIN, free_port

CONCURRENCY = 32
START = 600.0
"""Seconds that it may take to come up, with its weights unpacked, on a machine that is busy."""


@dataclass(frozen=True)
class Vllm:
    """The server that runs."""

    home: Home
    """Of the server; those who draft have others."""
    base_url: str
    keeper: int
    said: list[str]

    @property
    def noted(self) -> LocalServer:
        found = local.find(self.home, self.base_url)
        assert found is not None, self.said
        return found

    @property
    def endpoint(self) -> Endpoint:
        noted = self.noted
        return Endpoint(
            base_url=self.base_url,
            model=noted.model,
            weights_digest=noted.weights_digest,
            model_depth=0,
            concurrency=CONCURRENCY,
            api_key=noted.api_key,
        )

    @property
    def environment(self) -> dict[str, str]:
        """What leads a command to it."""
        key = self.noted.api_key.get_secret_value()
        return {
            "OUTCROSS_BASE_URL": self.base_url,
            "OUTCROSS_API_KEY": key,
            "OUTCROSS_CONCURRENCY": str(CONCURRENCY),
        }

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.base_url.removesuffix('/v1')}/metrics", timeout=60) as response:
            return response.read().decode()

    def gauge(self, name: str) -> int:
        """The sum of a gauge or counter over its labels."""
        values = re.findall(rf"^vllm:{name}\{{.*\}} (\S+)$", self.metrics(), re.MULTILINE)
        assert values, name
        return int(sum(map(float, values)))

    def answered(self) -> int:
        """Requests that it has written an answer to since it started; those that were broken off aren't in it."""
        found = re.findall(
            r'^vllm:request_success_total\{.*finished_reason="(?:stop|length)".*\} (\S+)$', self.metrics(), re.M
        )
        return int(sum(map(float, found)))

    def kill_engine(self) -> None:
        """End the process that computes, as a fault in it would."""
        family = psutil.Process(self.keeper).children(recursive=True)
        next(one for one in family if "VLLM::EngineCore" in " ".join(one.cmdline())).kill()

    def well(self) -> bool:
        return ailment(self.base_url) is None

    def idle(self) -> bool:
        return self.gauge("num_requests_running") + self.gauge("num_requests_waiting") == 0


def until(held: Callable[[], bool], seconds: float = START) -> None:
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@contextmanager
def vllm_server(folder: Path) -> Iterator[Vllm]:
    """Run the built-in weights on the real vLLM, as a person would."""
    named = os.environ.get("OUTCROSS_VLLM_PYTHON")
    if vllm.find_python(Path(named) if named else None) is None:
        pytest.skip("vLLM isn't here; `make test-vllm` sets it up")
    home, port, said = Home(folder), free_port(), []
    with subprocess.Popen(
        [BIN / "outcross", "serve", "--engine", "vllm", "--port", str(port), "--home", folder],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        threading.Thread(target=lambda: said.extend(process.stdout), daemon=True).start()
        try:
            until(lambda: any("export" in line for line in said) or process.poll() is not None)
            assert process.poll() is None, said
            yield Vllm(home, f"http://127.0.0.1:{port}/v1", process.pid, said)
        finally:
            process.terminate()
            process.wait(60)
