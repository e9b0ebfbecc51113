"""Draws by a secret, probabilities that make a budget, and the routes that both give."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Review
from outcross.data.review.answers import Ruling
from outcross.data.review.judgements import Records
from outcross.data.review.queue import Queue
from outcross.data.samples import Sample
from outcross.data.stores import screening, vault
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.review.audits import audit, rejects
from outcross.review.rates import Rate
from outcross.tasks import review
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.screening.rejects import FalseRejects, false_rejects
from outcross.tasks.screening.routes import asked, draw, spread, valued
from outcross.tasks.screening.suite import Screen
from outcross.validators.budget import probabilities, seconds, value
from outcross.validators.routing import PREFIXES, audited, drawn, overlapping
from tests import certified, make
from tests.released import drafted
from tests.review_items import an_item, ruling, taken

IDS = [f"{number:064x}" for number in range(5_000)]


# --- Draws ---


@pytest.mark.parametrize("domain", PREFIXES)
def test_each_sample_is_drawn_about_as_often_as_its_own_probability_says(domain):
    chances = {key: (0.02, 0.3, 0.9)[n % 3] for n, key in enumerate(IDS)}
    found = drawn(chances, b"key", domain)
    for first, chance in enumerate((0.02, 0.3, 0.9)):
        part = set(IDS[first::3])
        # Four standard deviations of a binomial draw.
        assert abs(len(found & part) - chance * len(part)) < 4 * (len(part) * chance * (1 - chance)) ** 0.5


@given(st.dictionaries(st.sampled_from(IDS), st.tuples(st.floats(0, 1), st.floats(0, 1))), st.sampled_from([*PREFIXES]))
def test_a_retry_draws_the_same_and_larger_probabilities_drop_none(chances, domain):
    less = drawn({key: min(pair) for key, pair in chances.items()}, b"key", domain)
    more = {key: max(pair) for key, pair in reversed(chances.items())}
    assert less <= drawn(more, b"key", domain) == drawn(more, b"key", domain)


def test_what_is_drawn_for_one_thing_says_nothing_of_another():
    found = [drawn(dict.fromkeys(IDS, 0.2), b"key", domain) for domain in PREFIXES]
    for one, other in zip(found, [*found[1:], found[0]], strict=True):
        assert 0.14 < len(one & other) / len(one) < 0.26


def test_audits_and_second_opinions_are_drawn_as_they_always_were():
    # HMAC-SHA256 of RFC 4231, test case 2, and of the same text after "overlap:".
    text, ticket = "what do ya want for nothing?", 0x5BDCC146BF60754E
    assert audited([text], b"Jefe", (ticket + 2**12) / 2**64) == {text}
    assert audited([text], b"Jefe", (ticket - 2**12) / 2**64) == set()
    assert overlapping(IDS, b"key", 0.1) == {
        key.removeprefix("overlap:") for key in audited((f"overlap:{key}" for key in IDS), b"key", 0.1)
    }


def test_each_rule_set_draws_audits_of_its_own_and_the_same_ones_again():
    first, second = (audited(IDS, b"key", 0.2, ruleset) for ruleset in ("a" * 64, "b" * 64))
    assert first == audited(reversed(IDS), b"key", 0.2, "a" * 64) <= set(IDS)
    assert 0.14 < len(first & second) / len(first) < 0.26
    assert audited(IDS, b"key", 0.1, "a" * 64) < first


@pytest.mark.parametrize(("key", "share"), [(b"", 0.5), (b"k", 1.01), (b"k", -0.1), (b"k", float("nan"))])
def test_a_draw_that_anybody_could_foresee_or_nobody_could_make_is_refused(key, share):
    with pytest.raises(InputError):
        drawn({IDS[0]: 0.5, IDS[1]: share}, key, "budget")


# --- Budgets ---

WORK = st.lists(
    st.tuples(st.floats(0, 1e3), st.floats(1, 1e4), st.floats(0.001, 1)), min_size=1, max_size=40
)  # value, seconds, least


def columns(work):
    return (np.array(column) for column in zip(*work, strict=True))


@given(WORK, st.floats(0.1, 1e6))
def test_the_budget_is_met_or_all_are_drawn_or_what_is_least_takes_it_all(work, budget):
    worth, times, least = columns(work)
    found = probabilities(worth, times, least, budget)
    assert ((least <= found) & (found <= 1)).all()
    spent = found @ times
    assert spent == pytest.approx(budget, rel=1e-6) or (found == 1).all() or (found == least).all()
    if (found == least).all() and (found < 1).any():
        assert spent >= budget * (1 - 1e-6)


@given(WORK, st.floats(0.1, 1e6), st.floats(1, 10))
def test_more_time_lowers_no_probability_and_more_value_gives_no_smaller_one(work, budget, times_more):
    worth, times, least = columns(work)
    least[:] = least.min()
    found = probabilities(worth, times, least, budget)
    assert (found <= probabilities(worth, times, least, budget * times_more) + 1e-9).all()
    assert (np.diff(found[np.argsort(worth)]) >= 0).all()


@given(WORK, st.floats(0.1, 1e6), st.integers(1, 1_000))
def test_a_budget_that_is_spent_raises_nothing_whatever_has_become_of_the_values(work, budget, step):
    worth, times, least = columns(work)
    found = probabilities(worth, times, least, budget)
    assert (probabilities(np.roll(worth, step), times, found, budget) == found).all()


def test_where_nothing_is_worth_anything_all_are_as_likely_as_each_other():
    found = probabilities(np.zeros(4), np.array([1.0, 2.0, 3.0, 4.0]), np.full(4, 0.01), 5.0)
    assert found == pytest.approx(np.full(4, 0.5))


def test_a_share_that_is_drawn_anyway_makes_estimates_of_all_drafts_right():
    """Each drawn one standing for one over its probability, the total is right on average, whatever was preferred."""
    chance = np.random.default_rng(3)
    bad = chance.random(400) < 0.3
    worth = np.where(bad, 5.0, 0.2) * chance.random(400)
    found = probabilities(worth, np.full(400, 30.0), np.full(400, 0.05), 400 * 30.0 * 0.25)
    totals = [((chance.random(400) < found) * bad / found).sum() for _ in range(4_000)]
    error = (bad * (1 - found) / found).sum() ** 0.5 / len(totals) ** 0.5
    assert np.mean(totals) == pytest.approx(bad.sum(), abs=4 * error)


def test_longer_texts_that_are_surer_to_be_right_and_worth_less_come_later():
    times = seconds(np.array([600.0, 6_000.0]))
    assert times[0] == pytest.approx(10 + 100 / 238 * 60)
    base = value(np.array([1.0]), np.array([0.5]), times[:1])
    assert base > value(np.array([0.9]), np.array([0.5]), times[:1])
    assert base > value(np.array([1.0]), np.array([0.6]), times[:1])
    assert base > value(np.array([1.0]), np.array([0.5]), times[1:])


def test_what_the_policy_says_nothing_of_is_worth_nothing_and_without_a_policy_all_strata_are_alike():
    rows = pl.DataFrame({"stratum": ["a", "b"], "characters": [60, 60], "score": [None, 0.5]})
    assert valued(rows, {"a": 2.0}).tolist() == [2 * 0.5 / seconds(np.array(60.0)), 0]
    assert len(set(valued(rows, {}))) == 1


# --- Audits ---


def verdicts(*rows):
    schema = {"sample_id": pl.String, "outcome": pl.String, "reasons": pl.List(pl.String)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_rejects_are_audited_too_but_for_those_whose_fault_no_reader_sees():
    frame = verdicts(
        ("a" * 64, "accepted", []),
        ("b" * 64, "borderline", ["length: 9 words"]),
        ("c" * 64, "rejected", ["length: 1 word"]),
        ("d" * 64, "rejected", ["length: 1 word", "near_duplicate: another draft says the same"]),
        ("e" * 64, "rejected", ["copied: 9 words of an example"]),
    )
    rules = Review(audit_share=1.0, reject_audit_share=1.0)
    found = draw(frame, b"key", rules, "").sort("sample_id")
    assert found["audited"].to_list() == [True, False, True, False, False]
    assert found["incl_prob"].to_list() == [1, 1, 1, 0, 0]
    scarce = draw(
        frame, b"key", Review(audit_share=0.25, reject_audit_share=0.0, budget_minutes=1, explore_share=0.1), ""
    )
    assert scarce.sort("sample_id")["incl_prob"].to_list() == [0.25, 0.1, 0, 0, 0]
    assert draw(frame.clear(), b"key", rules, "").is_empty()


def given_rules(home: Home, recipe: Recipe, **rules: object) -> Recipe:
    home.root.mkdir(exist_ok=True)
    (home.root / "audit.key").write_bytes(b"k" * 32)
    return recipe.model_copy(update={"review": recipe.review.model_copy(update={"overlap_share": 0.0, **rules})})


@pytest.fixture
def recipe(home: Home, tmp_path) -> Recipe:
    vault.add(home, "mine", [("mixture", make.human())])
    return given_rules(home, make.recipe(home, tmp_path / "mine.jsonl"))


def rejected(home: Home, recipe: Recipe, reasons: list[list[str]]) -> list[str]:
    """Drafts with a verdict, all drawn for an audit."""
    drafts = [make.synthetic([make.human()], f"It adds {n} to {n}.") for n in range(len(reasons))]
    drafted(home, recipe, drafts, "borderline")
    rows = [(one.sample_id, "rejected", said) for one, said in zip(drafts, reasons, strict=True)]
    found = draw(verdicts(*rows), b"key", Review(reject_audit_share=1.0), "")
    ruleset = Screen.of(recipe).ruleset
    with screening.opened(home) as connection:
        connection.execute("DELETE FROM verdict")
    screening.add_verdicts(home, recipe.name, ruleset, found)
    return [one.sample_id for one in drafts]


def answer(home: Home, said: dict[str, str]) -> None:
    """Decide the queue's items, by their response."""
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    for number in range(len(said)):
        claim = queue.claim("ada")
        assert claim is not None
        verdict = said[claim.shown.content.response]
        reasons = ("inaccurate",) if verdict == "reject" else ()
        ruling = Ruling(verdict=verdict, reasons=reasons, shown_hash=claim.shown_hash, idem=f"ruling-of-test-{number}")
        queue.submit(claim.token, "ada", ruling)
    review.collect(home)


