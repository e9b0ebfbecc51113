"""A classifier trained on labels that are partly wrong, of which a fallible verifier keeps some."""

import numpy as np
from scipy.special import ndtr

DISTANCE = 2.0
"""How far each class lies from the border, in standard deviations; the best classifier is right with 0.977."""


def verified_accuracy(
    noise: float, keeps_right: float, keeps_wrong: float, *, rows: int, features: int, rng: np.random.Generator
) -> float:
    """Accuracy of a linear classifier trained on the rows that the verifier keeps.

    Two normal classes lie at -m and m, with |m| = `DISTANCE`; the classifier's direction is the mean of label times
    row.

    Args:
        noise: p, probability that a label is wrong.
        keeps_right: phi, probability that a row with a right label is kept.
        keeps_wrong: psi, the same with a wrong one.
        rows: rows before verification.
        features: dimensions.
        rng: the only source of chance.
    """
    centre = np.zeros(features)
    centre[0] = DISTANCE
    sides = rng.choice([-1.0, 1.0], rows)
    wrong = rng.random(rows) < noise
    kept = rng.random(rows) < np.where(wrong, keeps_wrong, keeps_right)
    x = sides[:, None] * centre + rng.standard_normal((rows, features))
    labels = np.where(wrong, -sides, sides)
    direction = (labels[kept, None] * x[kept]).mean(axis=0)
    return float(ndtr(direction @ centre / np.linalg.norm(direction)))


def threshold(keeps_right: float, keeps_wrong: float) -> float:
    """The noise at which verified labels turn from useful to harmful: 1 / (1 + psi / phi).

    There, half of the labels kept are wrong. That verifiers which err can do so much: Feng et al., arXiv 2406.07515.
    """
    return 1 / (1 + keeps_wrong / keeps_right)
