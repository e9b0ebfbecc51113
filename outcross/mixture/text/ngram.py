"""A language model of word trigrams: small enough to train in a second, so that corpora can be compared by it."""

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit

from outcross.mixture.text.orders import Integers, Order, Places, Vector, find, sums_at, table
from outcross.mixture.text.tokens import EDGE, Encoded

N = 3


class Nats(NamedTuple):
    """How surprising rows are."""

    nats: Vector
    """Negative log-likelihood of each row, its end included, shape (n_rows,)."""
    words: Integers
    """Predictions behind each: words and the end, shape (n_rows,)."""


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
    below: float = 1.0
    """> 0; the part of a count that the discount is of."""
    _tables: list[tuple[Vector, Vector]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_tables", [table(order, self.discount, self.below) for order in self.orders])

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
        return Nats(sums_at(row, surprise, words.size), words)

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
            tables = [table(order, float(np.exp(log_discount)), self.below) for order in self.orders]
            return float(-np.log(_mixed(tables, places, self.n_types)).sum())

        trigrams = self.orders[-1].counts
        grid = np.log(np.geomspace(0.02, 4 * max(1.0, float(trigrams.mean()) if trigrams.size else 1.0), 12))
        best = int(np.argmin([surprise(one) for one in grid]))
        around = (grid[max(best - 1, 0)], grid[min(best + 1, grid.size - 1)])
        found = minimize_scalar(surprise, bounds=around, method="bounded", options={"xatol": 0.005})
        return self.with_discount(float(np.exp(found.x)))

    def shaped(self, dev: Encoded, count: float = 1.0) -> "Trigram":
        """The same counts under the discount below 1, and the part of a count that it is of, that suit `dev` best.

        Weights that are all so many times larger then make the same model, as they don't under one discount.

        Args:
            dev: rows that neither are learnt from nor stand for what the model is for.
            count: what a row usually counts; only where the search begins, on a coarse grid whose best point is then
                made better by Nelder and Mead's method (1965).
        """
        places = self._places(_keys(dev, self.n_types))

        def surprise(at: Vector) -> float:
            tables = [table(order, float(expit(at[1])), float(np.exp(at[0]))) for order in self.orders]
            return float(-np.log(_mixed(tables, places, self.n_types)).mean())

        grid = [np.array([below, share]) for below in np.log(count * 2.0 ** np.arange(0, 7)) for share in (0.0, 1.5)]
        best = min(grid, key=surprise)
        first = best + np.array([[0.0, 0.0], [0.4, 0.0], [0.0, 0.5]])
        found = minimize(
            surprise,
            best,
            method="Nelder-Mead",
            options={"initial_simplex": first, "maxfev": 60, "xatol": 0.02, "fatol": 1e-6},
        ).x
        return replace(self, discount=float(expit(found[1])), below=float(np.exp(found[0])))

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
        wheels = [_wheel(order.kept(self.discount, self.below), temperature) for order in self.orders]
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
            place = find(order.contexts, context[open_rows])
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


def _mixed(tables: list[tuple[Vector, Vector]], places: list[Places], n_types: int) -> Vector:
    """The probability of each prediction, from the lowest order up."""
    probability = np.full(places[0].entries.size, 1 / n_types)
    for (direct, left), place in zip(tables, places, strict=True):
        probability = direct[place.entries] + left[place.contexts] * probability
    return probability


def _wheel(kept: Vector, temperature: float) -> Vector:
    """Running sums of the sharpened counts, from 0: drawing is finding a point between two of them."""
    return np.concatenate([[0.0], np.cumsum(kept ** (1 / temperature))])
