"""Pool: worker processes that outlive a batch, and that no question can wedge or crash."""

import json
import os
import secrets
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from pydantic import JsonValue

from outcross.errors import InputError

_INSIDE = Path(__file__).parent / "inside"
_MEGABYTE = 2**20
_WIDTH = 4
"""Workers of one judge, where there are as many processors: each holds its libraries in memory."""
_START, _SLACK = 60, 20
"""Seconds on the clock that a worker may take to start, and for each of processor time: what waits for nothing is ended
by the processor's clock, so that a busy machine fails no question."""
_MOST = 2**26
"""Bytes of an answer."""


_NEEDS = {"mathematics": "math_verify", "schema": "jsonschema", "environment": "reasoning_gym"}
_INSTALL = {
    "mathematics": "pip install 'outcross[verifiers]'",
    "schema": "pip install 'outcross[verifiers]'",
    "environment": "pip install --no-deps reasoning-gym",
}


class Failed(NamedTuple):
    """A question that got no answer."""

    reason: str


Answer = JsonValue | Failed


class Pool:
    """Asks one judge, a file in `inside`, in as many processes as there are processors.

    A worker that was started stays until this process ends. A question that takes too long, or brings its process down,
    fails alone.
    """

    def __init__(self, judge: str, seconds: float, memory: int) -> None:
        here = [str(_INSIDE / name) for name in ("worker.py", f"{judge}.py")]
        self._judge = judge
        self._command = [sys.executable, "-P", "-s", "-B", *here, str(seconds), str(memory * _MEGABYTE)]
        self._patience = _START + _SLACK * seconds
        self._idle: SimpleQueue[subprocess.Popen[bytes]] = SimpleQueue()

    def ask(self, questions: Sequence[JsonValue]) -> list[Answer]:
        """An answer to each question, in their order."""
        width = min(_WIDTH, os.cpu_count() or 1, len(questions))
        if not width:
            return []
        answers: list[Answer] = [None] * len(questions)
        with ThreadPoolExecutor(width) as threads:
            for place, found in enumerate(threads.map(self._in_turn, [questions[n::width] for n in range(width)])):
                answers[place::width] = found
        return answers

    def _in_turn(self, questions: Sequence[JsonValue]) -> list[Answer]:
        return [self._asked(question) for question in questions]

    def _asked(self, question: JsonValue) -> Answer:
        token = secrets.token_hex(8)
        with self._worker() as worker:
            try:
                answer = json.loads(_exchange(worker, {"token": token, "question": question}, self._patience))
            except (ValueError, OSError) as error:
                _end(worker)
                return Failed(f"NoAnswer: the judge of {self._judge} says nothing: {error}")
            # A failure may have no token, where its fork can no longer say which question it was at.
            if answer.get("token", token) != token:
                _end(worker)
                return Failed(f"NoAnswer: the judge of {self._judge} answers another question than was asked")
        return answer["said"] if "said" in answer else Failed(str(answer.get("failure")))

    @contextmanager
    def _worker(self) -> Iterator[subprocess.Popen[bytes]]:
        try:
            worker = self._idle.get_nowait()
        except Empty:
            worker = self._started()
        try:
            yield worker
        finally:
            if worker.poll() is None:
                self._idle.put(worker)

    def _started(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603  # our own interpreter and scripts
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # A set's order must not depend on the process: what a judge makes of a seed is the same in each.
            env={"PYTHONHASHSEED": "0"},
            start_new_session=True,
        )


@cache
def pool(judge: str, seconds: float, memory: int) -> Pool:
    """The pool of a judge: one for all that ask it under the same bounds, in seconds and megabytes.

    Raises:
        InputError: the library that it judges by isn't installed.
    """
    if find_spec(_NEEDS[judge]) is None:
        raise InputError(f"{_NEEDS[judge]} isn't installed, and verifies here. Run: {_INSTALL[judge]}.")
    return Pool(judge, seconds, memory)


def _exchange(worker: subprocess.Popen[bytes], asked: JsonValue, patience: float) -> bytes:
    """Send one line and read one.

    Raises:
        OSError: none comes in time, the worker has ended, or what it says has no end.
    """
    assert worker.stdin is not None  # noqa: S101  # both are pipes
    assert worker.stdout is not None  # noqa: S101
    worker.stdin.write(json.dumps(asked).encode() + b"\n")
    worker.stdin.flush()
    until, said = time.monotonic() + patience, bytearray()
    while not said.endswith(b"\n"):
        if not select.select([worker.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
            raise TimeoutError(f"nothing comes in {patience:g} s")
        piece = os.read(worker.stdout.fileno(), 2**16)
        said += piece
        if not piece or len(said) > _MOST:
            raise OSError(f"it ends after {len(said)} bytes with status {worker.poll()}")
    return bytes(said)


def _end(worker: subprocess.Popen[bytes]) -> None:
    """End a worker with all its forks."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    for pipe in (worker.stdin, worker.stdout):
        # What could not be written is written again on closing.
        with suppress(OSError):
            pipe and pipe.close()
