"""The people of a review queue: who there is, as what, and since when. Runs in the caller's transaction."""

import sqlite3
from typing import get_args

from outcross.data.review import chain
from outcross.data.review.items import Role
from outcross.data.samples import Filled, Record
from outcross.errors import ReviewError

PEOPLE = """
SELECT reviewer.name, reviewer.role, reviewer.active, reviewer.seen, credential.hash IS NOT NULL AS password,
       invite.expires AS invited
FROM reviewer
LEFT JOIN credential ON credential.reviewer = reviewer.name
LEFT JOIN invite ON invite.reviewer = reviewer.name AND purpose = 'join' AND expires >= :now
UNION ALL
SELECT reviewer, role, 1, NULL, 0, expires FROM invite
WHERE purpose = 'join' AND expires >= :now AND reviewer NOT IN (SELECT name FROM reviewer)
ORDER BY reviewer.name
"""


class Account(Record):
    """A person as the review page knows them."""

    name: Filled
    role: Role

    def may(self, least: Role) -> bool:
        """Whether the role is `least` or above it: reviewer, then adjudicator, then manager."""
        ranks = get_args(Role)
        return ranks.index(self.role) >= ranks.index(least)


class Person(Account):
    """A person as a manager sees them; times are in seconds since the epoch."""

    active: bool
    seen: float | None
    """When they last did something on the page."""
    password: bool
    """Whether they have chosen one."""
    invited: float | None
    """Until when an invitation waits for them; where they were never here, nothing else is known of them."""


def standing(connection: sqlite3.Connection, name: str) -> tuple[Role, bool] | None:
    """The role of the person of that name, and whether they are active; None where there is nobody."""
    row = connection.execute("SELECT role, active FROM reviewer WHERE name = ?", (name,)).fetchone()
    return (row["role"], bool(row["active"])) if row else None


def everybody(connection: sqlite3.Connection, now: float) -> list[Person]:
    """All who were ever added, and those invited, by name."""
    return [Person.model_validate(dict(row)) for row in connection.execute(PEOPLE, {"now": now})]


def check_name(connection: sqlite3.Connection, name: str) -> None:
    """Refuse a name for somebody new that can't be one, or could be taken for somebody else's.

    Raises:
        ReviewError: it is empty, longer than 64 characters, holds ones that can't be seen, or is another's
            but for its capitals.
    """
    if name != name.strip() or not 1 <= len(name) <= 64 or not name.isprintable():
        raise ReviewError(f"{name!r} can't be a reviewer's name: give 1 to 64 visible characters.")
    for (other,) in connection.execute("SELECT name FROM reviewer WHERE name <> ?", (name,)):
        if other.casefold() == name.casefold():
            raise ReviewError(f"{name!r} could be taken for {other!r}, who reviews here: choose another name.")


def add(connection: sqlite3.Connection, name: str, role: Role, now: float) -> None:
    """Let `name` review; adding somebody again changes nothing.

    Raises:
        ReviewError: the name can't be one.
    """
    check_name(connection, name)
    added = connection.execute(
        "INSERT INTO reviewer (name, role, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (name, role, now)
    )
    if added.rowcount:
        chain.append(connection, "reviewer_added", {"name": name, "role": role}, now)


def change(connection: sqlite3.Connection, name: str, *, role: Role | None = None, active: bool | None = None) -> bool:
    """Give somebody a role, or let them in or keep them out; None leaves as it is. Return whether that is new.

    Raises:
        ReviewError: nobody has the name, or no manager would be left.
    """
    before = standing(connection, name)
    if before is None:
        raise ReviewError(f"nobody here is called {name!r}: `outcross reviewers` lists who is.")
    after = (role or before[0], before[1] if active is None else active)
    if before == ("manager", True) != after and managers(connection) == 1:
        raise ReviewError(f"{name} is the only manager: make somebody else one first.")
    connection.execute("UPDATE reviewer SET role = ?, active = ? WHERE name = ?", (*after, name))
    return after != before


def managers(connection: sqlite3.Connection) -> int:
    """How many active managers there are."""
    counted = connection.execute("SELECT count(*) FROM reviewer WHERE role = 'manager' AND active = 1").fetchone()
    return int(counted[0])
