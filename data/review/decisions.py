"""Decisions as they were recorded: append-only rows, read back for flows and never for the page."""

import json
import sqlite3
from collections.abc import Sequence

from outcross.data.review.answers import Answer
from outcross.data.review.items import Desk, Source
from outcross.data.samples import Digest

SELECT = """
SELECT decision.id AS decision_id, decision.seq, decision.item, item.kind, item.sample_id, item.recipe,
       item.lineage_seed, item.author_id, item.source, item.incl_prob, item.score, item.state = 'done' AS settled,
       decision.reviewer, decision.verdict, decision.reasons, decision.note, decision.edit, decision.labels,
       decision.strength, decision.swapped, decision.guideline, decision.revealed, decision.stage, decision.correct,
       decision.takes, decision.cause, decision.both_fine, decision.shown_hash, decision.active_ms, decision.wall_ms,
       decision.supersedes, decision.at
FROM decision JOIN item ON item.id = decision.item
"""


class DecisionRow(Answer):
    """A ruling as it was recorded, never changed.

    It names why the item was drawn, so it is for flows and never for the page.
    """

    decision_id: str
    seq: int
    """Grows in the order of commits, so that reading after the last one seen misses none."""
    item: str
    kind: str
    sample_id: Digest
    recipe: str
    lineage_seed: str
    author_id: str
    source: Source
    incl_prob: float
    score: float | None
    settled: bool
    """Whether the item has all the decisions it needs, and they agree or were adjudicated."""
    reviewer: str
    swapped: bool
    guideline: str
    revealed: bool
    """Decided again with the validators' view on the screen."""
    stage: Desk
    correct: bool | None
    """Whether it agrees with the known answer; None where none is known, or the answer was that one can't tell."""
    takes: int | None
    """In adjudication, the number of the decision that was taken."""
    cause: str | None
    both_fine: bool
    shown_hash: Digest
    active_ms: int
    wall_ms: int
    supersedes: int | None
    at: float


def read(connection: sqlite3.Connection, condition: str, values: Sequence[object]) -> list[DecisionRow]:
    """The decisions that meet an SQL condition, in the order in which they were committed."""
    rows = connection.execute(f"{SELECT} WHERE {condition} ORDER BY decision.seq", values)
    return [
        DecisionRow.model_validate(
            {**row, "reasons": json.loads(row["reasons"]), "labels": json.loads(row["labels"] or "[]")}
        )
        for row in rows
    ]


def standing(connection: sqlite3.Connection, item: str, reviewer: str | None = None) -> list[DecisionRow]:
    """What each person's last word on an item is; one person's alone where `reviewer` is given."""
    seqs = "SELECT seq FROM standing WHERE item = ? AND (? IS NULL OR reviewer = ?)"
    return read(connection, f"decision.item = ? AND decision.seq IN ({seqs})", (item, item, reviewer, reviewer))
