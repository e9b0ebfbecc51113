"""A plan has the least predicted risk among all mixtures that keep the rules, and says what the rules cost."""

import numpy as np
import pytest

from outcross.errors import InputError, MixtureRefused
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.solver.optimum import optimum
from outcross.mixture.solver.prices import human_prices, largest
from outcross.mixture.solver.programme import Programme
from outcross.mixture.solver.quadratic import Point, Quadratic, risk
from outcross.mixture.solver.worth import gains
from outcross.mixture.supply import CLASSES, Supply
from tests.supplies import SHARES, any_supply, example, of_size

LOOSE = Policy(retention=0, human_floor=0, synthetic_cap=1, unreviewed_cap=1, bias_budget=1, pinning=0.0)


def keeps_every_rule(planned):
    """The rules once more, from the plan's numbers alone."""
    supply, policy, masses, size = planned.supply, planned.policy, planned.masses, planned.size
    mass, near = masses.sum(axis=1), 1e-9
    assert masses.sum() == pytest.approx(size, rel=near)
    assert (masses >= 0).all()
    assert (masses <= np.array(policy.repeats) * supply.rows * (1 + near)).all()
    assert (masses[:, 0] + supply.credit * masses[:, 1] >= planned.floors * mass * (1 - near) - near).all()
    assert (np.abs(mass - planned.shares * size) <= (policy.pinning + near) * planned.shares * size).all()
    assert (mass >= planned.shares * size * (1 - near))[supply.shares < policy.tail_share].all()
    assert masses[:, 2:].sum() <= (policy.synthetic_cap + near) * size
    assert masses[:, 3].sum() <= (policy.unreviewed_cap + near) * size
    assert (supply.bias * masses).sum() <= (np.sqrt(policy.bias_budget / supply.human.sum()) + near) * size
    assert not masses[supply.bias >= 1].any()


@pytest.mark.parametrize("seed", range(60))
def test_a_plan_keeps_every_rule_at_any_size_up_to_the_largest(seed):
    supply, policy = any_supply(seed, fixed=seed % 2 == 0)
    most = largest(Programme.of(supply, policy)).size
    if most:
        for part in (1e-3, 0.5, 1):
            keeps_every_rule(plan(supply, policy.model_copy(update={"size": most * part})))
        with pytest.raises(MixtureRefused):
            plan(supply, policy.model_copy(update={"size": most * (1 + 1e-6)}))


@pytest.mark.parametrize("seed", range(20))
def test_no_mixture_that_keeps_the_rules_has_a_lower_predicted_risk(seed):
    # Any other mixture that keeps them lies in a feasible direction, along which a convex risk must not fall.
    supply, policy = any_supply(seed, fixed=False)
    programme = Programme.of(supply, policy)
    most = largest(programme)
    size = most.size / 2
    best = optimum(programme, size, most)
    rng = np.random.default_rng(seed)
    shares, tried = programme.shares[:, None], 0
    for _ in range(20):
        other = optimum(programme, size * rng.uniform(0.2, 2), most).masses
        toward = (0.999 * best.masses / size + 0.001 * other / other.sum()) / shares
        if programme.violation(toward.ravel(), size) <= 1e-12:
            tried += 1
            assert risk(supply, toward) >= best.risk * (1 - 1e-9)
    assert tried


@pytest.mark.parametrize(("strata", "part"), [(5, 0.4), (50, 0.4), (500, 0.4), (500, 0.9), (500, 1)])
def test_the_conditions_of_optimality_hold_to_a_millionth(strata, part):
    supply = of_size(strata)
    most = largest(Programme.of(supply, Policy()))
    assert plan(supply, Policy(size=part * most.size)).residual <= 1e-6


def test_the_residual_sees_every_way_to_miss_the_optimum():
    programme = Programme.of(example(), Policy(size=20_000))
    problem = Quadratic.of(programme, 20_000)
    count = len(problem.used)
    at = Point(np.full(count, 0.25), np.zeros(len(problem.least)), np.zeros(count), np.zeros(count))
    assert problem.residual(at) > 0.1, "no stationary point"
    pull = problem.curvature @ at.w
    held = Point(at.w, at.rows, pull, at.full)
    assert problem.residual(held) > 0.1, "multipliers of rules that leave room"
    assert problem.residual(Point(-at.w, at.rows, -pull, at.full)) > 0.1, "less than nothing"


def test_without_rules_each_class_gets_its_share_of_the_effective_rows():
    supply = Supply(("all",), np.array([[200, 0, 50, 5_000]]), bias=np.array([0, 0, 0, 0.1]))
    best = plan(supply, LOOSE.model_copy(update={"size": 10.0}))
    effective = np.array([200, 0, 50, 5_000 / (1 + 5_000 * 0.1**2)])
    assert best.masses[0] / 10 == pytest.approx(effective / effective.sum(), abs=1e-9)
    assert best.risk == pytest.approx(1 / effective.sum())
    assert best.human_risk == pytest.approx(1 / 200)


