"""Releases: immutable, versioned, published whole or not at all."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from outcross.data.release.notes import note, noted
from outcross.data.samples import digest
from outcross.data.stores.home import Home
from outcross.data.stores.lease import DISK, brief, lock
from outcross.data.stores.warehouse import opened
from outcross.errors import ReleaseError

TABLE = "table.duckdb"
MANIFEST = "manifest.json"
PAGE = "evidence.html"
GATE = "gate.json"
CERTIFICATES = "certificates.json"
_BUILDING = ".building-"

PATIENCE = 600.0
"""Seconds that a publication waits for another one of the same release, which may have a gate to pass."""


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


def publish(
    home: Home, name: str, facts: Mapping[str, object], build: Callable[[Path, int], Mapping[str, object]]
) -> Release:
    """Publish a next version by one atomic rename, or return the newest if its manifest states the same facts.

    Readers see all of it or none. The warehouse notes a version just before it appears, so none is ever
    there without its note. What a killed attempt left behind is published if it was noted, else cleared away.

    Args:
        facts: what tells one version from the next; they become part of the manifest.
        build: given the folder to fill and the version it will be; returns the rest of the manifest, which says
            at least how many `rows` there are. Not called where nothing changed.

    Raises:
        ReleaseError: the disk refused; no version was published.
        StoreBusy: another publication of this release, or a store, stayed in use.
    """
    shelf = home.releases / name
    try:
        shelf.mkdir(parents=True, exist_ok=True)
        with lock(shelf / "publish", wait=PATIENCE):
            with opened(home) as warehouse:
                notes = noted(warehouse, name)
            _recover(shelf, notes)
            version = max([0, *versions(home, name), *notes]) + 1
            return unchanged(home, name, facts) or _add(home, Release(name, version, shelf), facts, build)
    except DISK as error:
        raise ReleaseError(
            f"release {name} was not published, and nothing of it is left: {brief(error)}; make room at {shelf}"
            f"{_room(shelf)}, or let this user write there, and run it again."
        ) from error


def _room(shelf: Path) -> str:
    try:
        return f" ({shutil.disk_usage(shelf).free // 2**20:,} MiB are free)"
    except OSError:
        return ""


def _recover(shelf: Path, notes: Mapping[int, str]) -> None:
    """Finish or clear away what killed publications left: a noted one is whole, and lacks only its rename."""
    for leftover in shelf.glob(f"{_BUILDING}*"):
        number = leftover.name.removeprefix(_BUILDING)
        if number.isdecimal() and _is_noted(Release(shelf.name, int(number), leftover), notes):
            _place(leftover, shelf / number)
        else:
            shutil.rmtree(leftover)


def _is_noted(release: Release, notes: Mapping[int, str]) -> bool:
    try:
        return notes.get(release.version) == digest(release.manifest())
    except ReleaseError:
        return False


def _add(
    home: Home, planned: Release, facts: Mapping[str, object], build: Callable[[Path, int], Mapping[str, object]]
) -> Release:
    folder = planned.folder / f"{_BUILDING}{planned.version}"
    try:
        folder.mkdir()
        manifest = {**build(folder, planned.version), **facts}
        _seal(folder, manifest)
        note(home, planned.name, planned.version, manifest)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    place = planned.folder / str(planned.version)
    _place(folder, place)
    return Release(planned.name, planned.version, place)


def _seal(folder: Path, manifest: dict[str, object]) -> None:
    """Write the manifest, which names each file's digest, and bring all of it to the disk, read-only."""
    manifest["files"] = {path.name: file_digest(path) for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o444)
        _sync(path)
    _sync(folder)


def _place(folder: Path, place: Path) -> None:
    folder.rename(place)
    _sync(place.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def file_digest(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
