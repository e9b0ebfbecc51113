"""Cells: rows by what they are about, so that texts can be compared as histograms."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, csr_matrix
from sklearn.cluster import KMeans
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import Normalizer

from outcross.mixture.text.tokens import Encoded

CELLS, ROWS_A_CELL = 200, 10
"""At most so many cells, and so many held-out rows for each of them."""

FITTED = 20_000
"""Rows that cells are fitted on at most."""

COLUMNS, DIRECTIONS = 2**14, 50
"""Hashed types, and directions that are left of them."""

CHUNK = 20_000
"""Rows that are put into cells at once."""

Numbers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Cells:
    """k-means cells of hashed tf-idf in few directions: those of MAUVE (Pillutla et al., arXiv 2102.01454), but fixed.

    Cells that are fitted anew with each text move a divergence as much as models do; these are fitted on people's
    held-out rows alone, from a fixed seed, and each text is counted in the same.
    """

    directions: Pipeline
    means: KMeans

    @classmethod
    def of(cls, words: Encoded, rows: Numbers, seed: int) -> "Cells":
        """Fit cells on rows of a corpus: one for ten rows, at least 2 and at most 200, on 20,000 of them at most."""
        fitted = np.random.default_rng(seed).permutation(rows)[:FITTED]
        n_cells = int(np.clip(len(rows) // ROWS_A_CELL, 2, CELLS))
        directions = make_pipeline(
            TfidfTransformer(sublinear_tf=True),
            TruncatedSVD(min(DIRECTIONS, max(len(fitted) - 1, 1)), random_state=seed),
            Normalizer(copy=False),
        )
        points = directions.fit_transform(_hashed(words, fitted))
        return cls(directions, KMeans(n_cells, n_init=1, max_iter=50, random_state=seed).fit(points))

    def __len__(self) -> int:
        return int(self.means.n_clusters)

    def assign(self, words: Encoded) -> Numbers:
        """The cell of each row of a corpus, shape (n_rows,)."""
        places = np.arange(len(words.lengths))
        parts = [
            self.means.predict(self.directions.transform(_hashed(words, places[start : start + CHUNK])))
            for start in range(0, len(places), CHUNK)
        ]
        return np.concatenate([np.zeros(0, np.int64), *parts]).astype(np.int64)


def _hashed(words: Encoded, rows: Numbers) -> csr_matrix:
    """Counts of hashed types, shape (n_rows, `COLUMNS`): ids follow frequency, so only rare types share a column."""
    taken = words.take(rows)
    columns = taken.ids % COLUMNS
    counts = csr_array((np.ones(len(columns), np.float32), columns, taken.starts), shape=(len(rows), COLUMNS))
    counts.sum_duplicates()
    return csr_matrix(counts)
