"""A network that fails on demand: a TCP proxy between a client and a server, in a thread of its own.

    with faulty_proxy(server.base_url, faults=Faults(drop=0.05, truncate=0.05, corrupt=0.05), seed=7) as url:
        ...  # whatever asks `url` meets the faults; `url` has the path of the target

Requests reach the target whole, or not at all; what fails is what comes back. Each share is the chance that a piece of
an answer (most answers come in one or two) meets the fault. The chances follow the seed; which request they strike
follows the order in which answers come.
"""

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

PIECE = 2**16
HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, kw_only=True)
class Faults:
    """What goes wrong, and how often."""

    refuse: float = 0.0
    """Share of new connections that are closed at once."""
    drop: float = 0.0
    """The connection breaks before the piece arrives."""
    truncate: float = 0.0
    """Half of the piece's body arrives, then the connection breaks."""
    corrupt: float = 0.0
    """One byte of the piece's body is another."""
    delay: float = 0.0
    """The piece comes later, by up to `delay_seconds`."""
    delay_seconds: float = 0.2
    dark: float = 0.0
    """Everything breaks, and for `dark_seconds` nothing gets through."""
    dark_seconds: float = 0.5


@contextmanager
def faulty_proxy(target_url: str, faults: Faults, seed: int = 0) -> Iterator[str]:
    """Stand between a client and a server on this machine for the length of the block; yields the URL to ask."""
    target = urlsplit(target_url)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    proxy = Proxy(target.hostname or "127.0.0.1", target.port or 80, faults, seed)
    port = asyncio.run_coroutine_threadsafe(proxy.start(), loop).result(10)
    try:
        yield f"http://127.0.0.1:{port}{target.path}"
    finally:
        asyncio.run_coroutine_threadsafe(proxy.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


class Proxy:
    """The connections that pass through, and the chance that decides what becomes of them."""

    def __init__(self, host: str, port: int, faults: Faults, seed: int) -> None:
        self.host, self.port, self.faults = host, port, faults
        self.chance = random.Random(seed)
        self.light_at = 0.0
        self.passing: set[asyncio.Task[None]] = set()

    async def start(self) -> int:
        self.server = await asyncio.start_server(self.pass_through, "127.0.0.1", 0)
        port: int = self.server.sockets[0].getsockname()[1]
        return port

    async def stop(self) -> None:
        self.server.close()
        self.break_all()
        await asyncio.gather(*self.passing, return_exceptions=True)

    def break_all(self) -> None:
        for task in self.passing:
            task.cancel()

    def strikes(self, share: float) -> bool:
        return share > 0 and self.chance.random() < share

    async def pass_through(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.passing.add(task)
        try:
            if asyncio.get_running_loop().time() < self.light_at or self.strikes(self.faults.refuse):
                return
            there, back = await asyncio.open_connection(self.host, self.port)
            try:
                await self.both_ways(reader, writer, there, back)
            finally:
                back.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # a broken connection is what this is for
        finally:
            self.passing.discard(task)
            writer.transport.abort()

    async def both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        there: asyncio.StreamReader,
        back: asyncio.StreamWriter,
    ) -> None:
        """Until one side ends."""
        ways = [asyncio.create_task(self.forth(reader, back)), asyncio.create_task(self.back(there, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def forth(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            writer.write(piece)
            await writer.drain()

    async def back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(PIECE):
            if self.strikes(self.faults.dark):
                self.light_at = asyncio.get_running_loop().time() + self.faults.dark_seconds
                asyncio.get_running_loop().call_soon(self.break_all)
                return
            if self.strikes(self.faults.drop):
                return
            if self.strikes(self.faults.delay):
                await asyncio.sleep(self.chance.uniform(0, self.faults.delay_seconds))
            head, body = parted(piece)
            if body and self.strikes(self.faults.truncate):
                writer.write(head + body[: len(body) // 2])
                await writer.drain()
                await asyncio.sleep(0.01)  # what was written leaves before the connection is cut off
                return
            if body and self.strikes(self.faults.corrupt):
                place = self.chance.randrange(len(body))
                body = body[:place] + bytes([body[place] ^ (1 << self.chance.randrange(8))]) + body[place + 1 :]
            writer.write(head + body)
            await writer.drain()


def parted(piece: bytes) -> tuple[bytes, bytes]:
    """The end of the headers, where they begin here, and what follows them."""
    if piece.startswith(b"HTTP/1.") and HEAD_END in piece:
        head, _, body = piece.partition(HEAD_END)
        return head + HEAD_END, body
    return b"", piece
