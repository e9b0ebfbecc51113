"""Drafting: the plan, the prompts, and what an answer becomes."""

import asyncio
import json
import threading
from pathlib import Path

import pytest

from outcross.data.recipe import Recipe
from outcross.data.samples import Origin, Sample, Text
from outcross.data.stores import journal, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import InputError, RecipeError, ServingError
from outcross.serving.chats import Failure
from outcross.serving.endpoint import Endpoint, connect
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, alone, draft, require_drafts
from outcross.tasks.drafting.plan import plan
from outcross.tasks.drafting.prompts import given_fields, schema, setup_digest
from outcross.tasks.ingest import ingest
from tests import make
from tests.drafting import ENDPOINT, first_chat, fleet, outcome
from tests.openai_server import openai_server


@pytest.fixture
def stocked(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(200)))
    ingest(home, recipe)
    return home, recipe


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Recipe]:
    from outcross.data.recipe import load

    home = Home(tmp_path_factory.mktemp("library") / "home")
    recipe = load(home, "docstrings")
    ingest(home, recipe)
    return home, recipe


def test_asking_for_more_only_adds_to_a_plan(stocked):
    few, many = plan(*stocked, 20), plan(*stocked, 150)
    assert many[:20] == few
    assert len({slot.rank for slot in many}) == 150


def test_a_plan_with_more_slots_than_seeds_takes_another_turn_with_other_neighbours(stocked):
    seeds = len(vault.samples(*_named(stocked), "seed"))
    slots = plan(*stocked, 2 * seeds)
    assert slots[0].anchor == slots[seeds].anchor
    assert [slot.examples for slot in slots[:seeds]] != [slot.examples for slot in slots[seeds:]]


def _named(stocked: tuple[Home, Recipe]) -> tuple[Home, str]:
    return stocked[0], stocked[1].name


def test_new_rows_from_people_do_not_make_answered_slots_be_asked_again(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 30)
        done = {slot.rank for slot in plan(home, recipe, 30)}
        make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(400))
        ingest(home, recipe)
        draft(home, recipe, fleet(endpoint), 60)
        kept = {slot.rank for slot in plan(home, recipe, 60)}
        assert done & kept
        assert len(server.served()) == 30 + len(kept - done)


def test_no_held_out_text_reaches_a_prompt(library):
    home, recipe = library
    heldout = vault.table(home, recipe.name, "heldout")
    documents = set(heldout["source"])
    texts = {json.loads(content).get("response") for content in heldout["content"]} - {None}
    allowed = {row.content.response for row in vault.samples(home, recipe.name, "seed")}
    for slot in plan(home, recipe, 300):
        chat = first_chat(recipe, slot)
        assert documents.isdisjoint(parent.provenance.source for parent in slot.parents)
        shown = "\n".join(message.content for message in chat.messages)
        answers = [json.loads(m.content)["response"] for m in chat.messages if m.role == "assistant"]
        assert allowed.issuperset(answers)
        # Short docstrings recur in many documents; a long one is its document's own.
        assert not [text for text in texts - allowed if len(text) > 80 and text in shown]


def test_a_seed_or_target_that_repeats_a_held_out_text_reaches_no_prompt(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    kept = make.human("Return the numbers that stand in both of the lists, each once.", source="kept.txt")
    copy = make.human("return the numbers that stand in both of the lists, each once", source="copy.txt")
    own = [make.human(f"It counts the {thing} in a row.", source=f"{thing}.txt") for thing in make.SUBJECTS]
    vault.add(home, "mine", [("seed", copy), *(("seed", seed) for seed in own), ("mixture", make.human())])
    assert copy in [slot.anchor for slot in plan(home, recipe, 9)], "not held out yet"
    vault.add(home, "mine", [("heldout", kept)])
    slots = plan(home, recipe, 40)
    assert {parent.sample_id for slot in slots for parent in slot.parents} == {seed.sample_id for seed in own}
    text = kept.content.response
    targets = [Text(text=f"{text} {text}"), Text(text="Somebody counted all of the apples in a very long row.")]
    targets = [Sample(content=content, provenance=kept.provenance) for content in targets]
    vault.add(home, "mine", [("target", one) for one in targets])
    assert {slot.anchor for slot in plan(home, recipe, 9)} == {targets[1]}


def test_a_model_answers_peoples_tasks_without_seeing_their_answers(home, tmp_path):
    path = make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(120))
    recipe = make.recipe(home, path, target_share=0.3, seed_share=0.3, heldout_share=0.1)
    given = recipe.draft.model_copy(
        update={
            "writes": ("response",),
            "given": {"instruction": "{{ instruction }}"},
            "ask": "{{ instruction }}",
            "examples": 1,
        }
    )
    recipe = recipe.model_copy(update={"draft": given})
    ingest(home, recipe)
    targets = {one.sample_id: one.content for one in vault.samples(home, recipe.name, "target")}
    assert len(targets) > 20
    slots = plan(home, recipe, len(targets))
    assert {slot.anchor.sample_id for slot in slots} <= targets.keys()
    for slot in slots:
        chat = first_chat(recipe, slot)
        shown = "\n".join(message.content for message in chat.messages)
        assert targets[slot.anchor.sample_id].instruction == given_fields(recipe, slot)["instruction"]
        assert targets[slot.anchor.sample_id].response not in shown
        assert [message.role for message in chat.messages] == ["system", "user", "assistant", "user"]


