"""What the stores beside a release say of it: the vault of people's rows, the warehouse of all others."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import duckdb
import pyarrow as pa

from outcross.data.release.decided import TIMED
from outcross.data.release.notes import noted
from outcross.data.release.table import Tables
from outcross.data.release.versions import Release
from outcross.data.samples import Origin, Sample, digest
from outcross.data.stores.home import Home
from outcross.data.stores.lease import brief, lease
from outcross.errors import StoreBusy, StoreError, VerificationFailed

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
    """What could not be consulted, and why."""


def hear(
    home: Home, release: Release, manifest: Mapping[str, object], samples: Iterable[Sample], tables: Tables
) -> Witnesses:
    """Ask the stores of the release's home, which are only read; one that is missing or unreadable is a gap.

    Args:
        samples: rows and ancestors, from which `tables` was found to hold.

    Raises:
        VerificationFailed: a store contradicts the release; names the first row, decision or file.
        StoreBusy: a store stayed in use.
    """
    everyone = list(samples)
    people = _expected(sample for sample in everyone if sample.provenance.origin is Origin.HUMAN)
    made = _expected(sample for sample in everyone if sample.provenance.origin is not Origin.HUMAN)

    def ask_vault(connection: duckdb.DuckDBPyConnection) -> bool:
        if stranger := _stranger(connection, people, "human_sample", release.name):
            raise VerificationFailed(f"sample {stranger} does not hold: it says that people wrote it, and {_NOT}vault.")
        return True

    def ask_warehouse(connection: duckdb.DuckDBPyConnection) -> bool:
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
    return Witnesses(vault is not None, found is not None, bool(found), tuple(gaps))


def _ask(store: Path, question: Callable[[duckdb.DuckDBPyConnection], Answer], gaps: list[str]) -> Answer | None:
    """The answer; None, and a gap, where the store can't be asked."""
    if not store.exists():
        gaps.append(f"there is no {store.name} beside it")
        return None
    try:
        with lease(store, read_only=True) as connection:
            return question(connection)
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
