"""Costs: what each validator took."""

import polars as pl

from outcross.data.stores.home import Home
from outcross.data.stores.warehouse import opened


def add(home: Home, recipe: str, validator: str, version: int, params_digest: str, rows: int, seconds: float) -> None:
    """Note that a validator took so many CPU-seconds for so many rows."""
    with opened(home) as connection:
        connection.execute(
            "INSERT INTO cost (recipe, validator, version, params_digest, rows, cpu_seconds) VALUES (?, ?, ?, ?, ?, ?)",
            [recipe, validator, version, params_digest, rows, seconds],
        )


def total(home: Home, recipe: str) -> pl.DataFrame:
    """By validator of a recipe: validator, version, params_digest, rows, cpu_seconds, all runs together."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT validator, version, params_digest, sum(rows)::BIGINT AS rows, sum(cpu_seconds) AS cpu_seconds"
            " FROM cost WHERE recipe = ? GROUP BY ALL ORDER BY ALL",
            [recipe],
        ).pl()
