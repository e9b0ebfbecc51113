"""Thresholds chosen so that what passes is right: Learn-then-Test in an order that no label decides."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from outcross.agreement.judgements import Floats, Ints
from outcross.errors import InputError

Bools = NDArray[np.bool_]

HEADROOM = 1.6
"""Audits that the strictest threshold should have, over those that a proof without an error takes."""

HOPED = 2.5
"""A threshold that is to be audited should leave an estimated rate of alpha over this."""

MOST = 50
"""Thresholds that are tried."""


def thresholds(scores: Floats, labelled: int, alpha: float, delta: float = 0.05, most: int = MOST) -> Floats:
    """The scores to try, strict to lenient, fixed before any label is seen.

    They accept equally spaced shares of the scores. The strictest accepts so many that 1.6 times the audits of a proof
    without an error are expected among them, for a stricter one could prove nothing and would end the walk at once;
    the most lenient accepts all.

    Args:
        scores: of drafts, no label among them; where scores tie, less of them are tried.
        labelled: audits at hand, drawn at random from the same drafts.
        alpha: rate of errors that is promised, in (0, 1).
        delta: risk that the promise is wrong, in (0, 1).
        most: of thresholds.

    Returns:
        Falling, none twice; empty where there is no score.

    Raises:
        InputError: `alpha` or `delta` is out of its range.
    """
    _require_unit(alpha, delta)
    if not scores.size:
        return np.array([])
    least = HEADROOM * math.log(delta) / math.log1p(-alpha)
    start = min(1.0, least / labelled) if labelled else 1.0
    ordered = np.sort(scores)[::-1]
    places = np.ceil(np.linspace(start, 1.0, most) * ordered.size).astype(int) - 1
    return np.unique(ordered[places])[::-1]


def counts(scores: Floats, wrong: Bools, tried: Floats) -> tuple[Ints, Ints]:
    """Errors, and audits, that score at least each threshold; shapes as `tried`."""
    accepted = scores[None, :] >= tried[:, None]
    return (accepted & wrong[None, :]).sum(axis=1), accepted.sum(axis=1)


def fixed_sequence(errors: Ints, audits: Ints, alpha: float, delta: float = 0.05) -> int | None:
    """The last threshold that is proven, walking as long as each one is; None where the first isn't.

    Each is tested at `delta` whole: because the order was fixed beforehand, the first false one ends the walk with
    probability 1 - `delta` at least, and none behind it is reached.

    Args:
        errors: whole numbers, found among the audits that score at least each threshold, strict to lenient.
        audits: how many those are.

    Returns:
        Its place, from 0.

    Source:
        Angelopoulos, Bates, Candès, Jordan and Lei, "Learn then Test: calibrating predictive algorithms to achieve
        risk control", Annals of Applied Statistics 19 (2025), with the exact binomial p-value, as in Jung, Brahman and
        Choi, "Trust or Escalate", ICLR 2025.
    """
    _require_unit(alpha, delta)
    proven = binom.cdf(errors, audits, alpha) <= delta
    kept = int(np.logical_and.accumulate(proven).sum())
    return kept - 1 if kept else None


def promising(scores: Floats, wrong: Bools, alpha: float, weights: Floats | None = None) -> float | None:
    """The most lenient score from which up few enough errors are expected; None if there is none.

    The estimate promises nothing. An audit of what the threshold accepts, drawn after it was chosen, is one test of
    one claim, so that all of its labels count.

    Args:
        scores: of drafts with labels.
        wrong: their labels.
        alpha: the rate that is to be proven; `alpha / HOPED` is what the estimate may be at most.
        weights: inverse inclusion probabilities; all alike where None.
    """
    if not scores.size:
        return None
    order = np.argsort(-scores, kind="stable")
    weight = np.ones(scores.size) if weights is None else weights[order]
    rate = np.cumsum(weight * wrong[order]) / np.cumsum(weight)
    last = np.append(np.diff(scores[order]) != 0, True)  # a threshold takes all that tie
    held = np.flatnonzero(last & (rate <= alpha / HOPED))
    return float(scores[order][held[-1]]) if held.size else None


def _require_unit(*values: float) -> None:
    for value in values:
        if not 0 < value < 1:
            raise InputError(f"{value} is no rate or risk; give a number between 0 and 1, such as 0.05.")
