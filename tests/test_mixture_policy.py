"""Weights keep every rule of the policy, a refusal says what would help, and every row is accounted for."""

import math
import pickle
from collections.abc import Iterator

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from outcross.errors import InputError, MixtureRefused
from outcross.mixture.measured import MEASURED, UNMEASURED
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES
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


def measured(**strata: dict[str, float | None]) -> pl.DataFrame:
    """What is measured: `measured(code={"kappa": 0.9})`, the rest unknown."""
    unknown = dict.fromkeys(UNMEASURED)
    return pl.DataFrame([{"stratum": name, **unknown, **said} for name, said in strata.items()], schema=MEASURED)


def trusted(*strata: str) -> pl.DataFrame:
    """Strata of which all that is synthetic is as good as people's."""
    return measured(**{name: {"kappa": 1.0, "unreviewed_bias": 0.0} for name in strata})


def mass(mixture: Mixture, **where: str) -> float:
    return float(mixture.rows.filter(**where)["weight"].sum())


counts = st.tuples(*[st.integers(0, 20)] * 4)
unit = st.one_of(st.sampled_from([0.0, 0.3, 0.5, 1.0]), st.floats(0, 1))
pools = st.dictionaries(st.sampled_from("abcde"), counts, min_size=1).map(lambda strata: rows(**strata))
bias = st.sampled_from([None, 0.0, 0.01, 0.3, 1.0])
facts = st.dictionaries(
    st.sampled_from("abcde"),
    st.fixed_dictionaries(
        {
            "kappa": st.one_of(st.none(), st.floats(0, 1.2)),
            "credit": st.sampled_from([None, 0.0, 0.3, 0.5]),
            "hybrid_bias": bias,
            "reviewed_bias": bias,
            "unreviewed_bias": bias,
        }
    ),
).map(lambda strata: measured(**strata))
policies = st.builds(
    Policy,
    retention=unit,
    human_floor=unit,
    synthetic_cap=unit,
    unreviewed_cap=unit,
    bias_budget=unit,
    depth_cap=st.integers(0, 2),
    epoch_cap=st.one_of(st.just(1.0), st.floats(1, 8)),
    hybrid_epoch_cap=st.floats(1, 3),
    pinning=st.sampled_from([0.0, 0.02, 0.3]),
    tail_share=unit,
    temperature=st.sampled_from([1.0, 1.0, 1.7]),
    size=st.one_of(st.none(), st.floats(0.5, 800)),
)


def holds_every_rule(pool: pl.DataFrame, policy: Policy, mixture: Mixture) -> None:
    table = mixture.rows.join(pool.drop("stratum"), on="sample_id")
    caps = dict(zip(CLASSES, policy.repeats, strict=True))
    size = mixture.size
    assert size == policy.size or (policy.size is None and size <= pool.filter(origin="human").height)
    assert table["weight"].sum() == pytest.approx(size, rel=1e-9)
    assert (table["weight"] > 0).all()
    assert (table["weight"] <= table["klass"].replace_strict(caps) * (1 + 1e-9)).all()
    assert (table["depth"] <= policy.depth_cap).all()
    synthetic = mass(mixture, klass="reviewed") + mass(mixture, klass="unreviewed")
    assert synthetic <= (policy.synthetic_cap + 1e-9) * size
    assert mass(mixture, klass="unreviewed") <= (policy.unreviewed_cap + 1e-9) * size
    for stratum in mixture.plan.strata.iter_rows(named=True):
        own = mass(mixture, stratum=stratum["stratum"])
        assert own == pytest.approx(stratum["pinned"] * size, rel=policy.pinning + 1e-9)
        human = mass(mixture, stratum=stratum["stratum"], klass="human")
        edited = mass(mixture, stratum=stratum["stratum"], klass="hybrid")
        assert human + stratum["credit"] * edited >= (stratum["floor"] - 1e-9) * own
        assert stratum["floor"] >= policy.human_floor
    seen = mixture.rows["sample_id"].to_list() + mixture.left_out["sample_id"].to_list()
    assert sorted(seen) == sorted(pool["sample_id"])


