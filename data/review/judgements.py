"""The queue's record as frames: who said what of which item, for statistics and for aggregation."""

import math
import sqlite3
from typing import NamedTuple

import polars as pl

from outcross.data.review.file import ReviewFile

JUDGEMENTS = """
WITH said AS (
    SELECT decision.*, (SELECT min(key) FROM json_each(decision.labels) WHERE value = -1) AS bad FROM decision
    WHERE at < :before AND seq NOT IN (
        SELECT supersedes FROM decision WHERE supersedes IS NOT NULL AND at < :before)
)
SELECT said.seq, said.item, item.sample_id, item.recipe, item.kind, item.source, item.incl_prob, item.score,
       said.reviewer, said.stage, said.verdict, said.verdict || coalesce('@' || (said.bad + 1), '') AS label,
       verdict.stance, meant.stance AS truth_stance, said.swapped, said.guideline, said.revealed, said.takes,
       said.cause, said.both_fine, said.edit,
       CASE WHEN said.edit IS NOT NULL THEN CASE item.kind
            WHEN 'instruction' THEN item.payload ->> '$.content.response'
            WHEN 'text' THEN item.payload ->> '$.content.text'
            WHEN 'reasoning' THEN item.payload ->> ('$.content.steps[' || said.bad || ']')
            WHEN 'preference' THEN NULL
            ELSE item.payload ->> ('$.content.turns[' || said.bad || '].text') END END AS before,
       (SELECT sum(length(atom)) FROM json_tree(item.payload, '$.content')
        WHERE type = 'text' AND key NOT IN ('kind', 'role')) AS characters,
       said.active_ms / 1000.0 AS seconds, said.at
FROM said JOIN item ON item.id = said.item JOIN verdict ON verdict.name = said.verdict
LEFT JOIN gold ON gold.item = said.item AND gold.retired IS NULL LEFT JOIN verdict AS meant ON meant.name = gold.verdict
WHERE :recipe IS NULL OR item.recipe = :recipe
ORDER BY said.seq
"""
"""One row a decision that stands, or stood at some moment: what was taken back later stood until then."""

GRADES = """
SELECT decision.seq, decision.item, decision.reviewer, decision.correct, decision.at
FROM decision JOIN item ON item.id = decision.item
WHERE decision.stage = 'review' AND decision.correct IS NOT NULL AND decision.supersedes IS NULL
  AND decision.at < :before AND (:recipe IS NULL OR item.recipe = :recipe)
  AND decision.item NOT IN (SELECT item FROM gold WHERE retired IS NOT NULL)
ORDER BY decision.seq
"""
"""First answers alone: who revises one may have learnt meanwhile that it was wrong."""

CLAIMS = """
SELECT claim.item, item.recipe, item.kind, claim.reviewer, claim.stage, claim.state, claim.skip_reason, claim.swapped,
       claim.taken, claim.expires
FROM claim JOIN item ON item.id = claim.item
WHERE claim.taken < :before AND (:recipe IS NULL OR item.recipe = :recipe)
ORDER BY claim.id
"""

ITEMS = """
SELECT id AS item, sample_id, recipe, kind, source, incl_prob, score, state, stage, need, extra, done, skill, created
FROM item
WHERE :recipe IS NULL OR recipe = :recipe
ORDER BY created, rowid
"""

REVIEWERS = "SELECT name AS reviewer, role, active, created, paused, reinstated FROM reviewer ORDER BY name"

TYPES = {
    **dict.fromkeys(("seq", "takes", "need", "extra", "done", "characters"), pl.Int64),
    **dict.fromkeys(("correct", "swapped", "revealed", "both_fine", "active"), pl.Boolean),
    **dict.fromkeys(
        ("incl_prob", "score", "seconds", "at", "taken", "expires", "created", "paused", "reinstated"),
        pl.Float64,
    ),
}
"""Of the columns that aren't text."""


class Frames(NamedTuple):
    """All frames, of one and the same state."""

    judgements: pl.DataFrame
    grades: pl.DataFrame
    """Each reviewer's first answer to each item of silent gold, in their order: `seq item reviewer correct at`."""
    claims: pl.DataFrame
    items: pl.DataFrame
    reviewers: pl.DataFrame


class Records(ReviewFile):
    """Reads what was decided and what waits, for flows and managers and never for the page of an item.

    What can be taken back no longer is committed first. `recipe` narrows a frame to one recipe; None means all.
    `before` leaves out what was said and taken up from that moment on, in seconds since the epoch.
    """

    def judgements(self) -> pl.DataFrame:
        """What stands: each person's last word on each item, in the order of commits, at every desk.

        Returns:
            The item's `item sample_id recipe kind source incl_prob score characters` (of the texts shown);
            `reviewer stage guideline revealed swapped`; `verdict`, and `label` with the first bad step counted
            from 1, such as `error@3`; `stance`, good, bad or null; of gold that stands `truth_stance`, else null;
            of an adjudication `takes cause both_fine`; `edit` with the text `before` it, null in pairs, for which it
            isn't kept which one was corrected; `seconds` at work; `seq` and `at`, in seconds since the epoch.
        """
        return self.frames().judgements

    def frames(self, recipe: str | None = None, before: float = math.inf) -> Frames:
        """Judgements, grades, claims (skips and lapses too), items and reviewers, of one state.

        What stood at a past moment is told of judgements, grades and claims; items and reviewers are as they are now.
        """
        with self._ripened() as connection:
            asked = {"recipe": recipe, "before": before}
            queries = (JUDGEMENTS, GRADES, CLAIMS, ITEMS, REVIEWERS)
            return Frames(*(_frame(connection, query, asked) for query in queries))

    def recipes(self) -> list[str]:
        """The recipes that ever sent an item, by name."""
        with self._connected() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT recipe FROM item ORDER BY recipe")]


def _frame(connection: sqlite3.Connection, query: str, asked: dict[str, str | float | None]) -> pl.DataFrame:
    cursor = connection.execute(query, asked)
    names = [column[0] for column in cursor.description]
    columns = list(zip(*cursor, strict=True)) or [()] * len(names)
    return pl.DataFrame(
        [
            pl.Series(name, values, pl.Int64 if TYPES.get(name) == pl.Boolean else TYPES.get(name, pl.String))
            for name, values in zip(names, columns, strict=True)
        ]
    ).with_columns(pl.col(name).cast(pl.Boolean) for name in names if TYPES.get(name) == pl.Boolean)
