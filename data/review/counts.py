"""How the queue stands, as numbers."""

import sqlite3

from outcross.data.review.items import Counts

COUNTS = """
WITH waiting AS (
    SELECT id FROM item
    WHERE state = 'open' AND stage = 'review' AND source <> 'gold' AND (:recipe IS NULL OR recipe = :recipe)
      AND need + extra > (
        SELECT count(*) FROM claim
        WHERE item = item.id AND claim.state IN ('open', 'done') AND (claim.state = 'done' OR expires >= :now))
)
SELECT (SELECT count(*) FROM waiting),
       (SELECT count(*) FROM claim JOIN item ON item.id = item
        WHERE claim.state = 'open' AND expires >= :now AND (:recipe IS NULL OR recipe = :recipe)),
       (SELECT count(DISTINCT item) FROM claim WHERE state = 'skipped' AND item IN (SELECT id FROM waiting)),
       (SELECT count(*) FROM item
        WHERE state = 'open' AND stage = 'adjudication' AND (:recipe IS NULL OR recipe = :recipe))
"""

DECIDED = """
SELECT standing.verdict, count(*) FROM standing JOIN item ON item.id = standing.item
WHERE item.source <> 'gold' AND (:recipe IS NULL OR item.recipe = :recipe)
GROUP BY standing.verdict ORDER BY standing.verdict
"""

TODAY = """
SELECT (SELECT count(*) FROM decision WHERE reviewer = :reviewer AND at >= :since AND supersedes IS NULL)
     + (SELECT count(*) FROM held WHERE reviewer = :reviewer AND at >= :since)
"""


def counts(connection: sqlite3.Connection, recipe: str | None, now: float) -> Counts:
    """How the queue stands at `now`; a lapsed claim counts as waiting."""
    waiting, claimed, skipped, split = connection.execute(COUNTS, {"recipe": recipe, "now": now}).fetchone()
    decided = dict(map(tuple, connection.execute(DECIDED, {"recipe": recipe}).fetchall()))
    return Counts(waiting=waiting, claimed=claimed, skipped=skipped, split=split, decided=decided)


def decided_since(connection: sqlite3.Connection, reviewer: str, moment: float) -> int:
    """How many items a reviewer has decided since `moment`, those that can still be taken back included."""
    return int(connection.execute(TODAY, {"reviewer": reviewer, "since": moment}).fetchone()[0])
