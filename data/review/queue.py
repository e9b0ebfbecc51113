"""The review queue: an SQLite file that gives each item to the right person once and forgets no decision."""

import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import get_args

from outcross.data.review import chain, claims, counts, decisions, gold, people, queued, rulings
from outcross.data.review.answers import Ruling
from outcross.data.review.chain import Head
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.file import ReviewFile
from outcross.data.review.gold import Feedback
from outcross.data.review.items import MAX_DRAFT, Claim, Counts, Desk, Item, Role, SkipReason
from outcross.errors import ClaimLost, ReviewError

MAX_NOTE = 2_000
"""Characters of a remark on the guideline or on a known answer."""

DRAFT = """
INSERT INTO draft
SELECT item, reviewer, ?, ?, ? FROM claim WHERE token = ? AND reviewer = ? AND state IN ('open', 'expired')
ON CONFLICT (reviewer, item) DO UPDATE SET rev = excluded.rev, body = excluded.body, at = excluded.at
WHERE excluded.rev > rev
"""


def draw() -> float:
    """A number in [0, 1) that nobody can foresee."""
    return secrets.randbelow(2**53) / 2**53


class Queue(ReviewFile):
    """What reviewers and flows ask of the queue of one data home, at the same time."""

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], float] = time.time,
        read_only: bool = False,
        chance: Callable[[], float] = draw,
    ) -> None:
        """Open the queue as `ReviewFile` does; `chance` draws from [0, 1), for gold and for the order of pairs."""
        super().__init__(path, now=now, read_only=read_only)
        self._chance = chance

    def add_reviewer(self, name: str, role: Role = "reviewer") -> None:
        """Let `name` review; adding somebody again changes nothing.

        Raises:
            ReviewError: the name is empty, longer than 64 characters, holds ones that can't be seen, or is
                another's but for its capitals.
        """
        with self._transaction() as connection:
            people.add(connection, name, role, self._now())

    def enqueue(self, items: Iterable[Item]) -> int:
        """Add the items that aren't there yet, all or none; return how many were new.

        An item is known by its sample and by what is shown of it. Its recipe, source and inclusion
        probability stay as they were on the first call, whatever later calls say.
        """
        now = self._now()
        with self._transaction() as connection:
            return sum(queued.insert(connection, item, now) is not None for item in items)

    def prioritise(self, recipe: str, priorities: Mapping[str, float]) -> None:
        """Give open items of a recipe new priorities, by sample id, in [0, 1): the highest comes first.

        An item rises by 1 in `queued.PATIENCE` seconds of waiting, so that none waits for ever.
        """
        with self._transaction() as connection:
            queued.prioritise(connection, recipe, priorities)

    def claim(self, reviewer: str, recipe: str | None = None, *, desk: Desk = "review") -> Claim | None:
        """Lease the best waiting item to `reviewer`, or return the claim already held; see `lease`."""
        held = self.lease(reviewer, recipe, desk=desk, ahead=0)
        return held[0] if held else None

    def lease(self, reviewer: str, recipe: str | None = None, *, desk: Desk = "review", ahead: int = 1) -> list[Claim]:
        """The claims that `reviewer` holds at a desk, oldest first, filled up from what waits.

        Best is: where the reviewer's own unsubmitted draft is, then the highest priority, then the oldest. Now
        and then an item whose answer is known takes its place. Nobody gets their own work, nor an item that they
        decided or skipped, nor one whose skill they lack.

        Args:
            reviewer: a name that was added.
            recipe: only items of this recipe; a claim already held is returned whatever its recipe.
            desk: where the reviewer sits; `adjudication` is for adjudicators and managers.
            ahead: how many items to fetch beside the one to be judged now, 0 or 1.

        Returns:
            At most `1 + ahead` claims; none where nothing waits for this reviewer.

        Raises:
            ReviewError: the reviewer isn't known, no longer active, paused, or may not sit at this desk.
        """
        now = self._now()
        with self._transaction() as connection:
            rulings.ripen(connection, now)
            self._require_at_work(connection, reviewer, desk)
            claims.expire(connection, now)
            held = claims.held(connection, reviewer, desk, now)
            while len(held) < 1 + ahead and claims.lease(connection, reviewer, desk, recipe, now, self._chance):
                held = claims.held(connection, reviewer, desk, now)
            return held[: 1 + ahead]

    def _require_at_work(self, connection: sqlite3.Connection, reviewer: str, desk: Desk) -> None:
        row = connection.execute("SELECT role, active, paused FROM reviewer WHERE name = ?", (reviewer,)).fetchone()
        if row is None or not row["active"]:
            raise ReviewError(f"{reviewer!r} isn't an active reviewer of {self.path}: add the name first.")
        if row["paused"] is not None and desk != "training":
            raise ReviewError(
                "Your reviewing is paused: too many answers differed from ones that are known. Nothing that you did "
                "is lost, and a manager has been told; practise meanwhile, or write to them."
            )
        if desk == "adjudication" and row["role"] == "reviewer":
            raise ReviewError(f"{reviewer!r} is no adjudicator: a manager can give that role.")

    def held(self, token: str, reviewer: str) -> Claim:
        """One claim of this reviewer's, open or decided.

        Raises:
            ClaimLost: there is none.
        """
        with self._connected() as connection:
            sql = "SELECT 1 FROM claim WHERE token = ? AND reviewer = ? AND state IN ('open', 'done')"
            if connection.execute(sql, (token, reviewer)).fetchone() is None:
                raise ClaimLost("This item is no longer yours.")
            return claims.read(connection, token, self._now())

    def heartbeat(self, token: str, reviewer: str) -> float:
        """Hold the claim for a full lease from now; return when that ends, in seconds since the epoch.

        Raises:
            ClaimLost: it has lapsed or ended.
        """
        with self._transaction() as connection:
            return claims.extend(connection, token, reviewer, self._now())

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

    def submit(self, token: str, reviewer: str, ruling: Ruling, *, grace: float = 0.0) -> DecisionRow | None:
        """End the claim with a ruling, in one transaction that also checks the lease.

        The same ruling sent again (same `idem`, same claim) adds nothing and returns what it came to. A ruling with
        `revises` supersedes the decision that the claim has led to before.

        Args:
            grace: seconds in which `undo` takes it back as if it had never been; whichever call comes later commits
                it. A revision, and what was answered in training, adjudicated, or has something to show afterwards,
                is committed at once.

        Returns:
            The decision; None where it is held for now.

        Raises:
            ClaimLost: the claim has lapsed or ended; the draft is kept.
            ReviewError: the page showed something else than the item, or the answer isn't whole.
        """
        now = self._now()
        with self._transaction() as connection:
            rulings.ripen(connection, now)
            said = rulings.repeated(connection, token, reviewer, ruling.idem)
            if said is None:
                claim = self._ended(connection, token, reviewer, ruling, now)
                rulings.check(connection, claim, ruling)
                first = claim["stage"] == "review" and not ruling.revises
                if grace and first and not claims.notes(connection, claim["item"]):
                    rulings.hold(connection, claim, ruling, now, now + grace)
                    return None
                seq = rulings.record(connection, claim, ruling, now, now)
            elif (seq := said["seq"]) is None:
                return None
            return decisions.read(connection, "decision.seq = ?", (seq,))[0]

    def _ended(
        self, connection: sqlite3.Connection, token: str, reviewer: str, ruling: Ruling, now: float
    ) -> sqlite3.Row:
        if not ruling.revises:
            return claims.change(connection, token, reviewer, now, "state = ?", "done")
        claim = claims.done(connection, token, reviewer)
        rulings.revisable(connection, claim)
        return claim

    def undo(self, token: str, reviewer: str) -> Claim:
        """Come back to a decision: the claim, with what was decided as `before`.

        Within its grace the decision is taken back, and the claim is open again. After that it stands until a ruling
        with `revises` supersedes it.

        Raises:
            ClaimLost: there is no such decision, it was made in training, or the item has been adjudicated.
        """
        now = self._now()
        with self._transaction() as connection:
            rulings.ripen(connection, now)
            claim = claims.done(connection, token, reviewer)
            before = rulings.withdraw(connection, claim, now + claims.LEASE)
            said = before or rulings.revisable(connection, claim)
            change = {"before": said.bare, "revises": before is None}
            return claims.read(connection, token, now).model_copy(update=change)

    def reveal(self, token: str, reviewer: str) -> dict[str, object]:
        """What was kept to be shown after the decision; whatever this reviewer decides of the item from now on says so.

        Returns:
            Empty where the recipe shows nothing.

        Raises:
            ClaimLost: the item isn't decided yet, or not by this reviewer.
        """
        with self._transaction() as connection:
            claim = claims.done(connection, token, reviewer)
            if (shown := claims.notes(connection, claim["item"])) and rulings.last(connection, claim):
                connection.execute("UPDATE claim SET revealed = 1 WHERE id = ?", (claim["id"],))
                return shown
            return {}

    def feedback(self, token: str, reviewer: str) -> Feedback:
        """How a training item was answered, and how it should have been.

        Raises:
            ClaimLost: it isn't answered yet, or is no training item of this reviewer's.
        """
        with self._transaction() as connection:
            claim = claims.done(connection, token, reviewer)
            if claim["stage"] != "training":
                raise ClaimLost("Only training items have feedback.")
            return gold.feedback(connection, claim["item"], reviewer, self._now())

    def dispute(self, token: str, reviewer: str, note: str) -> None:
        """Say that the known answer of a training item is wrong; enough such voices retire it.

        Raises:
            ClaimLost: it isn't answered yet, or is no training item of this reviewer's.
            ReviewError: the note is empty or too long.
        """
        with self._transaction() as connection:
            claim = claims.done(connection, token, reviewer)
            if claim["stage"] != "training":
                raise ClaimLost("Only a training item's answer can be disputed.")
            gold.dispute(connection, claim["item"], reviewer, _remark(note), self._now())

    def flag_gap(self, token: str, reviewer: str, note: str) -> None:
        """Say what the guideline doesn't, at an item that the reviewer holds or has decided.

        Raises:
            ClaimLost: the item isn't this reviewer's.
            ReviewError: the note is empty or too long.
        """
        with self._transaction() as connection:
            sql = "SELECT item FROM claim WHERE token = ? AND reviewer = ? AND state IN ('open', 'done')"
            if (claim := connection.execute(sql, (token, reviewer)).fetchone()) is None:
                raise ClaimLost("This item is no longer yours.")
            row = (claim["item"], reviewer, _remark(note), self._now())
            connection.execute("INSERT INTO gap VALUES (?, ?, ?, ?)", row)

    def decisions(self, after: int = 0) -> list[DecisionRow]:
        """The decisions with `seq > after`, in the order in which they were committed."""
        with self._ripened() as connection:
            return decisions.read(connection, "decision.seq > ?", (after,))

    def decided_since(self, reviewer: str, moment: float) -> int:
        """How many items the reviewer has decided from `moment` (seconds since the epoch) on."""
        with self._connected() as connection:
            return counts.decided_since(connection, reviewer, moment)

    def counts(self, recipe: str | None = None) -> Counts:
        """How the queue stands, of one recipe or of all; a lapsed claim counts as waiting."""
        with self._ripened() as connection:
            return counts.counts(connection, recipe, self._now())

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


def _remark(note: str) -> str:
    if not 1 <= len(note.strip()) <= MAX_NOTE:
        raise ReviewError(f"say it in 1 to {MAX_NOTE:,} characters; these are {len(note.strip()):,}.")
    return note.strip()
