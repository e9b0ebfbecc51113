"""Leases on review items: who gets which next, and whether a claim still stands. Runs in the caller's transaction."""

import json
import secrets
import sqlite3
from collections.abc import Callable

from outcross.data.review import gold, settling
from outcross.data.review.items import Claim, Desk, Draft, Policy, Shown
from outcross.data.review.policies import in_force
from outcross.errors import ClaimLost, ReviewError

LEASE = 15 * 60.0
"""Seconds that a claim holds without a heartbeat."""

FREE = """
  AND item.state = 'open' AND (:recipe IS NULL OR item.recipe = :recipe)
  AND casefold(item.author_id) <> casefold(:reviewer)
  AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.item = item.id AND claim.reviewer = :reviewer
                                        AND claim.state IN ('open', 'done', 'skipped'))
"""
"""Who wrote it is told as `people.check_name` tells names apart; the trigger that holds besides knows ASCII only."""

SKILLED = """
  AND (item.skill IS NULL OR EXISTS (
        SELECT 1 FROM skill
        WHERE skill.reviewer = :reviewer AND skill.recipe = item.recipe AND skill.name = item.skill
          AND skill.revoked_at IS NULL
          AND skill.major = (SELECT coalesce(max(major), 1) FROM policy WHERE policy.recipe = item.recipe)))
"""
ROOM = """
  AND (SELECT count(*) FROM claim WHERE claim.item = item.id AND claim.state IN ('open', 'done'))
      < item.need + item.extra
"""
CANDIDATE = """
SELECT item.id, item.kind,
       EXISTS (SELECT 1 FROM draft WHERE draft.item = item.id AND draft.reviewer = :reviewer) AS begun
"""
BEST: dict[Desk, tuple[str, ...]] = {
    "review": (
        # Items on which the reviewer had begun to write come back before any other.
        f"""
FROM draft CROSS JOIN item ON item.id = draft.item AND draft.reviewer = :reviewer
WHERE item.stage = 'review' AND item.id NOT IN (SELECT item FROM gold WHERE training OR retired IS NOT NULL)
{FREE} {SKILLED} {ROOM} ORDER BY draft.at LIMIT 1""",
        f"""
FROM item WHERE item.stage = 'review' AND item.source <> 'gold'
{FREE} {SKILLED} {ROOM} ORDER BY item.prio DESC, item.created, item.rowid LIMIT 1""",
    ),
    "adjudication": (
        f"FROM item WHERE item.stage = 'adjudication' {FREE} {ROOM} ORDER BY item.created, item.rowid LIMIT 1",
    ),
    "training": (
        f"""
FROM gold CROSS JOIN item ON item.id = gold.item
WHERE gold.training AND gold.retired IS NULL {FREE}
  AND item.recipe || ' ' || ifnull(item.skill, '') NOT IN (SELECT value FROM json_each(:locked))
ORDER BY item.rowid""",
    ),
}
"""Where each desk looks for the next item, first to last; of several that are found one is drawn. A CROSS JOIN keeps
its order, so that the few come first."""

GOLD = (
    "SELECT item.id, item.kind FROM gold CROSS JOIN item ON item.id = gold.item "
    "WHERE NOT gold.training AND gold.retired IS NULL "
    "AND (item.recipe, item.hint IS NULL) = (SELECT recipe, hint IS NULL FROM item WHERE id = :best) "
    f"{FREE} {SKILLED} ORDER BY item.rowid"
)
"""Gold that may take the best item's place: of the same recipe, and with something to show afterwards where that one
has, so that neither its turning up nor what follows says anything."""

BEGUN = """
SELECT count(*) FROM (
    SELECT 1 FROM decision WHERE reviewer = ? AND stage = 'review' AND supersedes IS NULL LIMIT ?
)
"""

INSERT = """
INSERT INTO claim (item, slot, reviewer, token, taken, expires, state, stage, swapped)
SELECT :item, min(slot), :reviewer, :token, :now, :expires, 'open', :desk, :swapped
FROM (SELECT 0 AS slot UNION SELECT slot + 1 FROM claim WHERE item = :item AND state IN ('open', 'done'))
WHERE slot NOT IN (SELECT slot FROM claim WHERE item = :item AND state IN ('open', 'done'))
"""

READ = """
SELECT claim.token, claim.item, item.recipe, item.payload, item.payload_hash, claim.taken, claim.expires, claim.stage,
       claim.swapped, draft.rev, draft.body
FROM claim JOIN item ON item.id = claim.item
LEFT JOIN draft ON draft.item = claim.item AND draft.reviewer = claim.reviewer
"""


def expire(connection: sqlite3.Connection, now: float) -> None:
    """End every claim whose time has run out, so that its item can go to somebody else."""
    connection.execute("UPDATE claim SET state = 'expired' WHERE state = 'open' AND expires < ?", (now,))


def held(connection: sqlite3.Connection, reviewer: str, desk: Desk, now: float) -> list[Claim]:
    """The reviewer's open claims at a desk, the oldest first, with what may be seen of each item and the own draft."""
    rows = connection.execute(
        f"{READ} WHERE claim.reviewer = ? AND claim.state = 'open' AND claim.stage = ? ORDER BY claim.taken, claim.id",
        (reviewer, desk),
    )
    return [_claim(connection, row, now) for row in rows.fetchall()]


def read(connection: sqlite3.Connection, token: str, now: float) -> Claim:
    """A claim by its token."""
    return _claim(connection, connection.execute(f"{READ} WHERE claim.token = ?", (token,)).fetchone(), now)


