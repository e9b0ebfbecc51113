"""One question sent, and what came back read: what a server says by its status, and what by its body."""

from http import HTTPStatus

from outcross.serving.asking.connection import Connection
from outcross.serving.wires.wire import Q, Said, Trouble, Wire

TURNED_AWAY = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
"""What a server says of the caller or of the model, and never of one request."""
OVERLOADED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT}
WORTH_RETRYING = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
BUSY = WORTH_RETRYING | OVERLOADED | {HTTPStatus.BAD_GATEWAY}


async def exchange(connection: Connection, wire: Wire[Q], body: bytes) -> Said:
    """Send a question as bytes and read the answer.

    Raises:
        Trouble: there is none, because of this question, or for the moment.
        ServerUnavailable: the server turns the key, the model or the caller down; no question is to blame.
    """
    status, content, wait = await connection.post(wire.path, body)
    if status == HTTPStatus.UNAUTHORIZED:
        raise connection.gone("it turned the key down; put a valid one in OUTCROSS_API_KEY")
    if status in TURNED_AWAY:
        raise connection.gone(f"it answers with status {status}")
    if status != HTTPStatus.OK:
        raise Trouble(
            f"The server answered with status {status}.",
            final=status < HTTPStatus.INTERNAL_SERVER_ERROR and status not in WORTH_RETRYING,
            status=status,
            wait=wait,
            raw=connection.excerpt(content),
        )
    try:
        return wire.read(content)
    except Trouble as trouble:
        trouble.raw = connection.excerpt(content)
        raise
