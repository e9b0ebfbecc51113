"""When an item is settled: enough people agree, or somebody has adjudicated what they split on."""

import sqlite3

from outcross.data.review import decisions
from outcross.data.review.answers import STANCES, agree
from outcross.data.review.decisions import DecisionRow

ABSTAIN = 3
"""People who could not tell, after whom an item is left alone."""


def settle(connection: sqlite3.Connection, item: str, only: str | None = None) -> None:
    """Bring an item's state up to date with what stands on it.

    An item that reviewers differ on gets a slot for an adjudicator, beyond all that are taken, which may be more than
    were needed: somebody who couldn't tell can come round. Who can't tell is no vote: the item gets a
    slot for somebody else, up to `ABSTAIN` times.

    Args:
        only: looks at this reviewer's word alone; for gold, which is never settled.
    """
    need: int = connection.execute("SELECT need FROM item WHERE id = ?", (item,)).fetchone()[0]
    rows = decisions.standing(connection, item, only)
    votes = votes_of(rows)
    abstained = sum(row.stage == "review" for row in rows) - len(votes)
    change: dict[str, object] = {"state": "done"}
    if any(row.stage == "adjudication" for row in rows):
        pass
    elif len(votes) >= need:
        if not all(agree(votes[0], vote) for vote in votes):
            change = {"state": "open", "stage": "adjudication", "extra": len(rows) + 1 - need}
    elif abstained < ABSTAIN:
        change = {"state": "open", "stage": "review", "extra": abstained}
    setting = ", ".join(f"{column} = :{column}" for column in change)
    connection.execute(f"UPDATE item SET {setting} WHERE id = :id", change | {"id": item})


def votes_of(rows: list[DecisionRow]) -> list[DecisionRow]:
    """The reviewers' decisions that say something of the draft."""
    return [row for row in rows if row.stage == "review" and STANCES[row.verdict] is not None]


def rivals(connection: sqlite3.Connection, item: str, swapped: bool) -> list[DecisionRow]:
    """The two decisions that an adjudicator chooses between, as they stand on the screen; none where all agree."""
    votes = votes_of(decisions.standing(connection, item))
    others = [vote for vote in votes if not agree(votes[0], vote)]
    return [others[0], votes[0]] if others and swapped else [votes[0], others[0]] if others else []
