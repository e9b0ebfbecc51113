"""The review queue: an SQLite file that gives each item to the right person once and forgets no decision."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import get_args

from outcross.data.review import chain, claims, rulings
from outcross.data.review.chain import Head
from outcross.data.review.items import MAX_DRAFT, Claim, Counts, DecisionRow, Item, Role, Ruling, SkipReason
from outcross.data.stores.lease import lock
from outcross.data.stores.migrate import migrate_sqlite
from outcross.errors import ClaimLost, ReviewError, StoreBusy, StoreError

BUSY = 30.0
"""Seconds that a transaction waits for others; each lasts milliseconds."""

ITEM = """
INSERT INTO item (id, kind, payload, payload_hash, sample_id, recipe, lineage_seed, author_kind, author_id, source,
                  incl_prob, prio, need, created)
VALUES (:id, :kind, :payload, :payload_hash, :sample_id, :recipe, :lineage_seed, :author_kind, :author_id, :source,
        :incl_prob, :prio, :need, :now)
ON CONFLICT (recipe, sample_id, payload_hash) DO NOTHING
"""

DRAFT = """
INSERT INTO draft
SELECT item, reviewer, ?, ?, ? FROM claim WHERE token = ? AND reviewer = ? AND state IN ('open', 'expired')
ON CONFLICT (reviewer, item) DO UPDATE SET rev = excluded.rev, body = excluded.body, at = excluded.at
WHERE excluded.rev > rev
"""


class Queue:
    """The queue of one data home, used by the review page and the flows at the same time.

    Each call is one transaction on a connection of its own, so that an instance may be shared by threads,
    pickled, or carried across a fork, and a process killed at any moment leaves no half of a call behind.
    Any call raises `StoreBusy` where others held the file for `BUSY` seconds, and `StoreError` where the
    file can't be used.
    """

    def __init__(self, path: Path, *, now: Callable[[], float] = time.time, read_only: bool = False) -> None:
        """Open the queue, creating the file and bringing it up to date where needed.

        Args:
            path: the SQLite file, in a folder that exists.
            now: seconds since the epoch; tests move it.
            read_only: only look, at a file that is left as it is; what doesn't suit a call is said by that call.

        Raises:
            StoreError: the file isn't a queue that this version opens.
        """
        self.path = Path(path)
        self._now = now
        self._mode = "ro" if read_only else "rw"
        if read_only:
            return
        # SQLite doesn't wait when two processes switch a new file to WAL at once, so they take turns.
        with lock(self.path), self._connected(mode="rwc") as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            migrate_sqlite(connection, "queue")

    def add_reviewer(self, name: str, role: Role = "reviewer") -> None:
        """Let `name` review; adding somebody again changes nothing.

        Raises:
            ReviewError: the name is empty, longer than 64 characters, or holds ones that can't be seen.
        """
        if name != name.strip() or not 1 <= len(name) <= 64 or not name.isprintable():
            raise ReviewError(f"{name!r} can't be a reviewer's name: give 1 to 64 visible characters.")
        with self._transaction() as connection:
            added = connection.execute(
                "INSERT INTO reviewer (name, role, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                (name, role, self._now()),
            )
            if added.rowcount:
                chain.append(connection, "reviewer_added", {"name": name, "role": role}, self._now())

    def enqueue(self, items: Iterable[Item]) -> int:
        """Add the items that aren't there yet, all or none; return how many were new.

        An item is known by its sample and by what is shown of it. Its recipe, source and inclusion
        probability stay as they were on the first call, whatever later calls say.
        """
        now = self._now()
        rows = [_row(item, now) for item in items]
        with self._transaction() as connection:
            return sum(_insert(connection, row, now) for row in rows)

    def claim(self, reviewer: str, recipe: str | None = None) -> Claim | None:
        """Lease the best waiting item to `reviewer`, or return the claim already held.

        Best is: where the reviewer's own unsubmitted draft is, then the highest priority, then the oldest.
        Nobody gets their own work, nor an item that they decided or skipped.

        Args:
            reviewer: a name that was added.
            recipe: only items of this recipe; a claim already held is returned whatever its recipe.

        Returns:
            The claim, or None where nothing waits for this reviewer.

        Raises:
            ReviewError: the reviewer isn't known, or no longer active.
        """
        now = self._now()
        with self._transaction() as connection:
            if not connection.execute("SELECT 1 FROM reviewer WHERE name = ? AND active = 1", (reviewer,)).fetchone():
                raise ReviewError(f"{reviewer!r} isn't an active reviewer of {self.path}: add the name first.")
            claims.expire(connection, now)
            if held := claims.held(connection, reviewer, now):
                return held
            claims.lease_best(connection, reviewer, recipe, now)
            return claims.held(connection, reviewer, now)

    def heartbeat(self, token: str, reviewer: str) -> float:
        """Hold the claim for a full lease from now; return when that ends, in seconds since the epoch.

        Raises:
            ClaimLost: it has lapsed or ended.
        """
        now = self._now()
        with self._transaction() as connection:
            claims.change(connection, token, reviewer, now, "expires = ?", now + claims.LEASE)
        return now + claims.LEASE

    def release(self, token: str, reviewer: str) -> None:
        """Give the item back undecided; a claim that is gone already is none to give back."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE claim SET state = 'released' WHERE token = ? AND reviewer = ? AND state = 'open'",
                (token, reviewer),
            )

    def skip(self, token: str, reviewer: str, reason: SkipReason) -> None:
        """Pass the item on to somebody else; this reviewer never gets it again.

        Raises:
            ClaimLost: the claim has lapsed or ended.
            ReviewError: the reason isn't one of `SkipReason`.
        """
        if reason not in get_args(SkipReason):
            raise ReviewError(f"{reason!r} is no reason to skip: choose one of {', '.join(get_args(SkipReason))}.")
        now = self._now()
        with self._transaction() as connection:
            claim = claims.change(connection, token, reviewer, now, "state = 'skipped', skip_reason = ?", reason)
            body = {"item": claim["item"], "reviewer": reviewer, "reason": reason}
            chain.append(connection, "skipped", body, now)

    def save_draft(self, token: str, reviewer: str, rev: int, body: str) -> None:
        """Keep what the reviewer has typed; a save no newer than the one kept does nothing.

        A claim that has lapsed still takes its holder's words; one that was decided does not.

        Raises:
            ClaimLost: the claim isn't this reviewer's, or has ended.
            ReviewError: the draft is longer than `MAX_DRAFT`.
        """
        if len(body) > MAX_DRAFT:
            raise ReviewError(f"a draft of {len(body):,} characters is too long: {MAX_DRAFT:,} are kept.")
        with self._transaction() as connection:
            if not connection.execute(
                "SELECT 1 FROM claim WHERE token = ? AND reviewer = ? AND state IN ('open', 'expired')",
                (token, reviewer),
            ).fetchone():
                raise ClaimLost("This item is no longer yours, so its draft stays as it last was.")
            connection.execute(DRAFT, (rev, body, self._now(), token, reviewer))

    def submit(self, token: str, reviewer: str, ruling: Ruling) -> DecisionRow:
        """Record a decision and end the claim, in one transaction that also checks the lease.

        The same ruling sent again (same `idem`, same claim) returns the first decision and adds nothing.

        Raises:
            ClaimLost: the claim has lapsed or ended; the draft is kept.
            ReviewError: the page showed something else than the item, or the edit isn't one.
        """
        now = self._now()
        with self._transaction() as connection:
            seq = rulings.repeated(connection, token, reviewer, ruling.idem)
            if seq is None:
                claim = claims.change(connection, token, reviewer, now, "state = ?", "done")
                rulings.check(connection, claim["item"], ruling)
                seq = rulings.record(connection, claim, reviewer, ruling, now)
            return rulings.read(connection, "= ?", seq)[0]

    def decisions(self, after: int = 0) -> list[DecisionRow]:
        """The decisions with `seq > after`, in the order in which they were committed."""
        with self._connected() as connection:
            return rulings.read(connection, "> ?", after)

    def decided_since(self, reviewer: str, moment: float) -> int:
        """How many decisions the reviewer has made from `moment` (seconds since the epoch) on."""
        with self._connected() as connection:
            sql = "SELECT count(*) FROM decision WHERE reviewer = ? AND at >= ? AND supersedes IS NULL"
            return int(connection.execute(sql, (reviewer, moment)).fetchone()[0])

    def counts(self, recipe: str | None = None) -> Counts:
        """How the queue stands, of one recipe or of all; a lapsed claim counts as waiting."""
        with self._snapshot() as connection:
            return claims.counts(connection, recipe, self._now())

    def verify(self) -> Head:
        """Check the log's hash chain, and every item and decision against it.

        Returns:
            The number and hash of the last event, for a release to write down.

        Raises:
            VerificationFailed: names the first event that doesn't hold.
        """
        with self._snapshot() as connection:
            return chain.verify(connection)

    def lost(self, heads: Iterable[Head]) -> set[Head]:
        """Of the heads that `verify` gave earlier, those that are no event of the log any more: its end is gone.

        Raises:
            VerificationFailed: a link of the log's hash chain doesn't hold; its number is named.
        """
        with self._snapshot() as connection:
            return chain.lost(connection, heads)

    @contextmanager
    def _connected(self, mode: str = "") -> Iterator[sqlite3.Connection]:
        try:
            address = f"{self.path.absolute().as_uri()}?mode={mode or self._mode}"
            with closing(sqlite3.connect(address, uri=True, isolation_level=None, timeout=BUSY)) as connection:
                connection.row_factory = sqlite3.Row
                connection.execute("PRAGMA foreign_keys = ON")
                connection.execute("PRAGMA synchronous = FULL")
                yield connection
        except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
            raise  # a defect of ours, not of the file
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise StoreBusy(
                    f"{self.path} stayed in use for {BUSY:g} s. Each call holds it for moments only, so look for a "
                    f"stuck process with `fuser -v {self.path}`."
                ) from error
            raise StoreError(f"{self.path} can't be used as a review queue: {error}.") from error

    @contextmanager
    def _transaction(self, begin: str = "BEGIN IMMEDIATE") -> Iterator[sqlite3.Connection]:
        with self._connected() as connection:
            connection.execute(begin)
            yield connection
            connection.execute("COMMIT")  # not reached after an error: closing the connection undoes it all

    def _snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """Several reads of one and the same state."""
        return self._transaction("BEGIN")


def _row(item: Item, now: float) -> dict[str, object]:
    shown = {"kind": item.shown.content.kind, "payload": item.payload, "payload_hash": item.payload_hash}
    return item.model_dump(exclude={"shown"}) | shown | {"id": secrets.token_hex(16), "now": now}


def _insert(connection: sqlite3.Connection, row: dict[str, object], now: float) -> int:
    """Add one item unless it is there; return 1 if it was new."""
    added = connection.execute(ITEM, row).rowcount
    if added:
        chain.commit_to(connection, "enqueued", str(row["id"]), now)
    return added
