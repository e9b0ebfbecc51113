"""Peers that benchmarks hold Outcross against: an environment for each under the cache, and scripts run in it."""

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

CACHE = Path.home() / ".cache/outcross-benchmarks"


class Peer(NamedTuple):
    """A package, and what its script needs of others."""

    package: str
    script: str
    others: tuple[str, ...]
    bare: tuple[str, ...] = ()
    """Installed without what they ask for, which would be many times as large and isn't imported here."""


class Missing(Exception):
    """A peer's environment couldn't be made."""


def python(peer: Peer, cache: Path) -> Path:
    """The interpreter of the peer's environment, which is made if it isn't there.

    Raises:
        Missing: a package can't be installed.
    """
    folder = cache / "peers" / peer.package
    made = folder / "bin/python"
    ready = folder / "ready"
    wanted = "\n".join((peer.package, *peer.others, *peer.bare))
    if ready.exists() and ready.read_text() == wanted:
        return made
    print(f"Installing {peer.package} in an environment of its own", end="", flush=True, file=sys.stderr)
    started = time.perf_counter()
    _do(sys.executable, "-m", "venv", "--clear", str(folder))
    install = (str(made), "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
    if peer.bare:
        _do(*install, "--no-deps", *peer.bare)
        _do(*install, *peer.others)
    else:
        _do(*install, peer.package, *peer.others)
    ready.write_text(wanted)
    size = sum(file.lstat().st_size for file in folder.rglob("*")) / 1e6
    print(f": {size:,.0f} MB in {time.perf_counter() - started:.0f} s", file=sys.stderr)
    return made


def _do(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise Missing(next(reversed(done.stderr.strip().splitlines()), "pip failed and said nothing"))


def call(interpreter: Path, script: Path, *arguments: str, path: Path) -> str:
    """The last line that a script prints, with one thread to each library.

    Args:
        interpreter: whose packages it has.
        script: the file.
        arguments: of the script.
        path: a folder whose modules it may import beside them.

    Raises:
        Missing: it failed.
    """
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "POLARS_MAX_THREADS", "RAYON_NUM_THREADS"), "1")
    done = subprocess.run(
        [str(interpreter), str(script), *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=dict(os.environ) | threads | {"PYTHONPATH": str(path)},
    )
    if done.returncode:
        raise Missing(next(reversed(done.stderr.strip().splitlines()), f"it ended with {done.returncode}"))
    return done.stdout.strip().splitlines()[-1]
