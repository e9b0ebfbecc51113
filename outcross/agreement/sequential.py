"""Whether a reviewer may go on, judged after every gold answer: Wald's sequential test."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

GOOD, POOR = 0.9, 0.75
"""Shares of right answers that the test tells apart: what is asked, and what must not go on."""

ALPHA, STANDING_ALPHA = 0.05, 0.01
"""Risk of pausing a reviewer at `GOOD`, in the first test and in each later one."""

BETA = 0.1
"""Risk of clearing a reviewer at `POOR`."""


@dataclass(frozen=True)
class Standing:
    """Where a reviewer's gold answers leave them; the default is where everyone starts."""

    verdict: Literal["open", "clear", "pause"] = "open"
    """Open until a test has ended; clear once one cleared them, while the next runs; pause is the last word."""
    score: float = 0.0
    """Log of how much better `POOR` explains the answers of the running test than `GOOD` does."""
    since: int = 0
    """Answers in the running test: since the last clear, and up to the pause."""

    def after(self, *, right: bool) -> "Standing":
        """Where one more answer leaves them; a pause stays as it is."""
        if self.verdict == "pause":
            return self
        score = self.score + (math.log(POOR / GOOD) if right else math.log((1 - POOR) / (1 - GOOD)))
        alpha = ALPHA if self.verdict == "open" else STANDING_ALPHA
        if score >= math.log((1 - BETA) / alpha):
            return Standing("pause", score, self.since + 1)
        if score <= math.log(BETA / (1 - alpha)):
            return Standing("clear")
        return Standing(self.verdict, score, self.since + 1)


def standing(answers: Iterable[bool]) -> Standing:
    """Follow a reviewer's gold answers, oldest first, True for right.

    The first test ends with a pause at a score of 2.89 or a clear at -2.25. Each clear begins another as a
    standing monitor; repeating the test repeats its risk, so the monitor pauses only at 4.50. To let a paused
    reviewer begin anew, give the answers since then.

    Source:
        Wald, "Sequential tests of statistical hypotheses", Annals of Mathematical Statistics 16 (1945), with his bounds
        ln((1 - beta) / alpha) and ln(beta / (1 - alpha)).
    """
    return reduce(lambda held, right: held.after(right=right), answers, Standing())
