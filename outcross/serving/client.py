"""Asking a model many things at once: a pool of workers that retries, and yields answers as they arrive."""

import asyncio
import json
import math
import random
import time
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing
from dataclasses import asdict
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp

from outcross.errors import ServerUnavailable
from outcross.serving.chats import RAW_CHARACTERS, Answer, Chat, Failure, Message
from outcross.serving.completions import CHAT
from outcross.serving.endpoint import PROBE_TIMEOUT, Endpoint
from outcross.serving.wire import Q, Said, Trouble, Wire

__all__ = ["Answer", "Chat", "Failure", "Message", "ask", "complete", "offers"]

ATTEMPTS = 4
TIMEOUT = 600.0
"""Seconds for one request; a small model on a busy CPU needs minutes for a long answer."""
CONNECT_TIMEOUT = 5.0
BACKOFF = 0.5
"""Seconds before the second attempt, doubled for each one after, times a random factor of 0.5 to 1.5."""
LONGEST_WAIT = 60.0
"""Seconds that a server's `Retry-After` is honoured for at most."""

TURNED_AWAY = {HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""What a server says of the caller or of the model, and never of one request."""

WORTH_RETRYING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
BUSY = WORTH_RETRYING | {HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}


async def complete(endpoint: Endpoint, chats: Iterable[Chat]) -> AsyncGenerator[Answer | Failure, None]:
    """Ask for the completion of chats; see `ask`."""
    async with aclosing(ask(endpoint, chats, CHAT)) as outcomes:
        async for outcome in outcomes:
            yield outcome


async def ask(endpoint: Endpoint, questions: Iterable[Q], wire: Wire[Q]) -> AsyncGenerator[Answer | Failure, None]:
    """Ask everything, `endpoint.concurrency` at a time, and yield each outcome when it is there, in no fixed order.

    Every question that is read gives exactly one `Answer` or `Failure`, unless the server goes away. Overload (429,
    408), server errors, broken connections, timeouts and unreadable answers are tried again at once by the worker
    that met them, `ATTEMPTS` times in all; other statuses are refusals and aren't. `questions` is read lazily, by as
    many as there are workers. Leaving the loop early drops what is in flight: do so under `contextlib.aclosing`.

    Raises:
        ServerUnavailable: after yielding all that is known, because the server stopped answering or turned the key
            down. Those without an outcome may be asked again later; none of them failed for its own sake.
    """
    outcomes: asyncio.Queue[Answer | Failure | None] = asyncio.Queue()
    line = iter(questions)
    async with _session(endpoint) as session:

        async def work() -> None:
            for question in line:
                outcomes.put_nowait(await _ask(session, endpoint, question, wire))

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


class Client:
    """One model's server."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint

    async def __aenter__(self) -> "Client":
        self._session = _session(self._endpoint)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def ask(self, question: Chat) -> Answer | Failure:
        return await _ask(self._session, self._endpoint, question, CHAT)


async def _stop(tasks: Iterable[asyncio.Future[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _session(endpoint: Endpoint) -> aiohttp.ClientSession:
    headers = {"Content-Type": "application/json"}
    if endpoint.api_key is not None:
        headers["Authorization"] = f"Bearer {endpoint.api_key.get_secret_value()}"
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=endpoint.concurrency),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers=headers,
        timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT_TIMEOUT),
    )


async def offers(endpoint: Endpoint, question: Q, wire: Wire[Q]) -> bool:
    """Whether a server answers a question of a kind in a form that can be read.

    The server's own errors and garbled answers are met with `ATTEMPTS` attempts; all others are taken at their word.

    Raises:
        ServerUnavailable: it doesn't answer at all, turns the key down, or is too busy to say.
    """
    body = _encoded(endpoint, question, wire)
    async with _session(endpoint) as session:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                response, content = await _post(session, endpoint, wire.path, body)
                if response.status == HTTPStatus.OK:
                    return bool(wire.read(content))
                if response.status not in BUSY | {HTTPStatus.INTERNAL_SERVER_ERROR}:
                    break
            except Trouble as trouble:
                if trouble.silent:
                    raise _gone(endpoint, trouble.reason) from None
                if trouble.final:
                    return False
            await asyncio.sleep(_pause(attempt, None))
    if response.status == HTTPStatus.UNAUTHORIZED or response.status in BUSY:
        raise _gone(endpoint, f"it answers with status {response.status}")
    return False


async def _ask(session: aiohttp.ClientSession, endpoint: Endpoint, question: Q, wire: Wire[Q]) -> Answer | Failure:
    """Try until there is an answer, a refusal, or no attempt left.

    A question that only ever met silence isn't blamed for it if the server gives no sign of life either.
    """
    body = _encoded(endpoint, question, wire)
    attempt = 1
    while True:
        try:
            started = time.monotonic()
            said = await _attempt(session, endpoint, wire, body)
            return Answer(key=question.key, seconds=time.monotonic() - started, attempts=attempt, **asdict(said))
        except Trouble as trouble:
            if trouble.final or attempt == ATTEMPTS:
                if trouble.silent and not await _alive(session, endpoint):
                    raise _gone(endpoint, trouble.reason) from None
                return Failure(
                    key=question.key, reason=trouble.reason, attempts=attempt, final=trouble.final, raw=trouble.raw
                )
            await asyncio.sleep(_pause(attempt, trouble.wait))
        attempt += 1


async def _attempt(session: aiohttp.ClientSession, endpoint: Endpoint, wire: Wire[Q], body: bytes) -> Said:
    response, content = await _post(session, endpoint, wire.path, body)
    raw = _excerpt(content, endpoint)
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise _gone(endpoint, "it turned the key down; put a valid one in OUTCROSS_API_KEY")
    if response.status in TURNED_AWAY:
        raise _gone(endpoint, f"it answers with status {response.status}")
    if response.status != HTTPStatus.OK:
        raise Trouble(
            f"The server answered with status {response.status}.",
            final=response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in WORTH_RETRYING,
            wait=_retry_after(response.headers.get("Retry-After")),
            raw=raw,
        )
    try:
        return wire.read(content)
    except Trouble as trouble:
        trouble.raw = raw
        raise


async def _post(
    session: aiohttp.ClientSession, endpoint: Endpoint, path: str, body: bytes
) -> tuple[aiohttp.ClientResponse, bytes]:
    address = endpoint.base_url.removesuffix("/v1") + path
    try:
        async with session.post(address, data=body, allow_redirects=False) as response:
            return response, await response.read()
    except TimeoutError:
        raise Trouble(f"No answer came within {TIMEOUT:g} s.", silent=True) from None
    except (aiohttp.ClientError, OSError) as error:
        raise Trouble(f"The connection failed: {error or type(error).__name__}.", silent=True) from None


def _encoded(endpoint: Endpoint, question: Q, wire: Wire[Q]) -> bytes:
    return json.dumps(wire.body(endpoint.model, question)).encode()


def _excerpt(content: bytes, endpoint: Endpoint) -> str:
    """The start of a body as text, without the key, which some servers repeat in their errors."""
    text = content[: 4 * RAW_CHARACTERS].decode(errors="replace")
    if endpoint.api_key is not None and (secret := endpoint.api_key.get_secret_value()):
        text = text.replace(secret, "…")
    return text[:RAW_CHARACTERS]


def _pause(attempt: int, asked: float | None) -> float:
    """Seconds until the next attempt, with chance in it so that the workers don't return as one."""
    chance = random.uniform(0.5, 1.5)  # noqa: S311
    return BACKOFF * 2 ** (attempt - 1) * chance if asked is None else asked + BACKOFF * chance


def _retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a number or an HTTP date; None where the server doesn't say or makes no sense."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


async def _alive(session: aiohttp.ClientSession, endpoint: Endpoint) -> bool:
    patience = aiohttp.ClientTimeout(total=PROBE_TIMEOUT)
    try:
        async with session.get(f"{endpoint.base_url}/models", timeout=patience, allow_redirects=False):
            return True
    except (aiohttp.ClientError, OSError):
        return False


def _gone(endpoint: Endpoint, why: str) -> ServerUnavailable:
    return ServerUnavailable(
        f"The server at {endpoint.base_url} stopped answering ({why.rstrip('.')}). Set that right and run the same "
        "again: what was answered is kept."
    )
