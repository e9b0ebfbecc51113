"""Leases on review items: who gets which next, and whether a claim still stands. Runs in the caller's transaction."""

import secrets
import sqlite3

from outcross.data.review.items import Claim, Counts, Draft, Shown
from outcross.errors import ClaimLost

LEASE = 15 * 60.0
"""Seconds that a claim holds without a heartbeat."""

CANDIDATE = """
SELECT item.id FROM {origin}
WHERE item.state = 'open' AND (:recipe IS NULL OR item.recipe = :recipe)
  AND lower(item.author_id) <> lower(:reviewer)
  AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.item = item.id AND claim.reviewer = :reviewer
                                        AND claim.state IN ('open', 'done', 'skipped'))
  AND (SELECT count(*) FROM claim WHERE claim.item = item.id AND claim.state IN ('open', 'done')) < item.need
ORDER BY item.prio DESC, item.created, item.rowid LIMIT 1
"""

ORIGINS = ("draft CROSS JOIN item ON item.id = draft.item AND draft.reviewer = :reviewer", "item")
"""Items on which the reviewer had begun to write come back before any other."""

INSERT = """
INSERT INTO claim (item, slot, reviewer, token, taken, expires, state)
SELECT :item, min(slot), :reviewer, :token, :now, :expires, 'open'
FROM (SELECT 0 AS slot UNION SELECT slot + 1 FROM claim WHERE item = :item AND state IN ('open', 'done'))
WHERE slot NOT IN (SELECT slot FROM claim WHERE item = :item AND state IN ('open', 'done'))
"""

HELD = """
SELECT claim.token, claim.item, item.recipe, item.payload, item.payload_hash, claim.taken, claim.expires,
       draft.rev, draft.body
FROM claim JOIN item ON item.id = claim.item
LEFT JOIN draft ON draft.item = claim.item AND draft.reviewer = claim.reviewer
WHERE claim.reviewer = ? AND claim.state = 'open'
"""

COUNTS = """
WITH waiting AS (
    SELECT id FROM item
    WHERE state = 'open' AND (:recipe IS NULL OR recipe = :recipe) AND need > (
        SELECT count(*) FROM claim
        WHERE item = item.id AND (claim.state = 'done' OR (claim.state = 'open' AND expires >= :now)))
)
SELECT (SELECT count(*) FROM waiting),
       (SELECT count(*) FROM claim JOIN item ON item.id = item
        WHERE claim.state = 'open' AND expires >= :now AND (:recipe IS NULL OR recipe = :recipe)),
       (SELECT count(*) FROM waiting WHERE EXISTS (SELECT 1 FROM claim WHERE item = waiting.id AND state = 'skipped'))
"""

DECIDED = """
SELECT verdict.name, count(item.id)
FROM verdict
LEFT JOIN decision ON decision.verdict = verdict.name
LEFT JOIN item ON item.id = decision.item AND (:recipe IS NULL OR item.recipe = :recipe)
GROUP BY verdict.name
"""


def expire(connection: sqlite3.Connection, now: float) -> None:
    """End every claim whose time has run out, so that its item can go to somebody else."""
    connection.execute("UPDATE claim SET state = 'expired' WHERE state = 'open' AND expires < ?", (now,))


def held(connection: sqlite3.Connection, reviewer: str, now: float) -> Claim | None:
    """The reviewer's open claim, with what may be seen of its item and the reviewer's draft."""
    row = connection.execute(HELD, (reviewer,)).fetchone()
    if row is None:
        return None
    return Claim(
        token=row["token"],
        item=row["item"],
        recipe=row["recipe"],
        shown=Shown.model_validate_json(row["payload"]),
        shown_hash=row["payload_hash"],
        taken=row["taken"],
        expires=row["expires"],
        seconds=row["expires"] - now,
        draft=None if row["rev"] is None else Draft(rev=row["rev"], body=row["body"]),
    )


def lease_best(connection: sqlite3.Connection, reviewer: str, recipe: str | None, now: float) -> None:
    """Open a claim on the best item for this reviewer, in its lowest unused slot; none where nothing waits."""
    for origin in ORIGINS:
        sql = CANDIDATE.format(origin=origin)
        if best := connection.execute(sql, {"recipe": recipe, "reviewer": reviewer}).fetchone():
            facts = {"item": best["id"], "reviewer": reviewer, "token": secrets.token_urlsafe(24)}
            connection.execute(INSERT, facts | {"now": now, "expires": now + LEASE})
            return


def change(
    connection: sqlite3.Connection, token: str, reviewer: str, now: float, setting: str, value: object
) -> sqlite3.Row:
    """Change an open claim that hasn't run out; return its id, item and time taken.

    Raises:
        ClaimLost: there is no such claim of this reviewer's.
    """
    row: sqlite3.Row | None = connection.execute(
        f"UPDATE claim SET {setting} WHERE token = ? AND reviewer = ? AND state = 'open' AND expires >= ? "
        "RETURNING id, item, taken",
        (value, token, reviewer, now),
    ).fetchone()
    if row is None:
        raise ClaimLost(
            "Your hold on this item has lapsed, or it was decided in another window. What you typed is kept: "
            "ask for the next item, and this one comes first if it is still free."
        )
    return row


def counts(connection: sqlite3.Connection, recipe: str | None, now: float) -> Counts:
    """How the queue stands at `now`; a lapsed claim counts as waiting."""
    waiting, claimed, skipped = connection.execute(COUNTS, {"recipe": recipe, "now": now}).fetchone()
    decided = connection.execute(DECIDED, {"recipe": recipe}).fetchall()
    return Counts(waiting=waiting, claimed=claimed, skipped=skipped, decided=dict(map(tuple, decided)))
