"""Rejects: how often the screen turned away a draft with which experts find nothing wrong."""

from dataclasses import dataclass

import polars as pl

from outcross.agreement.intervals import upper_bound
from outcross.data.recipe import Recipe
from outcross.data.review.answers import STANCES
from outcross.data.stores import screening
from outcross.data.stores.home import Home
from outcross.tasks.screening.suite import Screen


@dataclass(frozen=True)
class FalseRejects:
    """Rejected drafts that an audit drew, of one validator or of all together."""

    validator: str
    """What found most wrong with them, so that each draft counts once; empty for all together."""
    good: int
    """Of the decided ones, those that weren't found bad: who can't tell speaks against the screen."""
    decided: int
    waiting: int
    """Drawn and not settled yet."""

    @property
    def bound(self) -> float:
        """The share of good ones among such rejects that the true one exceeds with 5 % at most; 1 without audits.

        It holds for one validator at a time, and where all were drawn with the same probability.
        """
        return upper_bound(self.good, self.decided)


def false_rejects(home: Home, recipe: Recipe) -> list[FalseRejects]:
    """What audits of rejected drafts say of the present rules: of all validators together, then of each, by name."""
    drawn = screening.reject_audits(home, recipe.name, Screen.of(recipe).ruleset)
    rows = [
        (reasons[0].partition(":")[0], verdict is not None, verdict is not None and not _bad(verdict, said))
        for reasons, verdict, said in drawn.select("reasons", "verdict", "said").iter_rows()
    ]
    schema = {"validator": pl.String, "decided": pl.Boolean, "good": pl.Boolean}
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    parts = sorted(frame.partition_by("validator", as_dict=True).items())
    return [_counted("", frame), *(_counted(str(name), part) for (name,), part in parts)]


def _bad(verdict: str, said: str | None) -> bool:
    """Whether a draft is bad as it stands. Labels on its steps make an edit of a good one too: their word counts."""
    return verdict != "approve" and STANCES.get(said or "", "bad") == "bad"


def _counted(validator: str, rows: pl.DataFrame) -> FalseRejects:
    decided = int(rows["decided"].sum())
    return FalseRejects(validator, int(rows["good"].sum()), decided, rows.height - decided)
