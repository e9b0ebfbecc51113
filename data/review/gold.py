"""Gold: items whose answer is known, mixed in unmarked to measure reviewers, or shown with feedback to train them."""

import json
import math
import sqlite3
from typing import Any

from outcross.agreement import sequential
from outcross.data.review import chain
from outcross.data.review.answers import STANCES, Answer, matches
from outcross.data.review.items import Desk, Item
from outcross.data.samples import Record, canonical

SHARE = 0.1
"""Of a reviewer's items, those that are gold."""
FIRST, FIRST_SHARE = 50, 0.2
"""Of a reviewer's first items, and of those the share that is gold."""

QUALIFYING, PASS = 20, 0.8
"""Training items of one qualification, and the share of right answers that earns the skill."""
LOCKED = 24 * 3600.0
"""Seconds after a failed qualification until the next one may begin."""

DISPUTED = 0.05
"""Share of those who answered a training item, two at least, whose disputes retire it."""

GRADES = """
SELECT decision.correct FROM decision JOIN reviewer ON reviewer.name = decision.reviewer
WHERE decision.reviewer = ? AND decision.stage = 'review' AND decision.correct IS NOT NULL
  AND decision.supersedes IS NULL AND decision.at > reviewer.reinstated
  AND decision.item NOT IN (SELECT item FROM gold WHERE retired IS NOT NULL)
ORDER BY decision.seq
"""

TRAINED = """
SELECT decision.correct, decision.at FROM decision JOIN item ON item.id = decision.item
WHERE decision.reviewer = ? AND decision.stage = 'training' AND item.recipe = ? AND item.skill IS ?
  AND decision.guideline LIKE ? || '.%'
ORDER BY decision.seq
"""

RETURN = """
UPDATE claim SET state = 'released'
WHERE reviewer = ? AND state = 'open' AND stage = 'training'
  AND item IN (SELECT id FROM item WHERE recipe = ? AND skill = ?)
"""


class Gold(Record):
    """An item with the answer that is known to be right."""

    item: Item
    answer: Answer
    """Its verdict, as stored, and its labels as far as the first bad step or turn; the rest is not compared."""
    explanation: str
    """Shown after a training item is answered."""
    training: bool = False


class Progress(Record):
    """How far a reviewer's qualification is."""

    answered: int
    """Items of the present attempt, up to `QUALIFYING`."""
    right: int
    passed: bool
    locked_until: float | None = None
    """Seconds since the epoch; None where the attempt may go on."""


class Feedback(Record):
    """What a reviewer in training learns of an item once they have answered it."""

    correct: bool
    known: Answer
    explanation: str
    progress: Progress


def insert(connection: sqlite3.Connection, item: str, gold: Gold, now: float) -> None:
    """Note the answer of an item that has just been added."""
    row = (item, gold.answer.verdict, canonical(gold.answer.labels), gold.explanation, int(gold.training))
    connection.execute("INSERT INTO gold (item, verdict, labels, explanation, training) VALUES (?, ?, ?, ?, ?)", row)
    chain.commit_to(connection, "gold_added", item, now)


def known(connection: sqlite3.Connection, item: str) -> Answer | None:
    """The answer that is known of an item; None of one that isn't gold."""
    row = connection.execute("SELECT verdict, labels FROM gold WHERE item = ?", (item,)).fetchone()
    return row and Answer(verdict=row["verdict"], labels=json.loads(row["labels"] or "[]"))


def grade(connection: sqlite3.Connection, item: str, kind: str, given: Answer, desk: Desk) -> int | None:
    """1 where an answer agrees with the known one, 0 where not, None where none is known.

    None also for who can't tell, so that nobody need guess; only in training, where an attempt has its number, is it 0.
    """
    answer = known(connection, item)
    if answer is None:
        return None
    right = matches(answer, given, kind)
    silent = STANCES[given.verdict] is None and desk != "training"
    return None if silent and not right else int(right)


def measure(connection: sqlite3.Connection, reviewer: str, now: float) -> None:
    """Pause a reviewer whose answers to gold are too often wrong, by the sequential test."""
    grades = [bool(correct) for (correct,) in connection.execute(GRADES, (reviewer,))]
    if sequential.standing(grades).verdict != "pause":
        return
    paused = "UPDATE reviewer SET paused = ? WHERE name = ? AND paused IS NULL"
    if not connection.execute(paused, (now, reviewer)).rowcount:
        return
    chain.append(connection, "reviewer_paused", {"name": reviewer, "right": sum(grades), "gold": len(grades)}, now)