def test_audits_of_rejects_say_how_many_were_good_and_the_experts_word_stands(home, recipe):
    reasons = [["length: 1 word"], ["length: 2 words", "language: it may be Latin"], ["language: it is Latin"]]
    ids = rejected(home, recipe, reasons)
    assert review.enqueue(home, recipe) == 3
    with Queue(home.queue)._connected() as connection:
        assert [tuple(row) for row in connection.execute("SELECT DISTINCT source, incl_prob FROM item")] == [
            ("reject_audit", 1.0)
        ]
    everything, *single = false_rejects(home, recipe)
    assert everything == FalseRejects("", good=0, decided=0, waiting=3)
    assert everything.bound == 1
    answer(home, {f"It adds {n} to {n}.": verdict for n, verdict in enumerate(["approve", "reject", "reject"])})
    everything, *single = false_rejects(home, recipe)
    assert everything == FalseRejects("", good=1, decided=3, waiting=0)
    assert everything.bound == pytest.approx(0.8647, abs=1e-4)
    assert single == [FalseRejects("language", 0, 1, 0), FalseRejects("length", 1, 2, 0)]
    found = candidates(home, recipe)
    assert ids[0] in found.rows, "an expert's word stands over the screen's"
    assert ids[0] in found.reviewed
    assert found.kept_out[ids[1]] == "an expert rejected it"