def test_the_standard_librarys_targets_are_drafted_for_with_examples_of_their_own_module_first(library):
    home, recipe = library
    slots = plan(home, recipe, 200)
    mixed = set(vault.table(home, recipe.name, "mixture")["stratum"])
    seeded = {seed.provenance.stratum for seed in vault.samples(home, recipe.name, "seed")}
    assert {slot.anchor.content.kind for slot in slots} == {"text"}
    assert {slot.anchor.provenance.stratum for slot in slots} <= mixed
    kin = [slot for slot in slots if slot.anchor.provenance.stratum in seeded]
    alike = [slot for slot in kin if slot.examples[0].provenance.stratum == slot.anchor.provenance.stratum]
    assert len(alike) > len(kin) / 2


def test_a_request_is_named_by_all_that_decides_its_answer_and_by_no_address(stocked):
    home, recipe = stocked
    slots = plan(home, recipe, 5)

    def keys(endpoint: Endpoint = ENDPOINT, **changes: object) -> list[str]:
        changed = recipe.model_copy(update={"draft": recipe.draft.model_copy(update=changes)})
        return [first_chat(changed, slot, endpoint).key for slot in slots]

    before = keys()
    assert len(set(before)) == 5
    assert keys(ENDPOINT.model_copy(update={"base_url": "http://127.0.0.1:2/v1"})) == before
    assert set(keys(ENDPOINT.model_copy(update={"model": "other"}))).isdisjoint(before)
    assert set(keys(ENDPOINT.model_copy(update={"weights_digest": "a" * 64}))).isdisjoint(before)
    assert set(keys(ENDPOINT.model_copy(update={"model_depth": 1}))).isdisjoint(before)
    for change in ({"system": "Other."}, {"ask": "Other."}, {"temperature": 0.1}, {"top_p": 0.1}, {"max_tokens": 9}):
        assert set(keys(**change)).isdisjoint(before), change
        changed = recipe.model_copy(update={"draft": recipe.draft.model_copy(update=change)})
        assert setup_digest(changed, [ENDPOINT]) != setup_digest(recipe, [ENDPOINT])


def test_the_schema_that_is_sent_is_the_kinds_own_without_its_length_limits(stocked):
    sent = schema(stocked[1])
    assert sent["required"] == ["instruction", "response"]
    assert sent["additionalProperties"] is False
    assert "200000" not in json.dumps(sent)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "not JSON"),
        ("[1]", "a JSON list where an object is wanted"),
        ('{"instruction": "Add."}', "response: Field required"),
        ('{"instruction": "Add.", "response": " "}', "String should match pattern"),
        ('{"instruction": "Add.", "response": "x", "origin": "human"}', "Extra inputs are not permitted"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_an_answer_that_is_no_sample_is_kept_with_its_reason(stocked, text, said):
    kept = outcome(stocked[1], plan(*stocked, 1)[0], [text])
    assert kept.state == "invalid"
    assert said in kept.reason
    assert kept.raw == text


def test_a_model_that_writes_more_than_it_was_asked_for_changes_neither_the_kind_nor_what_was_given(stocked):
    home, recipe = stocked
    given = recipe.draft.model_copy(update={"writes": ("response",), "given": {"instruction": "{{ instruction }}"}})
    recipe = recipe.model_copy(update={"draft": given})
    (slot,) = plan(home, recipe, 1)
    made = outcome(recipe, slot, ['{"response": "Mine.", "instruction": "Another.", "kind": "reasoning"}'])
    assert made.sample.content == slot.anchor.content.model_copy(update={"response": "Mine."})


def test_a_refusal_is_kept_and_a_silence_is_asked_again(stocked):
    (slot,) = plan(*stocked, 1)
    final = Failure(key="k", reason="400", attempts=1, final=True)
    assert outcome(stocked[1], slot, final).state == "failed"
    passing = Failure(key="k", reason="timeout", attempts=4, final=False)
    missed = outcome(stocked[1], slot, passing)
    assert isinstance(missed, journal.Miss)
    assert (missed.setup, missed.rank) == (setup_digest(stocked[1], [ENDPOINT]), slot.rank)


def test_a_draft_says_what_it_was_made_from_and_how(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        done = draft(home, recipe, fleet(endpoint), 12)
        assert done == Drafted(drafted=12)
        assert draft(home, recipe, fleet(endpoint), 12) == Drafted(), "a run that is retried asks for nothing"
        assert len(server.served()) == 12
    seeds = {seed.sample_id: seed for seed in vault.samples(home, recipe.name, "seed")}
    made = warehouse.samples(home, recipe.name, warehouse.drafted(home, recipe.name)["sample_id"].to_list())
    assert len(made) == done.drafted
    for sample in made.values():
        said = sample.provenance
        assert (said.origin, said.depth, said.generation.model) == (Origin.SYNTHETIC, 1, "stand-in")
        assert said.parents
        for link in said.parents:
            assert link == seeds[link.sample_id].as_parent


def test_slots_are_drafted_again_once_a_wrong_depth_is_put_right(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "served.log") as server:
        for depth in (0, 1):
            with connect(Settings(base_url=server.base_url, model_depth=depth)) as endpoint:
                assert draft(home, recipe, fleet(endpoint), 12).drafted == 12
    ids = warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    depths = [sample.provenance.depth for sample in warehouse.samples(home, recipe.name, ids).values()]
    assert sorted(depths) == [1] * 12 + [2] * 12, "a text that came back would keep the row with the wrong depth"


def test_a_last_slot_that_comes_to_nothing_stops_no_job_that_has_drafts(stocked, tmp_path):
    home, recipe = stocked
    nothing = Drafted(invalid=1)
    with pytest.raises(ServingError, match="not one request came to a draft"):
        require_drafts(home, recipe.name, nothing)
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 12)
    require_drafts(home, recipe.name, nothing)
    with pytest.raises(ServingError, match="1 were refused"):
        require_drafts(home, recipe.name, Drafted(failed=1))


def test_an_empty_vault_is_said(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(3)), seed_share=0)
    ingest(home, recipe)
    with pytest.raises(InputError, match="nothing to draft for"):
        plan(home, recipe, 1)


