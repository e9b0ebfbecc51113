"""A client watched from outside while it works: seconds, seconds on the core, memory, and what its server saw."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, NamedTuple

import psutil

HERE = Path(__file__).parent
LONGEST = 1_800.0
"""Seconds after which a client is given up."""
SAMPLED = 0.2
"""Seconds between two looks at the memory."""


class Failed(Exception):
    """A client came to no end, or to a bad one."""


class Taken(NamedTuple):
    """What a client's work took, its child processes included and the server's not."""

    requests: int
    answers: int
    """Those that the client held at the end."""
    wall: float
    cpu: float
    peak_mb: float
    """The most that was seen: what its process had in memory, and what each child had to itself."""
    begun_mb: float
    """As much before the first request."""
    whole: float
    """Seconds from the start of the process to its end: imports and what is set up before are in it."""
    server: dict[str, float]


class Tree:
    """A process and all that descend from it."""

    def __init__(self, pid: int) -> None:
        self.root = psutil.Process(pid)
        self.peak = 0.0
        self.ended = threading.Event()
        self.watch = threading.Thread(target=self._sample, daemon=True)

    def cpu(self) -> float:
        """Seconds on the core so far, of children that have ended too."""
        return sum(sum(used[:4]) for used in self._each("cpu_times"))

    def memory(self) -> float:
        """Megabytes now, in a figure that doesn't fall when other processes share libraries with these."""
        held = list(self._each("memory_full_info"))
        now = (held[0].rss + sum(child.uss for child in held[1:])) / 2**20 if held else 0.0
        self.peak = max(self.peak, now)
        return now

    def _each(self, what: str) -> Iterator[Any]:
        """What psutil says of each, the process itself first; those that end meanwhile are passed over."""
        with suppress(psutil.NoSuchProcess):
            for member in (self.root, *self.root.children(recursive=True)):
                with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                    yield getattr(member, what)()

    def _sample(self) -> None:
        while not self.ended.wait(SAMPLED) and self.root.is_running():
            self.memory()


class Server:
    """The stand-in, in a process of its own that all clients share."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        self.url = process.stdout.readline().strip()

    def seen(self, path: str = "stats") -> dict[str, float]:
        with urllib.request.urlopen(f"{self.url}/{path}", timeout=30) as response:
            return dict(json.load(response))


@contextmanager
def serving() -> Iterator[Server]:
    """The stand-in for the length of the block."""
    command = [sys.executable, str(HERE / "stand_in.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.kill()


def watch(command: Sequence[str], count: int, server: Server, environment: dict[str, str]) -> Taken:
    """Run a client that says when it begins and ends, and measure what lies between.

    Raises:
        Failed: it ended early, or took too long.
    """
    started = time.perf_counter()
    server.seen("reset")
    with _running(command, environment) as (process, log):
        tree = Tree(process.pid)
        _await(process, log, "begun")
        begun_mb, cpu, wall = tree.memory(), tree.cpu(), time.perf_counter()
        tree.watch.start()
        _go_on(process)
        answers = _await(process, log, "ended")
        wall, cpu = time.perf_counter() - wall, tree.cpu() - cpu
        tree.ended.set()
        tree.memory()
        _go_on(process)
        process.wait()
    whole = time.perf_counter() - started
    return Taken(count, answers, wall, cpu, tree.peak, begun_mb, whole, server.seen())


def whole(command: Sequence[str], count: int, server: Server, environment: dict[str, str]) -> Taken:
    """Run a client from the start of its process to its end; `answers` are those that the server gave.

    Raises:
        Failed: it ended with an error, or took too long.
    """
    wall = time.perf_counter()
    server.seen("reset")
    with _running(command, environment) as (process, log):
        tree = Tree(process.pid)
        tree.watch.start()
        _, status, used = os.wait4(process.pid, 0)
        tree.ended.set()
        wall = time.perf_counter() - wall
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Failed(_last(log, process.returncode))
    seen = server.seen()
    return Taken(count, int(seen["answered"]), wall, used.ru_utime + used.ru_stime, tree.peak, 0.0, wall, seen)


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], IO[bytes]]]:
    """A process and all that it writes to standard error; it and its children end with the block."""
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=os.environ | environment,
            start_new_session=True,
        ) as process,
    ):
        late = threading.Timer(LONGEST, os.killpg, (process.pid, signal.SIGKILL))
        late.start()
        try:
            yield process, log
        finally:
            late.cancel()
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _await(process: subprocess.Popen[str], log: IO[bytes], mark: str) -> int:
    """Wait for a mark, past what libraries print while they are imported; return the answers that the client holds."""
    assert process.stdout
    for line in process.stdout:
        if line.startswith(f"{mark} "):
            return int(line.split()[1])
    raise Failed(_last(log, process.wait()))


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def _last(log: IO[bytes], status: int) -> str:
    log.seek(0)
    lines = log.read().decode(errors="replace").strip().splitlines()
    return f"it ended with {status}: {lines[-1] if lines else 'and said nothing'}"