def test_the_page_counts_a_reject_that_somebody_evaded_as_a_good_draft_until_it_is_settled(queue: Queue):
    queue.enqueue([an_item(n, source="reject_audit", incl_prob=0.02) for n in range(4)])
    queue.add_reviewer("ada")
    queue.skip(taken(queue).token, "ada", "cannot_judge")
    for verdict in ("approve", "reject"):
        claim = taken(queue)
        queue.submit(claim.token, "ada", ruling(claim, verdict))
    found = rejects(Records.beside(queue).frames())
    assert (found.good, found.waiting) == (Rate(k=2, n=3), 1)
    assert audit(Records.beside(queue).frames()).errors == Rate(k=0, n=0), "they prove nothing of what was accepted"


# --- The budget's routes ---


def borderline(home: Home, recipe: Recipe, count: int) -> None:
    """Doubtful drafts of two strata, judged as the screen would."""
    put_in_doubt(
        home,
        recipe,
        [
            make.synthetic([make.human()], f"It adds {n} to {n}. " * (1 + n % 3), stratum="rare" if n % 2 else "common")
            for n in range(count)
        ],
    )


def put_in_doubt(home: Home, recipe: Recipe, drafts: list[Sample]) -> None:
    """Make drafts borderline, as the screen would."""
    drafted(home, recipe, drafts, "borderline")
    with screening.opened(home) as connection:
        connection.execute("DELETE FROM verdict")
    frame = verdicts(*((one.sample_id, "borderline", ["length: 9 words"]) for one in drafts))
    ruleset = Screen.of(recipe).ruleset
    screening.add_verdicts(home, recipe.name, ruleset, draw(frame, b"k" * 32, recipe.review, ruleset))


