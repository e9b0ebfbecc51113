"""The probability that a draft is right, from what the validators said of it, fitted on experts' decisions.

Experts see doubtful drafts more often than others. So each decision weighs the inverse of the probability that the
draft was asked about, and the fit speaks of all drafts and not of the doubtful ones (Horvitz and Thompson, 1952). No
weight is above `MOST_WEIGHT`: one rare draft would else outvote hundreds, and the price is a small bias towards drafts
that were likely to be asked about.

What is calibrated promises nothing; a threshold on it is proven by audits that the fit hasn't seen.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from outcross.agreement.judgements import Floats, Ints
from outcross.certificate.reliability import Reliability, reliability
from outcross.certificate.selection import Bools
from outcross.errors import InputError

MOST_WEIGHT = 20.0

FOLDS = 5

RIDGE = 1.0
"""Penalty on the squared coefficients of scores with variance 1, in nats."""

DIGITS = 9
"""What was fitted is kept to so many decimals, so that its digest is the same on every machine."""


@dataclass(frozen=True)
class Calibrator:
    """What was fitted: a logistic regression over the scores, where there are several, and steps over its output."""

    signals: tuple[str, ...]
    """The names of the scores, in the order of the columns."""
    centre: tuple[float, ...]
    """Mean of each score where it is known; a score that is missing counts as this."""
    slope: tuple[float, ...]
    """Of each score; empty where there is one score alone, which is then taken as it is."""
    missing: tuple[float, ...]
    """What is added to the log odds where the score is missing."""
    intercept: float
    place: tuple[float, ...]
    """Outputs, rising, at which the probability is known; between them it runs straight, beyond them it stays."""
    chance: tuple[float, ...]
    """The probability there, never falling, in (0, 1)."""

    def __call__(self, scores: Floats) -> Floats:
        """The probability that each draft is right, in (0, 1), shape (n,).

        It rests on the draft's own scores alone.

        Args:
            scores: shape (n, signals), each in [0, 1], NaN where it is missing.
        """
        return np.interp(self.output(scores), self.place, self.chance)

    def output(self, scores: Floats) -> Floats:
        """What the steps are over: the score itself, or the log odds, shape (n,)."""
        gone = np.isnan(scores)
        known = np.where(gone, np.array(self.centre), scores)
        if not self.slope:
            return known[:, 0]
        # A sum column by column: a matrix product's last digit may depend on how many rows there are.
        total = np.full(len(scores), self.intercept)
        for column, (slope, missing) in enumerate(zip(self.slope, self.missing, strict=True)):
            total += slope * (known[:, column] - self.centre[column]) + missing * gone[:, column]
        return total


def calibrate(
    signals: tuple[str, ...], scores: Floats, right: Bools, weights: Floats, groups: Ints
) -> tuple[Calibrator, Reliability]:
    """Fit the probability of being right, and say how well it holds for drafts that it hasn't seen.

    One score is calibrated by isotonic regression. Several are joined by a logistic regression with a ridge, and its
    outputs for drafts that it was not fitted on are calibrated in the same way.

    Args:
        signals: names of the scores.
        scores: shape (n, signals), each in [0, 1], NaN where it is missing.
        right: whether experts found each draft good, shape (n,).
        weights: inverse inclusion probabilities, at least 1, shape (n,).
        groups: which document or seed each draft goes back to, shape (n,); drafts of one are never on both sides of
            the cross-fitting.

    Returns:
        What was fitted on all of them, and the reliability of what was fitted on the others for each fold.

    Raises:
        InputError: the shapes don't match, or there are less than two groups, or no right or no wrong draft.

    Source:
        Zadrozny and Elkan, "Transforming classifier scores into accurate multiclass probability estimates", KDD 2002
        (isotonic); Platt (1999), and for fitting the second step on held-out outputs Niculescu-Mizil and Caruana,
        "Predicting good probabilities with supervised learning", ICML 2005.
    """
    _require(scores, right, weights, groups, len(signals))
    weights = np.minimum(weights, MOST_WEIGHT)
    output, said = np.empty(right.size), np.empty(right.size)
    for held, others in _folds(groups):
        joined = _joined(signals, scores[others], right[others], weights[others])
        output[held] = joined.output(scores[held])
    for held, others in _folds(groups):
        place, chance = _steps(output[others], right[others], weights[others])
        said[held] = np.interp(output[held], place, chance)
    joined = _joined(signals, scores, right, weights)
    place, chance = _steps(output, right, weights)
    return _with_steps(joined, place, chance), reliability(said, right, weights)


def _folds(groups: Ints) -> Iterator[tuple[Ints, Ints]]:
    """Places of a fold and of all others; whole groups, dealt out by their order."""
    _, number = np.unique(groups, return_inverse=True)
    fold = number % min(FOLDS, int(number.max()) + 1)
    for held in range(int(fold.max()) + 1):
        yield np.flatnonzero(fold == held), np.flatnonzero(fold != held)


def _joined(signals: tuple[str, ...], scores: Floats, right: Bools, weights: Floats) -> Calibrator:
    """The first step: several scores as one, or the one that there is."""
    gone = np.isnan(scores)
    known = (~gone * weights[:, None]).sum(axis=0)
    centre = np.where(known > 0, (np.nan_to_num(scores) * weights[:, None]).sum(axis=0) / np.maximum(known, 1e-9), 0.5)
    blank = Calibrator(signals, _kept(centre), (), (), 0.0, (0.0,), (0.5,))
    if len(signals) == 1:
        return blank
    filled = np.where(gone, centre, scores) - centre
    spread = np.sqrt((weights[:, None] * filled**2).sum(axis=0) / weights.sum())
    spread = np.where(spread > 0, spread, 1.0)
    coefficients, intercept = _logistic(np.hstack([filled / spread, gone]), right, weights)
    slope, missing = coefficients[: len(signals)] / spread, coefficients[len(signals) :]
    return Calibrator(signals, _kept(centre), _kept(slope), _kept(missing), round(intercept, DIGITS), (0.0,), (0.5,))


def _logistic(features: Floats, right: Bools, weights: Floats) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    if right.all() or not right.any():  # a fold may lack one kind, and then nothing tells the drafts apart
        return np.zeros(features.shape[1]), 0.0
    model = LogisticRegression(C=1 / RIDGE, solver="newton-cholesky", tol=1e-10, max_iter=1_000)
    model.fit(features, right, sample_weight=weights * right.size / weights.sum())
    return model.coef_[0], float(model.intercept_[0])


def _steps(output: Floats, right: Bools, weights: Floats) -> tuple[Floats, Floats]:
    """The second step, by isotonic regression; a probability comes no nearer to 0 and 1 than n drafts can show."""
    from sklearn.isotonic import IsotonicRegression

    edge = 1 / (right.size + 2)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip")
    model.fit(output, right, sample_weight=weights)
    return model.X_thresholds_, model.y_thresholds_


def _with_steps(joined: Calibrator, place: Floats, chance: Floats) -> Calibrator:
    parts = (joined.signals, joined.centre, joined.slope, joined.missing, joined.intercept)
    return Calibrator(*parts, _kept(place), _kept(chance))


def _kept(values: Floats) -> tuple[float, ...]:
    return tuple(round(float(value), DIGITS) for value in values)


def _require(scores: Floats, right: Bools, weights: Floats, groups: Ints, signals: int) -> None:
    n = right.size
    if scores.shape != (n, signals) or weights.shape != (n,) or groups.shape != (n,) or not signals:
        raise InputError(
            f"scores have shape {scores.shape}, weights {weights.shape} and groups {groups.shape}. Give {n} rows of "
            f"{signals} scores, and a weight and a group each."
        )
    if np.unique(groups).size < 2 or right.all() or not right.any():
        raise InputError(
            f"{n} decisions on {np.unique(groups).size} documents, {int(right.sum())} of them good, can't be "
            "calibrated: there must be two documents, and both good and bad drafts. Let experts decide some more."
        )
