"""The queue's log: each event's hash covers the one before, so that a change anywhere shows."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from outcross.data.samples import canonical, digest
from outcross.errors import VerificationFailed

GENESIS = "0" * 64
"""What the first event names as the hash before it."""

ITEM = (
    "id, kind, payload, payload_hash, sample_id, recipe, lineage_seed, author_kind, author_id, source, incl_prob, "
    "created"
)
DECISION = (
    "id, seq, claim, item, reviewer, idem, verdict, reasons, note, edit, shown_hash, active_ms, wall_ms, supersedes, at"
)
FACTS = {
    "enqueued": f"SELECT {ITEM} FROM item WHERE id = ?",
    "queued": f"SELECT {ITEM}, need, skill, score, hint FROM item WHERE id = ?",
    "decided": f"SELECT {DECISION} FROM decision WHERE id = ?",
    "judged": f"SELECT {DECISION}, labels, strength, swapped, guideline, revealed, stage, correct, takes, cause, "
    "both_fine FROM decision WHERE id = ?",
    "gold_added": "SELECT item, verdict, labels, explanation, training FROM gold WHERE item = ?",
}
"""Which columns of its row an event of that kind commits to. A row's later columns need a kind of their own."""

TABLES = {"enqueued": "item", "queued": "item", "decided": "decision", "judged": "decision", "gold_added": "gold"}

Head = tuple[int, str]
"""Number and hash of a log's last event, as they are written down elsewhere; (0, GENESIS) of an empty log."""


class Event(NamedTuple):
    """One entry of the log, its link already checked."""

    seq: int
    hash: str
    kind: str
    body: dict[str, Any]


def head(connection: sqlite3.Connection) -> Head:
    """The last event's number and hash."""
    row = connection.execute("SELECT seq, hash FROM event ORDER BY seq DESC LIMIT 1").fetchone()
    return (row[0], row[1]) if row else (0, GENESIS)


def append(connection: sqlite3.Connection, kind: str, body: dict[str, Any], at: float) -> None:
    """Add an event inside the caller's write transaction, so that it stands or falls with what it records."""
    last, previous = head(connection)
    text = canonical(body)
    connection.execute(
        "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)",
        (last + 1, previous, digest([last + 1, previous, kind, text, at]), kind, text, at),
    )


def commit_to(connection: sqlite3.Connection, kind: str, row_id: str, at: float) -> None:
    """Add an event that carries the digest of the row just written."""
    append(connection, kind, {"id": row_id, "digest": _row_digest(connection, kind, row_id)}, at)


def walk(connection: sqlite3.Connection) -> Iterator[Event]:
    """Yield the events in order, each once its link is checked.

    Raises:
        VerificationFailed: an event was changed, removed or slipped in; its number is named.
    """
    expected, previous = 1, GENESIS
    for seq, prev_hash, own_hash, kind, text, at in connection.execute(
        "SELECT seq, prev_hash, hash, kind, body, at FROM event ORDER BY seq"
    ):
        if seq != expected or prev_hash != previous or own_hash != digest([seq, prev_hash, kind, text, at]):
            raise _broken(expected, "the event itself was changed, removed or slipped in")
        yield Event(seq, own_hash, kind, json.loads(text))
        expected, previous = seq + 1, own_hash


def verify(connection: sqlite3.Connection) -> Head:
    """Check the whole chain, and every item and decision against it; return the chain's head.

    That nobody cut off its end is for `lost` to show.

    Raises:
        VerificationFailed: names the first event that doesn't hold.
    """
    event = Event(0, GENESIS, "", {})
    seen: Counter[str] = Counter()
    for event in walk(connection):
        if event.kind in FACTS:
            seen[TABLES[event.kind]] += 1
            if _row_digest(connection, event.kind, event.body["id"]) != event.body["digest"]:
                raise _broken(event.seq, f"the {TABLES[event.kind]} {event.body['id']} isn't what was recorded")
    for table, rows in recorded(connection).items():
        if rows != seen[table]:
            raise _broken(event.seq + 1, f"the table {table} has {rows} rows, of which {seen[table]} were recorded")
    return event.seq, event.hash


def recorded(connection: sqlite3.Connection) -> dict[str, int]:
    """How many rows the tables hold that events commit to, by table."""
    tables = dict.fromkeys(TABLES.values())
    return {table: int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in tables}


def lost(connection: sqlite3.Connection, heads: Iterable[Head]) -> set[Head]:
    """Of the heads that were written down elsewhere, those that are no event of the chain any more.

    Raises:
        VerificationFailed: a link of the chain doesn't hold; its number is named.
    """
    return set(heads).difference([(0, GENESIS)], ((event.seq, event.hash) for event in walk(connection)))


def _row_digest(connection: sqlite3.Connection, kind: str, row_id: str) -> str:
    row = connection.execute(FACTS[kind], (row_id,)).fetchone()
    return digest(list(row) if row else None)


def _broken(seq: int, what: str) -> VerificationFailed:
    return VerificationFailed(
        f"the review queue doesn't hold at event {seq}: {what}. "
        "Somebody changed the file by other means than Outcross: go back to an earlier copy of it."
    )
