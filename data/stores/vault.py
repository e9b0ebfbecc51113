"""The vault: clean human data. The ingest flow alone writes it; all others read."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import duckdb
import polars as pl

from outcross.data.samples import Sample
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.data.stores.migrate import migrate_duckdb
from outcross.data.stores.rows import STORED, from_row, insert_new, to_frame

PARTS = ("seed", "mixture", "heldout", "target")


@dataclass(frozen=True)
class Split:
    """Shares of a corpus's documents, each in [0, 1], together at most 1; what is left is the mixture."""

    seed: float
    heldout: float
    target: float = 0.0

    def part(self, document: str) -> str:
        """The part that a document falls into, by its name's hash: the same on every machine and run."""
        point = int.from_bytes(hashlib.sha256(document.encode("utf-8")).digest()[:8]) / 2**64
        limit = 0.0
        for part, share in (("heldout", self.heldout), ("seed", self.seed), ("target", self.target)):
            limit += share
            if point < limit:
                return part
        return "mixture"


class Added(NamedTuple):
    """What storing rows came to."""

    new: int
    otherwise: int
    """Rows that were there under another licence, attestation or stratum."""


def add(home: Home, recipe: str, rows: Sequence[tuple[str, Sample]]) -> Added:
    """Store human samples with the part each belongs to.

    A sample that the recipe already has stays as it first came, part included, so that a second copy in
    another document can't cross the split.
    """
    frame = to_frame(sample for _, sample in rows).with_columns(
        pl.Series("part", [part for part, _ in rows], dtype=pl.Utf8), pl.lit(recipe).alias("recipe")
    )
    home.root.mkdir(parents=True, exist_ok=True)
    with lease(home.vault) as connection:
        migrate_duckdb(connection, "vault")
        otherwise = _otherwise(connection, frame)
        return Added(insert_new(connection, "human_sample", frame, ["recipe", "sample_id"]), otherwise)


def _otherwise(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> int:
    connection.register("incoming", frame.to_arrow())
    # A row that stands in two documents has a stratum for each; that is no correction.
    found = connection.execute(
        "SELECT count(DISTINCT sample_id) FROM incoming JOIN human_sample AS kept USING (recipe, sample_id) "
        "WHERE incoming.licence <> kept.licence OR incoming.attestation <> kept.attestation "
        "OR (incoming.source = kept.source AND incoming.stratum <> kept.stratum)"
    ).fetchone()
    connection.unregister("incoming")
    return int(found[0]) if found else 0


def samples(home: Home, recipe: str, part: str) -> list[Sample]:
    """A part's samples, ordered by id."""
    with lease(home.vault, read_only=True) as connection:
        found = connection.execute(
            f"SELECT {STORED} FROM human_sample WHERE recipe = ? AND part = ? ORDER BY sample_id", [recipe, part]
        ).fetchall()
    return [from_row(*row) for row in found]


def table(home: Home, recipe: str, *parts: str) -> pl.DataFrame:
    """The stored rows of some parts as a frame, ordered by id; all columns of `human_sample`."""
    with lease(home.vault, read_only=True) as connection:
        return connection.execute(
            "SELECT * FROM human_sample WHERE recipe = ? AND list_contains(?, part) ORDER BY sample_id",
            [recipe, list(parts)],
        ).pl()


def counts(home: Home, recipe: str) -> dict[str, int]:
    """Rows by part; empty where nothing was ingested yet."""
    if not home.vault.exists():
        return {}
    with lease(home.vault, read_only=True) as connection:
        return dict(
            connection.execute(
                "SELECT part, count(*) FROM human_sample WHERE recipe = ? GROUP BY part ORDER BY part", [recipe]
            ).fetchall()
        )
