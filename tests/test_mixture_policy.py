"""The first mixture policy keeps every rule, refuses honestly, and says what would help."""

import math
import pickle
from collections.abc import Iterator

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from outcross.errors import InputError, MixtureRefused
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES, Supply, limits
from outcross.mixture.weights import COLUMNS, Mixture, weigh

KLASS = {
    "human": {"origin": "human", "reviewed": False, "depth": 0, "trust": 1.0},
    "hybrid": {"origin": "hybrid", "reviewed": True, "depth": 1, "trust": 1.0},
    "reviewed": {"origin": "synthetic", "reviewed": True, "depth": 1, "trust": 1.0},
    "unreviewed": {"origin": "synthetic", "reviewed": False, "depth": 1, "trust": 1.0},
}


def rows(**strata: tuple[int, ...]) -> pl.DataFrame:
    """A frame from counts: `rows(code=(10, 0, 2, 5))` has 10 human, no hybrid, 2 reviewed, 5 unreviewed rows."""

    def each() -> Iterator[dict[str, object]]:
        for stratum, counts in strata.items():
            for klass, count in zip(CLASSES, counts, strict=False):
                for index in range(count):
                    yield {"sample_id": f"{stratum}-{klass}-{index:06}", "stratum": stratum, **KLASS[klass]}

    return pl.DataFrame(list(each()), schema=COLUMNS)


def mass(mixture: Mixture, **where: str) -> float:
    return float(mixture.rows.filter(**where)["weight"].sum())


counts = st.tuples(*[st.integers(0, 20)] * 4)
unit = st.one_of(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.floats(0, 1))
pools = st.dictionaries(st.sampled_from("abcde"), counts, min_size=1).map(lambda strata: rows(**strata))
policies = st.builds(
    Policy,
    human_floor=unit,
    unreviewed_cap=unit,
    depth_cap=st.integers(0, 2),
    epoch_cap=st.one_of(st.just(1.0), st.floats(1, 8)),
    size=st.one_of(st.none(), st.floats(0.5, 800)),
)


def holds_every_rule(pool: pl.DataFrame, policy: Policy, mixture: Mixture) -> None:
    table = mixture.rows.join(pool.drop("stratum"), on="sample_id")
    human = pool.filter(origin="human")
    size = policy.size or human.height
    assert mixture.size == size
    assert table["weight"].sum() == pytest.approx(size, rel=1e-9)
    assert (table.filter(pl.col("origin") != "human")["weight"] <= 1).all()
    assert (table["weight"] > 0).all()
    assert (table.filter(origin="human")["weight"] <= policy.epoch_cap * (1 + 1e-9)).all()
    assert (table["depth"] <= policy.depth_cap).all()
    assert mass(mixture, klass="unreviewed") <= (policy.unreviewed_cap + 1e-9) * size
    for stratum, count in human.group_by("stratum").len().iter_rows():
        pinned = size * count / human.height
        assert mass(mixture, stratum=stratum) == pytest.approx(pinned, rel=1e-9)
        assert mass(mixture, stratum=stratum, klass="human") >= (policy.human_floor - 1e-9) * pinned
    seen = mixture.rows["sample_id"].to_list() + mixture.left_out["sample_id"].to_list()
    assert sorted(seen) == sorted(pool["sample_id"])


