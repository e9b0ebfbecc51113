"""Accounts of the review page: how people get in, for how long, and as what."""

import secrets
import sqlite3
from hashlib import sha256
from math import ceil
from typing import Literal

from outcross.data.review import chain, people
from outcross.data.review.file import ReviewFile
from outcross.data.review.items import Role
from outcross.data.review.people import Account, Person
from outcross.data.samples import Record
from outcross.errors import NotAdmitted, ReviewError, TooManyAttempts

IDLE = 30 * 60.0
"""Seconds without a request after which a session is over."""
DAY = 12 * 3600.0
"""Seconds after which it is over in any case."""
TOUCH = 60.0
"""Seconds in which a session that goes on is noted once."""

INVITED = 7 * 24 * 3600.0
"""Seconds in which an invitation can be taken up."""
LINKED = 15 * 60.0
"""Seconds in which a sign-in link can be used."""

ATTEMPTS = 5
"""Failed sign-ins under one name within `WINDOW` seconds, after which no more are heard."""
WINDOW = 15 * 60.0

LIVE = """
SELECT name, role, session.seen FROM session JOIN reviewer ON name = reviewer
WHERE hash = ? AND expires >= ? AND session.seen >= ?
"""
RIGHT = "SELECT 1 FROM credential JOIN reviewer ON name = reviewer WHERE name = ? AND hash = ? AND active = 1"
LINK = """
INSERT INTO invite VALUES (:hash, :purpose, :name, :role, :now, :expires)
ON CONFLICT (reviewer, purpose) DO UPDATE
SET hash = excluded.hash, role = excluded.role, created = excluded.created, expires = excluded.expires
"""
CREDENTIAL = """
INSERT INTO credential VALUES (?, ?, ?)
ON CONFLICT (reviewer) DO UPDATE SET hash = excluded.hash, changed = excluded.changed
"""

WRONG = "The name and the password don't go together."
VOID = "This link was used already, or is too old. Ask for another one."


class Invitation(Record):
    """What a link that works once is good for."""

    name: str
    role: Role
    purpose: Literal["join", "enter"]
    """To choose a password, or to sign in without one."""


