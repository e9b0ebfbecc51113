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


@contextmanager
def lock(path: Path, *, shared: bool = False, wait: float | None = None) -> Iterator[None]:
    """Hold an advisory lock on the file beside `path` (`<path>.lock`), which `kill -9` releases.

    Args:
        path: what is protected; only its sidecar is opened.
        shared: admit other shared holders.
        wait: seconds until giving up; `WAIT` where None.

    Raises:
        StoreBusy: somebody else held it all that time.
    """
    wait = WAIT if wait is None else wait
    sidecar = path.with_name(path.name + ".lock")
    mode = (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB
    deadline = time.monotonic() + wait
    handle = os.open(sidecar, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
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


@contextmanager
def lease(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a DuckDB file for a moment; the lock stands from before connecting until after closing.

    Without it, processes that open and close one file at the same time lose committed rows. A lease
    that writes is one transaction: it commits at the end, and an exception undoes all of it.

    Raises:
        StoreBusy: the file stayed in use.
        StoreError: the file is missing where only read, or isn't a database that this version opens.
    """
    if read_only and not path.exists():
        raise StoreError(f"{path} doesn't exist yet. Run `outcross ingest` first.")
    with lock(path, shared=read_only):
        try:
            connection = duckdb.connect(str(path), read_only=read_only)
        except duckdb.Error as error:
            raise StoreError(f"{path} can't be opened: {error}") from error
        with connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")
