"""A language model of word trigrams: small enough to train in a second, so that corpora can be compared by it."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar

from outcross.mixture.text.tokens import EDGE, Encoded

N = 3

Vector = NDArray[np.float64]
Integers = NDArray[np.int64]


class Nats(NamedTuple):
    """How surprising rows are."""

    nats: Vector
    """Negative log-likelihood of each row, its end included, shape (n_rows,)."""
    words: Integers
    """Predictions behind each: words and the end, shape (n_rows,)."""


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
        return cls(n_types, distinct, _sums(places, weights, distinct.size))

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
        return Places(_find(self.keys, keys), _find(self.contexts, keys // self.n_types))

    def kept(self, discount: float) -> Vector:
        """The counts after discounting, >= 0, shape (n_entries,).

        For a discount D <= 1 a count c loses D, and D c where it is below 1, as it is under small weights; for
        D > 1, which suits rows that stand there several times, it loses min(c, D). No count falls below 0.
        """
        return self.counts - min(1.0, discount) * np.minimum(self.counts, max(1.0, discount))


@dataclass(frozen=True, eq=False)
class Trigram:
    """Word trigrams with absolute discounting, interpolated with bigrams, these with words, these with 1 / n_types.

    p(w | uv) = (c(uvw) - d) / c(uv) + (what d took away) / c(uv) * p(w | v), with the same discount in every order
    (Ney, Essen and Kneser 1994; Chen and Goodman 1999). Every row is read between edges, and its end is predicted.
    Types of the vocabulary that were never seen have a share of the uniform part, so nothing is impossible.
    """

    n_types: int
    orders: tuple[Order, ...]
    """Words, bigrams, trigrams."""
    discount: float = 0.75
    """> 0; of a count, see `Order.kept`."""
    _tables: list[tuple[Vector, Vector]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", [_table(order, self.discount) for order in self.orders])

    @classmethod
    def fit(
        cls, encoded: Encoded, n_types: int, weights: NDArray[np.floating] | None = None, discount: float = 0.75
    ) -> "Trigram":
        """Count the trigrams of some rows.

        Args:
            encoded: rows to learn from, ids below `n_types`.
            n_types: size of the vocabulary, special types included, at most 2,097,151.
            weights: > 0, shape (n_rows,); how often each row counts, need not be whole. Once each where None.
            discount: > 0.

        Raises:
            ValueError: `n_types` is too large for three ids in 63 bits.
        """
        if n_types**N >= 2**63:
            raise ValueError(f"A vocabulary of {n_types:,} types is too large: keep it below {2**21:,}.")
        each = None if weights is None else np.repeat(weights.astype(np.float64), encoded.lengths + 1)
        return cls(n_types, tuple(Order.of(keys, each, n_types) for keys in _keys(encoded, n_types)), discount)

    def with_discount(self, discount: float) -> "Trigram":
        """The same counts under another discount."""
        return replace(self, discount=discount)

    def nll(self, encoded: Encoded) -> Nats:
        """How surprising each row is."""
        words = encoded.lengths + 1
        surprise = -np.log(self.probability(_keys(encoded, self.n_types)))
        row = np.repeat(np.arange(words.size), words)
        return Nats(_sums(row, surprise, words.size), words)

    def probability(self, keys: list[Integers]) -> Vector:
        """Of each prediction, given as a key of each order: the word, then with one word before it, then two."""
        return _mixed(self._tables, self._places(keys), self.n_types)

    def _places(self, keys: list[Integers]) -> list[Places]:
        return [order.places(each) for order, each in zip(self.orders, keys, strict=True)]

    def perplexity(self, encoded: Encoded) -> float:
        """Per prediction, ends of rows included."""
        found = self.nll(encoded)
        return float(np.exp(found.nats.sum() / found.words.sum()))

    def tuned(self, dev: Encoded) -> "Trigram":
        """The same counts under the discount that makes `dev` least surprising.

        Searched between .02 and four times the mean count of a trigram, on a coarse grid and then by Brent's
        method around its best point: with one fixed discount, corpora that repeat rows look far worse than they
        are.
        """
        places = self._places(_keys(dev, self.n_types))

        def surprise(log_discount: float) -> float:
            tables = [_table(order, float(np.exp(log_discount))) for order in self.orders]
            return float(-np.log(_mixed(tables, places, self.n_types)).sum())

        trigrams = self.orders[-1].counts
        grid = np.log(np.geomspace(0.02, 4 * max(1.0, float(trigrams.mean()) if trigrams.size else 1.0), 12))
        best = int(np.argmin([surprise(one) for one in grid]))
        around = (grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)])
        found = minimize_scalar(surprise, bounds=around, method="bounded", options={"xatol": 0.005})
        return self.with_discount(float(np.exp(found.x)))

    def sample(self, n_rows: int, rng: np.random.Generator, temperature: float = 1.0, longest: int = 200) -> Encoded:
        """Write rows, all of them one word further at a time.

        Each word comes from the first order that is drawn, trigrams first, with the shares that the model gives
        to the orders. A temperature T raises the discounted counts within that order to the power 1 / T: below 1
        this sharpens the choice among words seen after a context, and leaves the share of the lower orders as it is.

        Args:
            n_rows: how many.
            rng: the randomness.
            temperature: > 0; 1 draws from the model itself.
            longest: words after which a row is cut.
        """
        wheels = [_wheel(order, self.discount, temperature) for order in self.orders]
        rows, words = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
        before = np.full((2, n_rows), EDGE, np.int64)
        writing = np.arange(n_rows)
        for _ in range(longest):
            drawn = self._draw(before, wheels, rng)
            goes_on = drawn != EDGE
            writing, drawn = writing[goes_on], drawn[goes_on]
            before = np.stack([before[1, goes_on], drawn])
            rows.append(writing)
            words.append(drawn)
        row = np.concatenate(rows)
        lengths = np.bincount(row, minlength=n_rows)
        ids = np.concatenate(words)[np.argsort(row, kind="stable")]
        return Encoded(ids.astype(np.int32), np.concatenate([[0], np.cumsum(lengths)]))

    def _draw(self, before: Integers, wheels: list[Vector], rng: np.random.Generator) -> Integers:
        """One word after each context, shape (n,); `before` has shape (2, n)."""
        n = before.shape[1]
        drawn = rng.integers(self.n_types, size=(n,))
        contexts = (np.zeros(n, np.int64), before[1], before[0] * self.n_types + before[1])
        open_rows = np.arange(n)
        for order, (_, left), wheel, context in reversed(
            list(zip(self.orders, self._tables, wheels, contexts, strict=True))
        ):
            place = _find(order.contexts, context[open_rows])
            here = rng.random(open_rows.size) >= left[place]
            place = place[here]
            low, high = wheel[order.starts[place]], wheel[order.starts[place + 1]]
            spin = low + rng.random(place.size) * (high - low)
            entry = np.searchsorted(wheel, spin, side="right") - 1
            entry = np.clip(entry, order.starts[place], order.starts[place + 1] - 1)
            drawn[open_rows[here]] = order.keys[entry] % self.n_types
            open_rows = open_rows[~here]
        return drawn


def _keys(encoded: Encoded, n_types: int) -> list[Integers]:
    """Every prediction as a key of each order, edges included."""
    lengths = encoded.lengths
    padded: Integers = np.full(int(lengths.sum()) + N * lengths.size, EDGE, np.int64)
    padded[np.arange(encoded.ids.size) + N * encoded.row() + N - 1] = encoded.ids
    rows = np.repeat(np.arange(lengths.size), lengths + 1)
    predicted = np.arange(rows.size) + (N - 1) * (rows + 1)
    word, last, first = padded[predicted], padded[predicted - 1], padded[predicted - 2]
    return [word, last * n_types + word, (first * n_types + last) * n_types + word]


def _find(sorted_keys: Integers, wanted: Integers) -> Integers:
    """Places of the wanted keys, -1 where they're missing."""
    if not sorted_keys.size:
        return np.full(wanted.size, -1)
    places: Integers = np.minimum(np.searchsorted(sorted_keys, wanted), sorted_keys.size - 1)
    return np.where(sorted_keys[places] == wanted, places, np.int64(-1))


