"""A progress bar in Prefect that moves while work goes on."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from uuid import UUID

from prefect.artifacts import update_progress_artifact

from outcross.progress import Watcher, describe, watched_by, watching

EVERY = 3.0
"""Seconds between two looks at how far it is."""

_log = logging.getLogger(__name__)


@contextmanager
def moving(artifact: UUID, title: str, stage: str) -> Iterator[None]:
    """Move a progress artifact with a stage for as long as the block runs; whoever watches goes on seeing all stages.

    It moves in a thread of its own, because work must not wait for Prefect; a bar that can't be moved stops no work.
    """
    seen = _Seen(watching(), stage)
    ended = threading.Event()

    def follow() -> None:
        last = None
        while not ended.wait(EVERY):
            last = _show(artifact, title, seen, last)
        _show(artifact, title, seen, last)

    thread = threading.Thread(target=copy_context().run, args=(follow,), daemon=True)
    thread.start()
    try:
        with watched_by(seen):
            yield
    finally:
        ended.set()
        thread.join()


class _Seen(Watcher):
    """How far a stage is, for whoever asks; all is passed on to who watched before."""

    def __init__(self, before: Watcher, stage: str) -> None:
        self._before, self._stage = before, stage
        self._total, self._done, self._since = 0, 0, time.monotonic()
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()

    def start(self, stage: str, total: int) -> None:
        if stage == self._stage:
            self._total, self._since = total, time.monotonic()
        self._before.start(stage, total)

    def advance(self, stage: str, done: int = 1, **counts: float) -> None:
        if stage == self._stage:
            with self._lock:
                self._done += done
                self._counts.update(counts)
        self._before.advance(stage, done, **counts)

    def finish(self, stage: str) -> None:
        self._before.finish(stage)

    def look(self) -> tuple[float, str]:
        """Percent done, and a line about it."""
        with self._lock:
            percent = 100 * self._done / self._total if self._total else 100.0
            said = describe(self._counts, time.monotonic() - self._since)
            return min(percent, 100.0), f"{self._done:,} of {self._total:,}" + (f" · {said}" if said else "")


def _show(artifact: UUID, title: str, seen: _Seen, last: tuple[float, str] | None) -> tuple[float, str]:
    """Move the artifact if there is something new; return what it shows now."""
    percent, said = now = seen.look()
    if now != last:
        try:
            update_progress_artifact(artifact, progress=percent, description=f"{title}: {said}")
        except Exception:  # noqa: BLE001  # whatever Prefect or the network has, drafting goes on
            _log.warning("the progress of %s can't be shown in Prefect", title, exc_info=True)
    return now
