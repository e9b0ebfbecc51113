"""Pairs: texts that may be alike because their sketches have keys in common, and how alike they are."""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from outcross.validators.repeats.shingles import BITS, Shingles

SKETCH = 16
"""Hashes of a text's sketch."""
COMMON = 2
"""Of these, how many two texts must have in common before they are compared.

So of the pairs of Jaccard similarity J, 1 - (1 - J) ** 16 - 16 J (1 - J) ** 15 or more are seen: 97.4 % at 0.3, 99.7 %
at 0.4, all but one in 90,000 at 0.6.
"""
FIRST = 16
"""Of the texts that have a key in common, those that the others are compared with: the first by precedence.

Texts made from one template have most keys in common, and all pairs of them outgrow time and memory; but each of them
is alike with the first ones.
"""

_ROWS = 1 << 13
_HASHES = 1 << 22
"""How many texts are paired, and how many hashes compared, at once."""


class Keys(NamedTuple):
    """Sketches: each key with the row of its text, the rows ascending."""

    rows: NDArray[np.int64]
    keys: NDArray[np.uint64]


class Pairs(NamedTuple):
    """Rows of texts to judge, each with the row of another text."""

    own: NDArray[np.int64]
    other: NDArray[np.int64]

    def chosen(self, which: NDArray[np.bool_]) -> Self:
        """Those at which the mask is true."""
        return type(self)(self.own[which], self.other[which])


def sharing(own: Keys, others: Keys, places: NDArray[np.int64]) -> Pairs:
    """The pairs of texts to compare, each once and in order.

    Args:
        own: the texts to judge.
        others: those that they may be alike with; the rows are their order of precedence.
        places: by own row, how many of the others take precedence over it.
    """
    order = np.argsort(others.keys, kind="stable")
    index = Keys(others.rows[order], others.keys[order])
    cuts = np.searchsorted(own.rows, np.arange(0, places.size + _ROWS, _ROWS))
    spans = (slice(first, last) for first, last in pairwise(cuts))
    found = [_sharing(Keys(own.rows[span], own.keys[span]), index, places) for span in spans]
    pairs = np.concatenate([np.zeros(0, dtype=np.int64), *found])
    return Pairs(pairs >> 32, pairs & 0xFFFFFFFF)


def _sharing(own: Keys, index: Keys, places: NDArray[np.int64]) -> NDArray[np.int64]:
    order = np.argsort(own.keys)  # in order, they are found several times faster
    rows, keys = own.rows[order], own.keys[order]
    start = np.searchsorted(index.keys, keys)
    count = np.minimum(np.searchsorted(index.keys, keys, side="right") - start, FIRST)
    mine = np.repeat(rows, count)
    theirs = index.rows[np.arange(mine.size) + np.repeat(start - np.cumsum(count) + count, count)]
    ahead = theirs < places[mine]
    pairs, common = np.unique((mine[ahead] << 32) | theirs[ahead], return_counts=True)
    return pairs[common >= COMMON]


def jaccard(own: Shingles, others: Shingles, pairs: Pairs) -> NDArray[np.float64]:
    """The Jaccard similarity of each pair of sets, exactly; 0 where both are empty."""
    ours, theirs = _matrix(own), _matrix(others)
    both = own.sizes[pairs.own] + others.sizes[pairs.other]
    shared = np.zeros(both.size, dtype=np.int64)
    for at in _slices(both):
        shared[at] = np.diff(ours[pairs.own[at]].multiply(theirs[pairs.other[at]]).indptr)
    alike: NDArray[np.float64] = shared / np.maximum(both - shared, 1)
    return alike


def _slices(sizes: NDArray[np.int64]) -> Iterator[slice]:
    """Spans of `sizes` that sum to about `_HASHES` each."""
    ends = np.cumsum(sizes)
    cuts = np.searchsorted(ends, np.arange(_HASHES, ends[-1] if ends.size else 0, _HASHES), side="right")
    bounds = np.unique([0, *cuts, sizes.size])
    return (slice(first, last) for first, last in pairwise(bounds.tolist()))


def _matrix(sets: Shingles) -> csr_array:
    """The sets as rows of a sparse matrix, whose products SciPy counts pair by pair in compiled code."""
    ones = np.ones(sets.hashes.size, dtype=np.int8)
    matrix = csr_array((ones, sets.hashes.view(np.int64), sets.starts), shape=(sets.sizes.size, 1 << BITS))
    matrix.has_canonical_format = True
    return matrix
