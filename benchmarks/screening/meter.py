"""Time and memory of one piece of work over texts, printed as JSON. Runs in any Python with nothing else.

What is measured is the work alone: imports, loading of models and a first turn over a few texts come before.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Answer = TypeVar("Answer")

WARM = 50
"""Texts of the first turn, which isn't measured."""


def texts() -> list[str]:
    """The texts of the JSON lines in the file that the second argument names."""
    with Path(sys.argv[2]).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def main(works: dict[str, Callable[[list[str]], object]]) -> None:
    """Measure the work that the first argument names, or print what it says of each text (`says:NAME`)."""
    name, given = sys.argv[1], texts()
    if name.startswith("says:"):
        print(json.dumps(works[name.removeprefix("says:")](given)))
        return
    works[name](given[:WARM])
    _, took = measured(lambda: works[name](given))
    print(json.dumps(took | {"rows": len(given)}))


def measured(work: Callable[[], Answer]) -> tuple[Answer, dict[str, float]]:
    """What the work returns, and what it took: seconds on the core (`cpu`) and in all (`wall`), and megabytes."""
    wall, cpu = time.perf_counter(), _cpu()
    answer = work()
    cpu, wall = _cpu() - cpu, time.perf_counter() - wall
    return answer, {"cpu": cpu, "wall": wall, "peak_mb": peak()}


def peak() -> float:
    """Megabytes that this process has held at most.

    Not `ru_maxrss`, which after an `exec` still holds the peak of the process before it.
    """
    status = Path("/proc/self/status").read_text()
    own = int(status.split("VmHWM:")[1].split()[0])
    return (own + resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