def test_rows_whose_errors_nothing_bounds_hold_nothing():
    supply = Supply(("all",), np.array([[200, 10, 10, 5_000]]), bias=np.array([0, 0, 0, 1.0]), kappa=np.array(0.95))
    assert plan(supply, Policy()).masses[0, 3] == 0


def test_the_floor_follows_from_the_contraction_of_each_stratum():
    supply = Supply(("a", "b", "c"), np.full((3, 4), 100), kappa=np.array([0, 0.8, 0.95]))
    assert plan(supply, Policy(human_floor=0.3)).floors == pytest.approx([0.9, 0.5, 0.3])


def test_a_credited_hybrid_row_counts_towards_the_floor_and_no_further():
    supply = Supply(("a",), np.array([[100, 400, 0, 0]]), credit=np.array(0.5))
    best = plan(supply, Policy(retention=0.9))
    assert best.masses[0] == pytest.approx([80, 20, 0, 0])
    assert best.counted == pytest.approx(0.9)
    account = best.account.row(0, named=True)
    assert (account["floor"], account["slack"]) == pytest.approx((0.9, 0), abs=1e-9)


def test_a_promise_is_kept_of_the_stratum_s_own_mass_where_pinning_lets_it_grow():
    supply = Supply(("a", "b"), np.array([[850, 0, 2_000, 0], [150, 0, 0, 0]]))
    best = plan(supply, Policy(retention=0.6, pinning=0.2, size=4_500))
    assert best.masses[0].sum() > 1.01 * 0.85 * 4_500
    assert best.masses[0, 0] >= 0.6 * best.masses[0].sum() * (1 - 1e-9)


def test_the_temperature_raises_rare_strata_only():
    supply = Supply(("a", "b"), np.array([[900, 0, 0, 0], [100, 0, 0, 0]]))
    flat = plan(supply, Policy(temperature=2, size=400))
    assert flat.shares == pytest.approx([0.75, 0.25])
    assert flat.strata["target"].to_list() == [0.9, 0.1]
    rare = Supply(("a", "b"), np.array([[990, 0, 0, 0], [10, 0, 0, 0]]))
    best = plan(rare, Policy(temperature=2))
    assert best.size == pytest.approx(4 * 10 / best.shares[1]), "less than there are human rows, for it fills no more"


def test_strata_move_from_their_target_only_where_the_size_needs_it_and_the_tail_never_below():
    supply, policy = of_size(50), Policy(pinning=0.1)
    best = plan(supply, policy)
    assert best.masses.sum(axis=1) == pytest.approx(best.size * supply.shares, rel=1e-9)
    best = plan(supply, Policy(pinning=0.1, size=best.largest))
    tail = supply.shares < 0.05
    assert (best.masses.sum(axis=1)[tail] >= (1 - 1e-9) * (best.size * supply.shares)[tail]).all()
    assert (best.masses.sum(axis=1)[~tail] < 0.99 * (best.size * supply.shares)[~tail]).any()


def test_the_rarest_strata_are_of_the_tail_however_large_and_equal_ones_are_treated_alike():
    supply = Supply(("a", "b", "c"), np.array([[840, 0, 0, 0], [80, 0, 0, 0], [80, 0, 0, 0]]))
    policy = Policy(tail_share=0, pinning=0.2)
    pins = Programme.of(supply, policy)
    assert pins.least[(pins.rule == "pinning") & (pins.least > 0)].tolist() == [0.8, 0.8, 0.8]
    rarer = supply.with_human(np.array([1_000, 0, 0]))
    pins = Programme.of(rarer, policy)
    assert pins.least[(pins.rule == "pinning") & (pins.least > 0)].tolist() == [0.8, 1, 1]


def test_the_worked_example():
    best = plan(example(), Policy(human_floor=0, size=20_000))
    assert best.largest == pytest.approx(1_610 / 0.03)
    assert best.prices == pytest.approx([0, 0, 0, 0, 4 / 0.03])
    assert best.floors == pytest.approx(0.5)
    assert best.human_risk == pytest.approx(5e-4)
    assert 2e-4 < best.risk < 3e-4
    with pytest.raises(MixtureRefused) as refused:
        plan(example(), Policy(human_floor=0, size=60_000))
    assert refused.value.rule == "supply"
    assert sum(refused.value.missing.values()) == pytest.approx(961 + 249 + 107, abs=10)
    with pytest.raises(MixtureRefused) as refused:
        plan(example(rarest=20), Policy(human_floor=0, size=20_000))
    assert refused.value.rule == "human floor"
    assert refused.value.largest == pytest.approx(280 / 0.03)
    assert refused.value.missing == {"email": 40}
    assert "At most 9,333 rows are possible. " in str(refused.value)
    assert str(refused.value).endswith("3 % stratum `email`: 40 more human rows would allow 20,000 rows.")


