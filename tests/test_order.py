"""Experts work where a second is worth most, what is drawn at random keeps a random order, and nothing starves."""

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.data.review.items import Claim, Item
from outcross.data.review.queue import Queue
from outcross.data.review.queued import PATIENCE
from outcross.data.stores import vault
from outcross.tasks import steps
from outcross.tasks.mixing.mix import worth
from outcross.tasks.mixing.order import priorities, put_in_order
from tests import make
from tests.released import drafted
from tests.review_items import Clock, an_item, ruling, taken

DAY = 86_400


def waiting(*rows):
    return pl.DataFrame(rows, schema=["sample_id", "value", "source"], orient="row")


def test_what_is_worth_more_comes_first():
    placed = priorities(waiting(("a", 1.0, "border"), ("b", 133.0, "border"), ("c", 0.0, "border")))
    assert placed["b"] > placed["a"] > placed["c"] == 0


def test_where_all_is_worth_the_same_the_older_item_stays_first():
    placed = priorities(waiting(("a", 0.5, "border"), ("b", 0.5, "border"), ("c", 0.9, "audit")))
    assert set(placed.values()) == {0.0}


@pytest.mark.parametrize("source", ["audit", "reject_audit", "explore"])
def test_the_order_of_what_was_drawn_at_random_depends_on_ids_alone(source):
    doubtful = [(f"b{n}", float(n % 2), "border") for n in range(20)]
    audits = [f"a{n}" for n in range(200)]
    one = priorities(waiting(*doubtful, *((name, 2.0, source) for name in audits)))
    other = priorities(waiting(*doubtful, *((name, 0.0, source) for name in audits)))
    assert [one[name] for name in audits] == [other[name] for name in audits]
    first = sum(one[name] == max(one.values()) for name in audits)
    assert 70 <= first <= 130, "they mix with doubtful drafts at every place of the queue"


def test_every_kind_of_draw_is_spread_over_the_queue_as_doubtful_drafts_are():
    doubtful = [(f"b{n}", float(n), "border") for n in range(400)]
    others = [(f"{source}{n}", 0.0, source) for source in ("audit", "reject_audit", "explore") for n in range(400)]
    placed = priorities(waiting(*doubtful, *others))
    for source in ("b", "audit", "reject_audit", "explore"):
        tenths = Counter(int(10 * place) for name, place in placed.items() if name.rstrip("0123456789") == source)
        # 40 are expected in each; five standard deviations.
        assert all(10 <= tenths[tenth] <= 70 for tenth in range(10))


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


# --- Nothing starves ---


def answered(queue: Queue) -> Claim:
    """The item that ada is given and approves."""
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    return claim


def test_an_item_that_is_worth_nothing_is_reached_though_better_ones_keep_coming(queue: Queue, clock: Clock) -> None:
    queue.add_reviewer("ada")
    queue.enqueue([an_item(0)])
    came, start, number = {}, clock.time, 1
    while True:
        fresh = [an_item(number + n) for n in range(3)]
        queue.enqueue(fresh)
        came |= {one.shown.content.response: clock.time for one in fresh}
        queue.prioritise("sums", {one.sample_id: 0.999 for one in fresh} | {an_item(0).sample_id: 0.0})
        number += 3
        shown = [answered(queue).shown.content.response for _ in range(2)]
        if "It is 0." in shown:
            break
        assert all(came[one] < start + PATIENCE for one in shown), "what came so much later was put before it"
        clock.time += DAY
    assert start + PATIENCE <= clock.time < start + 2 * PATIENCE


@settings(max_examples=10)
@given(st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 60)), min_size=2, max_size=12))
def test_of_two_items_the_one_that_came_long_before_comes_first_whatever_they_are_worth(items) -> None:
    with TemporaryDirectory() as folder:
        clock = Clock()
        queue = Queue(Path(folder) / "review.sqlite", now=clock)
        queue.add_reviewer("ada")
        start, came = clock.time, {}
        for number, (_, day) in sorted(enumerate(items), key=lambda one: one[1][1]):
            clock.time = start + day * DAY
            queue.enqueue([an_item(number)])
            came[an_item(number).shown.content.response] = number
        queue.prioritise("sums", {an_item(number).sample_id: prio for number, (prio, _) in enumerate(items)})
        order = [items[came[answered(queue).shown.content.response]] for _ in items]
        for place, (prio, day) in enumerate(order):
            for later_prio, later_day in order[place + 1 :]:
                assert day < later_day + PATIENCE / DAY
                assert prio >= later_prio or day <= later_day


def test_items_wait_by_the_same_clock_whichever_recipe_is_put_in_order_last(queue: Queue, clock: Clock) -> None:
    queue.add_reviewer("ada")
    queue.enqueue([an_item(1)])
    queue.prioritise("sums", {an_item(1).sample_id: 0.1})
    clock.time += PATIENCE
    queue.enqueue([an_item(2, recipe="others")])
    queue.prioritise("others", {an_item(2).sample_id: 0.999})
    assert taken(queue).shown.content.response == "It is 2."
