"""How well reviewers agree. No one number says it, so four stand side by side.

Where almost all items are good, two careful reviewers agree on nearly everything and alpha is still low, for it
asks what is left once chance has explained the rest. Raw agreement, alpha, AC1 and the agreement on the rare class
each see a part (Feinstein and Cicchetti, "High agreement but low kappa: I", Journal of Clinical Epidemiology 43,
1990).

Each is None where it isn't defined, and never NaN. Only items that two or more reviewers judged can say anything
of agreement.
"""

import numpy as np

from outcross.agreement.judgements import Floats, Ints, Judgements


def raw_agreement(judgements: Judgements) -> float | None:
    """Share of an item's pairs of reviewers that agree, averaged over the items.

    Returns:
        In [0, 1]; None if no item has a pair.
    """
    counts = _paired(judgements)
    if not len(counts):
        return None
    judged = counts.sum(axis=1)
    return float(((counts * (counts - 1)).sum(axis=1) / (judged * (judged - 1))).mean())


def krippendorff_alpha(judgements: Judgements) -> float | None:
    """Krippendorff's alpha: 1 minus the disagreement observed over the disagreement by chance.

    Any two classes disagree alike.

    Returns:
        At most 1; 0 for agreement by chance. None if no item has a pair, or all labels there are the same.

    Source:
        Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), sections C and D.
    """
    counts = _paired(judgements)
    totals = counts.sum(axis=0)
    distance = 1 - np.eye(judgements.n_classes)
    by_chance = float(totals @ distance @ totals)
    if by_chance == 0:
        return None
    observed = float((_coincidences(counts) * distance).sum())
    return 1 - (float(totals.sum()) - 1) * observed / by_chance


def gwet_ac1(judgements: Judgements) -> float | None:
    """Gwet's AC1, which a rare class doesn't drag down as it does alpha.

    Agreement by chance is taken from the reviewers' mean use of each class over all items, those with one
    judgement included.

    Returns:
        In [-1, 1]; None if no item has a pair.

    Source:
        Gwet, "Computing inter-rater reliability and its variance in the presence of high agreement", British
        Journal of Mathematical and Statistical Psychology 61 (2008); for missing judgements as in his Handbook of
        Inter-Rater Reliability (4th edition, 2014).
    """
    observed = raw_agreement(judgements)
    if observed is None:
        return None
    counts = judgements.counts()
    judged = counts.sum(axis=1, keepdims=True)
    use = (counts / np.maximum(judged, 1)).sum(axis=0) / np.count_nonzero(judged)
    by_chance = float((use * (1 - use)).sum()) / (judgements.n_classes - 1)
    return (observed - by_chance) / (1 - by_chance)


def specific_agreement(judgements: Judgements, label: int) -> float | None:
    """Where one reviewer chose `label`, the probability that another of the item's reviewers did too.

    For two reviewers and label b this is 2 n_bb / (2 n_bb + n_b- + n_-b).

    Returns:
        In [0, 1]; None if nobody chose `label` on an item with a pair.

    Source:
        Cicchetti and Feinstein, "High agreement but low kappa: II", Journal of Clinical Epidemiology 43 (1990);
        for more reviewers by Krippendorff's coincidences, so that every judgement counts the same.
    """
    counts = _paired(judgements)
    chosen = float(counts[:, label].sum())
    return float(_coincidences(counts)[label, label]) / chosen if chosen else None


def _paired(judgements: Judgements) -> Ints:
    """Label counts of the items that two or more reviewers judged, shape (n_paired, n_classes)."""
    counts = judgements.counts()
    paired: Ints = counts[counts.sum(axis=1) >= 2]
    return paired


def _coincidences(counts: Ints) -> Floats:
    """Ordered pairs of labels within items, each item's weighing as many as it has judgements."""
    weighed = counts / (counts.sum(axis=1, keepdims=True) - 1)
    pairs: Floats = counts.T @ weighed
    return pairs - np.diag(weighed.sum(axis=0))
