"""Runs a command that must not outlive whoever asked for it, nor leave a process behind. Needs Python alone.

    python guard.py PARENT LOG COMMAND ...

vLLM starts processes of its own, which run on for ever once their parent is killed. So the guard is the first of a new
process group, in which all of them stay, and ends by killing the group: when the command has ended, when the guard's
standard input closes, or when PARENT is no longer its parent. Somebody who kills the guard kills the command with it,
and leaves the rest of the group to PARENT. What the command prints goes to LOG, which is begun anew
at `LOG_BYTES`; the part before it is kept as LOG.1.
"""

import contextlib
import ctypes
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from logging.handlers import RotatingFileHandler
from typing import IO

LOG_BYTES = 4_000_000
TICK = 0.5
"""Seconds between two looks at the command and the parent."""
PR_SET_PDEATHSIG = 1
"""Of Linux's prctl(2)."""
GRACE = 5.0
"""Seconds that the command has to end by itself."""


def main(parent: int, log: str, command: list[str]) -> None:
    """Run the command to its end or the parent's, then kill all that is left of it, and this process too."""
    with subprocess.Popen(  # noqa: S603  # the caller's command
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509  # no other thread runs yet
    ) as child:
        assert child.stdout is not None  # noqa: S101  # it is a pipe
        writing = threading.Thread(target=_write, args=(child.stdout, log), daemon=True)
        writing.start()
        while child.poll() is None and os.getppid() == parent:
            if select.select([0], [], [], TICK)[0] and not os.read(0, 1):
                break
        child.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
        writing.join(1)  # the last lines say why it ended; its children may hold the pipe open
        os.killpg(0, signal.SIGKILL)


def _end_with_parent() -> None:
    """Ask the kernel to kill this process when its parent ends; its own children aren't asked for."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _write(lines: IO[str], log: str) -> None:
    os.umask(0o077)  # an error may quote a prompt
    book = RotatingFileHandler(log, maxBytes=LOG_BYTES, backupCount=1, encoding="utf-8")
    for line in lines:
        book.handle(logging.makeLogRecord({"msg": line.rstrip("\n")}))


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
