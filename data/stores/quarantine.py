"""Rows refused at the door: kept with line number and reason, so that nothing is lost or hidden."""

from collections.abc import Sequence

import polars as pl

from outcross.data.corpora.candidates import Refusal
from outcross.data.samples import digest
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import opened


def add(home: Home, recipe: str, refusals: Sequence[Refusal]) -> int:
    """Store refusals; return how many were new. The same row refused again adds nothing."""
    if not refusals:
        return 0
    frame = pl.DataFrame(
        [
            {
                "quarantine_id": digest([recipe, row.file, row.line, row.reason, row.excerpt]),
                "recipe": recipe,
                "file": row.file,
                "line": row.line,
                "reason": row.reason,
                "excerpt": row.excerpt,
            }
            for row in refusals
        ]
    )
    with opened(home) as connection:
        return insert_new(connection, "quarantine", frame, ["quarantine_id"])


def count(home: Home, recipe: str) -> int:
    """Rows in quarantine."""
    with opened(home) as connection:
        found = connection.execute("SELECT count(*) FROM quarantine WHERE recipe = ?", [recipe]).fetchall()
    return int(found[0][0])
