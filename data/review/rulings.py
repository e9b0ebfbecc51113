"""Rulings on their way to decisions: checked, held while they can be taken back, written once.

Runs in the caller's transaction.
"""

import logging
import secrets
import sqlite3
from typing import Any

from outcross.data.review import chain, decisions, gold, policies, settling
from outcross.data.review.answers import Answer, Ruling, complaint, stored
from outcross.data.review.items import Policy, Shown
from outcross.data.samples import canonical
from outcross.errors import ClaimLost, ReviewError

log = logging.getLogger(__name__)

BROKEN = "broken"
"""An adjudicator's verdict: nobody could judge this item."""

INSERT = """
INSERT INTO decision (id, claim, item, reviewer, idem, verdict, reasons, note, edit, labels, strength, swapped,
                      guideline, revealed, stage, correct, takes, cause, both_fine, shown_hash, active_ms, wall_ms,
                      supersedes, at)
VALUES (:id, :claim, :item, :reviewer, :idem, :verdict, :reasons, :note, :edit, :labels, :strength, :swapped,
        :guideline, :revealed, :stage, :correct, :takes, :cause, :both_fine, :shown_hash, :active_ms, :wall_ms,
        :supersedes, :at)
RETURNING seq
"""

REPEATED = """
SELECT seq, token FROM decision JOIN claim ON claim.id = claim WHERE decision.reviewer = :reviewer AND idem = :idem
UNION ALL
SELECT NULL, token FROM held JOIN claim ON claim.id = claim WHERE held.reviewer = :reviewer AND idem = :idem
"""

CLAIM = "SELECT id, item, reviewer, token, taken, stage, swapped, revealed FROM claim WHERE id = ?"


def repeated(connection: sqlite3.Connection, token: str, reviewer: str, idem: str) -> sqlite3.Row | None:
    """What this very submission came to when it was first made; its `seq` is None where the decision is still held.

    Raises:
        ReviewError: the key was used for another claim.
    """
    row: sqlite3.Row | None = connection.execute(REPEATED, {"reviewer": reviewer, "idem": idem}).fetchone()
    if row and row["token"] != token:
        raise ReviewError(f"the key {idem} belongs to the decision of another item: use a new one for each item shown.")
    return row


def check(connection: sqlite3.Connection, claim: sqlite3.Row, ruling: Ruling) -> None:
    """Refuse a ruling on something else than the item, or an answer that isn't whole.

    Raises:
        ReviewError: says what is missing.
    """
    item = connection.execute(
        "SELECT payload, payload_hash, recipe FROM item WHERE id = ?", (claim["item"],)
    ).fetchone()
    if ruling.shown_hash != item["payload_hash"]:
        raise ReviewError("what the page showed isn't this item: load the page again and decide anew.")
    if (ruling.adjudication is not None) != (claim["stage"] == "adjudication"):
        raise ReviewError("an adjudication, and nothing else, says why the reviewers differed.")
    if ruling.adjudication and ruling.adjudication.takes:
        if not settling.rivals(connection, claim["item"], bool(claim["swapped"])):
            raise ReviewError("the reviewers agree by now, so there is nothing to choose between: go on to the next.")
        return
    if ruling.adjudication and ruling.verdict == BROKEN:
        return
    per_step = (policies.in_force(connection, item["recipe"]) or Policy()).steps == "per_step"
    if said := complaint(Shown.model_validate_json(item["payload"]).content, ruling, per_step=per_step):
        raise ReviewError(said)


def hold(connection: sqlite3.Connection, claim: sqlite3.Row, ruling: Ruling, now: float, due: float) -> None:
    """Keep a claim's first ruling, which can be taken back until `due`."""
    row = (claim["id"], claim["reviewer"], ruling.idem, ruling.model_dump_json(), now, due)
    connection.execute("INSERT INTO held VALUES (?, ?, ?, ?, ?, ?)", row)


def ripen(connection: sqlite3.Connection, now: float) -> None:
    """Commit what can be taken back no longer, in the order in which it was decided."""
    sql = "SELECT claim, reviewer, ruling, at FROM held WHERE due <= ? ORDER BY at, claim"
    for row in connection.execute(sql, (now,)).fetchall():
        claim = connection.execute(CLAIM, (row["claim"],)).fetchone()
        connection.execute("DELETE FROM held WHERE claim = ?", (row["claim"],))
        connection.execute("SAVEPOINT one")
        try:
            record(connection, claim, Ruling.model_validate_json(row["ruling"]), row["at"], now)
        except sqlite3.IntegrityError as error:
            # A defect of ours, which must not stop everybody: the ruling is kept in the log, and the item goes on.
            log.exception("the decision on claim %d can't be committed; event ruling_refused has it", row["claim"])
            connection.execute("ROLLBACK TO one")
            connection.execute("UPDATE claim SET state = 'released' WHERE id = ?", (row["claim"],))
            chain.append(connection, "ruling_refused", dict(row) | {"because": str(error)}, now)
        connection.execute("RELEASE one")