class Accounts(ReviewFile):
    """The accounts of one data home, in the file of its review queue.

    What lets somebody in (a link's token, a session) is returned once and kept as a digest only. Every change of
    who may do what is an event of the queue's log.
    """

    def everybody(self) -> list[Person]:
        """All who were ever added or are invited, by name."""
        with self._snapshot() as connection:
            return people.everybody(connection, self._now())

    def invite(self, name: str, role: Role | None = None, *, by: str) -> str:
        """Make a link's token with which `name` can choose a password, within 7 days; an earlier one is void.

        Args:
            name: somebody new, or somebody who needs another password.
            role: of somebody new, reviewer where None; of others it must be the one that they have.
            by: who invites, for the log.

        Raises:
            ReviewError: the name can't be one, has another role already, or was deactivated.
        """
        with self._transaction() as connection:
            people.check_name(connection, name)
            known, active = people.standing(connection, name) or (role or "reviewer", True)
            if not active:
                raise ReviewError(f"{name} was deactivated: let them in again first.")
            if role not in {None, known}:
                raise ReviewError(f"{name} is {known} already: change the role, or invite without one.")
            chain.append(connection, "invited", {"name": name, "role": known, "by": by}, self._now())
            return self._link(connection, "join", name, known, INVITED)

    def sign_in_by_link(self, name: str) -> str:
        """Make a token that signs `name` in without a password, within 15 minutes, for the person at this machine.

        Somebody new is added: as manager where the home has none yet, else as reviewer.

        Raises:
            ReviewError: the name can't be one, or was deactivated.
        """
        with self._transaction() as connection:
            people.add(connection, name, "reviewer" if people.managers(connection) else "manager", self._now())
            role, active = people.standing(connection, name) or ("reviewer", False)
            if not active:
                raise ReviewError(f"{name} was deactivated: `outcross reviewers {name} --active` lets them in again.")
            chain.append(connection, "link_made", {"name": name}, self._now())
            return self._link(connection, "enter", name, role, LINKED)

    def invitation(self, token: str) -> Invitation:
        """What a token is good for; looking doesn't use it up.

        Raises:
            NotAdmitted: it is unknown, used or too old, which are not told apart.
        """
        with self._connected() as connection:
            return _invitation(connection, "SELECT * FROM invite WHERE hash = ? AND expires >= ?", token, self._now())

    def accept(self, token: str, password: str | None = None) -> str:
        """Use a token up and return a new session; the person's other ones end where a password was chosen.

        Args:
            token: from `invite` or `sign_in_by_link`.
            password: the hash of the one chosen, where the token is for choosing one; else None.

        Raises:
            NotAdmitted: the token is unknown, used or too old, or for the other purpose.
        """
        now = self._now()
        with self._transaction() as connection:
            sql = "DELETE FROM invite WHERE hash = ? AND expires >= ? RETURNING *"
            taken = _invitation(connection, sql, token, now)
            if (taken.purpose == "join") != (password is not None):
                raise NotAdmitted(VOID)
            if password is not None:
                people.add(connection, taken.name, taken.role, now)
                _set_password(connection, taken.name, password, now)
            return _begin(connection, taken.name, now)

    def attempt(self, name: str) -> str | None:
        """Count an attempt to sign in as `name`, and return the hash to compare with; None where there is none.

        Raises:
            TooManyAttempts: says when the next one is heard.
        """
        now, name = self._now(), name[:64]
        with self._transaction() as connection:
            _check_attempts(connection, name, now)
            connection.execute("INSERT INTO attempt VALUES (?, ?)", (name, now))
            row = connection.execute("SELECT hash FROM credential WHERE reviewer = ?", (name,)).fetchone()
            return row["hash"] if row else None

    def has_password(self, name: str) -> bool:
        """Whether they have chosen one; who came by a link at this machine may have none."""
        with self._connected() as connection:
            return connection.execute("SELECT 1 FROM credential WHERE reviewer = ?", (name,)).fetchone() is not None

    def sign_in(self, name: str, password: str) -> str:
        """Return a new session for somebody whose password proved right.

        Args:
            name: whose.
            password: the hash from `attempt` that was met.

        Raises:
            NotAdmitted: it is their password no longer, or they were deactivated.
        """
        with self._transaction() as connection:
            if not connection.execute(RIGHT, (name, password)).fetchone():
                raise NotAdmitted(WRONG)
            connection.execute("DELETE FROM attempt WHERE name = ?", (name,))
            return _begin(connection, name, self._now())

    def change_password(self, name: str, password: str) -> str:
        """Give somebody the password of this hash, end all their sessions, and return a new one."""
        with self._transaction() as connection:
            _set_password(connection, name, password, self._now())
            return _begin(connection, name, self._now())

    def account(self, session: str) -> Account | None:
        """Whose session it is, unless it has ended; it goes on for another half hour."""
        now = self._now()
        with self._connected() as connection:
            row = connection.execute(LIVE, (_digest(session), now, now - IDLE)).fetchone()
            if row is None:
                return None
            if row["seen"] < now - TOUCH:
                connection.execute("UPDATE session SET seen = ? WHERE hash = ?", (now, _digest(session)))
            return Account(name=row["name"], role=row["role"])

    def sign_out(self, session: str) -> None:
        """End a session; one that has ended is none to end."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM session WHERE hash = ?", (_digest(session),))

    def set_role(self, name: str, role: Role, *, by: str) -> None:
        """Make somebody what `role` says; their sessions and links end, so that nothing of the old one lasts.

        Raises:
            ReviewError: nobody has the name, or no manager would be left.
        """
        with self._transaction() as connection:
            if people.change(connection, name, role=role):
                chain.append(connection, "role_changed", {"name": name, "role": role, "by": by}, self._now())

    def set_active(self, name: str, *, active: bool, by: str) -> None:
        """Keep somebody out at once, or let them in again; what they decided stays.

        Raises:
            ReviewError: nobody has the name, or no manager would be left.
        """
        with self._transaction() as connection:
            if people.change(connection, name, active=active):
                kind = "reactivated" if active else "deactivated"
                chain.append(connection, kind, {"name": name, "by": by}, self._now())

    def _link(self, connection: sqlite3.Connection, purpose: str, name: str, role: Role, lasts: float) -> str:
        token = secrets.token_urlsafe(32)
        now = self._now()
        facts = {"hash": _digest(token), "purpose": purpose, "name": name, "role": role}
        connection.execute(LINK, facts | {"now": now, "expires": now + lasts})
        return token


def _digest(secret: str) -> str:
    """What is kept of a secret that has 256 bits of its own, so that a slow hash would add nothing."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _invitation(connection: sqlite3.Connection, sql: str, token: str, now: float) -> Invitation:
    row = connection.execute(sql, (_digest(token), now)).fetchone()
    if row is None:
        raise NotAdmitted(VOID)
    return Invitation(name=row["reviewer"], purpose=row["purpose"], role=row["role"])


def _set_password(connection: sqlite3.Connection, name: str, password: str, now: float) -> None:
    connection.execute(CREDENTIAL, (name, password, now))
    connection.execute("DELETE FROM session WHERE reviewer = ?", (name,))
    connection.execute("DELETE FROM attempt WHERE name = ?", (name,))
    chain.append(connection, "password_set", {"name": name}, now)


def _begin(connection: sqlite3.Connection, name: str, now: float) -> str:
    """Begin a session, and forget those that are over."""
    connection.execute("DELETE FROM session WHERE expires < ? OR seen < ?", (now, now - IDLE))
    session = secrets.token_urlsafe(32)
    connection.execute("INSERT INTO session VALUES (?, ?, ?, ?, ?)", (_digest(session), name, now, now, now + DAY))
    return session


def _check_attempts(connection: sqlite3.Connection, name: str, now: float) -> None:
    connection.execute("DELETE FROM attempt WHERE at <= ?", (now - WINDOW,))
    count, first = connection.execute("SELECT count(*), min(at) FROM attempt WHERE name = ?", (name,)).fetchone()
    if count >= ATTEMPTS:
        minutes = ceil((first + WINDOW - now) / 60)
        raise TooManyAttempts(
            f"That was {ATTEMPTS} times wrong: try again in {minutes} minute{'' if minutes == 1 else 's'}."
        )
