"""What a client has done, and what its server shows of itself meanwhile."""

import asyncio
from dataclasses import dataclass

from outcross.serving.asking.connection import Connection
from outcross.serving.asking.gauges import Gauges, look
from outcross.serving.asking.load import Load
from outcross.serving.asking.room import Room
from outcross.serving.wires.wire import Trouble

QUICK_LOOK, LOOK = 0.25, 1.0
"""Seconds between two looks at the server's gauges: while the limit moves, and while it stands."""


@dataclass
class Tally:
    """What a client has done so far."""

    asked: int = 0
    """Questions."""
    answered: int = 0
    attempts: int = 0
    """Requests sent, repeated ones too."""
    tokens_in: int = 0
    tokens_out: int = 0
    """Of answers; what was lost on its way isn't known."""
    waited: float = 0.0
    """Seconds that questions waited here for room, all together."""
    queued: float = 0.0
    """Seconds that requests stood in the server's line, all together and whoever sent them, as its gauges tell."""
    peak: int = 0
    """The most requests in flight at one time."""


async def watch(connection: Connection, model: str, load: Load, room: Room, tally: Tally) -> None:
    """Tell a load what the server's gauges show while requests are in flight.

    It goes on until it is cancelled; a server that turns out to have no gauges isn't asked for them again.
    """
    last: Gauges | None = None
    pause = QUICK_LOOK
    while True:
        await asyncio.sleep(pause)
        if not room.flying:
            continue
        try:
            seen = await look(connection, model)
        except Trouble as trouble:
            if last is None and not trouble.unsent:
                return
            seen = None
        settled = load.gauged(asyncio.get_running_loop().time(), seen, room.flying)
        room.admit()
        pause = LOOK if settled else QUICK_LOOK
        if seen and last:
            tally.queued += max(seen.queued - last.queued, 0.0)
        last = seen or last
