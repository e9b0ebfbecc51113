"""Keeping a server up: it is watched, started again when it dies, and given up when it keeps dying."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from outcross.errors import InputError, ServerUnavailable
from outcross.serving.servers.health import ailment

LOOK_EVERY = 1.0
"""Seconds between two looks at a server."""
STALLED = 180.0
"""Seconds without a word after which a server counts as dead; a busy one may be silent for many."""
MOST_STARTS = 5
"""Deaths in a row that are met with a new start."""
STEADY = 600.0
"""Seconds after which a death is the first of a row again."""
FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0


class Served(Protocol):
    """Anything that can be watched."""

    @property
    def base_url(self) -> str: ...


@dataclass
class Patience:
    """How often a server has died in a row, and what that means."""

    deaths: int = 0

    def after(self, lived: float) -> float | None:
        """Seconds to wait before the next start, longer with each death; None to give up.

        Args:
            lived: seconds that the server was well.
        """
        self.deaths = 1 if lived >= STEADY else self.deaths + 1
        if self.deaths > MOST_STARTS:
            return None
        return float(min(FIRST_PAUSE * 2 ** (self.deaths - 1), LONGEST_PAUSE))


def keep(start: Callable[[], AbstractContextManager[Served]], tell: Callable[[str], None]) -> None:
    """Run a server until an exception, such as that of an interrupt, ends it; start it again whenever it dies.

    Args:
        start: starts it, gives it once it is well, and stops it with all that belongs to it.
        tell: hears why it is started again.

    Raises:
        ServerUnavailable: it didn't start at first, or died `MOST_STARTS` + 1 times in a row.
        InputError: it can't be started as asked.
    """
    patience = Patience()
    while True:
        lived = 0.0
        try:
            with start() as server:
                began = time.monotonic()
                reason = f"The server stopped working: {_end(server.base_url)}."
                lived = time.monotonic() - began
        except (ServerUnavailable, InputError) as error:  # the dead one's port may be taken for a moment
            if not patience.deaths:
                raise
            reason = str(error)
        pause = patience.after(lived)
        if pause is None:
            raise ServerUnavailable(f"{reason} It died {patience.deaths} times in a row, so it was given up.")
        tell(f"{reason} It is started again in {pause:g} s.")
        time.sleep(pause)


def _end(base_url: str) -> str:
    """Watch a server until it isn't well any more, and say why."""
    heard = time.monotonic()
    while True:
        try:
            if reason := ailment(base_url):
                return reason
            heard = time.monotonic()
        except TimeoutError:
            if time.monotonic() - heard > STALLED:
                return f"it hasn't said a word for {STALLED:g} s"
        time.sleep(LOOK_EVERY)