def test_a_template_that_names_an_unknown_field_is_said(stocked):
    recipe = stocked[1].model_copy(update={"draft": stocked[1].draft.model_copy(update={"ask": "{{ nothing }}"})})
    with pytest.raises(RecipeError, match="'nothing' is undefined"):
        first_chat(recipe, plan(*stocked, 1)[0])


def test_drafting_runs_where_an_event_loop_runs_already(stocked, tmp_path):
    home, recipe = stocked

    async def within() -> None:
        with connect(Settings(base_url=server.base_url)) as endpoint:
            await asyncio.to_thread(draft, home, recipe, fleet(endpoint), 2)

    with openai_server(tmp_path / "served.log") as server:
        asyncio.run(within())
        assert len(server.served()) == 2


def test_runs_that_draft_for_one_recipe_take_turns(home):
    def second(recipe: str, entered: threading.Event) -> None:
        with alone(home, recipe):
            entered.set()

    same, other = threading.Event(), threading.Event()
    waiting = threading.Thread(target=second, args=("mine", same))
    with alone(home, "mine"):
        waiting.start()
        threading.Thread(target=second, args=("theirs", other)).start()
        assert other.wait(30)
        assert not same.wait(0.5)
    assert same.wait(30)
    waiting.join()


def test_an_answer_that_is_cut_off_is_asked_for_once_more_with_another_seed_and_kept_with_its_reason(stocked, tmp_path):
    home, recipe = stocked
    recipe = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"max_tokens": 3})})
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert draft(home, recipe, fleet(endpoint), 5) == Drafted(invalid=5)
        assert len(set(server.served())) == len(server.served()) == 10
        assert draft(home, recipe, fleet(endpoint), 5) == Drafted(passed_over=5)
        dead = journal.dead_letters(home, recipe.name)
        assert set(dead["reason"]) == {"truncated at 3 tokens"}
        assert set(dead["answers"]) == {2}
        assert dead["raw"].str.len_chars().min() > 0
        draft(home, recipe, fleet(endpoint), 5, retry_failed=True)
        assert len(set(server.served())) == len(server.served()) == 15


def test_a_slot_that_was_refused_is_asked_for_again_only_when_somebody_says_so(stocked, tmp_path):
    home, recipe = stocked
    refusing = openai_server(tmp_path / "refused.log", faults=["400:1:always"])
    with refusing as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert draft(home, recipe, fleet(endpoint), 5) == Drafted(failed=5)
        assert draft(home, recipe, fleet(endpoint), 5) == Drafted(passed_over=5)
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert draft(home, recipe, fleet(endpoint), 5, retry_failed=True) == Drafted(drafted=5)
        assert draft(home, recipe, fleet(endpoint), 5, retry_failed=True) == Drafted()
    assert journal.dead_letters(home, recipe.name).is_empty()
    assert journal.tally(home, recipe.name) == {"drafted": 5, "missed": 0}


def test_two_models_share_the_slots_and_each_draft_names_its_own(stocked, tmp_path):
    home, recipe = stocked
    with (
        openai_server(tmp_path / "one.log", models=["one"]) as one,
        openai_server(tmp_path / "two.log", models=["two"]) as two,
        connect(Settings(base_url=one.base_url)) as first,
        connect(Settings(base_url=two.base_url)) as second,
    ):
        assert draft(home, recipe, fleet(first, second), 60) == Drafted(drafted=60)
        assert len(one.served()) + len(two.served()) == 60
        assert 15 < len(one.served()) < 45
    ids = warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    models = [sample.provenance.generation.model for sample in warehouse.samples(home, recipe.name, ids).values()]
    assert models.count("one") == len(one.served())
