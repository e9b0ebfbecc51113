"""A mixture that can't be is refused, and the rows that the refusal asks for make it one that can."""

import numpy as np
import pytest

from outcross.errors import MixtureRefused
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.solver.prices import largest
from outcross.mixture.solver.programme import Programme
from outcross.mixture.supply import Counts, Supply
from tests.supplies import any_supply, example, of_size


def asked_for(supply: Supply, refused: MixtureRefused) -> Counts:
    return np.array([refused.missing.get(name, 0) for name in supply.strata])


def infeasible(seed: int, *, fixed: bool) -> tuple[Supply, Policy]:
    """A supply and a policy with a size that is up to four times too large."""
    supply, policy = any_supply(seed, fixed=fixed)
    most = largest(Programme.of(supply, policy)).size
    times = np.random.default_rng(seed).uniform(1.01, 4)
    return supply, policy.model_copy(update={"size": float(np.ceil(max(most, 1) * times))})


@pytest.mark.parametrize("fixed", [True, False])
@pytest.mark.parametrize("seed", range(100))
def test_adding_just_the_rows_that_a_refusal_asks_for_makes_the_mixture_possible(seed, fixed):
    supply, policy = infeasible(seed, fixed=fixed)
    with pytest.raises(MixtureRefused) as refused:
        plan(supply, policy)
    assert refused.value.rule in {"human floor", "supply", "synthetic cap", "unreviewed cap", "bias budget", "target"}
    more = asked_for(supply, refused.value)
    assert more.sum() > 0
    assert plan(supply.with_human(more), policy).masses.sum() == pytest.approx(policy.size, rel=1e-9)


def test_a_refusal_over_a_thousand_strata_names_a_rule_and_rows_that_are_enough():
    supply = of_size(1000)
    policy = Policy(size=float(np.ceil(1.05 * plan(supply, Policy()).largest)))
    with pytest.raises(MixtureRefused, match=r"\(bias budget\)") as refused:
        plan(supply, policy)
    assert plan(supply.with_human(asked_for(supply, refused.value)), policy).size == policy.size


@pytest.mark.parametrize("seed", range(40))
def test_fewer_rows_than_asked_for_are_not_enough_however_they_are_split(seed):
    supply, policy = infeasible(seed, fixed=True)
    with pytest.raises(MixtureRefused) as refused:
        plan(supply, policy)
    more = asked_for(supply, refused.value)
    bare = (supply.human == 0) & (supply.shares > 0)
    # Each stratum's rows are rounded up to whole ones, and one without rows is asked for one at least.
    for index in np.flatnonzero(more > bare):
        fewer = more.copy()
        fewer[index] -= 1 + (more > 0).sum()
        if (fewer >= bare).all():
            with pytest.raises(MixtureRefused):
                plan(supply.with_human(fewer), policy)


@pytest.mark.parametrize("seed", range(40))
def test_the_largest_size_is_within_both_bounds_that_a_pencil_finds(seed):
    supply, policy = any_supply(seed, fixed=True)
    programme = Programme.of(supply, policy)
    least = programme.shares * np.where(supply.shares < policy.tail_share, 1, 1 - policy.pinning)
    repeats = np.array(policy.repeats)
    people = repeats[0] * supply.human + supply.credit * repeats[1] * supply.rows[:, 1]
    with np.errstate(divide="ignore", invalid="ignore"):
        floor = np.nanmin(people / (programme.floors * least))
        filled = np.nanmin((repeats * supply.rows).sum(axis=1) / least)
    assert largest(programme).size <= min(floor, filled) * (1 + 1e-9)


def test_a_budget_for_bias_that_tightens_with_the_rows_added_is_reckoned_with():
    supply = Supply(("a",), np.array([[100, 0, 0, 10_000]]), kappa=np.array(1.0), bias=np.array([0, 0, 0, 0.1]))
    policy = Policy(human_floor=0, synthetic_cap=1, unreviewed_cap=1, size=1_000)
    with pytest.raises(
        MixtureRefused, match=r"\(bias budget\): beside 100 human rows the shares of other rows"
    ) as told:
        plan(supply, policy)
    more = told.value.missing["a"]
    # 4 (100 + a) of human mass and a share of sqrt(.1 / (100 + a)) / .1 of biased rows must come to 1,000.
    at = 100 + np.arange(200)
    assert more == np.argmax(4 * at + 1_000 * np.sqrt(0.1 / at) / 0.1 >= 1_000)
    assert more > np.argmax(4 * at + 1_000 * np.sqrt(0.1 / 100) / 0.1 >= 1_000), "today's budget would do with fewer"


def test_a_stratum_of_the_target_without_human_rows_is_refused_by_name():
    supply = Supply(
        ("mail", "poems"), np.array([[100, 0, 0, 0], [0, 50, 50, 0]]), target=np.array([0.8, 0.2]), kappa=np.array(1.0)
    )
    with pytest.raises(MixtureRefused) as refused:
        plan(supply, Policy(human_floor=0))
    assert (refused.value.rule, refused.value.largest, refused.value.missing) == ("target", 0, {"poems": 1})
    assert "the target wants `poems`, and it has no human row. At most 0 rows" in str(refused.value)
    assert str(refused.value).endswith("20 % stratum `poems`: 1 more human row would allow 100 rows.")


def test_a_target_without_any_human_row_is_told_what_to_fetch_or_that_nothing_is_there():
    bare = Supply(("a", "b"), np.zeros((2, 4), np.int64), target=np.array([0.75, 0.25]))
    with pytest.raises(MixtureRefused) as refused:
        plan(bare, Policy(size=400))
    assert refused.value.missing == {"a": 75, "b": 25}
    with pytest.raises(MixtureRefused, match="no human row is at hand"):
        plan(bare, Policy())


def test_rows_are_asked_for_in_the_shares_of_the_target_where_as_few_do():
    supply = Supply(("a", "b"), np.array([[75, 0, 0, 0], [25, 0, 0, 0]]))
    with pytest.raises(MixtureRefused) as refused:
        plan(supply, Policy(size=800))
    assert refused.value.missing == {"a": 75, "b": 25}
    rows = "75 % stratum `a`: 75 more human rows; 25 % stratum `b`: 25 more human rows"
    assert str(refused.value).endswith(f"{rows}; together they would allow 800 rows.")


def test_a_size_that_works_is_not_asked_for_more():
    assert plan(example(), Policy(human_floor=0, size=53_666)).size == 53_666
