"""Releases: immutable, versioned, published whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import polars as pl

from outcross.data.samples import canonical
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lock
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened
from outcross.errors import ReleaseError

TABLE = "table.duckdb"
MANIFEST = "manifest.json"
PAGE = "evidence.html"
GATE = "gate.json"
_BUILDING = ".building-"


@dataclass(frozen=True)
class Release:
    """One published version."""

    name: str
    version: int
    folder: Path

    @property
    def table(self) -> Path:
        """The DuckDB file that training jobs read."""
        return self.folder / TABLE

    def manifest(self) -> dict[str, object]:
        """What the release says of itself.

        Raises:
            ReleaseError: the manifest is missing or is no JSON object.
        """
        try:
            found = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ReleaseError(f"{self.folder / MANIFEST} can't be read: {error}.") from error
        if not isinstance(found, dict):
            raise ReleaseError(f"{self.folder / MANIFEST} is no JSON object.")
        return found


def versions(home: Home, name: str) -> list[int]:
    """The published versions of a release, oldest first."""
    return sorted(int(path.name) for path in (home.releases / name).glob("[0-9]*") if path.name.isdigit())


def find(home: Home, name: str, version: int | None = None) -> Release:
    """A release by its version, the newest where None.

    Raises:
        ReleaseError: there is none; the text says which there are.
    """
    known = versions(home, name)
    if not known:
        others = sorted(path.name for path in home.releases.glob("*") if versions(home, path.name))
        have = f"It has: {', '.join(others)}." if others else "It has none yet; `outcross run` makes one."
        raise ReleaseError(f"{home.root} has no release `{name}`. {have} OUTCROSS_HOME chooses another home.")
    if version is not None and version not in known:
        raise ReleaseError(f"release `{name}` has no version {version}. It has {', '.join(map(str, known))}.")
    chosen = known[-1] if version is None else version
    return Release(name, chosen, home.releases / name / str(chosen))


def unchanged(home: Home, name: str, facts: Mapping[str, object]) -> Release | None:
    """The newest version, if its manifest says the same of all these facts; None otherwise."""
    if not versions(home, name):
        return None
    newest = find(home, name)
    before = newest.manifest()
    return newest if all(before.get(part) == value for part, value in facts.items()) else None


def publish(home: Home, name: str, build: Callable[[Path, int], Mapping[str, object]]) -> Release:
    """Let `build` fill a folder with a table and evidence, then publish it by one atomic rename.

    Readers see all of it or none. What an earlier, killed attempt left behind is cleared away.

    Args:
        build: given the folder to fill and the version it will be; returns the manifest, which says at least how
            many `rows` there are.

    Raises:
        ReleaseError: the disk refused; no version was published.
    """
    shelf = home.releases / name
    shelf.mkdir(parents=True, exist_ok=True)
    with lock(shelf / "publish"):
        for leftover in shelf.glob(f"{_BUILDING}*"):
            shutil.rmtree(leftover)
        known = versions(home, name)
        version = known[-1] + 1 if known else 1
        folder = shelf / f"{_BUILDING}{version}"
        try:
            folder.mkdir()
            release = _shelve(home, name, version, folder, dict(build(folder, version)))
        except (OSError, duckdb.Error) as error:
            free = shutil.disk_usage(shelf).free // 2**20
            raise ReleaseError(
                f"release {name} {version} was not published, and nothing of it is left: {error}. "
                f"{free:,} MiB are free at {shelf}; make room and run it again."
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    record(home, release)
    return release


def _shelve(home: Home, name: str, version: int, folder: Path, manifest: dict[str, object]) -> Release:
    manifest["table_sha256"] = file_digest(folder / TABLE)
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o444)
        _sync(path)
    _sync(folder)
    place = home.releases / name / str(version)
    folder.rename(place)
    _sync(place.parent)
    return Release(name, version, place)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def record(home: Home, release: Release) -> None:
    """Note a release in the warehouse, so that a manifest changed later is noticed; noting it twice adds nothing."""
    manifest = release.manifest()
    row = {
        "name": release.name,
        "version": release.version,
        "manifest_digest": hashlib.sha256(canonical(manifest).encode("utf-8")).hexdigest(),
        "rows": manifest["rows"],
    }
    with opened(home) as connection:
        insert_new(connection, "release", pl.DataFrame([row]), ["name", "version"])


def recorded(home: Home, name: str) -> dict[int, str]:
    """Manifest digests by version, as the warehouse noted them at publication; empty where there is none."""
    if not home.warehouse.exists():
        return {}
    with opened(home) as connection:
        return dict(
            connection.execute("SELECT version, manifest_digest FROM release WHERE name = ?", [name]).fetchall()
        )


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
