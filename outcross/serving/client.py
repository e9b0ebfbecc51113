"""Asking a model many things at once: a pool of workers that retries, and yields answers as they arrive."""

import asyncio
import json
import math
import random
import time
from collections.abc import AsyncGenerator, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from pydantic import BaseModel, Field, ValidationError

from outcross.errors import ServerUnavailable
from outcross.serving.chats import RAW_CHARACTERS, Answer, Chat, Failure, Message
from outcross.serving.endpoint import PROBE_TIMEOUT, Endpoint

__all__ = ["Answer", "Chat", "Failure", "Message", "complete"]

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


async def complete(endpoint: Endpoint, chats: Iterable[Chat]) -> AsyncGenerator[Answer | Failure, None]:
    """Ask everything, `endpoint.concurrency` at a time, and yield each outcome when it is there, in no fixed order.

    Every chat that is read gives exactly one `Answer` or `Failure`, unless the server goes away. Overload (429,
    408), server errors, broken connections, timeouts and unreadable answers are tried again at once by the worker
    that met them, `ATTEMPTS` times in all; other statuses are refusals and aren't. `chats` is read lazily, by as
    many as there are workers. Leaving the loop early drops what is in flight: do so under `contextlib.aclosing`.

    Raises:
        ServerUnavailable: after yielding all that is known, because the server stopped answering or turned the key
            down. The chats without an outcome may be asked again later; none of them failed for its own sake.
    """
    outcomes: asyncio.Queue[Answer | Failure | None] = asyncio.Queue()
    line = iter(chats)
    async with _session(endpoint) as session:

        async def work() -> None:
            for chat in line:
                outcomes.put_nowait(await _ask(session, endpoint, chat))

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


class _Trouble(Exception):
    """An attempt that brought no answer."""

    def __init__(
        self,
        reason: str,
        *,
        final: bool = False,
        silent: bool = False,
        wait: float | None = None,
        raw: str | None = None,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.final = final
        self.silent = silent
        """Nothing came back: the server itself may be gone."""
        self.wait = wait
        self.raw = raw


async def _ask(session: aiohttp.ClientSession, endpoint: Endpoint, chat: Chat) -> Answer | Failure:
    """Try until there is an answer, a refusal, or no attempt left.

    A chat that only ever met silence isn't blamed for it if the server gives no sign of life either.
    """
    body = _body(endpoint.model, chat)
    attempt = 1
    while True:
        try:
            return await _attempt(session, endpoint, chat.key, body, attempt)
        except _Trouble as trouble:
            if trouble.final or attempt == ATTEMPTS:
                if trouble.silent and not await _alive(session, endpoint):
                    raise _gone(endpoint, trouble.reason) from None
                return Failure(
                    key=chat.key, reason=trouble.reason, attempts=attempt, final=trouble.final, raw=trouble.raw
                )
            await asyncio.sleep(_pause(attempt, trouble.wait))
        attempt += 1


async def _attempt(session: aiohttp.ClientSession, endpoint: Endpoint, key: str, body: bytes, attempt: int) -> Answer:
    started = time.monotonic()
    try:
        async with session.post(f"{endpoint.base_url}/chat/completions", data=body, allow_redirects=False) as response:
            content = await response.read()
    except TimeoutError:
        raise _Trouble(f"No answer came within {TIMEOUT:g} s.", silent=True) from None
    except (aiohttp.ClientError, OSError) as error:
        raise _Trouble(f"The connection failed: {error or type(error).__name__}.", silent=True) from None
    raw = _excerpt(content, endpoint)
    if response.status == HTTPStatus.UNAUTHORIZED:
        raise _gone(endpoint, "it turned the key down; put a valid one in OUTCROSS_API_KEY")
    if response.status in TURNED_AWAY:
        raise _gone(endpoint, f"it answers with status {response.status}")
    if response.status != HTTPStatus.OK:
        raise _Trouble(
            f"The server answered with status {response.status}.",
            final=response.status < HTTPStatus.INTERNAL_SERVER_ERROR and response.status not in WORTH_RETRYING,
            wait=_retry_after(response.headers.get("Retry-After")),
            raw=raw,
        )
    return _answer(key, content, raw, attempt, time.monotonic() - started)


def _answer(key: str, content: bytes, raw: str, attempt: int, seconds: float) -> Answer:
    try:
        completion = _Completion.model_validate_json(content)
    except ValidationError:
        raise _Trouble("What came back isn't a chat completion in JSON.", raw=raw) from None
    choice = completion.choices[0]
    if choice.message.refusal is not None or choice.finish_reason == "content_filter":
        raise _Trouble("The model refused to answer.", final=True, raw=raw)
    tokens = [] if choice.logprobs is None else choice.logprobs.content or []
    logprobs = [token.logprob for token in tokens if token.logprob is not None and math.isfinite(token.logprob)]
    return Answer(
        key=key,
        text=choice.message.content or "",
        tokens_in=completion.usage.prompt_tokens if completion.usage else 0,
        tokens_out=completion.usage.completion_tokens if completion.usage else 0,
        mean_logprob=math.fsum(logprobs) / len(logprobs) if logprobs else None,
        finish_reason=choice.finish_reason,
        seconds=seconds,
        attempts=attempt,
    )


class _Said(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Token(BaseModel):
    logprob: float | None = None


class _Logprobs(BaseModel):
    content: list[_Token] | None = None


class _Choice(BaseModel):
    message: _Said
    logprobs: _Logprobs | None = None
    finish_reason: str | None = None


class _Usage(BaseModel):
    prompt_tokens: int = Field(default=0, ge=0)
    completion_tokens: int = Field(default=0, ge=0)


class _Completion(BaseModel):
    """The part of an answer's body that is used; the rest is ignored."""

    choices: list[_Choice] = Field(min_length=1)
    usage: _Usage | None = None


def _body(model: str, chat: Chat) -> bytes:
    body: dict[str, Any] = {
        "model": model,
        "messages": [message.model_dump() for message in chat.messages],
        "temperature": chat.temperature,
        "top_p": chat.top_p,
        "max_tokens": chat.max_tokens,
        "seed": chat.seed,
        "logprobs": True,
        "top_logprobs": 1,  # llama.cpp gives none at 0
    }
    if chat.schema is not None:
        named = {"name": "answer", "strict": True, "schema": chat.schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    return json.dumps(body).encode()


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
