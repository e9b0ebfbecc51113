"""Weights of a mixture: human-weighted, stratum by stratum, and refused rather than relaxed."""

import math
from dataclasses import dataclass

import polars as pl

from outcross.data.samples import Origin
from outcross.errors import InputError
from outcross.mixture.measured import supply
from outcross.mixture.plan import Plan, plan
from outcross.mixture.policy import Policy
from outcross.mixture.solver.refusals import without_people
from outcross.mixture.solver.wording import quoted
from outcross.mixture.supply import CLASSES, Supply

DUST = 1e-12
"""Share of a stratum's mass below which a class holds none."""

COLUMNS = {
    "sample_id": pl.String,
    "stratum": pl.String,
    "origin": pl.String,
    "reviewed": pl.Boolean,
    "depth": pl.Int64,
    "trust": pl.Float64,
}


TILT = "tilt"
"""A column that rows may have besides: a factor of their trust, above 0, with a mean of 1 in a class and stratum."""

GROUP = ["stratum", "klass"]


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights for a release, and the account of how they came about. Frames are sorted; equal input, equal output."""

    rows: pl.DataFrame
    """sample_id, stratum, klass (one of `CLASSES`), weight > 0; sorted by sample_id."""
    left_out: pl.DataFrame
    """sample_id, reason: every row of the input that isn't in `rows`; sorted by sample_id."""
    strata: pl.DataFrame
    """stratum, klass, rows, mass, share, floor, slack; see `Plan.account`."""
    size: float
    """Sum of the weights, to 1e-9 relative."""
    binding: tuple[str, ...]
    """The rules that kept the predicted risk up, in words, the costliest first."""
    plan: Plan
    """The plan that the weights follow, with the floor, the credit and the price of each stratum."""


def weigh(rows: pl.DataFrame, policy: Policy, measured: pl.DataFrame | None = None) -> Mixture:
    """Weigh rows so that their mixture has the least predicted risk among all that keep every rule of the policy.

    How much each class holds in each stratum is `plan`'s to say. Rows of one class in one stratum share its mass in
    proportion to their trust (times their tilt), as far as no row weighs more than it may. The result doesn't depend
    on the order of `rows`.

    Args:
        rows: one row a sample: sample_id (unique), stratum, origin ("human", "hybrid" or "synthetic"),
            reviewed (whether a person approved it), depth (generations away from people, >= 0) and trust (in
            (0, 1], such as the probability that the row is good), and maybe `tilt`; no nulls.
        policy: the rules.
        measured: what is known of the strata, as in `measured.MEASURED`; without it the human floor is the wanted
            retention itself, and rows accepted without a person get nothing.

    Raises:
        InputError: a column is missing or holds what it may not.
        MixtureRefused: the rules can't all be kept at this size. Its text names the rule that binds, the
            largest size that works, and the human rows that would allow this one; its attributes hold them.
    """
    usable, left_out = _sorted_out(_checked(rows), policy)
    if usable.is_empty():
        raise without_people()
    planned = plan(supply(usable, measured), policy)
    strata = planned.account.filter(pl.col("share") > DUST)
    weighed = _shared(usable.join(strata.select("stratum", "klass", "mass"), on=GROUP, how="left"), policy)
    idle = weighed.filter(pl.col("weight").is_null()).join(_idle(planned.supply), on=GROUP, how="left")
    return Mixture(
        rows=weighed.filter(pl.col("weight") > 0).select("sample_id", "stratum", "klass", "weight").sort("sample_id"),
        left_out=pl.concat([left_out, idle.select("sample_id", "reason")]).sort("sample_id"),
        strata=strata,
        size=planned.size,
        binding=tuple(each.words for each in planned.binding),
        plan=planned,
    )


def _idle(supply: Supply) -> pl.DataFrame:
    """Why a class holds nothing in a stratum, if it holds nothing: stratum, klass, reason."""
    who = {"hybrid": "rows that experts edited", "reviewed": "rows that experts approved"}
    who["unreviewed"] = "rows accepted without a person"
    reasons = [
        f"weight 0: no audit bounds the errors of {who[klass]} in its stratum"
        if bias >= 1
        else f"weight 0: the rules leave no room for {klass} rows in its stratum"
        for biases in supply.bias
        for klass, bias in zip(CLASSES, biases, strict=True)
    ]
    pairs = [(stratum, klass) for stratum in supply.strata for klass in CLASSES]
    return pl.DataFrame(pairs, schema=dict.fromkeys(GROUP, pl.String), orient="row").with_columns(
        reason=pl.Series(reasons, dtype=pl.String)
    )


