"""The SQLite file of the review queue, and the one way to use it: short transactions on connections of their own."""

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Self

from outcross.data.review import rulings
from outcross.data.review.connections import Connections
from outcross.data.stores.lease import lock
from outcross.data.stores.migrate import migrate_sqlite
from outcross.errors import StoreBusy, StoreError

TURNS: dict[tuple[int, Path], threading.Lock] = {}
"""One lock a file and process. Threads take turns at it, because SQLite's own waiting is fair to nobody: it sleeps for
up to 0.1 s and tries again. The process is part of the key, so that a fork inherits no lock that nobody will open."""

BUSY = 30.0
"""Seconds that a transaction waits for others; each lasts milliseconds."""


class ReviewFile:
    """The file that queue, accounts and management share.

    Each call is one transaction on a connection that no other call has meanwhile, so that an instance may be shared
    by threads, pickled, or carried across a fork, and a process killed at any moment leaves no half of a call behind.
    Any call raises `StoreBusy` where others held the file for `BUSY` seconds, and `StoreError` where the
    file can't be used.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time, read_only: bool = False) -> None:
        """Open the file, creating it and bringing it up to date where needed.

        Args:
            path: the SQLite file, in a folder that exists.
            now: seconds since the epoch; tests move it.
            read_only: only look, at a file that is left as it is; what doesn't suit a call is said by that call.

        Raises:
            StoreError: the file isn't a queue that this version opens.
        """
        self.path = Path(path)
        self._now = now
        self._mode = "ro" if read_only else "rw"
        self._connections = Connections(self.path, self._mode, BUSY)
        if read_only:
            return
        if not self.path.exists():
            self._make()
        # SQLite doesn't wait when two processes switch a new file to WAL at once, so they take turns.
        with lock(self.path), self._connected() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            migrate_sqlite(connection, "queue")

    @classmethod
    def beside(cls, file: "ReviewFile") -> Self:
        """Another side of the same file, by the same clock."""
        return cls(file.path, now=file._now)

    def _make(self) -> None:
        """Begin the file for this user's eyes alone: it holds what lets people in."""
        try:
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError as error:
            raise StoreError(f"{self.path} can't be made: {error.strerror}.") from error

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._connections.one() as connection:
                yield connection
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a defect of ours, not of the file
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreBusy(
                    f"{self.path} stayed in use for {BUSY:g} s. Each call holds it for moments only, so look for a "
                    f"stuck process with `fuser -v {self.path}`."
                ) from error
            raise StoreError(f"{self.path} can't be used as a review queue: {error}.") from error

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        turn = TURNS.setdefault((os.getpid(), self.path.absolute()), threading.Lock())
        with nullcontext() if begin == "BEGIN" else turn, self._connected() as connection:
            connection.execute(begin)
            yield connection
            connection.execute("COMMIT")  # not reached after an error: closing the connection undoes it all

    def _snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """Several reads of one and the same state."""
        return self._transaction("BEGIN")

    @contextmanager
    def _ripened(self) -> Iterator[sqlite3.Connection]:
        """One state to read, in which all is committed that can be taken back no longer; reading holds nobody up."""
        if self._mode != "ro":
            with self._transaction() as connection:
                rulings.ripen(connection, self._now())
        with self._snapshot() as connection:
            yield connection
