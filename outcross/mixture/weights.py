"""Weights of a mixture: human-weighted, stratum by stratum, and refused rather than relaxed."""

import math
from dataclasses import dataclass

import numpy as np
import polars as pl

from outcross.data.samples import Origin
from outcross.errors import InputError, MixtureRefused
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES, SLACK, Supply, Vector, carries, fill, limits, missing

NAMED = 5
"""Strata that a message names before it counts the rest."""

COLUMNS = {
    "sample_id": pl.String,
    "stratum": pl.String,
    "origin": pl.String,
    "reviewed": pl.Boolean,
    "depth": pl.Int64,
    "trust": pl.Float64,
}


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights for a release, and the account of how they came about. Frames are sorted; equal input, equal output."""

    rows: pl.DataFrame
    """sample_id, stratum, klass (one of `CLASSES`), weight > 0; sorted by sample_id."""
    left_out: pl.DataFrame
    """sample_id, reason: every row of the input that isn't in `rows`; sorted by sample_id."""
    strata: pl.DataFrame
    """stratum, klass, rows, mass, share (of the stratum's mass), floor (least share), slack (share - floor)."""
    size: float
    """Sum of the weights, to 1e-9 relative."""
    binding: tuple[str, ...]
    """The rules that kept rows out or weights down, in words."""


def weigh(rows: pl.DataFrame, policy: Policy) -> Mixture:
    """Weigh rows so that every stratum keeps its share of the human rows and its floor of human mass.

    In each stratum hybrid rows come first, then reviewed, then unreviewed ones, as far as the human floor
    and the cap on unreviewed mass leave room; human rows hold the rest. Rows of one class in one stratum share
    its mass in proportion to their trust, as far as no row weighs more than it may. The result doesn't depend on the
    order of `rows`.

    Args:
        rows: one row a sample: sample_id (unique), stratum, origin ("human", "hybrid" or "synthetic"),
            reviewed (whether a person approved it), depth (generations away from people, >= 0) and trust (in
            (0, 1], such as the probability that the row is good); no nulls.
        policy: the rules.

    Raises:
        InputError: a column is missing or holds what it may not.
        MixtureRefused: the rules can't all be kept at this size. Its text names the rule that binds, the
            largest size that works, and the human rows that would allow this one; its attributes hold them.
    """
    usable, left_out = _sorted_out(_checked(rows), policy)
    supply = _supply(usable)
    size = float(policy.size or supply.human.sum())
    if not carries(supply, policy, size):
        raise _refusal(supply, policy, size)
    masses = fill(supply, policy, size)
    strata = _account(supply, masses, policy)
    weighed = _shared(usable.join(strata.select("stratum", "klass", "mass"), on=GROUP, how="left"), policy)
    idle = weighed.filter(pl.col("weight").is_null()).select(
        "sample_id", reason=pl.format("weight 0: the rules leave no room for {} rows in its stratum", "klass")
    )
    return Mixture(
        rows=weighed.filter(pl.col("weight") > 0).select("sample_id", "stratum", "klass", "weight").sort("sample_id"),
        left_out=pl.concat([left_out, idle]).sort("sample_id"),
        strata=strata,
        size=size,
        binding=_binding(supply, masses, policy, size),
    )


GROUP = ["stratum", "klass"]


def _shared(rows: pl.DataFrame, policy: Policy) -> pl.DataFrame:
    """Rows with their `weight`, from the `mass` of their class in their stratum; null where it has none.

    A row weighs min(cap, c * trust), with the c at which a group's weights sum to its mass. From the most trusted row
    on, rows are at the cap while what is left of the mass would give the next one more than that.
    """
    trust, cap = pl.col("trust"), pl.when(klass="human").then(policy.epoch_cap).otherwise(1.0)
    rows = rows.sort(*GROUP, "trust", "sample_id", descending=[False, False, True, False])
    before = pl.int_range(pl.len()).over(GROUP)
    rows = rows.with_columns(cap=cap, factor=(pl.col("mass") - before * cap) / trust.cum_sum(reverse=True).over(GROUP))
    factor = pl.col("factor").filter(pl.col("factor") * trust <= pl.col("cap")).first().over(GROUP)
    shared = pl.min_horizontal("cap", factor.fill_null(math.inf) * trust)
    # Where all are trusted alike they weigh the same to the last bit.
    alike = (trust.min() == trust.max()).over(GROUP)
    weight = pl.when(alike).then(pl.col("mass") / pl.len().over(GROUP)).otherwise(shared)
    return rows.with_columns(weight=pl.when(pl.col("mass").is_not_null()).then(weight))