def test_under_a_budget_what_is_worth_most_goes_first_and_all_have_a_known_chance(home, recipe):
    scarce = given_rules(home, recipe, budget_minutes=10.0, explore_share=0.05)
    borderline(home, scarce, 200)
    assert spread(home, scarce, {"rare": 1.0, "common": 0.1}) >= 100
    found = screening.verdicts(home, "mine", Screen.of(scarce).ruleset)
    sizes = screening.sizes(home, "mine", found["sample_id"].to_list())
    rows = found.join(sizes, on="sample_id")
    time = seconds(rows["characters"].cast(pl.Float64).to_numpy())
    assert rows["incl_prob"].to_numpy() @ time == pytest.approx(600, rel=1e-6)
    means = dict(rows.group_by("stratum").agg(pl.col("incl_prob").mean()).iter_rows())
    assert means["rare"] > 5 * means["common"]
    assert rows["incl_prob"].min() == 0.05
    drafts = asked(home, scarce)
    assert set(drafts["route"]) == {"border", "explore"}
    assert drafts.filter(route="explore").height < 30


def test_with_more_time_more_are_drawn_and_none_falls_out(home, recipe):
    scarce = given_rules(home, recipe, budget_minutes=8.0, explore_share=0.05)
    borderline(home, scarce, 100)
    seen: list[set[str]] = []
    for minutes in (8.0, 8.0, 20.0, 8.0, None):
        rules = given_rules(home, recipe, budget_minutes=minutes, explore_share=0.05)
        spread(home, rules, {"rare": 1.0, "common": 0.2})
        seen.append(set(asked(home, rules)["sample_id"]))
    assert seen[0] == seen[1] < seen[2] == seen[3] < seen[4]
    assert len(seen[4]) == 100
    assert set(screening.verdicts(home, "mine", Screen.of(recipe).ruleset)["incl_prob"]) == {1.0}
    assert spread(home, rules, {}) == 0, "nothing is written twice"


def test_what_experts_found_orders_what_waits_and_moves_no_probability(home, recipe, tmp_path):
    rules = {"budget_minutes": 4.0, "explore_share": 0.05}
    drafts, chance = certified.drafts(60), np.random.default_rng(2)
    scores = dict(zip([one.sample_id for one in drafts], chance.random(60).round(3).tolist(), strict=True))
    found = {}
    for place, words in ((home, None), (Home(tmp_path / "other"), ["reject", "approve"] * 20)):
        scarce = given_rules(place, recipe, **rules)
        put_in_doubt(place, scarce, drafts)
        for name in ("length", "shape"):
            certified.signal(place, scarce, name, scores)
        if words:
            certified.decide(place, scarce, drafts[:40], words)
        assert spread(place, scarce, {}) > 0
        found[place] = asked(place, scarce)
    plain, fitted = found.values()
    assert plain.select("sample_id", "incl_prob", "route").equals(fitted.select("sample_id", "incl_prob", "route"))
    assert dict(plain.select("sample_id", "score").iter_rows()).items() <= scores.items()
    assert not plain["score"].equals(fitted["score"])


def test_drafts_that_come_once_the_budget_is_spent_still_have_their_chance(home, recipe):
    scarce = given_rules(home, recipe, budget_minutes=2.0, explore_share=0.05)
    borderline(home, scarce, 40)
    spread(home, scarce, {})
    before = screening.verdicts(home, "mine", Screen.of(scarce).ruleset)
    more = [make.synthetic([make.human()], f"It takes {n} from {n}.") for n in range(10)]
    drafted(home, scarce, more, "borderline")
    frame = verdicts(*((one.sample_id, "borderline", []) for one in more))
    with screening.opened(home) as connection:
        ids = [one.sample_id for one in more]
        connection.execute("DELETE FROM verdict WHERE sample_id IN (SELECT unnest(?::VARCHAR[]))", [ids])
    ruleset = Screen.of(scarce).ruleset
    screening.add_verdicts(home, "mine", ruleset, draw(frame, b"k" * 32, scarce.review, ruleset))
    assert spread(home, scarce, {}) == 0
    after = screening.verdicts(home, "mine", Screen.of(scarce).ruleset)
    assert after.join(before, on="sample_id", how="semi").equals(before)
    assert set(after.join(before, on="sample_id", how="anti")["incl_prob"]) == {0.05}


def test_without_a_budget_every_borderline_draft_is_asked_about(home, recipe):
    borderline(home, recipe, 20)
    assert spread(home, recipe, {}) == 0
    drafts = asked(home, recipe)
    assert drafts.height == 20
    assert set(drafts.select("route", "incl_prob").iter_rows()) == {("border", 1.0)}