@settings(max_examples=60, deadline=None)
@given(pools, policies, st.one_of(st.none(), facts), st.randoms())
def test_a_mixture_keeps_every_rule_and_a_refusal_asks_for_enough(pool, policy, known, random):
    try:
        mixture = weigh(pool, policy, known)
    except MixtureRefused as refusal:
        assume(refusal.largest)
        added = rows(**{f"{stratum}": (count,) for stratum, count in refusal.missing.items()})
        bigger = pl.concat([pool, added.with_columns(sample_id="new-" + pl.col("sample_id"))])
        holds_every_rule(bigger, policy, weigh(bigger, policy, known))
        most = policy.model_copy(update={"size": refusal.largest})
        holds_every_rule(pool, most, weigh(pool, most, known))
        with pytest.raises(MixtureRefused):
            weigh(pool, policy.model_copy(update={"size": refusal.largest * (1 + 1e-6)}), known)
    else:
        holds_every_rule(pool, policy, mixture)
        order = list(range(pool.height))
        random.shuffle(order)
        again = weigh(pool[order], policy, None if known is None else known.reverse())
        assert again.rows.equals(mixture.rows)
        assert again.left_out.equals(mixture.left_out)
        assert again.strata.equals(mixture.strata)


def test_unless_something_is_measured_people_hold_the_wanted_retention_and_machines_alone_nothing():
    mixture = weigh(rows(code=(100, 0, 20, 100)), Policy(retention=0.9))
    account = {row["klass"]: row for row in mixture.strata.iter_rows(named=True)}
    assert {klass: row["mass"] for klass, row in account.items()} == pytest.approx({"human": 90, "reviewed": 10})
    assert account["human"]["floor"] == pytest.approx(0.9)
    assert account["human"]["slack"] == pytest.approx(0, abs=1e-9)
    assert mixture.rows.filter(klass="reviewed")["weight"].unique().to_list() == pytest.approx([0.5])
    assert mixture.binding[0].startswith("human floor: human rows hold no more than they must in `code`; ")


def test_what_is_measured_decides_the_floor_and_lets_audited_rows_in():
    known = measured(code={"kappa": 0.8, "unreviewed_bias": 0.01})
    mixture = weigh(rows(code=(100, 0, 0, 300)), Policy(retention=0.9, unreviewed_cap=0.4), known)
    assert mixture.strata["floor"][0] == pytest.approx(0.5)
    assert mass(mixture, klass="unreviewed") == pytest.approx(40)
    assert mixture.binding[0].startswith("unreviewed cap: rows accepted without a person hold 0.4 of the mixture; ")


def test_a_contraction_above_1_counts_as_1():
    mixture = weigh(rows(code=(10,)), Policy(human_floor=0.2), measured(code={"kappa": 1.4}))
    assert mixture.strata["floor"].to_list() == [0.2]


def test_a_bias_of_any_size_above_1_says_what_1_says():
    mixtures = [
        weigh(rows(code=(10, 4, 0, 9)), Policy(), measured(code={"hybrid_bias": bias, "unreviewed_bias": bias}))
        for bias in (1.0, 7.0, math.inf)
    ]
    assert [mixture.plan.risk for mixture in mixtures] == [pytest.approx(0.1)] * 3
    assert {mixture.rows.height for mixture in mixtures} == {10}


def test_a_contraction_of_0_is_not_an_unknown_one_and_floors_are_the_same():
    nothing, unknown = (weigh(rows(code=(10,)), Policy(), measured(code={"kappa": kappa})) for kappa in (0.0, None))
    assert (nothing.plan.strata["kappa"].item(), unknown.plan.strata["kappa"].item()) == (0.0, None)
    assert nothing.strata.equals(unknown.strata)


def test_hybrid_rows_may_count_more_than_once():
    mixture = weigh(rows(code=(10, 5, 0, 0)), Policy(human_floor=0, size=50), trusted("code"))
    assert mixture.rows.filter(klass="hybrid")["weight"].to_list() == pytest.approx([2.0] * 5)
    assert "epoch cap: hybrid rows of `code` count 2 times each" in mixture.binding[0] + mixture.binding[-1]


def test_without_other_rows_the_mixture_is_the_human_rows():
    mixture = weigh(rows(a=(3,), b=(5,)), Policy())
    assert mixture.rows["weight"].to_list() == [1.0] * 8
    assert mixture.left_out.is_empty()
    assert mixture.binding == ()


