"""Budgets: drafting stops asking when what it may take is taken, says why, and goes on when there is more."""

import time

import pytest

from outcross.data.recipe_tables import Budget
from outcross.data.stores import journal, runs
from outcross.data.stores.journal import Draft, Turn
from outcross.errors import InputError
from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import Settings
from outcross.tasks.drafting.budget import UNKNOWN, Limits, paid
from outcross.tasks.drafting.engine import draft
from outcross.tasks.drafting.telemetry import Meters
from outcross.tasks.ingest import ingest
from tests import make
from tests.drafting import ENDPOINT, fleet
from tests.openai_server import openai_server


@pytest.fixture
def stocked(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(200)))
    ingest(home, recipe)
    return home, recipe


@pytest.fixture
def served(tmp_path):
    with openai_server(tmp_path / "served.log") as server:
        yield server


def priced(endpoint, price_in=1.0, price_out=1.0):
    return Fleet(members=(Member(endpoint=endpoint, price_in=price_in, price_out=price_out),))


def tokens(home, recipe):
    return sum(sum(one) for one in runs.spent(home, recipe.name).values())


def test_tokens_are_counted_over_all_runs_and_the_last_slot_begun_is_kept(stocked, served):
    home, recipe = stocked
    with connect(Settings(base_url=served.base_url, concurrency=4)) as endpoint:
        draft(home, recipe, fleet(endpoint), 10)
        first = tokens(home, recipe)
        limits = Limits.begin(Budget(tokens=3 * first))
        came = draft(home, recipe, fleet(endpoint), 100, limits=limits)
        spent = tokens(home, recipe)
        assert came.stopped.startswith(
            f"The recipe's budget of {3 * first:,} tokens is used up: {spent:,} in all its runs"
        )
        assert "--tokens" in came.stopped
        assert 0 < came.drafted < 60
        assert came.drafted + 10 == journal.tally(home, recipe.name)["drafted"] == len(served.served())
        assert 3 * first <= spent < 4 * first
        again = draft(home, recipe, fleet(endpoint), 100, limits=limits)
        assert (again.drafted, again.left) == (0, 0)
        assert again.stopped == came.stopped
        assert draft(home, recipe, fleet(endpoint), 100).drafted == 90 - came.drafted
    assert len(set(served.served())) == len(served.served()) == 100


def test_many_slots_at_once_do_not_overdraw_a_budget_by_as_many(stocked, served):
    home, recipe = stocked
    with connect(Settings(base_url=served.base_url, concurrency=64)) as endpoint:
        draft(home, recipe, fleet(endpoint), 80)
        each = tokens(home, recipe) / 80
        draft(home, recipe, fleet(endpoint), 200, limits=Limits.begin(Budget(tokens=round(150 * each))))
    assert 150 * each <= tokens(home, recipe) < 165 * each


def test_a_first_run_does_not_begin_hundreds_before_it_knows_what_one_takes(stocked, served):
    home, recipe = stocked
    with connect(Settings(base_url=served.base_url, concurrency=64)) as endpoint:
        came = draft(home, recipe, fleet(endpoint), 200, limits=Limits.begin(Budget(tokens=1)))
    assert came.stopped
    assert came.drafted == len(served.served()) <= UNKNOWN


def test_a_run_that_had_enough_for_all_was_not_stopped(stocked, served):
    home, recipe = stocked
    with connect(Settings(base_url=served.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 10)
        limits = Limits.begin(Budget(tokens=1, minutes=1e-9))
        assert draft(home, recipe, fleet(endpoint), 10, limits=limits).stopped == ""


def test_money_is_what_all_answers_cost_at_the_models_price(stocked, served):
    home, recipe = stocked
    with connect(Settings(base_url=served.base_url, concurrency=1)) as endpoint:
        draft(home, recipe, priced(endpoint, 0, 1e6), 10)  # a token out costs 1
        before = runs.spent(home, recipe.name)["stand-in"].tokens_out
        came = draft(home, recipe, priced(endpoint, 0, 1e6), 100, limits=Limits.begin(Budget(money=2 * before)))
        assert f"budget of {2 * before:,.2f} in money is used up" in came.stopped
        after = runs.spent(home, recipe.name)["stand-in"].tokens_out
    assert 2 * before <= after < 2 * before + 60
    assert sum(run.cost for run in runs.latest(home, recipe.name)) == after - before


def test_a_budget_of_money_needs_a_price_for_every_model(stocked):
    home, recipe = stocked
    with pytest.raises(InputError, match="nobody said what tiny costs"):
        draft(home, recipe, fleet(ENDPOINT), 5, limits=Limits.begin(Budget(money=1)))


def test_the_minutes_of_a_run_end_it_and_the_recipes_own_budget_holds_without_being_told(stocked, served):
    home, recipe = stocked
    short = recipe.model_copy(update={"budget": Budget(minutes=1e-9)})
    with connect(Settings(base_url=served.base_url)) as endpoint:
        came = draft(home, short, fleet(endpoint), 5)
        assert came.stopped.startswith("The 1e-09 minutes of this run are over.")
        assert draft(home, recipe, fleet(endpoint), 5).stopped == ""
    assert len(served.served()) == 5


def test_what_the_command_says_stands_over_the_recipe_and_must_be_a_budget():
    limits = Limits.begin(Budget(tokens=5, minutes=60), tokens=None, money=2.0, minutes=1)
    assert limits.budget == Budget(tokens=5, money=2.0, minutes=1)
    assert 0 < limits.until - time.monotonic() <= 60
    with pytest.raises(InputError, match="this can't be a budget: money: Input should be greater than 0"):
        Limits.begin(Budget(), money=0.0)


def entry(rank: str, model: str, tokens_in: int, tokens_out: int, retry: int = 0) -> Draft:
    return Draft(
        request_key=rank, setup="s", rank=rank, retry=retry, state="failed", model=model, tokens_in=tokens_in,
        tokens_out=tokens_out,
    )  # fmt: skip


def turn(key: str, rank: str, tokens_out: int) -> Turn:
    return Turn(
        request_key=key, setup="s", rank=rank, model="one + two", text="t", finish_reason="stop", attempts=1,
        tokens_in=0, tokens_out=tokens_out, mean_logprob=None, seconds=0.1,
    )  # fmt: skip


def test_an_answer_on_the_way_counts_once_whether_its_draft_is_there_or_not(home):
    home.root.mkdir()
    journal.write(home, "mine", [turn("1", "a", 7), turn("2", "b", 5)])
    assert runs.spent(home, "mine") == {"one + two": (0, 12)}
    journal.write(home, "mine", [entry("a", "one + two", 3, 7 + 20)])
    assert runs.spent(home, "mine") == {"one + two": (3, 5 + 27)}


def test_what_two_models_made_together_counts_at_the_mean_of_their_prices(home):
    home.root.mkdir()
    journal.write(home, "mine", [entry("a", "tiny", 1, 2), entry("b", "tiny + gone", 0, 10), entry("c", "gone", 5, 5)])
    both = priced(ENDPOINT, 1e6, 2e6)
    assert paid(home, both, runs.spent(home, "mine")) == pytest.approx(1 + 4 + 10)
    with Meters(both, {}).recorded(home, "mine"):
        pass
    costs = dict(runs.by_model(home, "mine", "none").select("model", "cost").iter_rows())
    assert costs == {"tiny": 5.0, "tiny + gone": None, "gone": None}, "an unknown price is told of as unknown"
