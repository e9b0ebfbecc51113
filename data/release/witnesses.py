"""What the stores beside a release say of it: the vault, the warehouse, and the review queue's log."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from outcross.data.release.decided import TIMED
from outcross.data.release.notes import noted
from outcross.data.release.table import Tables
from outcross.data.release.versions import Release, versions
from outcross.data.review.chain import Head
from outcross.data.review.queue import Queue
from outcross.data.samples import Origin, Sample, digest
from outcross.data.stores.home import Home
from outcross.data.stores.lease import brief, lease
from outcross.errors import ReleaseError, StoreBusy, StoreError, VerificationFailed

Answer = TypeVar("Answer")

_IDENTITY = ("sample_id", "provenance_digest")
_NOT = "as it stands here it is not in the "


@dataclass(frozen=True)
class Witnesses:
    """Who could be asked; whoever was asked agreed."""

    vault: bool
    """The vault was at hand: it holds every human row and ancestor."""
    warehouse: bool
    """The warehouse was at hand: it holds every other row and ancestor, and every decision."""
    noted: bool
    """The warehouse noted the publication of this very manifest."""
    gaps: tuple[str, ...]
    """What could not be consulted, and why; or what is gone of the review log since another release."""


def hear(
    home: Home, release: Release, manifest: Mapping[str, object], samples: Iterable[Sample], tables: Tables
) -> Witnesses:
    """Ask the stores of the release's home, which are only read; one that is missing or unreadable is a gap.

    Args:
        samples: rows and ancestors, from which `tables` was found to hold.

    Raises:
        VerificationFailed: a store contradicts the release; names the first row, decision, file or event.
        StoreBusy: a store stayed in use.
    """
    everyone = list(samples)
    people = _expected(sample for sample in everyone if sample.provenance.origin is Origin.HUMAN)
    made = _expected(sample for sample in everyone if sample.provenance.origin is not Origin.HUMAN)

    def ask_vault() -> bool:
        with lease(home.vault, read_only=True) as connection:
            if stranger := _stranger(connection, people, "human_sample", release.name):
                raise VerificationFailed(
                    f"sample {stranger} does not hold: it says that people wrote it, and {_NOT}vault."
                )
        return True

    def ask_warehouse() -> bool:
        with lease(home.warehouse, read_only=True) as connection:
            if stranger := _stranger(connection, made, "sample", release.name):
                raise VerificationFailed(f"sample {stranger} does not hold: it is no human one, and {_NOT}warehouse.")
            if stranger := _stranger(connection, tables.decisions, "decision", release.name, TIMED):
                raise VerificationFailed(f"decision {stranger} does not hold: {_NOT}warehouse.")
            return _noted(connection, release, manifest)

    gaps: list[str] = []
    vault = _ask(home.vault, ask_vault, gaps)
    found = _ask(home.warehouse, ask_warehouse, gaps)
    if found is False:
        gaps.append(f"{home.warehouse.name} has no note of its publication")
    if written := heads(home):
        lost = _ask(home.queue, lambda: forgotten(Queue(home.queue, read_only=True), written), gaps) or {}
        gaps.extend(_log_gaps(home, release, lost))
    return Witnesses(vault is not None, found is not None, bool(found), tuple(gaps))


def _ask(store: Path, question: Callable[[], Answer], gaps: list[str]) -> Answer | None:
    """The answer; None, and a gap, where the store can't be asked."""
    if not store.exists():
        gaps.append(f"there is no {store.name} beside it")
        return None
    try:
        return question()
    except StoreBusy:
        raise
    except (StoreError, duckdb.ProgrammingError) as error:  # the latter where the store is an older one
        gaps.append(f"{store.name} could not be read ({brief(error)})")
        return None


def _expected(samples: Iterable[Sample]) -> pa.Table:
    rows = [{"sample_id": sample.sample_id, "provenance_digest": sample.provenance_digest} for sample in samples]
    return pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in _IDENTITY]))


def _stranger(
    connection: duckdb.DuckDBPyConnection, expected: pa.Table, table: str, recipe: str, columns: str = "*"
) -> str | None:
    """The first key of `expected`, its first column, whose row the recipe's rows of a table don't have as it is."""
    connection.register("expected", expected)
    same = " AND ".join(f"expected.{name} IS NOT DISTINCT FROM held.{name}" for name in expected.column_names)
    found = connection.execute(
        f"SELECT min(expected.{expected.column_names[0]}) FROM expected"
        f" ANTI JOIN (SELECT {columns} FROM {table} WHERE recipe = ?) AS held ON {same}",
        [recipe],
    ).fetchone()
    connection.unregister("expected")
    return found[0] if found else None


def _noted(connection: duckdb.DuckDBPyConnection, release: Release, manifest: Mapping[str, object]) -> bool:
    note = noted(connection, release.name).get(release.version)
    if note is not None and note != digest(manifest):
        raise VerificationFailed(
            f"{release.folder / 'manifest.json'} is not the one that was published: it was changed."
        )
    return note is not None


def heads(home: Home) -> dict[Release, Head]:
    """The head of the review log that each release of a home wrote down; one without a log wrote none."""
    return dict(_heads(home))


def _heads(home: Home) -> Iterator[tuple[Release, Head]]:
    for shelf in sorted(home.releases.glob("*")):
        for version in versions(home, shelf.name):
            release = Release(shelf.name, version, shelf / str(version))
            with suppress(ReleaseError):  # a manifest that can't be read is for its own release's proof to say
                match release.manifest().get("review_log"):
                    case {"events": int(events), "head": str(head)}:
                        yield release, (events, head)


def forgotten(queue: Queue, written: Mapping[Release, Head]) -> dict[Release, int]:
    """The releases that wrote down an event which the queue's log doesn't hold any more, with its number.

    Raises:
        VerificationFailed: the log's hash chain doesn't hold.
        StoreError: the queue can't be read.
    """
    lost = queue.lost(written.values())
    return {release: head[0] for release, head in written.items() if head in lost}


def _log_gaps(home: Home, release: Release, lost: Mapping[Release, int]) -> Iterator[str]:
    if release in lost:
        raise VerificationFailed(
            f"release {release.name} {release.version} does not hold: {home.queue} no longer holds event "
            f"{lost[release]} of the review log, which this release wrote down; its end was cut off, or an older copy "
            "was put back. Put back a later copy, or go on: the next version writes down the log as it stands."
        )
    if lost:
        other = max(lost, key=lambda made: lost[made])
        yield f"{home.queue.name} no longer holds event {lost[other]}, which {other.name} {other.version} wrote down"