def test_the_largest_size_is_exact_to_the_row():
    # The floor allows 4 * 10 / 0.5 = 80 rows; the supply 4 * 10 + 10 + 2 * 5; so 60 it is.
    pool, policy = rows(only=(10, 5, 10, 0)), Policy(human_floor=0.5, size=60)
    assert mass(weigh(pool, policy, trusted("only")), klass="human") == pytest.approx(40)
    with pytest.raises(MixtureRefused) as refused:
        weigh(pool, policy.model_copy(update={"size": 61.0}), trusted("only"))
    assert refused.value.rule == "supply"
    assert refused.value.largest == pytest.approx(60)
    assert refused.value.missing == {"only": 1}
    assert "all rows at hand, counted as often as they may, come to 60.0. At most 60 rows" in str(refused.value)
    assert str(refused.value).endswith("100 % stratum `only`: 1 more human row would allow 61 rows.")


def test_a_refusal_over_the_human_floor_says_what_to_add():
    words = r"\(human floor\): human rows must hold 0.5 of 100 % stratum `email`, 50.0 rows of mass"
    with pytest.raises(MixtureRefused, match=words) as refused:
        weigh(rows(email=(10, 90, 0, 0)), Policy(size=100), trusted("email"))
    assert "and its 10, counted at most 4 times, come to 40.0. At most 80 rows are possible." in str(refused.value)
    assert str(refused.value).endswith("100 % stratum `email`: 3 more human rows would allow 100 rows.")


@pytest.mark.parametrize(
    ("policy", "known", "rule", "largest"),
    [
        (Policy(unreviewed_cap=0.2, synthetic_cap=1), {}, "unreviewed cap", 10 / 0.8),
        (Policy(unreviewed_cap=1, synthetic_cap=0.4), {}, "synthetic cap", 10 / 0.6),
        (Policy(unreviewed_cap=1, synthetic_cap=1), {"unreviewed_bias": 0.2}, "bias budget", 20),
    ],
)
def test_a_refusal_over_a_cap_names_it(policy, known, rule, largest):
    policy = policy.model_copy(update={"human_floor": 0.0, "epoch_cap": 1.0, "size": 100.0})
    known = measured(code={"kappa": 1.0, "unreviewed_bias": 0.0, **known})
    with pytest.raises(MixtureRefused, match=rf"\({rule}\)") as refused:
        weigh(rows(code=(10, 0, 0, 90)), policy, known)
    assert refused.value.rule == rule
    assert refused.value.largest == pytest.approx(largest)


def test_a_refusal_names_five_strata_and_counts_the_others():
    pool = rows(**{f"s{index}": (10 + index,) for index in range(9)})
    with pytest.raises(MixtureRefused) as refused:
        weigh(pool, Policy(size=1000))
    text = str(refused.value)
    assert text.count("stratum `") == 5
    assert "14.3 % stratum `s8`: " in text
    assert "; 4 other strata: " in text
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
    pool = rows(a=(4, 0, 0, 3), b=(4, 0, 1, 1), lonely=(0, 1, 0, 0))
    deep = pool.with_columns(depth=pl.when(pl.col("sample_id") == "a-unreviewed-000000").then(3).otherwise("depth"))
    mixture = weigh(deep, Policy(synthetic_cap=0), trusted("b"))
    unaudited = "weight 0: no audit bounds the errors of rows accepted without a person in its stratum"
    assert dict(mixture.left_out.iter_rows()) == {
        "a-unreviewed-000000": "depth 3 is above the cap of 1",
        "a-unreviewed-000001": unaudited,
        "a-unreviewed-000002": unaudited,
        "b-reviewed-000000": "weight 0: the rules leave no room for reviewed rows in its stratum",
        "b-unreviewed-000000": "weight 0: the rules leave no room for unreviewed rows in its stratum",
        "lonely-hybrid-000000": "its stratum has no human row",
    }
    assert mixture.rows["klass"].unique().to_list() == ["human"]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda known: known.drop("credit"), "what is measured lacks the column credit"),
        (lambda known: pl.concat([known, known]), "stratum `a` is measured twice"),
        (lambda known: known.with_columns(reviewed_bias=-0.1), "bias is -0.1"),
        (lambda known: known.with_columns(kappa=float("nan")), "kappa of a stratum is no number"),
    ],
)
def test_what_cannot_have_been_measured_is_named(broken, message):
    with pytest.raises(InputError, match=message):
        weigh(rows(a=(4,)), Policy(), broken(measured(a={})))


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
