"""How items enter the queue: once each, every one an event of the log."""

import secrets
import sqlite3
from collections.abc import Mapping

from outcross.data.review import chain, gold
from outcross.data.review.gold import Gold
from outcross.data.review.items import Item

INSERT = """
INSERT INTO item (id, kind, payload, payload_hash, sample_id, recipe, lineage_seed, author_kind, author_id, source,
                  incl_prob, prio, need, skill, score, hint, created)
VALUES (:id, :kind, :payload, :payload_hash, :sample_id, :recipe, :lineage_seed, :author_kind, :author_id, :source,
        :incl_prob, :prio - :now / :patience, :need, :skill, :score, :hint, :now)
ON CONFLICT (recipe, sample_id, payload_hash) DO NOTHING
"""

PATIENCE = 14 * 86_400.0
"""Seconds by which an older item may be worth less by 1, and still come first.

All items grow older at the same pace, so their order stays what it was when they were given their priorities: what is
stored is the priority less the moment at which the item came, counted in these. Priorities lie in [0, 1), so nothing
that comes later than this is put before an item, whatever it is worth, and none waits for ever.
"""

EVERYBODY = 1_000_000
"""How many may answer an item whose answer is known: all reviewers, once each."""


def insert(connection: sqlite3.Connection, item: Item, now: float, need: int | None = None) -> str | None:
    """Add an item unless it is there; return its id if it is new."""
    shown = {"kind": item.shown.content.kind, "payload": item.payload, "payload_hash": item.payload_hash}
    facts = {"id": secrets.token_hex(16), "now": now, "patience": PATIENCE}
    row = item.model_dump(exclude={"shown"}) | shown | facts
    if not connection.execute(INSERT, row | {"need": need or item.need}).rowcount:
        return None
    chain.commit_to(connection, "queued", str(row["id"]), now)
    return str(row["id"])


def insert_gold(connection: sqlite3.Connection, entry: Gold, now: float) -> bool:
    """Add an item whose answer is known unless it is there; return whether it is new."""
    marked = entry.item.model_copy(update={"source": "gold", "incl_prob": 1.0})
    key = insert(connection, marked, now, EVERYBODY)
    if key:
        gold.insert(connection, key, entry, now)
    return key is not None


def prioritise(connection: sqlite3.Connection, recipe: str, priorities: Mapping[str, float]) -> None:
    """Give open items of a recipe new priorities, by sample; the log doesn't commit to them."""
    connection.executemany(
        "UPDATE item SET prio = :prio - created / :patience "
        "WHERE recipe = :recipe AND sample_id = :sample AND state = 'open' AND prio <> :prio - created / :patience",
        [
            {"recipe": recipe, "sample": sample, "prio": prio, "patience": PATIENCE}
            for sample, prio in priorities.items()
        ],
    )
