"""Which label is right and how good each reviewer is, both from the labels alone: Dawid and Skene's model."""

from dataclasses import dataclass

import numpy as np

from outcross.agreement.judgements import Floats, Ints, Judgements
from outcross.errors import InputError

RIGHT, WRONG = 4.0, 1.0
"""Judgements that each reviewer is taken to have made beforehand, by true class: right ones, and each wrong one."""

STEADY = 1e-6
"""Probability that no item's class may still gain or lose in the last round."""

MOST_ROUNDS = 1_000


@dataclass(frozen=True, eq=False)
class Estimate:
    """What the labels say of the items and of those who gave them."""

    posterior: Floats
    """Probability of each class for each item, shape (n_items, n_classes); rows sum to 1."""
    confusion: Floats
    """`[w, c, k]`: probability that reviewer w says k of an item of class c; rows sum to 1."""
    prior: Floats
    """Share of each class among the items, shape (n_classes,), summing to 1."""

    @property
    def accuracy(self) -> Floats:
        """Probability that each reviewer is right about an item drawn from these, shape (n_reviewers,)."""
        return np.diagonal(self.confusion, axis1=1, axis2=2) @ self.prior


def dawid_skene(judgements: Judgements, gold: Ints | None = None) -> Estimate:
    """Estimate every item's class together with every reviewer's confusion, by expectation maximisation.

    Reviewers are taken to err independently, each with fixed probabilities by true class. The estimate is the
    mode of the posterior under a prior as if each reviewer had already judged one known item of each class,
    `RIGHT` times rightly and `WRONG` times in each wrong way. It starts from the shares of the votes, so equal
    input gives equal output.

    Args:
        judgements: the labels.
        gold: each item's known class, or -1 where it isn't known, shape (n_items,). Known classes stay as they
            are, and count towards the class shares as all others do, so known items should look like the work.

    Raises:
        InputError: `gold` isn't as described.

    Source:
        Dawid and Skene, "Maximum likelihood estimation of observer error-rates using the EM algorithm", Applied
        Statistics 28 (1979), equations 2.3 to 2.5; here with Dirichlet priors.
    """
    sure, known = _known(judgements, gold)
    posterior = _shares_of_votes(judgements)
    posterior[sure] = known
    for _ in range(MOST_ROUNDS):
        confusion, prior = _maximised(judgements, posterior)
        before, posterior = posterior, _expected(judgements, confusion, prior)
        posterior[sure] = known
        if np.abs(posterior - before).max(initial=0.0) < STEADY:
            break
    return Estimate(posterior, confusion, prior)


def _known(judgements: Judgements, gold: Ints | None) -> tuple[Ints, Floats]:
    """Which items are known, and their rows of the posterior: 1 at the class, else 0."""
    gold = np.full(judgements.n_items, -1) if gold is None else gold
    if gold.shape != (judgements.n_items,) or gold.dtype.kind != "i":
        raise InputError(
            f"gold is {gold.dtype} of shape {gold.shape}. Give one integer for each of {judgements.n_items:,} items."
        )
    if gold.size and not -1 <= gold.min() <= gold.max() < judgements.n_classes:
        raise InputError(
            f"gold holds classes from {gold.min()} to {gold.max()}. Use 0 to {judgements.n_classes - 1}, "
            "and -1 where the class isn't known."
        )
    sure = np.flatnonzero(gold >= 0)
    return sure, np.eye(judgements.n_classes)[gold[sure]]


def _shares_of_votes(judgements: Judgements) -> Floats:
    """Each label's share of an item's judgements; equal shares where there is none."""
    votes = judgements.counts()
    cast = votes.sum(axis=1, keepdims=True)
    return np.where(cast > 0, votes / np.maximum(cast, 1), 1 / judgements.n_classes)


def _maximised(judgements: Judgements, posterior: Floats) -> tuple[Floats, Floats]:
    """The confusions and the class shares that fit the items' classes best."""
    n, k = judgements.n_reviewers, judgements.n_classes
    said = judgements.reviewer * k + judgements.label
    counts = _sums(posterior, judgements.item, said, n * k).reshape(n, k, k).transpose(0, 2, 1)
    counts = counts + np.where(np.eye(k, dtype=bool), RIGHT, WRONG)
    members = posterior.sum(axis=0) + 1
    return counts / counts.sum(axis=2, keepdims=True), members / members.sum()


def _expected(judgements: Judgements, confusion: Floats, prior: Floats) -> Floats:
    """The items' classes that follow from the reviewers' confusions and the class shares."""
    k = judgements.n_classes
    said = judgements.reviewer * k + judgements.label
    evidence = np.log(confusion.transpose(0, 2, 1).reshape(-1, k))
    scores = np.log(prior) + _sums(evidence, said, judgements.item, judgements.n_items)
    likelihood: Floats = np.exp(scores - scores.max(axis=1, keepdims=True))
    likelihood /= likelihood.sum(axis=1, keepdims=True)
    return likelihood


def _sums(table: Floats, row: Ints, group: Ints, n: int) -> Floats:
    """Sum rows of `table`, one for each judgement, by group, shape (n, columns)."""
    # Laid out column by column, for the gathering of rows takes most of the time.
    return np.array([np.bincount(group, column[row], minlength=n) for column in table.T]).T
