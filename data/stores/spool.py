"""The spool: what a run of drafting got, on the disk at once and in the warehouse a moment later.

An answer was paid for when it arrived, and opening the warehouse for each takes a tenth of a second. So each entry is
appended to a file first, which costs microseconds and outlives the process; files are taken into the warehouse whole
and deleted after. A file that a killed run left is taken in by the next one, and a second time adds nothing.
"""

import os
import threading
from collections.abc import Iterator
from functools import partial
from io import FileIO
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Entry, Miss, Turn
from outcross.errors import StoreError

SUFFIX = ".jsonl"
DIGITS = 8
TAGS: Final[dict[str, type[Entry]]] = {"draft": Draft, "miss": Miss, "turn": Turn}
NAMES = {kind: tag for tag, kind in TAGS.items()}


class Spool:
    """Entries of one recipe on their way into the warehouse. One process at a time may hold it.

    `put` is for one thread, `flush` for one that may be another. Nothing is synchronised with the disk: what the
    operating system loses with the machine's power is at most what a second brought.
    """

    def __init__(self, home: Home, recipe: str) -> None:
        self._home, self._recipe = home, recipe
        self._folder = home.spool / recipe
        self._lock = threading.Lock()
        self._number = max((int(path.stem) for path in self._files()), default=0)
        self._file: FileIO | None = None

    def put(self, entry: Entry) -> None:
        """Keep an entry: once this returns, a killed process has it still.

        Raises:
            StoreError: the disk refuses; what it took before stays whole.
        """
        line = f"{NAMES[type(entry)]}\t{entry.model_dump_json()}\n".encode()
        try:
            with self._lock:
                self._file = self._file or self._next()
                _append(self._file, line)
        except OSError as error:
            raise StoreError(
                f"{self._folder} can't be written ({error.strerror}). Make room and run the same again: all answers "
                "before are kept."
            ) from error

    def _next(self) -> FileIO:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._number += 1
        path = self._folder / f"{self._number:0{DIGITS}d}{SUFFIX}"
        return open(path, "xb", buffering=0, opener=partial(os.open, mode=0o600))  # `flush` closes it

    def flush(self) -> int:
        """Take in what was put so far, and before it what an interrupted run left; return how many entries that was.

        Raises:
            StoreError: the warehouse can't be opened or can't grow, or a file holds what no run of ours wrote. The
                files stay for the next time.
        """
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
            closed = self._files()
        return sum(self._take(path) for path in closed)

    def _take(self, path: Path) -> int:
        entries = list(_read(path))
        try:
            journal.write(self._home, self._recipe, entries)
        except StoreError as error:
            raise type(error)(f"{error} The answers are kept in {self._folder} until then.") from error
        except (duckdb.Error, pa.ArrowException) as error:
            raise StoreError(
                f"the warehouse doesn't take what {path} holds ({str(error).splitlines()[0]}). Move the file out of "
                "the folder to go on without it."
            ) from error
        path.unlink()
        return len(entries)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("[0-9]" * DIGITS + SUFFIX))


def _append(file: FileIO, line: bytes) -> None:
    written = 0
    try:
        while written < len(line):
            written += file.write(line[written:])
    except OSError:
        file.seek(-written, os.SEEK_CUR)
        file.truncate()  # half a line would spoil the next one
        raise


def _read(path: Path) -> Iterator[Entry]:
    """The entries of a file. Of a line that was cut off with the process, nothing had been said to anybody."""
    *whole, _cut = path.read_bytes().split(b"\n")
    for number, line in enumerate(whole, start=1):
        tag, _, body = line.partition(b"\t")
        try:
            yield TAGS[tag.decode()].model_validate_json(body)
        except (KeyError, ValueError) as error:
            raise StoreError(
                f"{path}, line {number}, is no entry of a drafting run ({str(error).splitlines()[0]}). Move the file "
                "out of the folder to go on without what it holds."
            ) from error
