"""Counts of word sequences of one length, and what discounting leaves of them."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Integers = NDArray[np.int64]


class Places(NamedTuple):
    """Where the table of one order holds some predictions; -1 where it doesn't."""

    entries: Integers
    contexts: Integers


@dataclass(frozen=True, eq=False)
class Order:
    """Counts of the word sequences of one length: context and word packed into one number, sorted."""

    n_types: int
    keys: Integers
    """`context * n_types + word`, ascending, shape (n_entries,)."""
    counts: Vector
    """Weighted occurrences, > 0, shape (n_entries,)."""

    @classmethod
    def of(cls, keys: Integers, weights: Vector | None, n_types: int) -> "Order":
        """Count the keys, each as much as its weight, or once."""
        if weights is None:
            distinct, counts = np.unique(keys, return_counts=True)
            return cls(n_types, distinct, counts.astype(np.float64))
        distinct, places = np.unique(keys, return_inverse=True)
        return cls(n_types, distinct, sums_at(places, weights, distinct.size))

    @cached_property
    def contexts(self) -> Integers:
        """The contexts that were seen, ascending, shape (n_contexts,)."""
        return (self.keys // self.n_types)[self.starts[:-1]]

    @cached_property
    def starts(self) -> Integers:
        """Context i has the entries `starts[i]` to `starts[i + 1]`, shape (n_contexts + 1,)."""
        context = self.keys // self.n_types
        return np.flatnonzero(np.concatenate([[True], context[1:] != context[:-1], [True]])[: context.size + 1])

    @cached_property
    def totals(self) -> Vector:
        """Occurrences of each context, shape (n_contexts,)."""
        return self.sums(self.counts)

    def sums(self, values: Vector) -> Vector:
        """Sums over the entries of each context."""
        return np.add.reduceat(values, self.starts[:-1]) if values.size else values

    def places(self, keys: Integers) -> Places:
        """Find keys and their contexts."""
        return Places(find(self.keys, keys), find(self.contexts, keys // self.n_types))

    def kept(self, discount: float, below: float = 1.0) -> Vector:
        """The counts after discounting, >= 0, shape (n_entries,).

        For a discount D <= 1 a count c loses D times the part of it that is `below` so much: D itself where this is
        1 and c at least 1, and D c where c is smaller, as it is under small weights. For D > 1, which suits rows that
        stand there several times, it loses min(c, D). No count falls below 0.
        """
        return self.counts - min(1.0, discount) * np.minimum(self.counts, max(below, discount))


def table(order: Order, discount: float, below: float) -> tuple[Vector, Vector]:
    """What an order says: the direct probability of each entry, and the share each context leaves to lower orders.

    Both end in one value more, for what isn't there, which a place of -1 reads: 0 and 1.
    """
    kept = order.kept(discount, below)
    sizes = np.diff(order.starts)
    direct = kept / np.repeat(order.totals, sizes)
    return np.append(direct, 0.0), np.append(1 - order.sums(kept) / order.totals, 1.0)


def find(sorted_keys: Integers, wanted: Integers) -> Integers:
    """Places of the wanted keys, -1 where they're missing."""
    if not sorted_keys.size:
        return np.full(wanted.size, -1)
    places: Integers = np.minimum(np.searchsorted(sorted_keys, wanted), sorted_keys.size - 1)
    return np.where(sorted_keys[places] == wanted, places, np.int64(-1))


def sums_at(places: Integers, values: Vector, n: int) -> Vector:
    """Sums of the values that share a place, shape (n,)."""
    return np.bincount(places, weights=values, minlength=n).astype(np.float64, copy=False)
