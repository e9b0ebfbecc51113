"""What vLLM tells of itself at `/metrics`: requests running and waiting, its KV cache, time spent in line.

The names are those of the V1 engine, from version 0.10 on. Other servers give none of them.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus

from outcross.serving.asking.connection import Connection
from outcross.serving.wires.wire import Trouble

MOST_BYTES = 4 * 2**20
"""Of a page that is read; vLLM's has some 100 KB an engine."""
TIMEOUT = 5.0
"""Seconds for the page."""

_NAMES = (
    "num_requests_running|num_requests_waiting|kv_cache_usage_perc|num_preemptions_total|request_queue_time_seconds_sum"
)
_QUOTED = r'"(?:[^"\\\n]|\\.)*"'
_LINE = re.compile(rf"^vllm:({_NAMES})(?:\{{((?:[^\"}}\n]|{_QUOTED})*)\}})? (\S{{1,32}})", re.MULTILINE)
_MODEL = re.compile(rf"(?:^|,)\s*model_name=({_QUOTED})")
_ESCAPE = re.compile(r"\\(.)")


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """A server's state at one time, over all engines of a model; no number is negative, NaN or infinite."""

    running: float
    """Requests that are being answered."""
    waiting: float
    """Requests in line."""
    cache: float = 0.0
    """Share of the KV cache in use, of the fullest engine; 1 is all of it."""
    preemptions: float = 0.0
    """Requests thrown out of the cache, to be computed anew, since the server started."""
    queued: float = 0.0
    """Seconds that finished requests stood in line, since the server started."""


async def look(connection: Connection, model: str) -> Gauges:
    """Ask a server for its gauges.

    Raises:
        Trouble: it gives none, or not now.
    """
    reply = await connection.get("/metrics", MOST_BYTES, TIMEOUT)
    if reply.status == HTTPStatus.OK and (seen := parse(reply.content, model)) is not None:
        return seen
    raise Trouble("The server has no gauges.")


def parse(page: bytes, model: str) -> Gauges | None:
    """Read what is needed of a page in Prometheus's text form; None where it isn't vLLM's.

    A server's page names its model by the first of its names: where the asked one isn't there, all count.
    """
    found = [
        (name, _model(labels or ""), value)
        for name, labels, number in _LINE.findall(page.decode(errors="replace"))
        if (value := _number(number)) is not None
    ]
    ours = [(name, value) for name, of, value in found if of == model] or [(name, value) for name, _, value in found]

    def over_engines(name: str, together: Callable[[Iterable[float]], float] = math.fsum) -> float | None:
        values = [value for of, value in ours if of == name]
        return together(values) if values else None

    running, waiting = over_engines("num_requests_running"), over_engines("num_requests_waiting")
    if running is None or waiting is None:
        return None
    return Gauges(
        running=running,
        waiting=waiting,
        cache=over_engines("kv_cache_usage_perc", max) or 0.0,
        preemptions=over_engines("num_preemptions_total") or 0.0,
        queued=over_engines("request_queue_time_seconds_sum") or 0.0,
    )


def _model(labels: str) -> str | None:
    found = _MODEL.search(labels)
    return _ESCAPE.sub(lambda escaped: {"n": "\n"}.get(escaped[1], escaped[1]), found[1][1:-1]) if found else None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and 0 <= value < 1e15 else None
