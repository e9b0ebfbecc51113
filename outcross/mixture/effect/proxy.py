"""Proxies: small models that stand for the one that a release will train."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from outcross.mixture.text.ngram import Nats, Trigram
from outcross.mixture.text.tokens import UNKNOWN, Encoded

Vector = NDArray[np.float64]


class Model(Protocol):
    """A trained proxy."""

    def nll(self, rows: Encoded, /) -> Nats:
        """How surprising each row is."""


class Proxy(Protocol):
    """A way to train a small model, its settings tuned for each corpus.

    With one set of settings for all corpora, their ranking flips (Wang et al. 2025, arXiv 2512.24503).
    """

    @property
    def name(self) -> str:
        """What results are labelled by; another name for another way."""

    def fit(self, rows: Encoded, weights: Vector, n_types: int, dev: Encoded) -> Model:
        """Train on some rows, and tune on others.

        Args:
            rows: what to train on.
            weights: > 0, shape (n_rows,): how often each row is drawn, against the others. Whatever they sum to,
                every corpus is trained on for as many words.
            n_types: size of the vocabulary.
            dev: people's rows that are neither trained on nor tested on.
        """


@dataclass(frozen=True)
class TrigramProxy:
    """`Trigram` with the discounting that suits the corpus: a second or two a corpus."""

    name: str = "trigram"

    def fit(self, rows: Encoded, weights: Vector, n_types: int, dev: Encoded) -> Trigram:
        """Count, and tune the discount and what it is of.

        A budget of words is one factor on all counts of such a model, which makes no difference to it once both are
        tuned.
        """
        return Trigram.fit(rows, n_types, weights).shaped(dev, _middle(weights, rows.lengths))


@dataclass(frozen=True)
class NetworkProxy:
    """A small transformer over the commonest words: a minute or so a corpus, and a reader of more than two words.

    It needs the extra `proxy`; where that is missing, `installed` says so.
    """

    name: str = "network"
    types: int = 4_096
    """Types that it tells apart, the commonest first; a softmax over more is most of its time."""

    @staticmethod
    def installed() -> bool:
        """Whether torch and tokenizers are at hand."""
        return all(find_spec(name) for name in ("torch", "tokenizers"))

    def fit(self, rows: Encoded, weights: Vector, n_types: int, dev: Encoded) -> Model:
        """Train until the development rows surprise it no less.

        Raises:
            InputError: the extra isn't installed.
        """
        from outcross.mixture.text.neural import Proxy as Network

        few = min(n_types, self.types)
        trained = Network.fit(_common(rows, few), few, weights, dev=_common(dev, few))
        return _OfCommon(trained, few)


@dataclass(frozen=True)
class _OfCommon:
    """A model that reads rare words as unknown ones."""

    model: Model
    types: int

    def nll(self, rows: Encoded, /) -> Nats:
        return self.model.nll(_common(rows, self.types))


def _common(rows: Encoded, types: int) -> Encoded:
    """The rows with every type beyond the commonest as `UNKNOWN`."""
    return Encoded(np.where(rows.ids < types, rows.ids, np.int32(UNKNOWN)), rows.starts)


def _middle(weights: Vector, lengths: NDArray[np.int64]) -> float:
    """The weight below which rows with half of all words, each as often as it is drawn, lie."""
    order = np.argsort(weights, kind="stable")
    words = np.cumsum((weights * (lengths + 1))[order])
    return float(weights[order][np.searchsorted(words, words[-1] / 2)])