def withdraw(connection: sqlite3.Connection, claim: sqlite3.Row, expires: float) -> Ruling | None:
    """Take a held ruling back and open its claim again; None where none is held."""
    row = connection.execute("DELETE FROM held WHERE claim = ? RETURNING ruling", (claim["id"],)).fetchone()
    if row is None:
        return None
    connection.execute("UPDATE claim SET state = 'open', expires = ? WHERE id = ?", (expires, claim["id"]))
    return Ruling.model_validate_json(row["ruling"])


def last(connection: sqlite3.Connection, claim: sqlite3.Row) -> decisions.DecisionRow | None:
    """What stands of a claim that was decided and committed."""
    own = decisions.standing(connection, claim["item"], claim["reviewer"])
    return own[0] if own else None


def revisable(connection: sqlite3.Connection, claim: sqlite3.Row) -> decisions.DecisionRow:
    """The decision that may be superseded: the holder's own, not in training, on an item that nobody has adjudicated.

    Raises:
        ClaimLost: it may not be; the text says why.
    """
    before = last(connection, claim)
    if before is None:
        raise ClaimLost("There is no decision of yours on this item to come back to.")
    if claim["stage"] == "training":
        raise ClaimLost("A training item is answered once: its answer has been shown.")
    sql = "SELECT 1 FROM standing WHERE item = ? AND stage = 'adjudication' AND reviewer <> ?"
    if connection.execute(sql, (claim["item"], claim["reviewer"])).fetchone():
        raise ClaimLost("This item has been adjudicated since, so its decisions stand.")
    return before


def record(connection: sqlite3.Connection, claim: sqlite3.Row, ruling: Ruling, at: float, now: float) -> int:
    """Write a decision, with all that follows from it; return its number."""
    item = connection.execute(
        "SELECT id, kind, recipe, skill, source FROM item WHERE id = ?", (claim["item"],)
    ).fetchone()
    before = last(connection, claim)
    row = _said(connection, claim, ruling, item["kind"]) | {
        "id": secrets.token_hex(16),
        "claim": claim["id"],
        "item": item["id"],
        "reviewer": claim["reviewer"],
        "stage": claim["stage"],
        "swapped": claim["swapped"],
        "revealed": claim["revealed"],
        "guideline": (policies.in_force(connection, item["recipe"]) or Policy()).version,
        "supersedes": before and before.seq,
        "at": at,
        **_times(claim, ruling, at),
    }
    seq = int(connection.execute(INSERT, row).fetchone()[0])
    connection.execute("DELETE FROM draft WHERE item = ? AND reviewer = ?", (item["id"], claim["reviewer"]))
    chain.commit_to(connection, "judged", row["id"], now)
    if claim["stage"] == "training":
        gold.qualify(connection, claim["reviewer"], item, now)
    else:
        # Both for gold and for work alike, so that the time which a decision takes doesn't tell them apart.
        gold.measure(connection, claim["reviewer"], now)
        settling.settle(connection, item["id"], claim["reviewer"] if item["source"] == "gold" else None)
    return seq


def _said(connection: sqlite3.Connection, claim: sqlite3.Row, ruling: Ruling, kind: str) -> dict[str, Any]:
    """The columns that hold the answer: the ruling's own, or that of the reviewer whose answer an adjudicator took."""
    judged = ruling.adjudication
    rivals = settling.rivals(connection, claim["item"], bool(claim["swapped"])) if judged and judged.takes else []
    taken = rivals["ab".index(judged.takes)] if judged and judged.takes and rivals else None
    answer: Answer = taken or ruling.model_copy(update={"verdict": stored(ruling.verdict, bool(claim["swapped"]))})
    return {
        "verdict": answer.verdict,
        "reasons": canonical(answer.reasons),
        "note": ruling.note or answer.note,
        "edit": answer.edit,
        "labels": canonical(answer.labels) if answer.labels else None,
        "strength": answer.strength,
        "correct": gold.grade(connection, claim["item"], kind, answer, claim["stage"]),
        "takes": taken and taken.seq,
        "cause": judged and judged.cause,
        "both_fine": int(judged is not None and judged.both_fine),
        "shown_hash": ruling.shown_hash,
        "idem": ruling.idem,
    }


def _times(claim: sqlite3.Row, ruling: Ruling, at: float) -> dict[str, int]:
    wall = max(0, round((at - claim["taken"]) * 1000))
    return {"wall_ms": wall, "active_ms": min(ruling.active_ms, wall)}