@settings(max_examples=150, deadline=None)
@given(pools, policies, st.randoms())
def test_a_mixture_keeps_every_rule_and_a_refusal_asks_for_enough(pool, policy, random):
    try:
        mixture = weigh(pool, policy)
    except MixtureRefused as refusal:
        assume(refusal.largest)
        added = rows(**{f"{stratum}": (count,) for stratum, count in refusal.missing.items()})
        bigger = pl.concat([pool, added.with_columns(sample_id="new-" + pl.col("sample_id"))])
        holds_every_rule(bigger, policy, weigh(bigger, policy))
        most = policy.model_copy(update={"size": refusal.largest})
        holds_every_rule(pool, most, weigh(pool, most))
        with pytest.raises(MixtureRefused):
            weigh(pool, policy.model_copy(update={"size": refusal.largest * (1 + 1e-6)}))
    else:
        holds_every_rule(pool, policy, mixture)
        order = list(range(pool.height))
        random.shuffle(order)
        again = weigh(pool[order], policy)
        assert again.rows.equals(mixture.rows)
        assert again.left_out.equals(mixture.left_out)
        assert again.strata.equals(mixture.strata)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 30), *[st.integers(0, 30)] * 3), min_size=1, max_size=6),
    st.builds(Policy, human_floor=unit, unreviewed_cap=unit, epoch_cap=st.floats(1, 8)),
)
def test_the_largest_size_is_the_one_a_linear_program_finds(table, policy):
    supply = Supply(tuple("abcdef"[: len(table)]), np.array(table))
    shares, width = supply.shares, 4 * len(table)
    total = np.ones(width)
    pinned, floor = np.zeros((len(table), width)), np.zeros((len(table), width))
    for k in range(len(table)):
        pinned[k, 4 * k : 4 * k + 4] = 1
        pinned[k] -= shares[k] * total
        floor[k] = policy.human_floor * shares[k] * total
        floor[k, 4 * k] -= 1
    unreviewed = np.tile([0.0, 0, 0, 1], len(table)) - policy.unreviewed_cap * total
    bounds = [(0, n * (policy.epoch_cap if c == 0 else 1)) for counts in table for c, n in enumerate(counts)]
    found = linprog(
        -total, np.vstack([floor, unreviewed]), np.zeros(len(table) + 1), pinned, np.zeros(len(table)), bounds
    )
    assert found.success
    assert min(limits(supply, policy).values()) == pytest.approx(-found.fun, rel=1e-6)


def test_classes_fill_a_stratum_in_order_down_to_the_human_floor():
    mixture = weigh(rows(code=(100, 10, 20, 100)), Policy(human_floor=0.5, unreviewed_cap=1))
    account = {row["klass"]: row for row in mixture.strata.iter_rows(named=True)}
    assert {klass: row["mass"] for klass, row in account.items()} == pytest.approx(
        {"human": 50, "hybrid": 10, "reviewed": 20, "unreviewed": 20}
    )
    assert account["unreviewed"]["rows"] == 100
    assert account["human"]["slack"] == pytest.approx(0)
    assert mixture.rows.filter(klass="unreviewed")["weight"].unique().to_list() == pytest.approx([0.2])
    assert mixture.rows.filter(klass="human")["weight"].unique().to_list() == pytest.approx([0.5])
    words = "human rows hold no more than the 0.5 they must in `code`, and 80.0 rows of other mass found no room there"
    assert mixture.binding == (f"human floor: {words}",)


def test_one_factor_scales_unreviewed_rows_in_all_strata():
    mixture = weigh(rows(a=(100, 0, 0, 50), b=(300, 0, 0, 150)), Policy(unreviewed_cap=0.25))
    assert mass(mixture, klass="unreviewed") == pytest.approx(100)
    assert mixture.rows.filter(klass="unreviewed")["weight"].unique().to_list() == pytest.approx([0.5])
    assert mixture.binding[0].startswith("unreviewed cap: ")


def test_scarce_unreviewed_mass_goes_first_where_human_rows_run_out():
    # Each stratum holds 16 rows of mass. Human and hybrid rows fill all of `b`, but only 8 of `a`.
    mixture = weigh(rows(a=(8, 0, 0, 8), b=(8, 8, 0, 8)), Policy(epoch_cap=1, unreviewed_cap=0.25, size=32))
    assert mass(mixture, klass="unreviewed", stratum="a") == pytest.approx(8)
    assert mass(mixture, klass="unreviewed", stratum="b") == 0


def test_without_other_rows_the_mixture_is_the_human_rows():
    mixture = weigh(rows(a=(3,), b=(5,)), Policy())
    assert mixture.rows["weight"].to_list() == [1.0] * 8
    assert mixture.left_out.is_empty()
    assert mixture.binding == ()


def test_the_largest_size_is_exact_to_the_row():
    # The floor allows 4 * 10 / 0.5 = 80 rows; the supply 4 * 10 + 20 = 60; so 60 it is.
    pool = rows(only=(10, 10, 10, 0))
    assert mass(weigh(pool, Policy(size=60)), klass="human") == 40
    with pytest.raises(MixtureRefused) as refused:
        weigh(pool, Policy(size=61))
    assert refused.value.rule == "supply"
    assert refused.value.largest == 60
    assert refused.value.missing == {"only": 1}


