"""What is measured about the strata's rows before they are weighed, and what is taken for true where nothing is."""

import math

import polars as pl

from outcross.errors import InputError
from outcross.mixture.solver.wording import quoted
from outcross.mixture.supply import CLASSES, Supply

UNMEASURED = {"kappa": math.nan, "credit": 0.0, "hybrid_bias": 0.0, "reviewed_bias": 0.0, "unreviewed_bias": 1.0}
"""What holds where nothing is said: nothing is known of the tail, people are taken at their word, machines aren't."""

MEASURED = {"stratum": pl.String, **dict.fromkeys(UNMEASURED, pl.Float64)}
"""Columns of what is measured, one row a stratum; null where it isn't known.

kappa: part of the tail that accepted synthetic rows keep; credit: what a hybrid row counts towards the human floor, in
[0, 0.5]; biases: how far a class is off what people write, where 1 says that there is no bound. Kappa and biases are at
least 0, and above 1 they count as 1.
"""

BIASES = [f"{name}_bias" for name in CLASSES[1:]]
"""Columns with the biases of the classes, in their order; people's own rows have none."""


def supply(usable: pl.DataFrame, measured: pl.DataFrame | None) -> Supply:
    """Counts by stratum and class with what is measured there, strata in order of their names.

    Args:
        usable: stratum and klass of each row.
        measured: as in `MEASURED`; strata that it lacks are unmeasured, and those without rows don't matter.

    Raises:
        InputError: a column is missing, a stratum is there twice, or a number is out of its range.
    """
    counts = (
        usable.group_by("stratum")
        .agg((pl.col("klass") == name).sum().cast(pl.Int64).alias(name) for name in CLASSES)
        .join(_checked(measured), on="stratum", how="left")
        .sort("stratum")
    )
    for name in UNMEASURED:
        if counts[name].is_nan().any():
            raise InputError(f"{name} of a stratum is no number. Leave it out where it isn't known.")
    counts = counts.with_columns(pl.col("kappa", *BIASES).clip(upper_bound=1.0)).with_columns(
        pl.col(name).fill_null(value) for name, value in UNMEASURED.items()
    )
    return Supply(
        tuple(counts["stratum"]),
        counts.select(CLASSES).to_numpy(),
        kappa=counts["kappa"].to_numpy(),
        bias=counts.select(pl.lit(0.0).alias("human"), *BIASES).to_numpy(),
        credit=counts["credit"].to_numpy(),
    )


def _checked(measured: pl.DataFrame | None) -> pl.DataFrame:
    if measured is None:
        return pl.DataFrame(schema=MEASURED)
    if absent := [name for name in MEASURED if name not in measured.columns]:
        raise InputError(f"what is measured lacks the column {absent[0]}. It needs {', '.join(MEASURED)}.")
    for name in measured["stratum"].filter(measured["stratum"].is_duplicated()):
        raise InputError(f"stratum {quoted(name)} is measured twice. Give each stratum once.")
    return measured.select(pl.col(name).cast(kind) for name, kind in MEASURED.items())
