"""Which of two models predicts people's text better: a paired difference, with documents as the unit of chance."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.stats import t as student

Vector = NDArray[np.float64]
Integers = NDArray[np.int64]
Verdict = Literal["better", "no evidence", "worse"]

DRAWS = 1000
"""Resamples of the documents."""

LEVEL = 0.05
"""Chance of being wrong, of each interval and of the strata together."""

MARGIN = 0.02
"""Nats a word by which no stratum may be worse."""

RESOLUTION = 0.001
"""Nats a word that the tuning of a proxy may leave to chance; an interval has to lie beyond them."""

POWER = 2.8
"""Standard errors of the smallest difference that is seen four times in five: 1.96 + 0.84."""

DOCUMENTS, ROWS = 80, 1_500
"""What a test set should have."""

FEWEST = 20
"""Documents below which nothing is concluded: resampling so few says too little of the others."""

SMALL = 8
"""Strata with fewer documents are judged together."""

REST = "small strata together"


@dataclass(frozen=True, eq=False)
class Units:
    """Test rows summed by document and stratum: all that a comparison needs of them."""

    documents: Integers
    """Code of each unit's document, from 0, shape (n_units,)."""
    strata: Integers
    """Code of each unit's stratum, shape (n_units,)."""
    names: tuple[str, ...]
    """Strata by code."""
    words: Vector
    """Predictions in each unit, shape (n_units,)."""
    row: Integers
    """The unit of each test row, shape (n_rows,)."""

    @classmethod
    def of(cls, test: pl.DataFrame, words: Integers) -> "Units":
        """Units of a test set.

        Args:
            test: rows with `document` and `stratum`.
            words: predictions in each row, shape (n_rows,).
        """
        keys = test.select("document", "stratum")
        found = keys.unique().sort("document", "stratum").with_row_index("unit")
        row = keys.join(found, on=["document", "stratum"], how="left", maintain_order="left")["unit"].to_numpy()
        names = found["stratum"].unique().sort()
        return cls(
            found["document"].rank("dense").to_numpy().astype(np.int64) - 1,
            names.search_sorted(found["stratum"]).to_numpy().astype(np.int64),
            tuple(names),
            _sums(row, words, found.height),
            row.astype(np.int64),
        )

    def sums(self, nats: Vector) -> Vector:
        """Values of rows, shape (n_rows,), summed by unit, shape (n_units,)."""
        return _sums(self.row, nats, self.words.size)

    @property
    def n_documents(self) -> int:
        return int(self.documents.max()) + 1 if self.documents.size else 0

    @cached_property
    def judged(self) -> dict[str, Integers]:
        """The units of each stratum, those with few documents together, by name."""
        units = {name: np.flatnonzero(self.strata == code) for code, name in enumerate(self.names)}
        small = {name for name, own in units.items() if np.unique(self.documents[own]).size < SMALL}
        large: dict[str, Integers] = {name: own for name, own in units.items() if name not in small}
        return large | ({REST: np.concatenate([units[name] for name in sorted(small)])} if small else {})


@dataclass(frozen=True)
class Stratum:
    """How one stratum came out."""

    name: str
    effect: float
    standard_error: float
    """Infinite where there is one document."""
    documents: int
    p: float
    """Adjusted by Holm, of the stratum being worse by `MARGIN` or more."""


@dataclass(frozen=True)
class Comparison:
    """One model against another, in nats a word: below 0 the first one predicts better."""

    effect: float
    standard_error: float
    low: float
    high: float
    """The 95 % interval."""
    strata: tuple[Stratum, ...]
    verdict: Verdict
    reason: str
    """Why it is no better verdict; empty where it is "better"."""

    @property
    def detectable(self) -> float:
        """The smallest difference that would have been seen with a probability of 80 %, in nats a word."""
        return POWER * self.standard_error


