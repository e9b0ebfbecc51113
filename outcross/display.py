"""Progress for people: bars on a terminal, plain lines elsewhere."""

import time
from collections import Counter
from threading import Lock

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column

from outcross.progress import Watcher, describe

LINE_EVERY = 5.0
"""Seconds between two plain lines of one stage."""


def watcher(console: Console) -> "Bars | Lines":
    """Bars where the console is a terminal, lines where it is a file or a pipe."""
    return Bars(console) if console.is_terminal else Lines(console)


class Bars(Watcher):
    """One bar a stage, all on one live display; use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._lock = Lock()
        self._progress = Progress(
            SpinnerColumn(finished_text="[green]✓"),
            TextColumn("{task.description:<7}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[counts]}", table_column=Column(overflow="ellipsis", no_wrap=True)),
            console=console,
        )
        self._stages: dict[str, tuple[TaskID, Counter[str], float]] = {}

    def __enter__(self) -> "Bars":
        self._progress.start()
        # Prefect takes seconds to come up before the first stage.
        self._waiting = self._progress.add_task("start", total=None, counts="")
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def start(self, stage: str, total: int) -> None:
        with self._lock:
            self._progress.update(self._waiting, visible=False)
            bar = self._progress.add_task(stage, total=total or None, counts="")
            self._stages[stage] = (bar, Counter(), time.monotonic())

    def advance(self, stage: str, done: int = 1, **counts: float) -> None:
        with self._lock:
            if found := self._stages.get(stage):
                bar, seen, since = found
                seen.update(counts)
                text = describe(seen, time.monotonic() - since)
                self._progress.update(bar, advance=done, counts=text)

    def finish(self, stage: str) -> None:
        with self._lock:
            if found := self._stages.pop(stage, None):
                done = self._progress.tasks[found[0]].completed
                self._progress.update(found[0], total=done)


class Lines(Watcher):
    """A line now and then, and one at the end of each stage; use as a context manager."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = Lock()
        self._stages: dict[str, tuple[int, list[float], Counter[str]]] = {}

    def __enter__(self) -> "Lines":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start(self, stage: str, total: int) -> None:
        with self._lock:
            now = time.monotonic()
            # done, when the stage began, when it was last told of
            self._stages[stage] = (total, [0, now, now], Counter())

    def advance(self, stage: str, done: int = 1, **counts: float) -> None:
        with self._lock:
            if stage in self._stages:
                _, marks, seen = self._stages[stage]
                marks[0] += done
                seen.update(counts)
                if time.monotonic() - marks[2] > LINE_EVERY:
                    marks[2] = time.monotonic()
                    self._tell(stage)

    def finish(self, stage: str) -> None:
        with self._lock:
            if stage in self._stages:
                self._tell(stage)
                del self._stages[stage]

    def _tell(self, stage: str) -> None:
        total, (done, began, _), seen = self._stages[stage]
        seconds = time.monotonic() - began
        # Bringing a model up, or a release out, has no units to count.
        far = f"{done:,.0f}" + (f" of {total:,}" if total else "") if done or total else "ready"
        text = describe(seen, seconds)
        self._console.print(f"{stage}: {far} in {seconds:.0f} s{' · ' + text if text else ''}", highlight=False)