def _claim(connection: sqlite3.Connection, row: sqlite3.Row, now: float) -> Claim:
    swapped = bool(row["swapped"])
    settles = row["stage"] == "adjudication"
    return Claim(
        token=row["token"],
        item=row["item"],
        recipe=row["recipe"],
        stage=row["stage"],
        shown=Shown.model_validate_json(row["payload"]),
        swapped=swapped,
        shown_hash=row["payload_hash"],
        taken=row["taken"],
        expires=row["expires"],
        seconds=row["expires"] - now,
        draft=None if row["rev"] is None else Draft(rev=row["rev"], body=row["body"]),
        policy=in_force(connection, row["recipe"]) or Policy(),
        rivals=tuple(row.bare for row in settling.rivals(connection, row["item"], swapped)) if settles else (),
    )


def lease(
    connection: sqlite3.Connection,
    reviewer: str,
    desk: Desk,
    recipe: str | None,
    now: float,
    chance: Callable[[], float],
) -> bool:
    """Open a claim on the best item for this reviewer, in its lowest unused slot; False where nothing waits.

    Raises:
        ReviewError: the reviewer has failed to qualify, and may not try again yet.
    """
    locked = gold.locked(connection, reviewer, now) if desk == "training" else {}
    facts = {"recipe": recipe, "reviewer": reviewer, "locked": json.dumps(list(locked))}
    found = (connection.execute(f"{CANDIDATE} {origin}", facts).fetchall() for origin in BEST[desk])
    if not (candidates := next(filter(None, found), [])):
        if locked:
            raise ReviewError(next(iter(locked.values())))
        return False
    best = _one_of(candidates, chance)
    if desk == "review":
        # Looked for in any case, so that the time which a claim takes says nothing either.
        instead = connection.execute(GOLD, facts | {"best": best["id"]}).fetchall()
        drawn = chance() < _gold_share(connection, reviewer)
        best = _one_of(instead, chance) if drawn and instead and not best["begun"] else best
    item = best["id"]
    row = facts | {"item": item, "token": secrets.token_urlsafe(24), "desk": desk, "now": now, "expires": now + LEASE}
    if best["kind"] == "preference":
        swapped = _swap(connection, item, chance)
    else:  # an adjudicator has two answers to order
        swapped = desk == "adjudication" and chance() < 0.5
    connection.execute(INSERT, row | {"swapped": swapped})
    return True


def _one_of(rows: list[sqlite3.Row], chance: Callable[[], float]) -> sqlite3.Row:
    return rows[int(chance() * len(rows))] if len(rows) > 1 else rows[0]


def _gold_share(connection: sqlite3.Connection, reviewer: str) -> float:
    begun = connection.execute(BEGUN, (reviewer, gold.FIRST)).fetchone()[0]
    return gold.SHARE if begun >= gold.FIRST else gold.FIRST_SHARE


def _swap(connection: sqlite3.Connection, item: str, chance: Callable[[], float]) -> bool:
    """Whether to show a pair's second answer first: at random, and to the next person the other way round."""
    sql = "SELECT swapped FROM claim WHERE item = ? AND state IN ('open', 'done') ORDER BY id DESC LIMIT 1"
    before = connection.execute(sql, (item,)).fetchone()
    return not before["swapped"] if before else chance() < 0.5


def change(
    connection: sqlite3.Connection, token: str, reviewer: str, now: float, setting: str, value: object
) -> sqlite3.Row:
    """Change an open claim that hasn't run out; return its row.

    Raises:
        ClaimLost: there is no such claim of this reviewer's.
    """
    row: sqlite3.Row | None = connection.execute(
        f"UPDATE claim SET {setting} WHERE token = ? AND reviewer = ? AND state = 'open' AND expires >= ? "
        "RETURNING id, item, reviewer, taken, stage, swapped, revealed",
        (value, token, reviewer, now),
    ).fetchone()
    if row is None:
        raise ClaimLost(
            "Your hold on this item has lapsed, or it was decided in another window. What you typed is kept: "
            "ask for the next item, and this one comes first if it is still free."
        )
    return row


def done(connection: sqlite3.Connection, token: str, reviewer: str) -> sqlite3.Row:
    """A claim that its holder has decided, the decision held or committed.

    Raises:
        ClaimLost: there is no such claim of this reviewer's.
    """
    row: sqlite3.Row | None = connection.execute(
        "SELECT claim.id, claim.item, claim.reviewer, claim.token, claim.taken, claim.stage, claim.swapped, "
        "claim.revealed FROM claim WHERE token = ? AND reviewer = ? AND state = 'done'",
        (token, reviewer),
    ).fetchone()
    if row is None:
        raise ClaimLost("There is no decision of yours on this item to come back to.")
    return row


def extend(connection: sqlite3.Connection, token: str, reviewer: str, now: float) -> float:
    """Hold a claim, and what its holder has fetched ahead, for a full lease from now; return when that ends.

    Raises:
        ClaimLost: it has lapsed or ended.
    """
    change(connection, token, reviewer, now, "expires = ?", now + LEASE)
    connection.execute(
        "UPDATE claim SET expires = ? WHERE reviewer = ? AND state = 'open' AND expires >= ?",
        (now + LEASE, reviewer, now),
    )
    return now + LEASE


def notes(connection: sqlite3.Connection, item: str) -> dict[str, object]:
    """What was kept to be shown after a decision; empty where nothing was."""
    hint = connection.execute("SELECT hint FROM item WHERE id = ?", (item,)).fetchone()["hint"]
    return dict(json.loads(hint)) if hint else {}