def _sums(places: Integers, values: Vector, n: int) -> Vector:
    """Sums of the values that share a place, shape (n,)."""
    return np.bincount(places, weights=values, minlength=n).astype(np.float64, copy=False)


def _table(order: Order, discount: float) -> tuple[Vector, Vector]:
    """What an order says: the direct probability of each entry, and the share each context leaves to lower orders.

    Both end in one value more, for what isn't there, which a place of -1 reads: 0 and 1.
    """
    kept = order.kept(discount)
    sizes = np.diff(order.starts)
    direct = kept / np.repeat(order.totals, sizes)
    return np.append(direct, 0.0), np.append(1 - order.sums(kept) / order.totals, 1.0)


def _mixed(tables: list[tuple[Vector, Vector]], places: list[Places], n_types: int) -> Vector:
    """The probability of each prediction, from the lowest order up."""
    probability = np.full(places[0].entries.size, 1 / n_types)
    for (direct, left), place in zip(tables, places, strict=True):
        probability = direct[place.entries] + left[place.contexts] * probability
    return probability


def _wheel(order: Order, discount: float, temperature: float) -> Vector:
    """Running sums of the sharpened counts, from 0: drawing is finding a point between two of them."""
    return np.concatenate([[0.0], np.cumsum(order.kept(discount) ** (1 / temperature))])
