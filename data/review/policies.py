"""Recipes' rules for their reviewers: each version is kept, the newest is in force."""

import sqlite3

from outcross.data.review.items import Policy
from outcross.errors import ReviewError

LATEST = """
SELECT major, minor, guideline, steps FROM policy WHERE recipe = ? ORDER BY major DESC, minor DESC, at DESC LIMIT 1
"""


def in_force(connection: sqlite3.Connection, recipe: str) -> Policy | None:
    """The newest rules of a recipe; None where it has said none."""
    row = connection.execute(LATEST, (recipe,)).fetchone()
    return Policy.model_validate(dict(row)) if row else None


def put(connection: sqlite3.Connection, recipe: str, policy: Policy, now: float) -> bool:
    """Put rules in force unless they are already; return whether they are new.

    Raises:
        ReviewError: a later version is in force.
    """
    before = in_force(connection, recipe)
    if before == policy:
        return False
    if before and (policy.major, policy.minor) < (before.major, before.minor):
        raise ReviewError(
            f"the guideline of {recipe} is at version {before.version}, and {policy.version} is an earlier one: give "
            "it a later number."
        )
    facts = policy.model_dump() | {"recipe": recipe, "now": now}
    connection.execute("INSERT INTO policy VALUES (:recipe, :major, :minor, :guideline, :steps, :now)", facts)
    return True
