"""Whether a server on this machine is well, as `/health` says it: vLLM and llama.cpp both have that address."""

from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

PATIENCE = 10.0
"""Seconds that it may take to say so. A busy server may take longer, which `TimeoutError` tells apart."""


def ailment(base_url: str) -> str | None:
    """What is wrong with the server at an address, as the end of a sentence; None where it is well.

    Raises:
        TimeoutError: it is there, and doesn't say.
    """
    address = urlsplit(base_url)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=PATIENCE)
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except TimeoutError:
        raise
    except (OSError, HTTPException) as error:
        return f"nothing answers at {address.netloc} ({error or type(error).__name__})"
    finally:
        connection.close()
    return None if status == HTTPStatus.OK else f"its engine is dead, as status {status} says"