@pytest.mark.parametrize("seed", range(15))
@pytest.mark.parametrize("fixed", [True, False])
def test_a_price_is_what_one_more_human_row_does(seed, fixed):
    # Twice as many rows of everything leave the prices alone and halve what is lost by a whole row's width.
    supply, policy = any_supply(100 + seed, fixed=fixed)
    supply = Supply(
        supply.strata,
        supply.rows * 4096,
        kappa=supply.kappa,
        bias=supply.bias,
        credit=supply.credit,
        target=supply.target,
    )
    programme = Programme.of(supply, policy)
    most = largest(programme)
    if not most.size:
        return
    prices = human_prices(programme, most)
    for index in range(len(supply.strata)):
        one = np.zeros(len(supply.strata), np.int64)
        one[index] = 1
        up = largest(Programme.of(supply.with_human(one), policy)).size - most.size
        down = most.size - largest(Programme.of(supply.with_human(-one), policy)).size
        slack = 2e-3 * (1 + abs(prices[index]))
        assert min(up, down) - slack <= prices[index] <= max(up, down) + slack


def test_the_queue_goes_first_where_a_reviewed_row_allows_more_and_then_where_it_steadies_more():
    best = plan(example(), Policy(human_floor=0, size=20_000))
    assert best.worth[-1] == 1, "the stratum that limits the size"
    assert len(set(best.worth)) == 5
    assert best.worth.min() > 0


def test_what_a_reviewed_row_saves_is_what_one_more_of_them_does():
    policy = Policy(human_floor=0, size=20_000)
    supply = example()
    programme = Programme.of(supply, policy, exact=True)
    best = optimum(programme, 20_000, largest(programme))
    saved = gains(programme, 20_000, best)
    for index in range(5):
        rows = supply.rows.copy()
        rows[index, 2] += 1
        more = Supply(
            supply.strata, rows, kappa=supply.kappa, bias=supply.bias, credit=supply.credit, target=supply.target
        )
        assert best.risk - plan(more, policy).risk == pytest.approx(saved[index], rel=0.05)


def test_binding_rules_are_named_with_what_they_cost():
    supply = example()
    best = plan(supply, Policy(human_floor=0, pinning=0, size=20_000))
    looser = plan(supply, Policy(human_floor=0, pinning=0, size=20_000, bias_budget=0.1 * 1.01**2))
    named = {each.rule: each for each in best.binding}
    assert named["bias budget"].saves == pytest.approx(1 - looser.risk / best.risk, rel=0.05)
    assert named["bias budget"].words.startswith("bias budget: shares times biases reach what 10,000 human rows allow;")
    assert "human rows hold no more than they must in `law`" in named["human floor"].words
    assert [each.saves for each in best.binding] == sorted((each.saves for each in best.binding), reverse=True)


def test_human_rows_alone_bind_no_rule():
    supply = Supply(("a", "b"), np.array([[30, 0, 0, 0], [70, 0, 0, 0]]))
    best = plan(supply, Policy())
    assert best.binding == ()
    assert best.masses[:, 0] == pytest.approx([30, 70])
    assert best.risk == pytest.approx(best.human_risk)


def test_equal_input_gives_equal_output_to_the_bit():
    first, second = plan(of_size(50), Policy()), plan(of_size(50), Policy())
    assert first.masses.tobytes() == second.masses.tobytes()
    assert first.worth.tobytes() == second.worth.tobytes()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        ({"kappa": np.array([0.5, 1.2])}, "kappa is 1.2; it must be in"),
        ({"credit": np.array(0.7)}, "credit is 0.7"),
        ({"bias": np.array([0.1, 0, 0, 0])}, "human rows have a bias above 0"),
        ({"bias": np.array([0, 0, 0, np.nan])}, "bias is nan"),
        ({"bias": np.array([0, 0, 0, 1.5])}, "bias is 1.5"),
        ({"target": np.array([0.5, 0.3, 0.2])}, "the target isn't 2 shares"),
        ({"kappa": np.zeros(3)}, "kappa is no number"),
    ],
)
def test_a_supply_that_cannot_be_is_refused(broken, message):
    with pytest.raises(InputError, match=message):
        Supply(("a", "b"), np.ones((2, len(CLASSES)), np.int64), **broken)


def test_the_shares_of_the_example_are_its_target():
    assert example(rarest=20).shares == pytest.approx(SHARES)