def _shared(rows: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Rows with their `weight`, from the `mass` of their class in their stratum; null where it has none.

    A row weighs min(cap, c * trust), with its tilt in its trust and the c at which a group's weights sum to its mass.
    From the most trusted row on, rows are at the cap while what is left of the mass would give the next one more.
    """
    trust = pl.col("trust")
    cap = pl.col("klass").replace_strict(dict(zip(CLASSES, policy.repeats, strict=True)), return_dtype=pl.Float64)
    rows = rows.sort(*GROUP, "trust", "sample_id", descending=[False, False, True, False])
    before = pl.int_range(pl.len()).over(GROUP)
    rows = rows.with_columns(cap=cap, factor=(pl.col("mass") - before * cap) / trust.cum_sum(reverse=True).over(GROUP))
    factor = pl.col("factor").filter(pl.col("factor") * trust <= pl.col("cap")).first().over(GROUP)
    shared = pl.min_horizontal("cap", factor.fill_null(math.inf) * trust)
    # Where all are trusted alike they weigh the same to the last bit.
    alike = (trust.min() == trust.max()).over(GROUP)
    weight = pl.when(alike).then(pl.col("mass") / pl.len().over(GROUP)).otherwise(shared)
    # Twelve digits: what a solver leaves beyond them is noise that would make 1 of a human row 0.9999999999999999.
    return rows.with_columns(weight=pl.when(pl.col("mass").is_not_null()).then(weight.round_sig_figs(12)))


def _checked(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns that weighing needs, of the types it needs.

    Raises:
        InputError: one is missing, of another type, holds a null or what it may not, or an id is there twice.
    """
    if absent := [name for name in COLUMNS if name not in rows.columns]:
        raise InputError(f"the rows to weigh lack the column {absent[0]}. They need {', '.join(COLUMNS)}.")
    tilted = {TILT: pl.Float64} if TILT in rows.columns else {}
    rows = rows.select(pl.col(name).cast(kind) for name, kind in (COLUMNS | tilted).items())
    for name, count in zip(rows.columns, rows.null_count().row(0), strict=True):
        if count:
            raise InputError(f"{count:,} rows to weigh have no {name}. Every row needs one.")
    if strange := set(rows["origin"].unique()) - set(Origin):
        raise InputError(f"origin is {quoted(min(strange))}; it must be human, hybrid or synthetic.")
    for trust in rows["trust"].filter(~rows["trust"].is_between(0, 1, closed="right")):
        raise InputError(f"trust is {trust:g}; it must be in (0, 1].")
    if tilted:
        for tilt in rows[TILT].filter(~(rows[TILT].is_finite() & (rows[TILT] > 0))):
            raise InputError(f"tilt is {tilt:g}; it must be above 0.")
        rows = rows.with_columns(trust=pl.col("trust") * pl.col(TILT)).drop(TILT)
    if twice := rows.height - rows["sample_id"].n_unique():
        raise InputError(f"{twice:,} rows to weigh repeat another's sample_id. Give each sample once.")
    return rows


def _sorted_out(rows: pl.DataFrame, policy: Policy) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows that may be weighed, with their class, and those left out, with the reason."""
    synthetic = pl.when("reviewed").then(pl.lit("reviewed")).otherwise(pl.lit("unreviewed"))
    klass = pl.when(pl.col("origin") == "synthetic").then(synthetic).otherwise("origin")
    deep = pl.col("depth") > policy.depth_cap
    anchored = ((pl.col("origin") == "human") & ~deep).any().over("stratum")
    reason = (
        pl.when(deep)
        .then(pl.format("depth {} is above the cap of {}", "depth", pl.lit(policy.depth_cap)))
        .when(~anchored)
        .then(pl.lit("its stratum has no human row"))
    )
    rows = rows.with_columns(klass=klass, reason=reason)
    left_out = rows.filter(pl.col("reason").is_not_null()).select("sample_id", "reason")
    return rows.filter(pl.col("reason").is_null()).drop("reason"), left_out