def _checked(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns that weighing needs, of the types it needs.

    Raises:
        InputError: one is missing, of another type, holds a null or what it may not, or an id is there twice.
    """
    if absent := [name for name in COLUMNS if name not in rows.columns]:
        raise InputError(f"the rows to weigh lack the column {absent[0]}. They need {', '.join(COLUMNS)}.")
    rows = rows.select(pl.col(name).cast(kind) for name, kind in COLUMNS.items())
    for name, count in zip(rows.columns, rows.null_count().row(0), strict=True):
        if count:
            raise InputError(f"{count:,} rows to weigh have no {name}. Every row needs one.")
    if strange := set(rows["origin"].unique()) - set(Origin):
        raise InputError(f"origin is {_quoted(min(strange))}; it must be human, hybrid or synthetic.")
    for trust in rows["trust"].filter(~rows["trust"].is_between(0, 1, closed="right")):
        raise InputError(f"trust is {trust:g}; it must be in (0, 1].")
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


def _supply(usable: pl.DataFrame) -> Supply:
    """Counts by stratum and class, strata in order of their names.

    Raises:
        MixtureRefused: there is no human row.
    """
    if usable.is_empty():
        raise MixtureRefused(
            "no human row is at hand, and human rows define the strata's shares. Ingest human data first.",
            rule="human floor",
        )
    counts = (
        usable.group_by("stratum")
        .agg((pl.col("klass") == name).sum().cast(pl.Int64).alias(name) for name in CLASSES)
        .sort("stratum")
    )
    return Supply(tuple(counts["stratum"]), counts.select(CLASSES).to_numpy())


def _account(supply: Supply, masses: Vector, policy: Policy) -> pl.DataFrame:
    """One row for each stratum and class that holds mass."""
    stratum, klass = np.nonzero(masses)
    mass = masses[stratum, klass]
    floor = np.where(klass == 0, policy.human_floor, 0.0)
    share = mass / masses.sum(axis=1)[stratum]
    return pl.DataFrame(
        {
            "stratum": [supply.strata[index] for index in stratum],
            "klass": [CLASSES[index] for index in klass],
            "rows": supply.rows[stratum, klass],
            "mass": mass,
            "share": share,
            "floor": floor,
            "slack": share - floor,
        },
        schema_overrides={"stratum": pl.String, "klass": pl.String},
    )


def _binding(supply: Supply, masses: Vector, policy: Policy, size: float) -> tuple[str, ...]:
    """Say which rules kept mass out, and how much."""
    unused = supply.rows[:, 1:] - masses[:, 1:]
    human, total, unreviewed = masses[:, 0], masses.sum(axis=1), float(masses[:, 3].sum())
    floored = (human <= (policy.human_floor + SLACK) * total) & (unused.sum(axis=1) > SLACK)
    repeated = human >= policy.epoch_cap * supply.human * (1 - SLACK)
    words = []
    if floored.any():
        words.append(
            f"human floor: human rows hold no more than the {policy.human_floor:g} they must in "
            f"{_strata(supply, floored)}, and {unused[floored].sum():,.1f} rows of other mass found no room there"
        )
    open_ = ~floored & (unused[:, 2] > SLACK)
    if open_.any() and unreviewed >= policy.unreviewed_cap * size * (1 - SLACK):
        words.append(
            f"unreviewed cap: rows accepted without a person hold {policy.unreviewed_cap:g} of the mixture, "
            f"and {unused[open_, 2].sum():,.1f} more rows of their mass found no room"
        )
    if repeated.any():
        words.append(f"epoch cap: human rows of {_strata(supply, repeated)} count {policy.epoch_cap:g} times each")
    return tuple(words)


def _refusal(supply: Supply, policy: Policy, size: float) -> MixtureRefused:
    """The error that tells a data engineer which rule binds and what would help."""
    bounds = limits(supply, policy)
    rule = min(bounds, key=bounds.__getitem__)
    human, others = int(supply.human.sum()), supply.rows[:, 1:].sum(axis=1)
    once = f"counted at most {policy.epoch_cap:g} times"
    tightest = int(np.argmin(others / supply.shares))
    why = {
        "human floor": f"human rows must hold {policy.human_floor:g} of every stratum, and there are {human:,}, {once}",
        "supply": f"the human rows of stratum {_quoted(supply.strata[tightest])} ({supply.human[tightest]:,}, {once}) "
        f"and its others ({others[tightest]:,}) don't fill its {supply.shares[tightest] * size:,.1f} rows of it",
        "unreviewed cap": f"rows accepted without a person may hold at most {policy.unreviewed_cap:g} of it, and "
        f"{human:,} human rows, {once}, hybrid and reviewed rows don't fill the rest",
    }[rule]
    needed = missing(supply, policy, size)
    lacking = {
        supply.strata[index]: int(needed[index]) for index in np.argsort(-needed, kind="stable") if needed[index]
    }
    return MixtureRefused(
        f"a mixture of {size:,.10g} rows breaks the policy ({rule}): {why}. At most {_below(bounds[rule])} rows are "
        f"possible. Human rows missing for {size:,.10g}: {needed.sum():,}, split as today's are: {_shopping(lacking)}.",
        rule=rule,
        largest=bounds[rule],
        missing=lacking,
    )


def _shopping(lacking: dict[str, int]) -> str:
    """The longest entries by name, the others as a sum."""
    worst = [f"stratum {_quoted(name)}: {count:,}" for name, count in list(lacking.items())[:NAMED]]
    rest = list(lacking.values())[NAMED:]
    return "; ".join(worst) + (f"; {len(rest):,} other strata: {sum(rest):,}" if rest else "")


def _strata(supply: Supply, chosen: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> str:
    """The largest of the chosen strata by name, the others as a count."""
    order = sorted(np.flatnonzero(chosen), key=lambda index: -supply.human[index])
    named = ", ".join(_quoted(supply.strata[index]) for index in order[:NAMED])
    return named + (f" and {len(order) - NAMED:,} other strata" if len(order) > NAMED else "")


def _below(size: float) -> str:
    """A size for people, rounded down so that it still works."""
    return f"{math.floor(size):,}" if size >= 1 else f"{size:.3g}"


def _quoted(name: str) -> str:
    """A name from outside, kept to one short line."""
    shown = repr(name)[1:-1]
    return f"`{shown[:60]}…`" if len(shown) > 60 else f"`{shown}`"
