"""Numbered SQL files, each applied once and recorded in the same transaction."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import duckdb

from outcross.errors import StoreError

FOLDER = Path(__file__).parent / "migrations"

RECORD = "CREATE TABLE IF NOT EXISTS migration (number INTEGER NOT NULL, name TEXT NOT NULL)"


def pending(connection: duckdb.DuckDBPyConnection | sqlite3.Connection, store: str) -> list[Path]:
    """The files of `migrations/<store>/` that this database hasn't had, in order.

    Raises:
        StoreError: the database has had a migration that this version of Outcross doesn't know.
    """
    files = {int(re.match(r"\d+", path.name)[0]): path for path in (FOLDER / store).glob("[0-9]*.sql")}  # type: ignore[index]  # the glob guarantees the number
    applied = {number for (number,) in connection.execute("SELECT number FROM migration").fetchall()}
    if unknown := applied - files.keys():
        raise StoreError(
            f"the {store} was written by a newer Outcross (migration {max(unknown)}). Install that version to use it."
        )
    return [files[number] for number in sorted(files.keys() - applied)]


def migrate_duckdb(connection: duckdb.DuckDBPyConnection, store: str) -> None:
    """Bring a DuckDB store up to date inside the caller's transaction."""
    connection.execute(RECORD)
    for path in pending(connection, store):
        connection.execute(path.read_text(encoding="utf-8"))
        _note(connection, path)


def migrate_sqlite(connection: sqlite3.Connection, store: str) -> None:
    """Bring a SQLite store up to date, all of it or nothing; the connection must be in autocommit mode."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        connection.execute(RECORD)
        for path in pending(connection, store):
            for statement in _statements(path.read_text(encoding="utf-8")):
                connection.execute(statement)
            _note(connection, path)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _note(connection: duckdb.DuckDBPyConnection | sqlite3.Connection, path: Path) -> None:
    number, _, name = path.stem.partition("_")
    connection.execute("INSERT INTO migration VALUES (?, ?)", (int(number), name))


def _statements(script: str) -> Iterator[str]:
    """Split a script where SQLite itself says that a statement is complete: triggers hold semicolons."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
