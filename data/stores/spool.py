"""The spool: what a run of drafting got, on the disk at once and in the warehouse a moment later.

An answer was paid for when it arrived, and opening the warehouse for each takes a tenth of a second. So each entry is
appended to a file first, which costs microseconds and outlives the process; files are taken into the warehouse whole
and deleted after. A file that a killed run left is taken in by the next one, and a second time adds nothing.
"""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Entry, Miss, Turn
from outcross.errors import StoreError

SUFFIX = ".jsonl"
TAGS: Final[dict[str, type[Entry]]] = {"draft": Draft, "miss": Miss, "turn": Turn}
NAMES = {kind: tag for tag, kind in TAGS.items()}


class Spool:
    """Entries of one recipe on their way into the warehouse. One process at a time may hold it.

    `put` is for one thread, `flush` may be called from another. Nothing is synchronised with the disk: what the
    operating system loses with the machine's power is at most what a second brought.
    """

    def __init__(self, home: Home, recipe: str) -> None:
        self._home, self._recipe = home, recipe
        self._folder = home.spool / recipe
        self._folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        self._entries: list[Entry] = []
        self._number = max((int(path.stem) for path in self._files()), default=0)
        self._file: int | None = None
        self._size = 0

    def put(self, entry: Entry) -> None:
        """Keep an entry: once this returns, a killed process has it still.

        Raises:
            StoreError: the disk refuses; what it took before stays whole.
        """
        line = f"{NAMES[type(entry)]}\t{entry.model_dump_json()}\n".encode()
        with self._lock:
            self._append(line)
            self._entries.append(entry)

    def _append(self, line: bytes) -> None:
        if self._file is None:
            self._number += 1
            path = self._folder / f"{self._number:08d}{SUFFIX}"
            self._file, self._size = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600), 0
        try:
            rest = memoryview(line)
            while rest:
                rest = rest[os.write(self._file, rest) :]
        except OSError as error:
            os.ftruncate(self._file, self._size)  # half a line would spoil the next one
            raise StoreError(
                f"{self._folder} can't be written ({error.strerror}). Make room and run the same again: all answers "
                "before are kept."
            ) from error
        self._size += len(line)

    def flush(self) -> None:
        """Take everything that was put so far into the warehouse.

        Raises:
            StoreError, StoreBusy: it can't be opened; the file stays for `recover`.
        """
        with self._lock:
            entries, self._entries = self._entries, []
            file, self._file = self._file, None
            path = self._folder / f"{self._number:08d}{SUFFIX}"
        if file is not None:
            os.close(file)
            journal.write(self._home, self._recipe, entries)
            path.unlink()

    def recover(self) -> int:
        """Take in what an interrupted run left; return how many entries that was.

        Raises:
            StoreError: a file holds what no run of ours wrote.
        """
        count = 0
        for path in self._files():
            entries = list(_read(path))
            journal.write(self._home, self._recipe, entries)
            path.unlink()
            count += len(entries)
        return count

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"*{SUFFIX}"))


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
