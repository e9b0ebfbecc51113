"""The drafting plan: strata covered from the first slot on, and tasks that nearly repeat another passed over."""

import tracemalloc
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.data.recipe import Recipe
from outcross.data.samples import Instruction, Sample
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.drafting.anchors import anchors
from outcross.tasks.drafting.coverage import coverage
from outcross.tasks.drafting.near import repeating
from outcross.tasks.drafting.plan import plan, planned, slots
from outcross.tasks.drafting.rounds import rounds, shares
from tests import make

SIZES = {"rare": 2, "some": 5, "common": 30}
strata = st.dictionaries(st.sampled_from("abcdef"), st.integers(0, 9)).map(
    lambda sizes: dict(sorted(sizes.items(), key=lambda item: (item[1], item[0])))
)


def row(number: int, stratum: str, instruction: str = "") -> Sample:
    """A row of people's that is like no other."""
    said = make.human(stratum=stratum, source=f"{stratum}-{number}.txt")
    asked = instruction or f"Name {number} things that people do with {stratum} goods on day {number}."
    return said.model_copy(update={"content": Instruction(instruction=asked, response=f"Thing {number} of {stratum}.")})


@pytest.fixture
def stocked(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    rows = [("seed", row(number, name)) for name, size in SIZES.items() for number in range(size)]
    vault.add(home, recipe.name, rows + [("mixture", row(99, name)) for name in SIZES])
    return home, recipe


def test_each_stratum_has_a_slot_before_any_has_two_and_rare_ones_come_first(stocked):
    order = [slot.anchor.provenance.stratum for slot in plan(*stocked, 37)]
    assert order[:6] == ["rare", "some", "common"] * 2
    assert order[6:12] == ["some", "common"] * 3
    assert Counter(order) == SIZES
    again = [slot.anchor.provenance.stratum for slot in plan(*stocked, 74)]
    assert again == order * 2


def test_the_slots_of_a_stratum_are_those_of_the_plan_in_the_same_order(stocked):
    whole = planned(*stocked, 200)
    expected = [slot for slot in islice(whole.slots(), 111) if slot.anchor.provenance.stratum == "some"]
    assert list(islice(whole.of("some"), len(expected))) == expected


def test_a_new_row_of_peoples_gives_the_slots_of_the_others_no_new_name(stocked):
    home, recipe = stocked
    before = {slot.rank: slot.anchor for slot in plan(home, recipe, 37)}
    vault.add(home, recipe.name, [("seed", row(50, "rare")), ("seed", row(50, "new")), ("mixture", row(98, "new"))])
    after = {slot.rank: slot.anchor for slot in plan(home, recipe, 39)}
    assert before.items() < after.items()
    assert {anchor.provenance.stratum for rank, anchor in after.items() if rank not in before} == {"rare", "new"}


def test_memory_does_not_grow_with_the_number_of_slots(stocked):
    list(islice(slots(*stocked, 10), 10))
    tracemalloc.start()
    try:
        for _ in islice(slots(*stocked, 3_000), 3_000):
            pass
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


def test_a_seed_that_nearly_repeats_an_earlier_one_is_passed_over_and_the_rarer_stratum_keeps_its_own(stocked):
    home, recipe = stocked
    told = "Tell in your own words what a lighthouse keeper does by day and by night, all the year round, for a living"
    said = {"rare": [f"{told}."], "common": [f"{told}, please.", f"{told}, in 3 sentences."]}
    answer = "It burns."
    vault.add(
        home,
        recipe.name,
        [
            ("seed", one.model_copy(update={"content": Instruction(instruction=text, response=answer)}))
            for stratum, texts in said.items()
            for one, text in ((row(number, stratum), text) for number, text in enumerate(texts))
        ],
    )
    asked = [slot.anchor.content.instruction for slot in plan(home, recipe, 39)]
    assert f"{told}." in asked
    assert f"{told}, in 3 sentences." in asked, "other numbers make another task"
    assert f"{told}, please." not in asked
    found = {one.name: one for one in coverage(home, recipe, 39)}
    assert (found["common"].near, found["rare"].near) == (1, 0)
    assert anchors(home, recipe).passed("near") == 1


def test_targets_are_compared_by_what_they_ask_and_not_by_what_people_answered(stocked):
    home, recipe = stocked
    asked = "Say why the sea is salt although the rivers that run into it are not"
    rows = [make.human(f"Answer {name}.", stratum="some", source=name) for name in ("one", "two")]
    rows = [
        one.model_copy(update={"content": one.content.model_copy(update={"instruction": f"{asked}{end}"})})
        for one, end in zip(rows, ".?", strict=True)
    ]
    vault.add(home, recipe.name, [("target", one) for one in rows])
    assert len({slot.anchor for slot in plan(home, recipe, 4)}) == 1
    (some,) = [one for one in coverage(home, recipe, 4) if one.name == "some"]
    assert (some.targets, some.near, some.planned) == (2, 1, 4)


LONG = "The old ferryman counts {} boats in the harbour while {} gulls wait on the wall for the fishermen to come home"


@pytest.mark.parametrize(
    ("texts", "passed"),
    [
        (["Add them up.", "add them up", "Add it up."], [False, True, False]),
        ([LONG.format(3, 4), LONG.format(3, 4) + " late", LONG.format(3, 5)], [False, True, False]),
        ([LONG.format(3, 4), LONG.format(4, 3)], [False, False]),
        (["", "", "?", "!"], [False] * 4),
        ([], []),
    ],
)
def test_texts_are_alike_by_their_words_unless_their_numbers_differ(texts, passed):
    assert repeating(texts).tolist() == passed


def test_a_text_is_kept_that_is_like_none_but_one_that_was_passed_over():
    words = [f"word{number}" for number in "abcdefghijklmnopqrstuvwxyz"]
    chain = [" ".join(words[start : start + 22]) for start in (0, 2, 4)]
    assert repeating(chain).tolist() == [False, True, False]
    assert repeating(chain[1:]).tolist() == [False, True]


def test_rows_that_repeat_held_out_texts_or_are_too_long_are_counted(stocked):
    home, recipe = stocked
    kept = "Explain to a child how bees find their way back to the hive after a long flight over the fields."
    vault.add(home, recipe.name, [("heldout", row(0, "some", kept)), ("seed", row(1, "some", kept.upper()))])
    vault.add(home, recipe.name, [("seed", row(2, "some", "long " * 1_000))])
    (some,) = [one for one in coverage(home, recipe, 9) if one.name == "some"]
    assert (some.seeds, some.leaks, some.long, some.mixture) == (7, 1, 1, 1)


@given(strata)
def test_rounds_give_each_member_once_and_no_stratum_runs_ahead(sizes):
    order = list(rounds(sizes))
    assert Counter(stratum for stratum, _ in order) == Counter({name: size for name, size in sizes.items() if size})
    assert [number for _, number in order] == sorted(number for _, number in order)


@given(strata, st.dictionaries(st.sampled_from("abcdefg"), st.integers(0, 9)), st.integers(0, 60))
def test_shares_sum_to_what_is_missing_and_fill_up_the_plans_first_places(sizes, there, wanted):
    more = shares(sizes, there, wanted)
    missing = max(0, wanted - sum(there.values()))
    assert sum(more.values()) == (missing if any(sizes.values()) else 0)
    assert all(sizes[stratum] for stratum in more)
    if not there:
        places = [stratum for _ in range(wanted) for stratum, _ in rounds(sizes)][:wanted]
        assert more == Counter(places)
