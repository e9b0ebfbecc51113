"""Recipes' rules for their reviewers: each version is kept, the newest is in force."""

import sqlite3

from outcross.data.review.items import Policy

LATEST = """
SELECT major, minor, guideline, steps FROM policy WHERE recipe = ? ORDER BY major DESC, minor DESC, at DESC LIMIT 1
"""


def in_force(connection: sqlite3.Connection, recipe: str) -> Policy | None:
    """The newest rules of a recipe; None where it has said none."""
    row = connection.execute(LATEST, (recipe,)).fetchone()
    return Policy.model_validate(dict(row)) if row else None


def put(connection: sqlite3.Connection, recipe: str, policy: Policy, now: float) -> bool:
    """Put rules in force unless they are already; return whether they are new."""
    if in_force(connection, recipe) == policy:
        return False
    facts = policy.model_dump() | {"recipe": recipe, "now": now}
    connection.execute("INSERT INTO policy VALUES (:recipe, :major, :minor, :guideline, :steps, :now)", facts)
    return True
