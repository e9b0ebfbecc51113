"""What releases turned out to be worth to a model: each measurement a row, none ever changed."""

from datetime import datetime

from pydantic import Field

from outcross.data.samples import Filled, Record
from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened

COLUMNS = "name, version, proxy, result, measured_at"


class Measured(Record):
    """One measurement of a release."""

    name: Filled
    version: int = Field(ge=1)
    proxy: Filled
    """The small models that it was measured with."""
    result: str
    """JSON: what the evaluation came to."""
    measured_at: datetime | None = None
    """None before it is stored."""


def add(home: Home, measured: Measured) -> None:
    """Store a measurement."""
    with opened(home) as connection:
        connection.execute(
            "INSERT INTO effect (name, version, proxy, result) VALUES (?, ?, ?, ?)",
            [measured.name, measured.version, measured.proxy, measured.result],
        )


def latest(home: Home, name: str) -> Measured | None:
    """The last measurement of a release's newest version that has one; None where none has."""
    return _newest(home, "name = ?", [name])


def for_version(home: Home, name: str, version: int) -> Measured | None:
    """The last measurement of one version; None where it has none."""
    return _newest(home, "name = ? AND version = ?", [name, version])


def _newest(home: Home, condition: str, values: list[str | int]) -> Measured | None:
    if not home.warehouse.exists():
        return None
    with opened(home) as connection:
        found = connection.execute(
            f"SELECT {COLUMNS} FROM effect WHERE {condition}"
            " ORDER BY version DESC, measured_at DESC, rowid DESC LIMIT 1",
            values,
        ).to_arrow_table()
    return next((Measured.model_validate(row) for row in found.to_pylist()), None)
