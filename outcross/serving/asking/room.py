"""The room for requests in flight: who comes is let in at once or stands in line, in order."""

import asyncio
from collections import deque

from outcross.serving.asking.load import Load


class Room:
    """As many places as a load's limit says at the time; nobody asks twice whether one is free."""

    def __init__(self, load: Load) -> None:
        self.flying = 0
        self.peak = 0
        self._load = load
        self._line: deque[asyncio.Future[None]] = deque()
        self._shut = False
        self._lost: Exception | None = None

    async def enter(self, *, first: bool = False) -> None:
        """Take a place, ahead of the whole line where `first`.

        Raises:
            Exception: the room was given up; the reason it was given up for.
        """
        if self._lost is not None:
            raise self._lost
        if not self._line and self._free():
            self._take()
            return
        place = asyncio.get_running_loop().create_future()
        if first:
            self._line.appendleft(place)
        else:
            self._line.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled() and place.exception() is None:  # it was given just then, and goes to the next
                self.leave()
            raise

    def leave(self) -> None:
        self.flying -= 1
        self.admit()

    def admit(self) -> None:
        """Let in whom the limit allows, after it has changed."""
        while self._line and self._free():
            place = self._line.popleft()
            if not place.done():
                self._take()
                place.set_result(None)

    def shut(self) -> None:
        """Let nobody in; who is in stays."""
        self._shut = True

    def reopen(self) -> None:
        self._shut = False
        self.admit()

    def give_up(self, reason: Exception) -> None:
        """Turn away everybody in line and all who come after."""
        self._lost = reason
        while self._line:
            place = self._line.popleft()
            if not place.done():
                place.set_exception(reason)

    def _free(self) -> bool:
        if self._shut or self.flying >= self._load.limit:
            return False
        return asyncio.get_running_loop().time() >= self._load.resumes

    def _take(self) -> None:
        self.flying += 1
        self.peak = max(self.peak, self.flying)
