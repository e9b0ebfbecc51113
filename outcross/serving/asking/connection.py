"""One server over HTTP: a pool of connections that knows the key and tells it to nobody else."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NamedTuple, Self

import aiohttp
from yarl import URL

from outcross.errors import ServerUnavailable
from outcross.serving.chats import RAW_CHARACTERS
from outcross.serving.endpoint import PROBE_TIMEOUT, Endpoint
from outcross.serving.wires.wire import Trouble

TIMEOUT = 600.0
"""Seconds for one request; a small model on a busy CPU needs minutes for a long answer."""
CONNECT_TIMEOUT = 5.0
KEEP_ALIVE = 3.0
"""Seconds that an idle connection is kept: vLLM closes it after five, at times just when a request is on its way."""
MOST_BYTES = 64 * 2**20
"""Of an answer; the log-probabilities of a long prompt take a few MB."""
PROBE_BYTES = 2**20
LONGEST_WAIT = 60.0
"""Seconds that a server's `Retry-After` is honoured for at most."""


class Reply(NamedTuple):
    """What came back for a request."""

    status: int
    content: bytes
    wait: float | None = None
    """Seconds that the server asks to wait."""


class Connection:
    """Requests to one endpoint's server; its faults are raised as `Trouble`."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._root = endpoint.base_url.removesuffix("/v1")
        self._addresses: dict[str, URL] = {}

    async def __aenter__(self) -> Self:
        # Bodies aren't compressed, so that a small one can't become a huge one here.
        headers = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
        if self._endpoint.api_key is not None:
            headers["Authorization"] = f"Bearer {self._endpoint.api_key.get_secret_value()}"
        self._session = aiohttp.ClientSession(
            # Who may send is decided elsewhere: a probe must never wait for a connection.
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=headers,
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(total=TIMEOUT, sock_connect=CONNECT_TIMEOUT),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def post(self, path: str, body: bytes) -> Reply:
        """Send a body to a path after the server's root.

        Raises:
            Trouble: silent, because nothing whole came back in `TIMEOUT` seconds.
        """
        if (address := self._addresses.get(path)) is None:
            address = self._addresses[path] = URL(self._root + path)
        try:
            async with self._session.post(address, data=body, allow_redirects=False) as response:
                content = await _content(response, MOST_BYTES)
                return Reply(response.status, content, retry_after(response.headers.get("Retry-After")))
        except (aiohttp.ClientError, OSError) as error:
            raise _silence(error, TIMEOUT) from None

    async def get(self, path: str, most: int, timeout: float) -> Reply:
        """Read a page of at most so many bytes, in at most so many seconds.

        Raises:
            Trouble: it doesn't come, or there is more of it.
        """
        patience = aiohttp.ClientTimeout(total=timeout)
        try:
            async with self._session.get(self._root + path, timeout=patience, allow_redirects=False) as response:
                return Reply(response.status, await _content(response, most))
        except (aiohttp.ClientError, OSError) as error:
            raise _silence(error, timeout) from None

    async def alive(self) -> bool:
        """Whether the server says that it works: at `/health`, or by listing models where it has no such page."""
        try:
            status = (await self.get("/health", PROBE_BYTES, PROBE_TIMEOUT)).status
            if status not in range(200, 300) and status < HTTPStatus.INTERNAL_SERVER_ERROR:
                status = (await self.get("/v1/models", PROBE_BYTES, PROBE_TIMEOUT)).status
        except Trouble as trouble:
            return not trouble.silent
        return status < HTTPStatus.INTERNAL_SERVER_ERROR

    def excerpt(self, content: bytes) -> str:
        """The start of a body as text, without the key, which some servers repeat in their errors."""
        text = content[: 4 * RAW_CHARACTERS].decode(errors="replace")
        key = self._endpoint.api_key
        if key is not None and (secret := key.get_secret_value()):
            text = text.replace(secret, "…")
        return text[:RAW_CHARACTERS]

    def gone(self, why: str) -> ServerUnavailable:
        """What to raise when the server is given up, and why."""
        return ServerUnavailable(
            f"The server at {self._endpoint.base_url} stopped answering ({why.rstrip('.')}). Set that right and run "
            "the same again: what was answered is kept."
        )


def _silence(error: aiohttp.ClientError | OSError, timeout: float) -> Trouble:
    unsent = isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError)
    if isinstance(error, TimeoutError) and not unsent:
        return Trouble(f"No answer came within {timeout:g} s.", silent=True)
    return Trouble(f"The connection failed: {error or type(error).__name__}.", silent=True, unsent=unsent)


async def _content(response: aiohttp.ClientResponse, most: int) -> bytes:
    if response.content_length is not None and response.content_length <= most:
        return await response.read()
    content = bytearray()
    async for chunk in response.content.iter_any():
        content += chunk
        if len(content) > most:
            raise Trouble(f"What came back is longer than {most / 2**20:g} MiB.")
    return bytes(content)


def retry_after(header: str | None) -> float | None:
    """Seconds to wait, from a number or an HTTP date; None where the server doesn't say or makes no sense."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(header) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None
