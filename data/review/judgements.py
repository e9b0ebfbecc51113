"""The queue's record as frames: who said what of which item, for statistics and for aggregation."""

import sqlite3
from typing import NamedTuple

import polars as pl

from outcross.data.review.file import ReviewFile

JUDGEMENTS = """
WITH said AS (
    SELECT standing.*, (SELECT min(key) FROM json_each(standing.labels) WHERE value = -1) AS bad FROM standing
), known AS (
    SELECT gold.*, (SELECT min(key) FROM json_each(gold.labels) WHERE value = -1) AS bad FROM gold
    WHERE retired IS NULL
)
SELECT said.seq, said.item, item.sample_id, item.recipe, item.kind, item.source, item.incl_prob, item.score,
       said.reviewer, said.stage, said.verdict, said.verdict || coalesce('@' || (said.bad + 1), '') AS label,
       verdict.stance, known.verdict || coalesce('@' || (known.bad + 1), '') AS truth, meant.stance AS truth_stance,
       CASE WHEN known.item IS NOT NULL THEN said.correct END AS correct, said.swapped, said.guideline, said.revealed,
       said.takes, said.cause, said.both_fine, said.edit,
       CASE WHEN said.edit IS NOT NULL THEN CASE item.kind
            WHEN 'instruction' THEN item.payload ->> '$.content.response'
            WHEN 'text' THEN item.payload ->> '$.content.text'
            WHEN 'reasoning' THEN item.payload ->> ('$.content.steps[' || said.bad || ']')
            WHEN 'preference' THEN NULL
            ELSE item.payload ->> ('$.content.turns[' || said.bad || '].text') END END AS before,
       (SELECT sum(length(atom)) FROM json_tree(item.payload, '$.content')
        WHERE type = 'text' AND key NOT IN ('kind', 'role')) AS characters,
       said.active_ms / 1000.0 AS seconds, said.wall_ms / 1000.0 AS wall_seconds, said.at
FROM said JOIN item ON item.id = said.item JOIN verdict ON verdict.name = said.verdict
LEFT JOIN known ON known.item = said.item LEFT JOIN verdict AS meant ON meant.name = known.verdict
WHERE :recipe IS NULL OR item.recipe = :recipe
ORDER BY said.seq
"""
"""One row a standing decision."""

CLAIMS = """
SELECT claim.item, item.recipe, item.kind, claim.reviewer, claim.stage, claim.state, claim.skip_reason, claim.swapped,
       claim.taken, claim.expires
FROM claim JOIN item ON item.id = claim.item
WHERE :recipe IS NULL OR item.recipe = :recipe
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
        ("incl_prob", "score", "seconds", "wall_seconds", "at", "taken", "expires", "created", "paused", "reinstated"),
        pl.Float64,
    ),
}
"""Of the columns that aren't text."""


class Frames(NamedTuple):
    """All four frames, of one and the same state."""

    judgements: pl.DataFrame
    claims: pl.DataFrame
    items: pl.DataFrame
    reviewers: pl.DataFrame


class Records(ReviewFile):
    """Reads what was decided and what waits, for flows and managers and never for the page of an item.

    What can be taken back no longer is committed first. `recipe` narrows a frame to one recipe; None means all.
    """

    def judgements(self, recipe: str | None = None) -> pl.DataFrame:
        """What stands: each person's last word on each item, in the order of commits, at every desk.

        Returns:
            The item's `item sample_id recipe kind source incl_prob score characters` (of the texts shown);
            `reviewer stage guideline revealed swapped`; `verdict`, and `label` with the first bad step counted
            from 1, such as `error@3`; `stance`, good, bad or null; of gold that isn't retired `truth` and
            `truth_stance`, as label and stance, and `correct`, null for who can't tell; of an adjudication
            `takes cause both_fine`; `edit` with the text `before` it, null in pairs, for which it isn't kept which
            one was corrected; `seconds` at work and `wall_seconds` since the claim; `seq` and `at`, in seconds
            since the epoch.
        """
        return self._read(recipe, JUDGEMENTS)[0]

    def items(self, recipe: str | None = None) -> pl.DataFrame:
        """Every item, the oldest first: why it was drawn, how it was scored, how far it is."""
        return self._read(recipe, ITEMS)[0]

    def frames(self, recipe: str | None = None) -> Frames:
        """Judgements, claims (skips and lapses too), items and reviewers, of one state."""
        return Frames(*self._read(recipe, JUDGEMENTS, CLAIMS, ITEMS, REVIEWERS))

    def recipes(self) -> list[str]:
        """The recipes that ever sent an item, by name."""
        with self._connected() as connection:
            return [row[0] for row in connection.execute("SELECT DISTINCT recipe FROM item ORDER BY recipe")]

    def _read(self, recipe: str | None, *queries: str) -> list[pl.DataFrame]:
        with self._ripened() as connection:
            return [_frame(connection, query, recipe) for query in queries]


def _frame(connection: sqlite3.Connection, query: str, recipe: str | None) -> pl.DataFrame:
    cursor = connection.execute(query, {"recipe": recipe})
    names = [column[0] for column in cursor.description]
    columns = list(zip(*cursor, strict=True)) or [()] * len(names)
    return pl.DataFrame(
        [
            pl.Series(name, values, pl.Int64 if TYPES.get(name) == pl.Boolean else TYPES.get(name, pl.String))
            for name, values in zip(names, columns, strict=True)
        ]
    ).with_columns(pl.col(name).cast(pl.Boolean) for name in names if TYPES.get(name) == pl.Boolean)