def test_a_refusal_over_the_human_floor_says_what_to_add():
    with pytest.raises(MixtureRefused, match=r"\(human floor\): human rows must hold 0.5 of every stratum") as refused:
        weigh(rows(email=(10, 90, 0, 0)), Policy(size=100))
    assert "At most 80 rows are possible." in str(refused.value)
    assert "Human rows missing for 100: 3, split as today's are: stratum `email`: 3." in str(refused.value)


def test_a_refusal_over_the_cap_says_so():
    with pytest.raises(MixtureRefused, match=r"\(unreviewed cap\)") as refused:
        weigh(rows(code=(10, 0, 0, 90)), Policy(size=100, epoch_cap=1, human_floor=0, unreviewed_cap=0.2))
    assert refused.value.largest == pytest.approx(10 / 0.8)


def test_a_refusal_names_five_strata_and_counts_the_others():
    pool = rows(**{f"s{index}": (10 + index,) for index in range(9)})
    with pytest.raises(MixtureRefused) as refused:
        weigh(pool, Policy(size=1000))
    text = str(refused.value)
    assert text.count("stratum `") == 5 + 1, "five to add to, and the one that is short"
    assert "stratum `s8`: 17; " in text
    assert "; 4 other strata: 46." in text
    assert sum(refused.value.missing.values()) == 250 - 126


def test_a_hostile_stratum_name_stays_on_its_line():
    with pytest.raises(MixtureRefused) as refused:
        weigh(rows(**{"evil\nERROR " + "x" * 500: (1,)}), Policy(size=100))
    assert "\n" not in str(refused.value)
    assert "x" * 60 not in str(refused.value)


def test_a_refusal_survives_a_process_boundary():
    with pytest.raises(MixtureRefused) as refused:
        weigh(rows(a=(1,)), Policy(size=100))
    copy = pickle.loads(pickle.dumps(refused.value))
    assert (str(copy), copy.missing, copy.largest) == (str(refused.value), {"a": 24}, 4)


@pytest.mark.parametrize("pool", [rows(), rows(a=(0, 5, 5, 5))])
def test_no_human_row_is_refused(pool):
    with pytest.raises(MixtureRefused, match="no human row is at hand"):
        weigh(pool, Policy())


def test_rows_left_out_say_why():
    pool = rows(a=(4, 0, 0, 3), lonely=(0, 1, 0, 0))
    deep = pool.with_columns(depth=pl.when(pl.col("sample_id") == "a-unreviewed-000000").then(3).otherwise("depth"))
    mixture = weigh(deep, Policy(unreviewed_cap=0))
    assert dict(mixture.left_out.iter_rows()) == {
        "a-unreviewed-000000": "depth 3 is above the cap of 1",
        "a-unreviewed-000001": "weight 0: the rules leave no room for unreviewed rows in its stratum",
        "a-unreviewed-000002": "weight 0: the rules leave no room for unreviewed rows in its stratum",
        "lonely-hybrid-000000": "its stratum has no human row",
    }
    assert mixture.rows["klass"].unique().to_list() == ["human"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda pool: pool.drop("depth"), "lack the column depth"),
        (lambda pool: pool.with_columns(stratum=pl.lit(None, pl.String)), "4 rows to weigh have no stratum"),
        (lambda pool: pool.with_columns(origin=pl.lit("robot")), "origin is `robot`"),
        (lambda pool: pl.concat([pool, pool]), "4 rows to weigh repeat another's sample_id"),
    ],
)
def test_rows_that_cannot_be_weighed_are_named(broken, message):
    with pytest.raises(InputError, match=message):
        weigh(broken(rows(a=(4,))), Policy())


def test_a_hundred_thousand_rows_in_many_strata_sum_exactly():
    pool = rows(**{f"s{index:03}": (1 + 4000 // (index + 1), 10, index, 300) for index in range(150)})
    mixture = weigh(pool, Policy(size=60_000))
    assert math.fsum(mixture.rows["weight"]) == pytest.approx(60_000, rel=1e-9)
