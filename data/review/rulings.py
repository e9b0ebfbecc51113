"""Rulings as they become decisions: checked, written once, read back. Runs in the caller's transaction."""

import json
import secrets
import sqlite3

from outcross.data.review import chain
from outcross.data.review.items import DecisionRow, Ruling, Shown
from outcross.data.samples import canonical
from outcross.errors import ReviewError

DECISION = """
SELECT decision.id AS decision_id, decision.seq, decision.item, item.kind, item.sample_id, item.recipe,
       item.lineage_seed, item.author_id, item.source, item.incl_prob, decision.reviewer, decision.verdict,
       decision.reasons, decision.note, decision.edit, decision.shown_hash, decision.active_ms, decision.wall_ms,
       decision.supersedes, decision.at
FROM decision JOIN item ON item.id = decision.item
"""

INSERT = """
INSERT INTO decision (id, claim, item, reviewer, idem, verdict, reasons, note, edit, shown_hash, active_ms, wall_ms, at)
VALUES (:id, :claim, :item, :reviewer, :idem, :verdict, :reasons, :note, :edit, :shown_hash, :active_ms, :wall_ms, :at)
RETURNING seq
"""


def repeated(connection: sqlite3.Connection, token: str, reviewer: str, idem: str) -> int | None:
    """The number of the decision that this very submission has made already.

    Raises:
        ReviewError: the key was used for another claim.
    """
    row = connection.execute(
        "SELECT seq, token FROM decision JOIN claim ON claim.id = claim WHERE decision.reviewer = ? AND idem = ?",
        (reviewer, idem),
    ).fetchone()
    if row is None:
        return None
    if row["token"] != token:
        raise ReviewError(f"the key {idem} belongs to the decision of another item: use a new one for each item shown.")
    return int(row["seq"])


def check(connection: sqlite3.Connection, item: str, ruling: Ruling) -> None:
    """Refuse a ruling on something else than the item, or an edit that changes nothing.

    Raises:
        ReviewError: says which.
    """
    row = connection.execute("SELECT payload, payload_hash FROM item WHERE id = ?", (item,)).fetchone()
    if ruling.shown_hash != row["payload_hash"]:
        raise ReviewError("what the page showed isn't this item: load the page again and decide anew.")
    if ruling.edit is None:
        return
    shown = Shown.model_validate_json(row["payload"])
    if shown.editable is None:
        raise ReviewError(f"the kind {shown.content.kind} can't be edited here: approve or reject it.")
    if ruling.edit == shown.editable:
        raise ReviewError("the text is unchanged: approve it, or change it first.")


def record(connection: sqlite3.Connection, claim: sqlite3.Row, reviewer: str, ruling: Ruling, now: float) -> int:
    """Write the decision of a claim that has just ended, drop the draft, and return the decision's number."""
    wall = max(0, round((now - claim["taken"]) * 1000))
    row = ruling.model_dump() | {
        "id": secrets.token_hex(16),
        "claim": claim["id"],
        "item": claim["item"],
        "reviewer": reviewer,
        "reasons": canonical(ruling.reasons),
        "active_ms": min(ruling.active_ms, wall),
        "wall_ms": wall,
        "at": now,
    }
    seq = int(connection.execute(INSERT, row).fetchone()[0])
    connection.execute("DELETE FROM draft WHERE item = ? AND reviewer = ?", (claim["item"], reviewer))
    chain.commit_to(connection, "decided", row["id"], now)
    return seq


def read(connection: sqlite3.Connection, condition: str, value: int) -> list[DecisionRow]:
    """The decisions whose `seq` meets the condition (`= ?`, `> ?`), in order."""
    rows = connection.execute(f"{DECISION} WHERE decision.seq {condition} ORDER BY decision.seq", (value,))
    return [DecisionRow.model_validate({**row, "reasons": json.loads(row["reasons"])}) for row in rows]
