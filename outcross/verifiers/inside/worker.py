"""Worker: loads one judge, and answers questions in forks that are shut in, so that what goes wrong costs one question.

Started with the judge's file, the seconds of processor time that one question may take, and the bytes of memory that a
fork may add. A question is a line of JSON on standard input, sent when the one before is answered; its answer a line of
JSON on standard output: the question's `token`, and either `said` or `failure`.

A judge is a file with a function `judge` from one JSON value to another. It may have `WARM`, questions that are asked
beforehand, so that no fork has to learn what all need; and `TURNS`, how many questions one fork answers.
"""

import gc
import json
import os
import resource
import runpy
import signal
import sys
from collections.abc import Callable
from typing import Any

Judge = Callable[[Any], object]

_TURNS = 1_000
_ENDED = 7
"""The status of a fork that finds no more questions."""


def main() -> None:
    """Answer until standard input ends, which it does with whoever asks."""
    path, seconds, memory = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    answers = os.dup(1)
    # What a library prints is no answer.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    walls = runpy.run_path(os.path.join(os.path.dirname(__file__), "confine.py"))  # noqa: PTH118, PTH120  # as in program.py
    module = runpy.run_path(path)
    for question in module.get("WARM", []):
        module["judge"](question)
    # Forks share what is never collected.
    gc.collect()
    gc.freeze()
    while True:
        if (child := os.fork()) == 0:
            judge = _shut_in(walls, module["judge"], memory)
            os._exit(_serve(judge, seconds, answers, module.get("TURNS", _TURNS)))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if status == _ENDED:
            return
        if status:
            _write(answers, failure=_end(status, seconds))


def _shut_in(walls: dict[str, Any], judge: Judge, memory: int) -> Judge:
    """Raise the walls around this fork; where they can't be, a judge that says so in the place of the other."""
    try:
        with open("/proc/self/statm", "rb") as handle:  # noqa: PTH123  # as in program.py
            loaded = int(handle.read().split()[0]) * resource.getpagesize()
        made = walls["rules"](walls["software"]())
        walls["limit"](resource.RLIM_INFINITY, loaded + memory, 0)
        walls["confine"](made)
    except OSError as error:
        return _refusing(error)
    return judge


def _refusing(error: OSError) -> Judge:
    def refuse(_question: object) -> object:
        raise error

    return refuse


def _serve(judge: Judge, seconds: float, answers: int, turns: int) -> int:
    for _ in range(turns):
        if not (line := sys.stdin.readline()):
            return _ENDED
        asked = json.loads(line)
        # The signal's default action ends the process, whatever that is doing: no handler has to get a turn.
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            found = {"said": judge(asked["question"])}
        except BaseException as error:  # noqa: BLE001  # a question that a judge fails on is data
            found = {"failure": f"{type(error).__name__}: {error}"[:300]}
        signal.setitimer(signal.ITIMER_PROF, 0)
        _write(answers, token=asked["token"], **found)
    return 0


def _write(answers: int, **what: object) -> None:
    left = json.dumps(what).encode() + b"\n"
    while left:
        left = left[os.write(answers, left) :]


def _end(status: int, seconds: float) -> str:
    if status == -signal.SIGPROF:
        return f"OutOfTime: it takes more than {seconds:g} s of processor time"
    return f"Died: the process ends with status {status}"


if __name__ == "__main__":
    main()