def progress(connection: sqlite3.Connection, reviewer: str, recipe: str, skill: str | None, now: float) -> Progress:
    """Where a reviewer stands in the present attempt to qualify."""
    rows = connection.execute(TRAINED, (reviewer, recipe, skill, str(major(connection, recipe)))).fetchall()
    start = QUALIFYING * ((len(rows) - 1) // QUALIFYING) if rows else 0
    attempt = rows[start:]
    right = sum(row["correct"] for row in attempt)
    whole = len(attempt) == QUALIFYING
    passed = whole and right >= PASS * QUALIFYING
    until = attempt[-1]["at"] + LOCKED if whole and not passed else 0.0
    if whole and not passed and until <= now:
        return Progress(answered=0, right=0, passed=False)
    return Progress(answered=len(attempt), right=right, passed=passed, locked_until=until or None)


def locked(connection: sqlite3.Connection, reviewer: str, now: float) -> dict[str, str]:
    """The skills, as `recipe skill`, for which this reviewer may not train yet, and why."""
    sql = "SELECT DISTINCT item.recipe, item.skill FROM gold JOIN item ON item.id = gold.item WHERE gold.training"
    found = {}
    for recipe, skill in connection.execute(f"{sql} AND item.skill IS NOT NULL").fetchall():
        reached = progress(connection, reviewer, recipe, skill, now)
        if reached.locked_until:
            hours = math.ceil((reached.locked_until - now) / 3600)
            found[f"{recipe} {skill}"] = (
                f"{reached.right} of {reached.answered} were right, and {math.ceil(PASS * QUALIFYING)} are needed. "
                f"Read the guideline again; the next attempt opens in {hours} hour{'' if hours == 1 else 's'}."
            )
    return found


def qualify(connection: sqlite3.Connection, reviewer: str, item: sqlite3.Row, now: float) -> None:
    """Give the skill to a reviewer whose attempt has just been passed.

    After one that failed, what they had fetched ahead goes back, else its answer would begin the next attempt.
    """
    if item["skill"] is None:
        return
    reached = progress(connection, reviewer, item["recipe"], item["skill"], now)
    if reached.passed:
        grant(connection, reviewer, item["recipe"], item["skill"], reached, now)
    elif reached.locked_until:
        connection.execute(RETURN, (reviewer, item["recipe"], item["skill"]))


def grant(
    connection: sqlite3.Connection, reviewer: str, recipe: str, skill: str, reached: Progress, now: float
) -> None:
    """Note a skill under the guideline's present major version."""
    facts: dict[str, Any] = {"reviewer": reviewer, "recipe": recipe, "name": skill, "major": major(connection, recipe)}
    connection.execute(
        "INSERT INTO skill (reviewer, recipe, name, major, correct, total, passed_at) "
        "VALUES (:reviewer, :recipe, :name, :major, :right, :answered, :now)",
        facts | reached.model_dump(include={"right", "answered"}) | {"now": now},
    )
    chain.append(connection, "skill_earned", facts | {"right": reached.right, "of": reached.answered}, now)


def major(connection: sqlite3.Connection, recipe: str) -> int:
    """The major version of a recipe's guideline; 1 where it has none."""
    return int(
        connection.execute("SELECT coalesce(max(major), 1) FROM policy WHERE recipe = ?", (recipe,)).fetchone()[0]
    )


def feedback(connection: sqlite3.Connection, item: str, reviewer: str, now: float) -> Feedback:
    """What a reviewer learns of a training item that they have answered."""
    row = connection.execute(
        "SELECT decision.correct, gold.explanation, item.recipe, item.skill FROM decision "
        "JOIN item ON item.id = decision.item JOIN gold ON gold.item = item.id "
        "WHERE decision.item = ? AND decision.reviewer = ?",
        (item, reviewer),
    ).fetchone()
    answer = known(connection, item)
    assert row  # noqa: S101  # only answered training items come here
    assert answer  # noqa: S101  # and every one has its answer
    reached = progress(connection, reviewer, row["recipe"], row["skill"], now)
    return Feedback(correct=bool(row["correct"]), known=answer, explanation=row["explanation"], progress=reached)


def dispute(connection: sqlite3.Connection, item: str, reviewer: str, note: str, now: float) -> None:
    """Note that a reviewer finds a known answer wrong, and retire it once enough have."""
    connection.execute("INSERT OR IGNORE INTO dispute VALUES (?, ?, ?, ?)", (item, reviewer, note, now))
    voices, answered = connection.execute(
        "SELECT (SELECT count(*) FROM dispute WHERE item = :item), "
        "(SELECT count(DISTINCT reviewer) FROM decision WHERE item = :item)",
        {"item": item},
    ).fetchone()
    if voices >= max(2, DISPUTED * answered):
        retire(connection, item, {"disputed": voices, "answered": answered}, now)


def retire(connection: sqlite3.Connection, item: str, why: dict[str, object], now: float) -> bool:
    """Give an item with a known answer to nobody any more, and count it in nobody's grades; return whether that is new.

    An attempt to qualify keeps its twenty answers as they were graded.
    """
    new = connection.execute("UPDATE gold SET retired = ? WHERE item = ? AND retired IS NULL", (now, item)).rowcount > 0
    if new:
        chain.append(connection, "gold_retired", {"item": item, **why}, now)
    return new