def compare(units: Units, ours: Vector, theirs: Vector, *, seed: int = 0, draws: int = DRAWS) -> Comparison:
    """Compare two models by their surprise at the same test rows.

    The effect is the difference of nats summed over all rows, divided by their words. Documents are drawn again
    and again with replacement; rows of one document are alike, so that drawing rows would make every interval too
    narrow. "better" takes an interval below -`RESOLUTION`, and every stratum shown not to be worse by `MARGIN`:
    one-sided t tests on documents, all of them rejected by Holm's procedure (Holm 1979). "worse" takes an interval
    above `RESOLUTION`.

    Args:
        units: the test set.
        ours: nats of each unit under the model in question, shape (n_units,).
        theirs: the same under the other one.
        seed: of the resampling.
        draws: how many resamples.
    """
    difference = _sums(units.documents, ours - theirs)
    words = _sums(units.documents, units.words)
    drawn = _resampled(difference, words, np.random.default_rng(seed), draws)
    low, high = np.quantile(drawn, [LEVEL / 2, 1 - LEVEL / 2])
    strata = _strata(units, ours - theirs)
    verdict, reason = _verdict(words.size, float(low), float(high), strata)
    return Comparison(
        float(difference.sum() / words.sum()),
        float(drawn.std(ddof=1)),
        float(low),
        float(high),
        strata,
        verdict,
        reason,
    )


def shortage(units: Units) -> str:
    """What the test set lacks, as a sentence; empty where it has enough."""
    documents, rows = units.n_documents, units.row.size
    if documents >= DOCUMENTS and rows >= ROWS:
        return ""
    return (
        f"The test set has {documents:,} documents and {rows:,} rows; {DOCUMENTS} documents and {ROWS:,} rows are "
        f"wanted. Hold out more, or take small effects as unseen."
    )


def _sums(places: Integers, values: NDArray[np.number], n: int = 0) -> Vector:
    """Sums of the values that share a place, shape (at least n,)."""
    return np.bincount(places, weights=values, minlength=n).astype(np.float64, copy=False)


def _resampled(difference: Vector, words: Vector, rng: np.random.Generator, draws: int, at_once: int = 50) -> Vector:
    """The effect in each resample of the documents, shape (draws,)."""
    n = words.size
    parts = []
    for start in range(0, draws, at_once):
        times = rng.multinomial(n, np.full(n, 1 / n), size=min(at_once, draws - start))
        parts.append((times @ difference) / (times @ words))
    return np.concatenate(parts)


def _strata(units: Units, difference: Vector) -> tuple[Stratum, ...]:
    found = []
    for name, own in units.judged.items():
        _, document = np.unique(units.documents[own], return_inverse=True)
        by_document = _sums(document, difference[own]), _sums(document, units.words[own])
        effect, error = _ratio(*by_document)
        n = by_document[0].size
        found.append((name, effect, error, n, _not_worse(effect, error, n)))
    adjusted = holm([entry[-1] for entry in found])
    return tuple(Stratum(*entry[:-1], p) for entry, p in zip(found, adjusted, strict=True))


def _ratio(difference: Vector, words: Vector) -> tuple[float, float]:
    """A ratio of sums over documents, and its standard error by linearisation (Cochran 1977, chapter 6)."""
    n, effect = words.size, difference.sum() / words.sum()
    if n == 1:
        return float(effect), float("inf")
    spread = difference - effect * words
    return float(effect), float(np.sqrt(n / (n - 1) * (spread**2).sum()) / words.sum())


def _not_worse(effect: float, error: float, documents: int) -> float:
    """The p-value of "worse by `MARGIN` or more"."""
    if error == 0:
        return float(effect >= MARGIN)
    return float(student.cdf((effect - MARGIN) / error, max(documents - 1, 1)))


def holm(p: list[float]) -> list[float]:
    """P-values adjusted for there being several, by Holm's step-down procedure; order as given."""
    values = np.array(p)
    order = np.argsort(values, kind="stable")
    stepped = np.minimum(np.maximum.accumulate(values[order] * np.arange(values.size, 0, -1)), 1.0)
    adjusted = np.empty_like(values)
    adjusted[order] = stepped
    return [float(one) for one in adjusted]


def _verdict(documents: int, low: float, high: float, strata: tuple[Stratum, ...]) -> tuple[Verdict, str]:
    if documents < FEWEST:
        return "no evidence", f"{documents} held-out documents are too few to tell; {FEWEST} are the fewest."
    if low > RESOLUTION:
        return "worse", f"It is worse by {low:.3f} to {high:.3f} nats a word."
    if high >= -RESOLUTION:
        return "no evidence", f"The difference is between {low:+.3f} and {high:+.3f} nats a word."
    if doubtful := [stratum for stratum in strata if stratum.p > LEVEL]:
        worst = max(doubtful, key=lambda stratum: stratum.p)
        return "no evidence", (
            f"It is better overall, but stratum {worst.name} isn't shown to be no worse: {worst.effect:+.3f} nats a "
            f"word in {worst.documents} documents."
        )
    return "better", ""
