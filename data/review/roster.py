"""Who reviews, what they may judge, and what they said of known answers and guidelines: for managers."""

import sqlite3
from itertools import groupby

from outcross.data.review.file import ReviewFile
from outcross.data.review.items import Role
from outcross.data.samples import Record

MEMBERS = "SELECT name, role, active, paused FROM reviewer ORDER BY name"

SKILLS = """
SELECT reviewer, recipe, name, major, correct, total FROM skill
WHERE revoked_at IS NULL
  AND major = (SELECT coalesce(max(major), 1) FROM policy WHERE policy.recipe = skill.recipe)
ORDER BY reviewer, recipe, name
"""

DISPUTES = """
SELECT dispute.item, item.recipe, dispute.reviewer, dispute.note, dispute.at, gold.verdict,
       gold.retired IS NOT NULL AS retired
FROM dispute JOIN item ON item.id = dispute.item JOIN gold ON gold.item = dispute.item
ORDER BY dispute.at DESC LIMIT ?
"""

MISSED = """
SELECT gold.item, item.recipe, gold.verdict, gold.explanation,
       sum(NOT decision.correct) AS missed, count(*) AS answered,
       coalesce(item.payload ->> '$.content.instruction', item.payload ->> '$.content.prompt',
                item.payload ->> '$.content.problem', item.payload ->> '$.content.text',
                item.payload ->> '$.content.turns[0].text') AS asked
FROM gold JOIN item ON item.id = gold.item JOIN decision ON decision.item = gold.item
WHERE gold.retired IS NULL AND decision.stage = 'review' AND decision.supersedes IS NULL
  AND decision.correct IS NOT NULL
GROUP BY gold.item HAVING missed >= 2 AND 2 * missed >= answered
ORDER BY missed DESC, gold.item LIMIT ?
"""
"""By first answers, as they are graded."""

GAPS = """
SELECT gap.item, item.recipe, gap.reviewer, gap.note, gap.at FROM gap JOIN item ON item.id = gap.item
ORDER BY gap.at DESC LIMIT ?
"""

WANTED = "SELECT DISTINCT recipe, skill FROM item WHERE skill IS NOT NULL ORDER BY recipe, skill"

NEWEST = 200
"""Remarks of each kind that are read, the newest ones."""


class Skill(Record):
    """What somebody may judge, under the guideline's present major version."""

    recipe: str
    name: str
    """kind:language"""
    major: int
    correct: int
    total: int
    """Items of the qualification; 0 where a manager granted it."""


class Member(Record):
    """Somebody who reviews or once did."""

    name: str
    role: Role
    active: bool
    paused: float | None
    """Since when, in seconds since the epoch; None for who isn't."""
    skills: tuple[Skill, ...]


class Remark(Record):
    """What a reviewer missed in the guideline."""

    item: str
    recipe: str
    reviewer: str
    note: str
    at: float


class Dispute(Remark):
    """What a reviewer in training found wrong with a known answer."""

    verdict: str
    """The known one."""
    retired: bool


class Missed(Record):
    """A known answer that two reviewers or more, and half of those who were asked, didn't give: it may be wrong."""

    item: str
    recipe: str
    verdict: str
    """The known one."""
    explanation: str
    missed: int
    answered: int
    asked: str
    """What the item is about: its instruction, prompt, problem, text or first turn."""


class Roster(ReviewFile):
    """Reads what managers watch over beside the figures; `Management` is for changing it."""

    def members(self) -> list[Member]:
        """Everybody, by name, with the skills that hold."""
        with self._snapshot() as connection:
            earned = groupby(connection.execute(SKILLS).fetchall(), key=lambda row: str(row["reviewer"]))
            skills = {name: tuple(map(_skill, rows)) for name, rows in earned}
            rows = connection.execute(MEMBERS).fetchall()
            return [Member.model_validate({**row, "skills": skills.get(row["name"], ())}) for row in rows]

    def disputes(self) -> list[Dispute]:
        """Known answers that somebody found wrong, the newest first."""
        with self._connected() as connection:
            return [Dispute.model_validate(dict(row)) for row in connection.execute(DISPUTES, (NEWEST,))]

    def missed(self) -> list[Missed]:
        """Known answers that may be wrong, those that most didn't give first."""
        with self._connected() as connection:
            return [Missed.model_validate(dict(row)) for row in connection.execute(MISSED, (NEWEST,))]

    def gaps(self) -> list[Remark]:
        """What somebody missed in a guideline, the newest first."""
        with self._connected() as connection:
            return [Remark.model_validate(dict(row)) for row in connection.execute(GAPS, (NEWEST,))]

    def wanted(self) -> list[tuple[str, str]]:
        """Each recipe with a skill that its items ask for."""
        with self._connected() as connection:
            return [(row["recipe"], row["skill"]) for row in connection.execute(WANTED)]


def _skill(row: sqlite3.Row) -> Skill:
    return Skill.model_validate({name: row[name] for name in Skill.model_fields})
