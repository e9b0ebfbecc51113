"""Results of long work: kept under names that say what they were made from, and written whole or not at all."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from hashlib import blake2s
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from outcross import mixture


def named(said: Mapping[str, Any]) -> str:
    """A short name for what a result was made from, any JSON: 12 hexadecimal digits."""
    return blake2s(json.dumps(said, sort_keys=True).encode(), digest_size=6).hexdigest()


def stamp(path: Path) -> tuple[int, int]:
    """What changes with a file; nothing where there is none."""
    if not path.exists():
        return 0, 0
    stat = path.stat()
    return stat.st_mtime_ns, stat.st_size


@cache
def mixture_code() -> str:
    """A digest of the room of mixtures, so that no result of its models outlives the code that made it."""
    digest = blake2s(version("polars").encode() + version("numpy").encode())
    for path in sorted(Path(str(mixture.__file__)).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@contextmanager
def whole(place: Path) -> Iterator[Path]:
    """A path to write a file or a folder to, which stands at `place` once the block has ended well.

    Where another run of the same was faster, its result stays: it is the same one.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=place.parent, prefix=".", ignore_cleanup_errors=True) as scratch:
        made = Path(scratch) / place.name
        yield made
        try:
            made.rename(place)
        except OSError:
            if not place.exists():
                raise
