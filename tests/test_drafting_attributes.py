"""Attributes: drawn as people's rows have them, or as the recipe weighs them, and the same for ever."""

from collections import Counter
from pathlib import Path

import pytest
from pydantic import ValidationError
from scipy.stats import chisquare

from outcross.data.recipe import Recipe, load
from outcross.data.samples import Instruction, Sample, Text
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.errors import RecipeError
from outcross.tasks.drafting.attributes import draw, measured
from outcross.tasks.drafting.plan import plan
from tests import make

TONES = {"dry": 6.0, "kind": 3.0, "stern": 1.0}
RANKS = [f"{number:06d}-x" for number in range(6_000)]


def varied(recipe: Recipe, **vary: object) -> Recipe:
    """The recipe with other attributes."""
    said = recipe.draft.model_dump() | {"vary": vary}
    return recipe.model_copy(update={"draft": type(recipe.draft).model_validate(said)})


@pytest.fixture
def recipe(home: Home) -> Recipe:
    return load(home, "jsonl")


def people(count: int = 60) -> list[Sample]:
    """Rows whose openings, forms and lengths go together."""
    asked = ["What is it?", "Name a tree.", "Name a bird.", "Why is that so, and since when?"]
    return [
        make.human(source=f"{number}.txt").model_copy(
            update={"content": Instruction(instruction=asked[number % 4], response=" ".join(["so"] * (1 + number % 3)))}
        )
        for number in range(count)
    ]


def test_values_come_as_often_as_their_weights_say(recipe):
    chosen = varied(recipe, tone=TONES)
    seen = Counter(draw(chosen, rank, [])["tone"] for rank in RANKS)
    expected = [len(RANKS) * weight / 10 for weight in TONES.values()]
    assert chisquare([seen[tone] for tone in TONES], expected).pvalue > 0.01


@pytest.mark.parametrize("name", ["words", "opening", "form"])
def test_what_is_drawn_from_people_is_distributed_as_people_have_it(recipe, name):
    chosen, rows = varied(recipe, **{name: "human"}), people()
    theirs = Counter(measured(chosen, one)[name] for one in rows)
    ours = Counter(draw(chosen, rank, rows)[name] for rank in RANKS)
    assert ours.keys() == theirs.keys()
    expected = [len(RANKS) * theirs[value] / len(rows) for value in theirs]
    assert chisquare([ours[value] for value in theirs], expected).pvalue > 0.01


def test_attributes_of_people_go_together_as_people_have_them(recipe):
    chosen, rows = varied(recipe, words="human", opening="human", form="human"), people()
    theirs = {tuple(sorted(measured(chosen, one).items())) for one in rows}
    assert {tuple(sorted(draw(chosen, rank, rows).items())) for rank in RANKS} == theirs
    assert theirs < {
        tuple(sorted({"words": words, "opening": opening, "form": form}.items()))
        for words in "123"
        for opening in ("What", "Name", "Why")
        for form in ("question", "command")
    }


def test_what_is_drawn_for_a_slot_depends_on_its_rank_and_on_no_other_attribute(recipe):
    one, both = varied(recipe, tone=TONES), varied(recipe, length={"short": 1, "long": 1}, tone=TONES)
    for rank in RANKS[:50]:
        assert draw(one, rank, []) == draw(one, rank, [])
        assert draw(both, rank, [])["tone"] == draw(one, rank, [])["tone"]
    turned = varied(recipe, tone=dict(reversed(TONES.items())))
    assert [draw(turned, rank, []) for rank in RANKS[:50]] == [draw(one, rank, []) for rank in RANKS[:50]]


def test_a_text_without_a_task_opens_with_its_own_first_word(recipe):
    chosen = varied(recipe, opening="human", form="human", words="human")
    text = make.human().model_copy(update={"content": Text(text="It's raining. Isn't it?")})
    assert measured(chosen, text) == {"opening": "It's", "form": "command", "words": "4"}


def test_slots_carry_what_was_drawn_from_seeds_of_their_own_stratum(home, tmp_path):
    recipe = varied(make.recipe(home, tmp_path / "mine.jsonl"), opening="human", tone=TONES)
    rows = {"sums": people(), "trees": [one for one in people() if one.content.instruction == "Name a tree."]}
    placed = [
        one.model_copy(
            update={"provenance": one.provenance.model_copy(update={"stratum": name, "source": f"{name}{n}"})}
        )
        for name, group in rows.items()
        for n, one in enumerate(group)
    ]
    vault.add(home, "mine", [("seed", one) for one in placed])
    vault.add(home, "mine", [("mixture", make.human("Other.", stratum=name, source="m")) for name in rows])
    slots = plan(home, recipe, 40)
    assert {slot.vary["tone"] for slot in slots} <= TONES.keys()
    trees = [slot for slot in slots if slot.anchor.provenance.stratum == "trees"]
    assert {slot.vary["opening"] for slot in trees} <= {"Name"}
    assert {slot.vary["opening"] for slot in slots} > {"Name"}
    assert plan(home, recipe, 40) == slots


def test_a_recipe_that_names_none_draws_none(recipe):
    assert draw(recipe, RANKS[0], []) == {}


def test_people_without_seeds_are_said(recipe):
    with pytest.raises(RecipeError, match=r"draws words from people's seed rows, and there are none"):
        draw(varied(recipe, words="human", tone=TONES), RANKS[0], [])


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ({"mood": "human"}, "people's rows say nothing of 'mood'"),
        ({"values": {"thrift": 1}}, "give 'values' another name"),
        ({"mood": {}}, "at least 1"),
        ({"mood": {"glad": 0}}, "greater than 0"),
        ({"not a name": {"glad": 1}}, "should match pattern"),
    ],
)
def test_an_attribute_that_cannot_be_drawn_is_refused(recipe, vary, said):
    with pytest.raises(ValidationError, match=said):
        varied(recipe, **vary)


def test_a_recipes_file_may_say_what_drafts_vary_by(home: Home, tmp_path: Path):
    (tmp_path / "mine.toml").write_text(
        'base = "jsonl"\n[draft.vary]\nwords = "human"\ntone = {dry = 2, "very kind" = 1}\n', encoding="utf-8"
    )
    said = load(home, str(tmp_path / "mine.toml")).draft.vary
    assert said == {"words": "human", "tone": {"dry": 2.0, "very kind": 1.0}}
