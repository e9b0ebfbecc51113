"""Preference pairs: two answers to a person's prompt, and nothing yet that says which is better."""

from pathlib import Path

import duckdb
import pytest

from outcross.data.recipe import Recipe
from outcross.data.samples import Preference
from outcross.data.stores import vault, warehouse
from outcross.data.stores.home import Home
from outcross.serving.endpoint import Endpoint, connect
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import plan
from outcross.tasks.drafting.scripts.pair import alike
from outcross.tasks.ingest import ingest
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.screening.routes import asked
from outcross.tasks.screening.screen import screen, unjudged
from tests import calling, make
from tests.drafting import ENDPOINT, first_chat, fleet, outcome
from tests.openai_server import openai_server

ONE, OTHER = "Hang it on the wall.", "Boil some water in it, then pour."


@pytest.fixture
def stocked(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    path = make.write_jsonl(tmp_path / "mine.jsonl", calling.pairs(120))
    recipe = calling.recipe(home, path, "preference")
    ingest(home, recipe)
    return home, recipe


def test_the_prompt_is_a_persons_and_their_answers_to_it_stay_out_of_sight(stocked):
    home, recipe = stocked
    prompts = {one.sample_id: one.content for one in vault.samples(home, recipe.name, "target")}
    slots = plan(home, recipe, 20)
    for slot in slots:
        said = "\n".join(message.content for message in first_chat(recipe, slot).messages)
        person = prompts[slot.anchor.sample_id]
        assert person.chosen not in said
        assert person.rejected not in said
        (example,) = slot.examples
        assert example.content.chosen in said
        assert example.content.rejected not in said
        made = outcome(recipe, slot, [ONE, OTHER]).sample
        assert made.content.prompt == person.prompt
        assert {parent.sample_id for parent in made.provenance.parents} == {slot.anchor.sample_id, example.sample_id}


def test_a_seed_that_is_answered_itself_does_not_show_its_answers(home, tmp_path):
    path = make.write_jsonl(tmp_path / "mine.jsonl", calling.pairs(120))
    recipe = calling.recipe(home, path, "preference")
    recipe = recipe.model_copy(update={"source": recipe.source.model_copy(update={"target_share": 0.0})})
    ingest(home, recipe)
    for slot in plan(home, recipe, 5):
        said = "\n".join(message.content for message in first_chat(recipe, slot).messages)
        assert slot.anchor.content.prompt in said
        assert slot.anchor.content.chosen not in said


def test_which_answer_stands_first_is_drawn_and_never_told_by_when_it_was_given(stocked):
    home, recipe = stocked
    slots = plan(home, recipe, 200)
    first = [outcome(recipe, slot, [ONE, OTHER]).sample.content.chosen == ONE for slot in slots]
    assert 70 < sum(first) < 130
    assert first == [outcome(recipe, slot, [ONE, OTHER]).sample.content.chosen == ONE for slot in slots]
    assert first == [outcome(recipe, slot, [OTHER, ONE]).sample.content.chosen == OTHER for slot in slots]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (ONE, ONE, True),
        (ONE, "  hang it — on the *wall*!\n".replace("— ", ""), True),
        (ONE, OTHER, False),
        ("It is 5.", "It is -5.", False),
        ("x < 5", "x > 5", False),
        ("a b c d e f g h i j k l m n o p q r s t u v", "a b c d e f g h i j k l m n o p q r s t u w", True),
        ("a b c d e f g h i j k l m n o p q r s t u 7", "a b c d e f g h i j k l m n o p q r s t u 8", False),
        ("Ada beats Bob", "Bob beats Ada", False),
        ("", "", True),
        ("no " * 3_000, "no " * 3_001, True),
    ],
)
def test_two_answers_are_the_same_where_no_word_number_or_sign_tells_them_apart(one, other, same):
    assert alike(one, other) is same
    assert alike(other, one) is same


def test_two_answers_that_are_the_same_make_no_sample(stocked):
    home, recipe = stocked
    kept = outcome(recipe, plan(home, recipe, 1)[0], [ONE, ONE.lower()])
    assert (kept.state, kept.reason) == ("invalid", "the two answers are the same")
    assert kept.raw == f"{ONE}\n---\n{ONE.lower()}"


def test_an_empty_answer_makes_no_sample(stocked):
    home, recipe = stocked
    assert outcome(recipe, plan(home, recipe, 1)[0], [ONE, " "]).state == "invalid"


def test_one_model_is_asked_twice_with_two_seeds(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert draft(home, recipe, fleet(endpoint), 10).drafted == 10
        assert len(set(server.served())) >= 20
    for sample in warehouse.samples(
        home, recipe.name, warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    ).values():
        assert isinstance(sample.content, Preference)
        assert sample.provenance.generation.model == "stand-in"
        assert sample.provenance.depth == 1


def test_two_models_answer_one_each_and_the_deeper_one_gives_the_depth(stocked, tmp_path):
    home, recipe = stocked
    with (
        openai_server(tmp_path / "one.log", models=["one"]) as one,
        openai_server(tmp_path / "two.log", models=["two"]) as two,
        connect(Settings(base_url=one.base_url, model_depth=0)) as first,
        connect(Settings(base_url=two.base_url, model_depth=2)) as second,
    ):
        models = fleet(first, second)
        slots = {slot.rank: slot for slot in plan(home, recipe, 30)}
        assert draft(home, recipe, models, 30) == Drafted(drafted=30)
        assert abs(len(one.served()) - len(two.served())) < 10
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        rows = connection.execute("SELECT rank, model, sample_id FROM draft WHERE state = 'drafted'").fetchall()
        said = connection.execute("SELECT rank, model, text FROM turn").fetchall()
    ids = [(rank, sample_id) for rank, _, sample_id in rows]
    made = warehouse.samples(home, recipe.name, [sample_id for _, sample_id in ids])
    for rank, model, sample_id in rows:
        generation = made[sample_id].provenance.generation
        assert model == generation.model == Go.first(recipe, slots[rank], models).model
        assert set(model.split(" + ")) == {"one", "two"}
        assert (generation.weights_digest, generation.model_depth) == (None, 2)
        assert made[sample_id].provenance.depth == 3
    for rank, model, text in said:
        content = made[dict(ids)[rank]].content
        assert model == Go.first(recipe, slots[rank], models).voices[0].model, "the one that gave the first answer"
        assert text.strip() in (content.chosen, content.rejected)


def test_of_three_models_two_speak_for_a_slot(stocked):
    home, recipe = stocked
    three = [ENDPOINT.model_copy(update={"model": name}) for name in ("one", "two", "three")]
    pairs = {frozenset(_names(Go.first(recipe, slot, fleet(*three)).voices)) for slot in plan(home, recipe, 60)}
    assert pairs == {frozenset({"one", "two"}), frozenset({"two", "three"}), frozenset({"one", "three"})}


def _names(voices: tuple[Endpoint, ...]) -> list[str]:
    return [voice.model for voice in voices]


def test_pairs_are_all_put_before_people_and_none_that_nobody_judged_weighs_anything(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 20)
    screen(home, recipe, unjudged(home, recipe))
    shown = asked(home, recipe).filter(outcome="accepted")
    verdicts = candidates(home, recipe)
    assert shown.height > 5
    assert set(shown["incl_prob"]) == {1.0}
    assert set(shown["sample_id"]) <= verdicts.kept_out.keys()
