"""How long work tells whoever watches how far it is; silent unless somebody listens."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Protocol, TypeVar


class Watcher(Protocol):
    """Somebody who shows progress. Called from any thread, often; must return at once."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins; `total` of its units are still to be done."""

    def advance(self, stage: str, done: int = 1, **counts: float) -> None:
        """Units were done; `counts` are added to the stage's own, such as tokens or rejected rows."""

    def finish(self, stage: str) -> None:
        """A stage has ended, whole or not."""


class _Nobody:
    def start(self, stage: str, total: int) -> None:
        pass

    def advance(self, stage: str, done: int = 1, **counts: float) -> None:
        pass

    def finish(self, stage: str) -> None:
        pass


_watcher: Watcher = _Nobody()


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Let a watcher see all stages of this process for as long as the block runs."""
    global _watcher  # noqa: PLW0603  # one terminal a process; Prefect's task threads must reach it too
    before, _watcher = _watcher, watcher
    try:
        yield
    finally:
        _watcher = before


def watching() -> Watcher:
    """Whoever watches now: for another who passes on to them what it sees itself."""
    return _watcher


def describe(counts: Mapping[str, float], seconds: float) -> str:
    """A stage's counts as text: tokens as a rate, requests in flight against their limit, the rest as they are."""
    shown = {
        name: count for name, count in counts.items() if count and name not in ("tokens", "flying", "limit", "cost")
    }
    parts = [f"{count:,.0f} {name}" for name, count in shown.items()]
    if (tokens := counts.get("tokens", 0)) and seconds > 0:
        parts.insert(0, f"{tokens / seconds:,.0f} tokens/s")
    if flying := counts.get("flying", 0):
        parts.append(f"{flying:,.0f}/{counts.get('limit', 0):,.0f} in flight")
    if cost := counts.get("cost", 0):
        parts.append(f"cost {cost:,.2f}")
    return " · ".join(parts)


def advance(stage: str, done: int = 1, **counts: float) -> None:
    """Tell the watcher that units of a stage were done."""
    _watcher.advance(stage, done, **counts)


@contextmanager
def stage(name: str, total: int) -> Iterator[None]:
    """Show a stage for as long as the block runs."""
    _watcher.start(name, total)
    try:
        yield
    finally:
        _watcher.finish(name)


T = TypeVar("T")


def tracked(rows: Iterable[T], name: str, total: int = 0) -> Iterator[T]:
    """Yield the rows while showing how many have gone by; a total of 0 is unknown."""
    with stage(name, total):
        for row in rows:
            yield row
            advance(name)
