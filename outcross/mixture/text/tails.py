"""Tails: the rare words that collapse takes first, and how much of them a text still holds."""

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from outcross.errors import InputError
from outcross.mixture.text.counts import Counts, Floats
from outcross.mixture.text.tokens import EDGE, UNKNOWN

Countable = Counts | csr_array | Floats
"""Counts of one text, shape (n_types,), or of several, shape (..., n_types); those of `Counts` are summed."""


@dataclass(frozen=True, eq=False)
class Tail:
    """The rarest types that together hold a share of the words that people wrote.

    Types of one count can't be told apart, so where only some of them belong, each belongs by the same part: the
    share is met exactly and no order of names decides. A fresh human sample holds less of a tail than the one that
    it was chosen on (0.82 of it in typical prose): compare texts with each other, and none of them with `share`.
    """

    belongs: Floats
    """Shape (n_types,): how far each type belongs, in [0, 1]; 0 for types that people never used."""

    @classmethod
    def of(cls, human: Counts | Floats, share: float = 0.1) -> "Tail":
        """Choose the tail.

        Args:
            human: counts of what people wrote, or their sum, shape (n_types,).
            share: of the words; in (0, 1). Without words the tail is empty.

        Raises:
            InputError: `share` is out of its range.
        """
        if not 0 < share < 1:
            raise InputError(f"a tail's share is {share}; it must lie between 0 and 1, such as 0.1.")
        counts = _known(_summed(human))
        levels, level, types = np.unique(counts, return_inverse=True, return_counts=True)
        held = levels * types
        room = share * counts.sum() - (np.cumsum(held) - held)
        part = np.divide(np.clip(room, 0, held), held, out=np.zeros_like(held), where=held > 0)
        return cls(part[level])

    def mass(self, counts: Countable) -> Floats:
        """The share of all words that is of the tail, in [0, 1]; NaN where there is no word. Shape (...)."""
        found = _summed(counts)
        return _ratio(np.asarray(found @ self.belongs), np.asarray(found.sum(axis=-1)))

    def coverage(self, counts: Countable) -> Floats:
        """The share of the tail's types that occur at all, in [0, 1]; NaN of an empty tail. Shape (...).

        It grows with the size of a text: compare at one size.
        """
        found = _summed(counts)
        return _ratio(np.asarray((found > 0) @ self.belongs), np.asarray(self.belongs.sum()))


def entropy(counts: Countable) -> Floats:
    """Shannon's entropy of the words, in nats, >= 0; NaN where there is no word. Shape (...).

    As counted, without a correction: below the truth by about (types - 1) / (2 words), so compare at one size.
    """
    found = _summed(counts)
    logs = np.log(found, out=np.zeros_like(found), where=found > 0)
    total = np.asarray(found.sum(axis=-1), dtype=np.float64)
    log_total = np.log(total, out=np.zeros_like(total), where=total > 0)
    return log_total - _ratio(np.asarray((found * logs).sum(axis=-1)), total)


def hill(counts: Countable, order: float = 1.0) -> Floats:
    """How many equally common types are as diverse as these. Shape (...).

    Order 0 counts types, 1 is exp(entropy), 2 the inverse of the chance that two words are of one type.

    Source:
        Hill, "Diversity and evenness: a unifying notation and its consequences", Ecology 54 (1973).
    """
    if order == 1:
        return np.exp(entropy(counts))
    found = _summed(counts)
    shares = _ratio(found, np.asarray(found.sum(axis=-1, keepdims=True)))
    powers = np.power(shares, order, out=np.zeros_like(shares), where=shares > 0)
    return np.asarray(powers.sum(axis=-1) ** (1 / (1 - order)), dtype=np.float64)


def _known(counts: Floats) -> Floats:
    """The counts without the two ids that are no types."""
    known = counts.copy()
    known[[EDGE, UNKNOWN]] = 0
    return known


def _summed(counts: Countable) -> Floats:
    if isinstance(counts, Counts):
        return counts.total()
    return np.asarray(counts.toarray() if isinstance(counts, csr_array) else counts, dtype=np.float64)


def _ratio(above: Floats, below: Floats) -> Floats:
    above, below = np.broadcast_arrays(above, below)
    out = np.full(above.shape, np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out
