"""Asking a model many things at once: as many as its server can take, each until there is an answer or a reason."""

import asyncio
import random
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Self, overload

from pydantic_core import to_json

from outcross.serving.asking.connection import Connection
from outcross.serving.asking.exchange import BUSY, OVERLOADED, exchange
from outcross.serving.asking.load import Load
from outcross.serving.asking.room import Room
from outcross.serving.asking.vigil import Vigil
from outcross.serving.asking.watch import Tally, watch
from outcross.serving.chats import Answer, Chat, Failure, Message
from outcross.serving.endpoint import Endpoint
from outcross.serving.wires.completions import CHAT
from outcross.serving.wires.wire import Q, Trouble, Wire

__all__ = ["Answer", "Chat", "Client", "Failure", "Message", "Tally", "ask", "complete", "offers"]

ATTEMPTS = 4
BACKOFF = 0.5
"""Seconds before the second attempt, doubled for each one after, times a random factor of 0.5 to 1.5."""
PATIENCE = 180.0
"""Seconds that a server which has answered is waited for: a large model takes minutes to load."""
DEATHS = 3
"""Of the server while it had the same question, which may be what kills it: it isn't asked again."""


class Client:
    """One model's server, asked by any number of callers at once through one pool of connections.

    How many requests are in flight follows from what the server shows (see `outcross.serving.asking.load`), up to
    `endpoint.concurrency`; callers beyond stand in line, in order. A server that dies, or whose engine did, is waited
    for by all of them together, `patience` seconds at most, and what it owed is asked again without using up an
    attempt; where neither the caller nor the endpoint says how many, `PATIENCE` once it has answered, and none before.
    """

    def __init__(self, endpoint: Endpoint, patience: float | None = None) -> None:
        self.tally = Tally()
        self._endpoint = endpoint
        self._patience = endpoint.patience if patience is None else patience
        self._connection = Connection(endpoint)
        self._load = Load(endpoint.concurrency)
        self._room = Room(self._load)
        self._vigil = Vigil(self._connection, self._load, self._room)

    @property
    def limit(self) -> int:
        """Requests that may be in flight now."""
        return self._load.limit

    async def __aenter__(self) -> Self:
        await self._connection.__aenter__()
        self._watch = asyncio.create_task(
            watch(self._connection, self._endpoint.model, self._load, self._room, self.tally)
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await _stop([self._watch])
        await self._vigil.end()
        await self._connection.__aexit__()

    @overload
    async def ask(self, question: Chat) -> Answer | Failure: ...
    @overload
    async def ask(self, question: Q, wire: Wire[Q]) -> Answer | Failure: ...
    async def ask(self, question: Any, wire: Wire[Any] = CHAT) -> Answer | Failure:
        """Ask one thing and try until there is an answer, a refusal, or no attempt left.

        Overload (429, 503, 504), server errors, broken connections, timeouts and answers that can't be read are tried
        again, `ATTEMPTS` times in all; other statuses are refusals and aren't. A question during which the server died
        `DEATHS` times is given up.

        Raises:
            ServerUnavailable: the server stays away for longer than the patience, or turned the key or the model down.
                The question isn't to blame and may be asked again later.
        """
        self.tally.asked += 1
        body = to_json(wire.body(self._endpoint.model, question))
        tried, sent, deaths = 0, 0, 0
        while True:
            try:
                return await self._attempt(question.key, wire, body, sent)
            except Trouble as trouble:
                fault = trouble
            sent += 1
            if self._patient() and await self._vigil.dead(fault):
                deaths += not fault.unsent
                if deaths < DEATHS:
                    await self._vigil.wait(self._patient(), fault.reason)
                    continue
                fault = Trouble(f"The server died {deaths} times while it had this request.", raw=fault.raw)
            elif not fault.final and (tried := tried + 1) < ATTEMPTS:
                await asyncio.sleep(_pause(tried, fault.wait))
                continue
            elif fault.silent and not await self._vigil.alive():
                raise self._connection.gone(fault.reason)
            return Failure(key=question.key, reason=fault.reason, attempts=sent, final=fault.final, raw=fault.raw)

    async def _attempt(self, key: str, wire: Wire[Q], body: bytes, before: int) -> Answer:
        clock = asyncio.get_running_loop().time
        came = clock()
        await self._room.enter(first=before > 0)
        sent = clock()
        self.tally.waited += sent - came
        self.tally.attempts += 1
        self.tally.peak = self._room.peak
        try:
            said = await exchange(self._connection, wire, body)
            self._load.answered(clock(), sent, self._room.flying)
        except Trouble as trouble:
            if trouble.status in OVERLOADED:
                self._load.refused(clock(), sent, self._room.flying, trouble.wait or 0.0)
                asyncio.get_running_loop().call_at(self._load.resumes, self._room.admit)
            raise
        finally:
            self._room.leave()
        self.tally.answered += 1
        self.tally.tokens_in += said.tokens_in
        self.tally.tokens_out += said.tokens_out
        return Answer(
            key=key,
            text=said.text,
            tokens_in=said.tokens_in,
            tokens_out=said.tokens_out,
            mean_logprob=said.mean_logprob,
            finish_reason=said.finish_reason,
            seconds=clock() - sent,
            attempts=before + 1,
        )

    def _patient(self) -> float:
        if self._patience is not None:
            return self._patience
        return PATIENCE if self.tally.answered else 0.0


async def complete(
    endpoint: Endpoint, chats: Iterable[Chat], patience: float = 0.0
) -> AsyncGenerator[Answer | Failure, None]:
    """Ask for the completion of chats; see `ask`."""
    async with aclosing(ask(endpoint, chats, CHAT, patience)) as outcomes:
        async for outcome in outcomes:
            yield outcome


async def ask(
    endpoint: Endpoint, questions: Iterable[Q], wire: Wire[Q], patience: float = 0.0
) -> AsyncGenerator[Answer | Failure, None]:
    """Ask everything, up to `endpoint.concurrency` at a time, and yield each outcome when it is there, in any order.

    Every question that is read gives exactly one `Answer` or `Failure`, unless the server goes away; see `Client.ask`.
    `questions` is read lazily, by as many as may be in flight. Leaving the loop early drops what is in flight: do so
    under `contextlib.aclosing`.

    Raises:
        ServerUnavailable: after yielding all that is known, because the server stopped answering, for longer than the
            patience in seconds, or turned the key down. Those without an outcome may be asked again later; none of
            them failed for its own sake.
    """
    outcomes: asyncio.Queue[Answer | Failure | None] = asyncio.Queue()
    line = iter(questions)
    async with Client(endpoint, patience) as client:

        async def work() -> None:
            for question in line:
                outcomes.put_nowait(await client.ask(question, wire))

        workers = [asyncio.create_task(work()) for _ in range(endpoint.concurrency)]
        crew = asyncio.gather(*workers)
        crew.add_done_callback(lambda _: outcomes.put_nowait(None))
        try:
            while (outcome := await outcomes.get()) is not None:
                yield outcome
            await _stop(workers)
            while not outcomes.empty():
                if (outcome := outcomes.get_nowait()) is not None:
                    yield outcome
            await crew
        finally:
            await _stop([crew, *workers])


async def offers(endpoint: Endpoint, question: Q, wire: Wire[Q]) -> bool:
    """Whether a server answers a question of a kind in a form that can be read.

    The server's own errors and garbled answers are met with `ATTEMPTS` attempts; all others are taken at their word.

    Raises:
        ServerUnavailable: it doesn't answer at all, turns the key down, or is too busy to say.
    """
    body = to_json(wire.body(endpoint.model, question))
    async with Connection(endpoint) as connection:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                reply = await connection.post(wire.path, body)
                if reply.status == HTTPStatus.OK:
                    return bool(wire.read(reply.content))
                if reply.status not in BUSY | {HTTPStatus.INTERNAL_SERVER_ERROR}:
                    break
            except Trouble as trouble:
                if trouble.silent:
                    raise connection.gone(trouble.reason) from None
                if trouble.final:
                    return False
            await asyncio.sleep(_pause(attempt, None))
    if reply.status == HTTPStatus.UNAUTHORIZED or reply.status in BUSY:
        raise connection.gone(f"it answers with status {reply.status}")
    return False


def _pause(attempt: int, asked: float | None) -> float:
    """Seconds until the next attempt, with chance in it so that the callers don't return as one."""
    chance = random.uniform(0.5, 1.5)  # noqa: S311
    return BACKOFF * 2 ** (attempt - 1) * chance if asked is None else asked + BACKOFF * chance


async def _stop(tasks: Iterable[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
