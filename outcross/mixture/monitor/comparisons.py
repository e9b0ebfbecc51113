"""Who is compared with whom: the release with people's rows, and models' rows with people's of the same strata."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np
import polars as pl

from outcross.mixture.monitor.calibration import Calibrated, calibrate
from outcross.mixture.monitor.corpus import LEAST_DOCUMENTS, LEAST_ROWS, Corpus
from outcross.mixture.monitor.measures import Measure
from outcross.mixture.monitor.sets import Pool, Size

LEAST_TESTED = 5
"""Documents of what is tested below which nothing is tested."""

MOST_STRATA = 20
"""Strata that are tested one by one at most, those with most of models' rows; all are tested together."""

MOST = 200_000
"""Words that a set has at most: of larger ones only rows are left out, no documents."""


class Kind(StrEnum):
    """The two kinds of comparison."""

    RELEASE = "release"
    """All rows of the release, by weight, with people's."""
    SYNTHETIC = "synthetic"
    """Rows that models wrote with people's of the same strata."""


@dataclass(frozen=True, eq=False)
class Compared:
    """One comparison."""

    kind: Kind
    stratum: str | None
    rows: int
    documents: int
    share: float
    """What is tested, as a share of the release's words in the stratum, by weight."""
    words: int = 0
    """Words of every set that was measured."""
    calibrated: Mapping[Measure, Calibrated] = field(default_factory=dict)
    reason: str = ""
    """Why nothing was tested."""


def compare(corpus: Corpus, resamples: int, seed: int) -> list[Compared]:
    """Make all comparisons that the rows allow, and name those that they don't."""
    pairs = list(_pairs(corpus))
    last = [stratum for _, stratum in pairs if stratum is not None][MOST_STRATA:]
    return [
        _compared(corpus, kind, stratum, 0 if stratum in last else resamples, np.random.default_rng([seed, place]))
        for place, (kind, stratum) in enumerate(pairs)
    ]


def _pairs(corpus: Corpus) -> Iterator[tuple[Kind, str | None]]:
    yield Kind.RELEASE, None
    models = corpus.rows.filter(side="release", origin="synthetic")
    counts = models.group_by("stratum").len().sort(["len", "stratum"], descending=[True, False])
    strata = counts["stratum"].to_list()
    # Of one stratum alone both would be the same test twice.
    if len(strata) > 1:
        yield Kind.SYNTHETIC, None
    yield from ((Kind.SYNTHETIC, stratum) for stratum in strata)


def _compared(corpus: Corpus, kind: Kind, stratum: str | None, resamples: int, rng: np.random.Generator) -> Compared:
    """One comparison, over the strata that people have rows of; without resamples it is only named."""
    where = pl.lit(value=True) if stratum is None else pl.col("stratum") == stratum
    released = pl.col("side").eq("release") & where
    only = pl.lit(value=True) if kind is Kind.RELEASE else pl.col("origin") == "synthetic"
    tested, human = corpus.pool(released & only), corpus.pool(pl.col("side").eq("human") & where)
    share = tested.mass / max(corpus.pool(released).mass, 1e-300)
    found = Compared(kind, stratum, len(tested.rows), tested.n_documents, share)
    tested, human = tested.among(human), human.among(tested)
    if reason := _too_small(corpus, tested, human):
        return replace(found, reason=reason)
    if not resamples:
        return replace(found, reason=f"only the {MOST_STRATA} strata with most of models' rows are tested one by one")
    theirs = pl.col("document_id").is_in(human.documents.tolist()) & (pl.col("origin") == "human")
    shared = corpus.pool(released & only & theirs).mass / tested.mass
    size = Size.of(tested, human, MOST, min(shared, 1.0))
    calibrated = calibrate(corpus.reference(stratum, rng), tested, human, size, resamples, rng)
    return replace(found, words=size.words, calibrated=calibrated)


def _too_small(corpus: Corpus, tested: Pool, human: Pool) -> str:
    """Why nothing can be tested, or nothing."""
    kept = len(corpus.heldout)
    if len(tested.rows) < LEAST_ROWS:
        return f"it takes {LEAST_ROWS} rows in strata that people have rows of, and there are {len(tested.rows):,}"
    if tested.n_documents < LEAST_TESTED:
        return f"it takes rows from {LEAST_TESTED} documents, and these are from {tested.n_documents:,}"
    if human.n_documents < LEAST_DOCUMENTS:
        return f"it takes {LEAST_DOCUMENTS} documents of people's to compare with, and there are {human.n_documents:,}"
    if kept < LEAST_ROWS:
        return f"it takes {LEAST_ROWS} held-out rows, and there are {kept:,}"
    return ""
