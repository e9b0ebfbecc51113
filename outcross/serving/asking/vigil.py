"""Waiting for a server that is down: one looks, all others rest, and nothing that was asked is lost by it."""

import asyncio
import logging
from collections.abc import Coroutine
from http import HTTPStatus
from typing import Any, TypeVar

from outcross.serving.asking.connection import Connection
from outcross.serving.asking.load import Load
from outcross.serving.asking.room import Room
from outcross.serving.wires.wire import Trouble

PROBE_PAUSE, LONGEST_PAUSE = 0.25, 5.0
"""Seconds from one look at whether the server is back to the next, at first and at last."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


class Vigil:
    """Who finds out that a server is down, and tells everybody when it is back."""

    def __init__(self, connection: Connection, load: Load, room: Room) -> None:
        self._connection = connection
        self._load = load
        self._room = room
        self._tasks: dict[str, asyncio.Task[Any]] = {}

    async def alive(self) -> bool:
        """Whether the server says that it works; it isn't asked twice at a time."""
        return await self._once("look", self._look())

    async def dead(self, fault: Trouble) -> bool:
        """Whether a fault is that of a server which doesn't work, whoever would ask it."""
        suspect = fault.silent or (fault.status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        return suspect and not await self.alive()

    async def wait(self, patience: float, why: str) -> None:
        """Let nobody ask until the server is back; after so many seconds, give it up for everybody.

        Raises:
            ServerUnavailable: it didn't come back.
        """
        await self._once("wait", self._wait(patience, why))

    async def end(self) -> None:
        """Stop looking."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _look(self) -> bool:
        if await self._connection.alive():
            return True
        await asyncio.sleep(PROBE_PAUSE)  # one lost look isn't a dead server
        return await self._connection.alive()

    async def _wait(self, patience: float, why: str) -> None:
        clock = asyncio.get_running_loop().time
        pause, deadline = PROBE_PAUSE, clock() + patience
        _log.warning("The server is down (%s). Waiting up to %g s for it to come back.", why, patience)
        self._room.shut()
        while not await self._connection.alive():
            if clock() + pause > deadline:
                reason = self._connection.gone(f"{why.rstrip('.')}, and {patience:g} s of waiting didn't bring it back")
                self._room.give_up(reason)
                raise reason
            await asyncio.sleep(pause)
            pause = min(1.5 * pause, LONGEST_PAUSE)
        _log.warning("The server is back.")
        self._load.restarted()
        self._room.reopen()

    async def _once(self, name: str, work: Coroutine[Any, Any, T]) -> T:
        """Do the work, or wait for those who are doing it under that name."""
        if name in self._tasks:
            work.close()
        else:
            self._tasks[name] = asyncio.create_task(work)
            self._tasks[name].add_done_callback(lambda task: self._done(name, task))
        result: T = await asyncio.shield(self._tasks[name])
        return result

    def _done(self, name: str, task: asyncio.Task[Any]) -> None:
        del self._tasks[name]
        if not task.cancelled():
            task.exception()  # those who wait have it; where nobody does, nobody needs to be told
