"""What an experiment came to under one policy, as tables that a page can draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from outcross.mixture.collapse.policies import MARKS

CURVES = pl.Schema({"policy": pl.String, "generation": pl.Int64, "measure": pl.String, "value": pl.Float64})
SURVIVED = pl.Schema({"policy": pl.String, "measure": pl.String, "value": pl.Float64})

RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Result:
    """Curves over generations, what survived, pictures and a sentence, for one policy or for several."""

    experiment: str
    curves: pl.DataFrame
    """One line a policy, generation and measure: `policy`, `generation`, `measure`, `value`."""
    survived: pl.DataFrame
    """What was left after the last generation: `policy`, `measure`, `value`."""
    pictures: pl.DataFrame | None = None
    """`policy` and `generation` with what the page shall show of it, which its other columns tell: `x` and `y` for
    points; `x`, `y` and `shade` (0 to 1) for the dark of pixels, y downwards; `text` for what a model writes."""
    said: Mapping[str, str] = field(default_factory=dict)
    """One sentence of conclusion by policy."""

    @classmethod
    def together(cls, parts: Sequence[Self]) -> Self:
        """The results of one experiment under several policies, as one; the parts' order is kept."""
        pictures = [part.pictures for part in parts if part.pictures is not None]
        return cls(
            experiment=parts[0].experiment,
            curves=pl.concat([part.curves for part in parts]),
            survived=pl.concat([part.survived for part in parts]),
            pictures=pl.concat(pictures) if pictures else None,
            said={policy: sentence for part in parts for policy, sentence in part.said.items()},
        )


def curves(policy: str, generations: ArrayLike, measures: Mapping[str, ArrayLike]) -> pl.DataFrame:
    """The curves of one policy.

    Args:
        policy: its key.
        generations: shape (n,); 0 is fitted to human rows alone.
        measures: values by name, shape (n,) each.
    """
    parts = [
        pl.DataFrame({"generation": generations, "value": values}, schema_overrides=CURVES).select(
            pl.lit(policy).alias("policy"), "generation", pl.lit(measure).alias("measure"), "value"
        )
        for measure, values in measures.items()
    ]
    return pl.concat([CURVES.to_frame(), *parts])


def survived(policy: str, measures: Mapping[str, float]) -> pl.DataFrame:
    """What was left under one policy."""
    return pl.DataFrame(
        {"policy": [policy] * len(measures), "measure": list(measures), "value": [float(v) for v in measures.values()]},
        schema=SURVIVED,
    )


def shown(last: int) -> NDArray[np.int64]:
    """Generations worth a point on a curve: the first ten, then ever fewer, with those of the papers' pictures."""
    spread = np.geomspace(10, max(last, 10), 50).round().astype(np.int64)
    marks = np.unique(np.concatenate([np.arange(11), spread, MARKS, [last]]))
    return marks[marks <= last]


def figure(value: float) -> str:
    """A number of two or three digits for a sentence, however small."""
    if 0 < abs(value) < 1e-3:
        digits, _, power = f"{value:.1e}".partition("e")
        return f"{digits}·10{str(int(power)).translate(RAISED)}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 10 else f"{value:.2f}" if abs(value) >= 0.1 or value == 0 else f"{value:.2g}"
