"""Sandbox: runs code that a model wrote, and its tests, in a process that can do next to nothing else.

What it doesn't keep out: code that looks for the tests in its own process and forges their result (both run in one
interpreter, so a pass means that ordinary code passes); a flaw of the kernel's own; what the processor itself leaks.
"""

import json
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).parent / "inside" / "program.py"
_LOOK = 0.1
"""Seconds between two looks at what the code has written."""
_MEGABYTE = 2**20


class SandboxFailed(OSError):
    """The code couldn't be run behind its walls, so nothing is known of it."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run may take."""

    seconds: int = 5
    """Of processor time."""
    clock: int = 60
    """Seconds on the clock, which only code that waits should come to: a busy machine makes no answer wrong."""
    memory: int = 512
    """Megabytes of address space, the interpreter's own included."""
    files: int = 16
    """Megabytes that its folder may hold; one file a quarter of them."""


def run(code: str, tests: str, entry: str = "", limits: Limits = Limits()) -> str:
    """Run code, then its tests; return what goes wrong first, or nothing where all goes well.

    Args:
        code: Python source; only the standard library can be imported.
        tests: Python source that raises where the code is wrong; a `check` that it defines is called with the entry.
        entry: the function that the code must define; "" for none in particular.

    Raises:
        SandboxFailed: the walls couldn't be raised: nothing ran.
    """
    return _first_failure({"code": code, "tests": tests, "entry": entry}, limits, subprocess.DEVNULL)


def printed(code: str, most: int, limits: Limits = Limits()) -> tuple[str, str]:
    """Run a program; return what it prints, at most so many bytes of it, and what goes wrong, "" where nothing does.

    Raises:
        SandboxFailed: the walls couldn't be raised: nothing ran.
    """
    with tempfile.TemporaryFile(prefix="outcross-printed-") as out:
        wrong = _first_failure({"code": code, "tests": "", "entry": ""}, limits, out.fileno())
        out.seek(0)
        return out.read(most).decode("utf-8", "replace"), wrong


def _first_failure(asked: dict[str, Any], limits: Limits, out: int) -> str:
    token = secrets.token_hex(16)
    sizes = {"memory": limits.memory * _MEGABYTE, "file": limits.files * _MEGABYTE // 4}
    whole = json.dumps({**asked, "token": token, "seconds": limits.seconds, **sizes}).encode()
    with tempfile.TemporaryDirectory(prefix="outcross-code-", ignore_cleanup_errors=True) as folder:
        said, end = _ran(whole, Path(folder), limits, out)
    if not said or "confined" not in said[0]:
        raise SandboxFailed(f"code can't be run safely here: {said[0].get('unconfined') if said else end}")
    last = said[-1]
    return str(last["reason"]) if last.get("token") == token else end


def _ran(asked: bytes, folder: Path, limits: Limits, out: int) -> tuple[list[dict[str, Any]], str]:
    """What the process said, line by line, and how it came to an end; what the code prints goes to `out`."""
    mine, theirs = os.pipe()
    # As isolated as by -I, but for the one variable: a set's order must not be another one the next time.
    command = [sys.executable, "-P", "-s", "-S", "-B", str(_PROGRAM), str(theirs)]
    with subprocess.Popen(  # noqa: S603  # our own interpreter and script
        command,
        stdin=subprocess.PIPE,
        stdout=out,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env={"PYTHONHASHSEED": "0"},
        pass_fds=[theirs],
        start_new_session=True,
    ) as process:
        os.close(theirs)
        assert process.stdin is not None  # noqa: S101  # it is a pipe
        try:
            process.stdin.write(asked)
            process.stdin.close()
        except BrokenPipeError:
            pass
        try:
            text, end = _heard(mine, folder, limits)
            if not end:
                process.wait(limits.clock)
        except subprocess.TimeoutExpired:
            end = "it says that it has ended, and goes on"
        finally:
            os.close(mine)
            process.kill()
    return _lines(text), end or _ended(process.returncode, limits)


def _heard(mine: int, folder: Path, limits: Limits) -> tuple[bytes, str]:
    """What comes until the process ends or goes too far, and in which way it did, if it did."""
    heard = b""
    until = time.monotonic() + limits.clock
    with selectors.DefaultSelector() as selector:
        selector.register(mine, selectors.EVENT_READ)
        while time.monotonic() < until:
            if selector.select(_LOOK):
                piece = os.read(mine, 4096)
                heard += piece
                if not piece or len(heard) > 2 * 4096:
                    return heard, ""
            elif _size(folder) > limits.files * _MEGABYTE:
                return heard, f"it writes more than {limits.files} MB"
    return heard, f"it takes longer than {limits.clock} s"


def _size(folder: Path) -> int:
    """Bytes in a folder that can have no folders, each file counted as one block at least."""
    with os.scandir(folder) as entries:
        return sum(max(entry.stat(follow_symlinks=False).st_size, 4096) for entry in entries)


def _lines(text: bytes) -> list[dict[str, Any]]:
    """The whole lines that are JSON objects; whatever else is there was forged, and badly."""
    said = []
    for line in text.splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            said.append(value)
    return said


def _ended(status: int, limits: Limits) -> str:
    if status in (-24, -9):  # SIGXCPU, and SIGKILL a second later where that was caught
        return f"it takes more than {limits.seconds} s of processor time"
    return f"the process ends before its tests do, with status {status}"
