"""The six measures that see collapse early, each of a set of rows at a fixed size."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import jensenshannon

from outcross.mixture.monitor.sets import Set, Size
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tails import Tail, entropy
from outcross.mixture.text.tokens import Encoded

BUDGET = 60_000
"""Words of a set that pairs are counted in, and that a proxy is trained on, at most."""

Floats = NDArray[np.float64]


class Measure(StrEnum):
    """What is measured; the order is that of `Reference.measure`."""

    TAIL_MASS = "tail mass"
    """Share of the words that is of people's tail."""
    ENTROPY = "entropy"
    """Of the words, in nats; its exponential is Hill's number of order 1."""
    COVERAGE = "coverage"
    """Share of the tail's types that occur at all."""
    DISTINCT = "distinct-2"
    """Pairs of neighbouring words that differ, as a share of all pairs."""
    DIVERGENCE = "cell divergence"
    """Jensen-Shannon divergence from people's held-out rows over cells, in bits, in [0, 1]."""
    LIKELIHOOD = "held-out loss"
    """Mean negative log-likelihood of people's held-out rows under a trigram trained on the set, in nats a word."""

    @property
    def harmful(self) -> int:
        """The sign of harm: -1 where less of it is worse, 1 where more is."""
        return 1 if self in (Measure.DIVERGENCE, Measure.LIKELIHOOD) else -1

    def kept(self, observed: float, expected: float) -> float:
        """What a text keeps of people's tail or diversity, 1 where it is as people's.

        Of the entropy it is the ratio of effective types, of the loss that of perplexities, people's over the text's.
        Of the divergence it is 1 less the excess; as a divergence is at most the total variation, no more is kept.
        """
        match self:
            case Measure.ENTROPY:
                return float(np.exp(observed - expected))
            case Measure.LIKELIHOOD:
                return float(np.exp(expected - observed))
            case Measure.DIVERGENCE:
                return 1 - (observed - expected)
            case _:
                return observed / expected


@dataclass(frozen=True, eq=False)
class Reference:
    """People's held-out rows, as what sets are measured against."""

    n_types: int
    tail: Tail
    """The rarest types that hold a tenth of the held-out words."""
    cell: NDArray[np.int64]
    """The cell of each row of the corpus."""
    cells: Floats
    """Share of the held-out rows in each cell, shape (n_cells,)."""
    text: Encoded
    """Held-out rows that a proxy reads."""

    def measure(self, drawn: Set, size: Size) -> Floats:
        """All measures but the last, shape (5,)."""
        words = drawn.up_to(size.words)
        counts = np.bincount(words.ids, minlength=self.n_types).astype(np.float64)
        cells = np.bincount(self.cell[drawn.rows[: size.rows]], minlength=len(self.cells))
        return np.array(
            [
                self.tail.mass(counts),
                entropy(counts[counts > 0]),
                self.tail.coverage(counts),
                distinct(drawn.up_to(min(size.words, BUDGET)), self.n_types),
                jensenshannon(cells, self.cells, base=2) ** 2,
            ]
        )

    def loss(self, drawn: Set, size: Size) -> tuple[float, float]:
        """The proxy's loss a word on held-out rows: over all words, and the 95th percentile of rows' means."""
        proxy = Trigram.fit(drawn.up_to(min(size.words, BUDGET)), self.n_types)
        nats, predicted = proxy.nll(self.text)
        return float(nats.sum() / predicted.sum()), float(np.quantile(nats / predicted, 0.95))


def distinct(words: Encoded, n_types: int) -> float:
    """Distinct pairs of neighbouring words within rows, as a share of all pairs; NaN without a pair.

    It falls with a text's length: compare at one (Li et al., arXiv 1510.03055; on the length, arXiv 2507.15092).
    """
    row = words.row()
    pairs = words.ids[:-1].astype(np.int64) * n_types + words.ids[1:]
    # Sorted, as numpy's `unique` takes three times as long.
    pairs = np.sort(pairs[row[:-1] == row[1:]])
    return (1 + np.count_nonzero(np.diff(pairs))) / len(pairs) if len(pairs) else float("nan")
