"""Experts work where a row is worth most, and audits keep a random order."""

import polars as pl

from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from outcross.data.stores import vault
from outcross.tasks import steps
from outcross.tasks.mixing.mix import worth
from outcross.tasks.mixing.order import priorities, put_in_order
from tests import make
from tests.released import drafted


def waiting(*rows):
    return pl.DataFrame(rows, schema=["sample_id", "stratum", "source"], orient="row")


def test_a_stratum_that_is_worth_more_comes_first():
    placed = priorities(
        waiting(("a", "common", "border"), ("b", "rare", "border"), ("c", "other", "border")),
        {"common": 1.0, "rare": 133.0},
    )
    assert placed["b"] > placed["a"] > placed["c"] == 0


def test_where_all_strata_are_worth_the_same_the_older_item_stays_first():
    placed = priorities(waiting(("a", "x", "border"), ("b", "y", "border"), ("c", "y", "audit")), {})
    assert set(placed.values()) == {0.0}


def test_the_order_of_audits_depends_on_their_ids_alone():
    doubtful = [(f"b{n}", "rare" if n % 2 else "common", "border") for n in range(20)]
    audits = [f"a{n}" for n in range(200)]
    worth = {"rare": 2.0, "common": 1.0}
    one = priorities(waiting(*doubtful, *((name, "rare", "audit") for name in audits)), worth)
    other = priorities(waiting(*doubtful, *((name, "common", "audit") for name in audits)), worth)
    assert [one[name] for name in audits] == [other[name] for name in audits]
    first = sum(one[name] == max(one.values()) for name in audits)
    assert 70 <= first <= 130, "audits mix with doubtful drafts at every place of the queue"


def test_the_queue_hands_out_what_is_worth_most_and_follows_when_that_changes(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    seed = make.human()
    vault.add(home, "mine", [("seed", seed)])
    drafts = [make.synthetic([seed], f"It adds {name}.", stratum=name) for name in ("common", "rare")]
    drafted(home, recipe, drafts, "borderline")
    queue = Queue(home.queue)
    queue.enqueue([Item.of(one, recipe="mine", source="border", incl_prob=1.0) for one in drafts])
    queue.add_reviewer("ada")
    put_in_order(home, recipe, {"rare": 133.0})
    rare = queue.claim("ada")
    assert rare.shown.stratum == "rare"
    queue.release(rare.token, "ada")
    put_in_order(home, recipe, {"common": 5.0})
    assert queue.claim("ada").shown.stratum == "common"
    queue.verify()


def test_screening_puts_first_what_the_plan_is_shortest_of(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    people = [
        make.human(f"It adds {n} and {n + 1}.", stratum="rare" if n < 2 else "common", source=f"{n}.txt")
        for n in range(40)
    ]
    vault.add(home, "mine", [("mixture", one) for one in people])
    drafts = [make.synthetic(people[:1], f"It adds {name}.", stratum=name) for name in ("common", "rare")]
    drafted(home, recipe, drafts, "borderline")
    value = worth(home, recipe)
    assert value["rare"] > value["common"]
    assert steps.enqueue_doubtful.fn(home.root, "mine") == 2
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    assert queue.claim("ada").shown.stratum == "rare"


def test_where_the_policy_cannot_be_met_yet_no_stratum_comes_first(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    vault.add(home, "mine", [("seed", make.human())])
    assert worth(home, recipe) == {}
