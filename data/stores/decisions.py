"""Experts' decisions in the warehouse, copied from the review queue in the queue's order."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

import polars as pl

from outcross.data.samples import Record, Sample
from outcross.data.stores.home import Home
from outcross.data.stores.rows import insert_new
from outcross.data.stores.warehouse import add_samples, opened

Fate = Literal["approve", "edit", "reject"]
"""What a decision makes of a draft: it stands as it is, a hybrid sample takes its place, or it is out."""

AUDITS = """
SELECT settled.sample_id, settled.verdict, any_value(decision.answer ->> 'verdict') AS said
FROM settled JOIN decision ON decision.recipe = settled.recipe AND decision.sample_id = settled.sample_id
    AND decision.verdict = settled.verdict AND decision.edited_id IS NOT DISTINCT FROM settled.edited_id
WHERE settled.recipe = ?
    AND settled.sample_id IN (SELECT sample_id FROM decision WHERE recipe = settled.recipe AND route = 'audit')
GROUP BY ALL ORDER BY settled.sample_id
"""
"""An edit's own words are those of whoever made the same sample of the same draft."""


class Decision(Record):
    """What one expert decided of one sample."""

    decision_id: str
    seq: int
    """The number in the queue, which counts on from an earlier one where the queue was put back from a copy."""
    sample_id: str
    recipe: str
    verdict: Fate
    reasons: tuple[str, ...]
    edited_id: str | None
    """The hybrid sample that an edit made."""
    reviewer: str
    route: str
    """Why the item was in the queue: `border` or `audit`."""
    incl_prob: float
    shown_hash: str
    reviewed_at: datetime
    """A later decision on the same sample replaces an earlier one; `seq` orders those of one moment."""
    answer: str | None = None
    """What was answered, as JSON: the verdict in the kind's own words, the labels, the strength, and all else."""
    stage: Literal["review", "adjudication"] = "review"


def known(home: Home) -> set[str]:
    """Ids of the decisions that were copied already."""
    with opened(home) as connection:
        return {decision_id for (decision_id,) in connection.execute("SELECT decision_id FROM decision").fetchall()}


def add(home: Home, recipe: str, decisions: Sequence[Decision], edited: Sequence[Sample]) -> int:
    """Store a recipe's decisions and the samples that edits made, in one transaction; return how many were new."""
    if not decisions:
        return 0
    frame = pl.DataFrame(
        [decision.model_dump() for decision in decisions], schema_overrides={"edited_id": pl.Utf8, "answer": pl.Utf8}
    )
    frame = frame.cast({"reasons": pl.List(pl.Utf8)})
    with opened(home) as connection:
        add_samples(connection, recipe, edited)
        return insert_new(connection, "decision", frame, ["decision_id"])


def settled(home: Home, recipe: str) -> pl.DataFrame:
    """The experts' last word on each sample: sample_id, verdict, edited_id."""
    with opened(home) as connection:
        return connection.execute(
            "SELECT sample_id, verdict, edited_id FROM settled WHERE recipe = ? ORDER BY sample_id", [recipe]
        ).pl()


def audits(home: Home, recipe: str) -> pl.DataFrame:
    """What became of drafts that were reviewed because an audit drew them: sample_id, verdict, said.

    The verdict is the experts' last word on the draft; `said` is it in the kind's own words, null where that is not
    known.
    """
    with opened(home) as connection:
        return connection.execute(AUDITS, [recipe]).pl()
