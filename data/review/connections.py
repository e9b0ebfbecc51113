"""Connections to one SQLite file that are kept between calls: opening one costs more than most calls do."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Key = tuple[int, int, int]
"""A process, and which file lies at the path: nothing is written through a connection from before a fork, or to a file
that was taken away."""


class Connections:
    """A pool for any number of threads; each gets one to itself for the length of a block."""

    def __init__(self, path: Path, mode: str, timeout: float) -> None:
        """Open nothing yet.

        Args:
            mode: `ro` or `rw`; neither makes a file.
            timeout: seconds that a statement waits for others.
        """
        self._path = path
        self._mode = mode
        self._timeout = timeout
        self._idle: dict[Key, list[sqlite3.Connection]] = {}

    def __reduce__(self) -> tuple[type["Connections"], tuple[Path, str, float]]:
        return Connections, (self._path, self._mode, self._timeout)

    def __del__(self) -> None:
        """Close what is idle at once: a connection holds itself, so that it would wait for the collector of cycles."""
        for (process, *_), idle in self._idle.items():
            for connection in idle if process == os.getpid() else ():
                connection.close()

    @contextmanager
    def one(self) -> Iterator[sqlite3.Connection]:
        """A connection in autocommit mode; after an error it is closed, which undoes what it had begun.

        Raises:
            sqlite3.Error: the file is missing, or is no database.
        """
        idle = self._idle.setdefault(self._key(), [])
        try:
            connection = idle.pop()
        except IndexError:
            connection = opened(self._path, self._mode, self._timeout)
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        idle.append(connection)

    def _key(self) -> Key:
        with suppress(OSError):
            found = self._path.stat()
            return (os.getpid(), found.st_dev, found.st_ino)
        return (os.getpid(), 0, 0)


def opened(path: Path, mode: str, timeout: float) -> sqlite3.Connection:
    """A new connection, set up as all are; `casefold` is Python's, because SQLite's own `lower` knows ASCII only."""
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(address, uri=True, isolation_level=None, timeout=timeout, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        connection.create_function("casefold", 1, str.casefold, deterministic=True)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection
