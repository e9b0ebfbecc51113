"""A lease on a DuckDB file: one writer or many readers, held for moments, safe across processes."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from outcross.errors import StoreBusy, StoreError

WAIT = 60.0
"""Seconds that a lease is waited for."""

DISK = (OSError, duckdb.OperationalError, duckdb.FatalException)
"""What a disk that refuses raises: it is full, broken, or not ours to write."""


@contextmanager
def lock(path: Path, *, shared: bool = False, wait: float | None = None) -> Iterator[None]:
    """Hold an advisory lock on the file beside `path` (`<path>.lock`), which `kill -9` releases.

    Args:
        path: what is protected; only its sidecar is opened. A shared lock doesn't need to write an existing one.
        shared: admit other shared holders.
        wait: seconds until giving up; `WAIT` where None.

    Raises:
        StoreBusy: somebody else held it all that time.
        StoreError: the sidecar can't be made or opened.
    """
    wait = WAIT if wait is None else wait
    sidecar = path.with_name(path.name + ".lock")
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = time.monotonic() + wait
    handle = _opened(sidecar, os.O_RDONLY if shared else os.O_RDWR)
    try:
        while True:
            try:
                fcntl.flock(handle, mode)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise StoreBusy(
                        f"{path} stayed in use for {wait:g} s. Flows hold it for moments only, so look for a stuck "
                        f"process with `fuser -v {sidecar}`."
                    ) from None
                time.sleep(0.01)
        yield
    finally:
        os.close(handle)


def _opened(sidecar: Path, access: int) -> int:
    try:
        return os.open(sidecar, access | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StoreError(
            f"{sidecar} can't be opened: {error.strerror}. Whoever uses a store must be able to lock it; make the "
            f"file readable, and its folder writable."
        ) from error


@contextmanager
def lease(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file for a moment; the lock stands from before connecting until after closing.

    Without it, processes that open and close one file at the same time lose committed rows. A lease
    that writes is one transaction: it commits at the end, and an exception undoes all of it.

    Raises:
        StoreBusy: the file stayed in use.
        StoreError: the file is missing where only read, isn't a database that this version opens, or the disk
            refused to read or write it.
    """
    if read_only and not path.exists():
        raise StoreError(f"{path} doesn't exist yet. Run `outcross ingest` first.")
    with lock(path, shared=read_only):
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            raise StoreError(f"{path} can't be opened: {error}") from error
        try:
            with connection:
                connection.execute("BEGIN")
                yield connection
                connection.execute("COMMIT")
        except DISK as error:
            raise StoreError(
                f"{path} can't be used, and nothing of this step was kept: {brief(error)}. Look at the disk's room "
                f"and at who may write there, and run it again."
            ) from error


def brief(error: BaseException) -> str:
    """What an error says in its first line, without the full stop and without the number of the system's."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    lines = str(error).splitlines() or [type(error).__name__]
    return lines[0].rstrip(". ")
