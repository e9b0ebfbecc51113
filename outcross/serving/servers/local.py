"""Servers that run on this machine: what `outcross serve` writes down of each, and whoever connects may look up."""

import contextlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from pydantic import Field, SecretStr, ValidationError

from outcross.data.samples import Digest, Record
from outcross.data.stores.home import Home


class LocalServer(Record):
    """A server that runs here, and whose weights are known."""

    base_url: str = Field(pattern=r"^http://127\.0\.0\.1:\d+/v1$")
    model: str = Field(min_length=1)
    weights_digest: Digest | None = None
    """None where the server found the weights by itself."""
    unpacked_from: Digest | None = None
    """SHA-256 of the file of which the weights are another form; None where they are their makers' own."""
    pid: int
    """The process that keeps it."""
    api_key: SecretStr | None = Field(default=None, exclude=True, repr=False)
    """Made for this run, so a file beside the note may hold it; None where its owner has chosen one."""


def folder(home: Home) -> Path:
    """Where notes, keys and logs of servers lie, by port."""
    return home.root / "servers"


def key_file(home: Home, base_url: str) -> Path:
    """Where the key lies that was made for a run of a server."""
    return folder(home) / f"{urlsplit(base_url).port}.key"


@contextmanager
def announced(home: Home, server: LocalServer) -> Iterator[None]:
    """Leave a note of a server for as long as the block runs; only its owner can read it, and the key beside it."""
    note = _note(home, server.base_url)
    key = key_file(home, server.base_url)
    note.parent.mkdir(parents=True, exist_ok=True)
    try:
        if server.api_key is not None:
            _write(key, server.api_key.get_secret_value())
        _write(note, server.model_dump_json())
        yield
    finally:
        note.unlink(missing_ok=True)
        key.unlink(missing_ok=True)


def find(home: Home, base_url: str) -> LocalServer | None:
    """What was written down of the server at an address; None for nothing, or if its keeper is gone."""
    with contextlib.suppress(OSError, ValueError, ValidationError):
        server = LocalServer.model_validate_json(_note(home, base_url).read_bytes())
        if server.base_url == base_url and psutil.pid_exists(server.pid):
            return server.model_copy(update={"api_key": _key(home, base_url)})
    return None


def _note(home: Home, base_url: str) -> Path:
    return folder(home) / f"{urlsplit(base_url).port}.json"


def _key(home: Home, base_url: str) -> SecretStr | None:
    with contextlib.suppress(OSError):
        return SecretStr(key_file(home, base_url).read_text())
    return None


def _write(path: Path, text: str) -> None:
    """Put a file in place whole, and never readable by others."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.touch(mode=0o600)
    fresh.write_text(text)
    fresh.rename(path)
