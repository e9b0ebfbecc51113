"""A release weighed in SQL weighs what the same rows weigh in memory, whatever their trust, and stays within bounds."""

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.release import mixing
from outcross.errors import InputError
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES
from outcross.mixture.weights import Mixture, weigh

TRUST = st.sampled_from([0.001, 0.25, 0.5, 0.617, 0.618, 0.95, 1.0])
ROW = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["human", "hybrid", "synthetic"]), st.booleans(), st.integers(0, 2), TRUST
)


def rows(found: list[tuple[str, str, bool, int, float]]) -> pl.DataFrame:
    """Candidates with a human row in each stratum; people's and unreviewed rows are fully trusted, as in a release."""
    some = [(stratum, "human", False, 0, 1.0) for stratum in "abc"]
    table = [
        (f"{number:04}", stratum, origin, reviewed, 0 if origin == "human" else depth, trust)
        for number, (stratum, origin, reviewed, depth, trust) in enumerate([*some, *found])
    ]
    schema = ["sample_id", "stratum", "origin", "reviewed", "depth", "trust"]
    return pl.DataFrame(table, schema=schema, orient="row")


def in_sql(candidates: pl.DataFrame, masses: pl.DataFrame) -> pl.DataFrame:
    """The weights that SQL gives, by id."""
    with duckdb.connect() as connection:
        connection.register("candidates", candidates.to_arrow())
        counts = mixing.count(connection, "candidates")
        factors = mixing.factors(connection, "candidates", counts, masses)
        written = mixing.write(connection, "candidates", factors, "samples")
        found = connection.execute("SELECT * FROM samples ORDER BY sample_id").pl()
    assert written == found.height
    return found


def masses(mixture: Mixture, policy: Policy) -> pl.DataFrame:
    cap = pl.col("klass").replace_strict(dict(zip(CLASSES, policy.repeats, strict=True)), return_dtype=pl.Float64)
    return mixture.strata.select("stratum", "klass", "mass", cap=cap)


@given(st.lists(ROW, max_size=60), st.floats(1, 4), st.floats(0, 1))
def test_sql_gives_the_weights_that_the_policy_gives_in_memory(found, epoch_cap, unreviewed_cap):
    table = rows(found)
    policy = Policy(retention=0.3, human_floor=0.3, bias_budget=1, epoch_cap=epoch_cap, unreviewed_cap=unreviewed_cap)
    known = table.select("stratum").unique().with_columns(kappa=0.9, credit=0.0)
    known = known.with_columns(hybrid_bias=0.01, reviewed_bias=0.02, unreviewed_bias=0.1)
    mixture = weigh(table, policy, known)
    klass = pl.when(pl.col("origin") != "synthetic").then("origin")
    klass = klass.when(pl.col("reviewed")).then(pl.lit("reviewed")).otherwise(pl.lit("unreviewed"))
    usable = table.filter(pl.col("depth") <= policy.depth_cap).with_columns(klass=klass, tilt=1.0)
    weighed = in_sql(usable, masses(mixture, policy))
    assert weighed["sample_id"].to_list() == mixture.rows["sample_id"].to_list()
    np.testing.assert_allclose(weighed["weight"], mixture.rows["weight"], rtol=1e-9)
    alike = weighed.group_by("stratum", "klass").agg(pl.col("weight").unique().len())
    trusts = usable.group_by("stratum", "klass").agg(pl.col("trust").unique().len())
    assert (alike.join(trusts, on=["stratum", "klass"]).select(pl.col("weight") <= pl.col("trust"))).to_series().all()


@given(
    st.lists(st.tuples(st.floats(1e-3, 1), st.floats(1e-2, 8)), min_size=1, max_size=80),
    st.floats(0.01, 1),
    st.floats(0.5, 4),
)
def test_weights_sum_to_the_mass_keep_the_cap_and_follow_trust_times_tilt_below_it(shares, fill, cap):
    mass = fill * cap * len(shares)
    candidates = pl.DataFrame(shares, schema=["trust", "tilt"], orient="row").with_row_index("sample_id")
    candidates = candidates.with_columns(stratum=pl.lit("a"), klass=pl.lit("reviewed"))
    weights = in_sql(candidates, pl.DataFrame({"stratum": ["a"], "klass": ["reviewed"], "mass": [mass], "cap": [cap]}))
    weight = weights["weight"].to_numpy()
    assert weight.sum() == pytest.approx(mass, rel=1e-9)
    assert weight.max() <= cap * (1 + 1e-12)
    below = weight < cap * (1 - 1e-9)
    share = (candidates["trust"] * candidates["tilt"]).to_numpy()
    factor = weight[below] / share[below]
    np.testing.assert_allclose(factor, factor[:1].repeat(factor.size), rtol=1e-9)
    # Who is at the cap would be above it by the others' factor: nobody is held there for nothing.
    assert (share[~below] * factor[:1].repeat((~below).sum()) >= cap * (1 - 1e-9)).all() if factor.size else True


def test_groups_without_mass_stay_out_and_what_only_weighing_needs_is_not_written(tmp_path):
    table = rows([("a", "synthetic", False, 1, 1.0)] * 3).with_columns(klass="origin", tilt=1.0, text=pl.lit("…"))
    wanted = pl.DataFrame({"stratum": ["a", "b"], "klass": "human", "mass": [1.0, 2.0], "cap": 4.0})
    assert in_sql(table, wanted).columns == [
        *("sample_id", "stratum", "origin", "reviewed", "depth", "klass", "text", "weight")
    ]
    with duckdb.connect() as connection:
        connection.register("candidates", table.to_arrow())
        counts = mixing.count(connection, "candidates")
        factors = mixing.factors(connection, "candidates", counts, wanted)
        path = tmp_path / "it's.parquet"
        assert mixing.write(connection, "candidates", factors, path) == 2
    assert pl.read_parquet(path).sort("sample_id")["weight"].to_list() == [1.0, 2.0]


def test_the_weights_do_not_depend_on_the_rows_order():
    chance = np.random.default_rng(0)
    size = 100_000
    table = pl.DataFrame({"sample_id": range(size), "trust": 1.0, "tilt": chance.exponential(size=size).clip(0.05, 8)})
    table = table.with_columns(stratum=pl.lit("a"), klass=pl.lit("unreviewed"))
    wanted = pl.DataFrame({"stratum": ["a"], "klass": ["unreviewed"], "mass": [0.5 * size], "cap": [1.0]})
    assert in_sql(table, wanted).equals(in_sql(table.sample(fraction=1, shuffle=True, seed=1), wanted))


def test_a_limit_on_memory_too_low_to_work_in_is_refused(tmp_path):
    with duckdb.connect() as connection:
        with pytest.raises(InputError, match=r"900,000,000 bytes .* Allow 1,500,000,000 or more"):
            mixing.bound(connection, 900_000_000, tmp_path)
        mixing.bound(connection, 4_000_000_000, tmp_path)
        assert connection.execute("SELECT current_setting('memory_limit')").fetchone() == ("3.0 GiB",)
