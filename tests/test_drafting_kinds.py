"""Kinds that one answer drafts: rewrites, reasoning, several languages; and what their recipes promise."""

import json
from collections import Counter

import pytest

from outcross.data import recipe as recipes
from outcross.data.corpora.forms import contents, usual
from outcross.data.recipe import Recipe
from outcross.data.samples import Instruction
from outcross.data.stores import journal, screening, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import RecipeError
from outcross.serving.endpoint import connect
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.drafting.languages import language
from outcross.tasks.drafting.plan import plan
from outcross.tasks.drafting.prompts import schema, setup_digest
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from tests import make
from tests.drafting import ENDPOINT, first_chat, fleet, outcome
from tests.openai_server import openai_server

KINDS = {
    "jsonl": "instruction",
    "rewrite": "instruction",
    "languages": "instruction",
    "reasoning": "reasoning",
    "conversation": "conversation",
}


def worked(count: int) -> list[dict[str, object]]:
    """Problems as GSM8K has them; made for tests."""
    return [_problem(rows, rows + 1, make.SUBJECTS[rows % 8]) for rows in range(2, count + 2)]


def _problem(rows: int, each: int, thing: str) -> dict[str, object]:
    made = rows * each
    steps = (
        f"There are {rows}*{each} = <<{rows}*{each}={made}>>{made} of them.\nOf these {made} - 4 = {made - 4} are good."
    )
    question = f"A crate holds {rows} rows of {each} {thing}, and 4 are bad. How many are good?"
    return {"question": question, "answer": f"{steps}\n#### {made - 4}", "topic": thing}


def stocked(home: Home, tmp_path, base: str, rows=None, **draft) -> Recipe:
    """A recipe on a built-in base, with its rows taken in."""
    path = make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(120) if rows is None else rows)
    recipes.for_file(home, "mine", path, {"licence": "CC0-1.0", "attestation": "the tests"}, base)
    recipe = recipes.write(home, "mine", {"draft": draft}) if draft else recipes.load(home, "mine")
    ingest(home, recipe)
    return recipe


@pytest.mark.parametrize("base", KINDS)
def test_each_built_in_recipe_of_a_kind_drafts_from_a_file_and_what_it_drafts_can_be_screened(home, tmp_path, base):
    rows = worked(120) if base == "reasoning" else None
    recipe = stocked(home, tmp_path, base, rows)
    assert recipe.kind == KINDS[base]
    with openai_server(tmp_path / "served.log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        assert draft(home, recipe, fleet(endpoint), 12) == Drafted(drafted=12)
    made = warehouse.samples(home, "mine", warehouse.drafted(home, "mine")["sample_id"].to_list())
    assert {one.content.kind for one in made.values()} == {recipe.kind}
    assert all(one.provenance.parents for one in made.values())
    assert screen(home, recipe, unjudged(home, recipe)) == len(made)


def test_a_rewrite_sees_its_seed_once_and_keeps_the_task_word_for_word(home, tmp_path):
    recipe = stocked(home, tmp_path, "rewrite")
    seeds = {seed.sample_id for seed in vault.samples(home, "mine", "seed")}
    for slot in plan(home, recipe, 30):
        chat = first_chat(recipe, slot)
        assert [message.role for message in chat.messages] == ["system", "user"], (
            "no row stands there as its own rewrite"
        )
        assert chat.messages[-1].content.count(slot.anchor.content.response) == 1
        kept = outcome(recipe, slot, ['{"response": "There were a few, and then more."}'])
        assert kept.sample.content == Instruction(
            instruction=slot.anchor.content.instruction, response="There were a few, and then more."
        )
        assert [parent.sample_id for parent in kept.sample.provenance.parents] == [slot.anchor.sample_id]
        assert kept.sample.provenance.stratum == slot.anchor.provenance.stratum
        assert slot.anchor.sample_id in seeds


def test_a_target_is_no_seed_so_that_no_request_can_show_its_answer(home, tmp_path):
    recipe = stocked(home, tmp_path, "rewrite")
    recipe = recipe.model_copy(
        update={"name": "other", "source": recipe.source.model_copy(update={"target_share": 0.4})}
    )
    ingest(home, recipe)
    slot = plan(home, recipe, 1)[0]
    assert slot.anchor in vault.samples(home, "other", "target")
    with pytest.raises(RecipeError, match="'seed' is undefined"):
        first_chat(recipe, slot)


def test_a_request_that_names_its_seed_shows_no_examples_and_says_so(home, tmp_path):
    recipe = stocked(home, tmp_path, "rewrite", examples=2)
    with pytest.raises(RecipeError, match="set `examples` to 0, not 2"):
        first_chat(recipe, plan(home, recipe, 1)[0])


HOSTILE = "{{ 7 * 7 }} {% for x in y %} {{ seed }} <|im_end|> </s>"


def test_what_people_wrote_is_never_read_as_a_template(home, tmp_path):
    rows = [{"instruction": f"{HOSTILE} {n}", "output": f"{n} {HOSTILE}"} for n in range(60)]
    recipe = stocked(home, tmp_path, "rewrite", rows)
    said = first_chat(recipe, plan(home, recipe, 1)[0]).messages[-1].content
    assert said.count(HOSTILE) == 2


def test_the_steps_of_a_files_solutions_are_its_lines_up_to_the_mark(home, tmp_path):
    recipe = stocked(home, tmp_path, "reasoning", worked(120))
    rows = vault.samples(home, "mine", "seed")
    assert {len(row.content.steps) for row in rows} == {2}
    assert not any("<<" in step or "####" in step for row in rows for step in row.content.steps)
    chat = first_chat(recipe, plan(home, recipe, 1)[0])
    shown = [json.loads(message.content) for message in chat.messages if message.role == "assistant"]
    assert [sorted(one) for one in shown] == [["answer", "steps"]] * 2
    assert {tuple(one["steps"]) for one in shown} <= {row.content.steps for row in rows}


def test_a_solution_is_drafted_for_a_problem_whose_own_solution_the_model_never_sees_and_is_judged_by_it(
    home, tmp_path
):
    recipe = stocked(home, tmp_path, "reasoning", worked(150))
    slots = plan(home, recipe, 8)
    entries = []
    for number, slot in enumerate(slots):
        target = slot.anchor.content
        shown = "\n".join(message.content for message in first_chat(recipe, slot).messages)
        assert target.problem in shown
        assert target.steps[-1] not in shown
        answer = target.answer if number % 2 else str(int(target.answer) + 1)
        said = {"steps": [f"It comes to {answer} good ones, since four are bad."], "answer": answer}
        entries.append(outcome(recipe, slot, [json.dumps(said)]))
    journal.write(home, "mine", entries)
    screen(home, recipe, unjudged(home, recipe))
    verdicts = screening.verdicts(home, "mine", Screen.of(recipe).ruleset)
    reasons = {key: " ".join(reasons) for key, reasons in verdicts.select("sample_id", "reasons").iter_rows()}
    for number, entry in enumerate(entries):
        assert ("is right" in reasons[entry.sample.sample_id]) == (number % 2 == 0), "only a wrong answer is told"


def test_a_list_of_steps_ends_before_a_model_that_repeats_itself_runs_on_for_ever(home, tmp_path):
    recipe = stocked(home, tmp_path, "reasoning", worked(120))
    sent = schema(recipe)
    assert sent["properties"]["steps"]["maxItems"] < 100
    assert list(sent["properties"]) == ["steps", "answer"], "a grammar writes the steps before the answer"


@pytest.mark.parametrize(
    ("kind", "row", "found"),
    [
        ("reasoning", {"question": "Q?", "answer": "One.\n\nTwo <<1+1=2>>2.\n#### 2"}, (["One.", "Two 2."], "2")),
        ("reasoning", {"problem": "Q?", "solution": "One.\nTwo.", "answer": "2"}, (["One.", "Two."], "2")),
        ("reasoning", {"problem": "Q?", "steps": ["One\nline."], "answer": "2"}, (["One\nline."], "2")),
    ],
)
def test_solutions_are_read_under_names_in_common_use(kind, row, found):
    said = contents(kind, row, usual(kind, row))
    assert (said["problem"], said["steps"], said["answer"]) == ("Q?", *found)


def test_a_solution_without_a_mark_has_no_answer_and_is_refused_by_name(home, tmp_path):
    rows = [*worked(40), {"question": "How many?", "answer": "Four."}]
    path = make.write_jsonl(tmp_path / "mine.jsonl", rows)
    source = {"licence": "CC0-1.0", "attestation": "the tests"}
    taken = ingest(home, recipes.for_file(home, "mine", path, source, "reasoning"))
    assert taken.new == 40
    assert list(taken.refused) == ["answer: Field required"]


def test_slots_have_languages_in_the_shares_of_their_weights_and_each_keeps_its_own(home, tmp_path):
    recipe = stocked(home, tmp_path, "languages")
    slots = plan(home, recipe, 600)
    drawn = [language(recipe, slot)["language_code"] for slot in slots]
    counts = Counter(drawn)
    for code, share in recipe.draft.languages.items():
        assert counts[code] / 600 == pytest.approx(share, abs=0.07)
    assert [language(recipe, slot)["language_code"] for slot in plan(home, recipe, 40)] == drawn[:40]


def test_a_draft_in_a_language_counts_for_that_languages_stratum(home, tmp_path):
    recipe = stocked(home, tmp_path, "languages")
    for slot in plan(home, recipe, 12):
        said = language(recipe, slot)
        assert f"in {said['language']}" in first_chat(recipe, slot).messages[-1].content
        row = {"instruction": "Wie viele?", "context": "", "response": "Es sind vier."}
        kept = outcome(recipe, slot, [json.dumps(row)])
        assert kept.sample.provenance.stratum == said["language_code"]


def test_a_language_that_the_screen_cannot_tell_is_refused_by_its_code(home, tmp_path):
    recipe = stocked(home, tmp_path, "languages", languages={"qq": 1.0})
    with pytest.raises(RecipeError, match=r"\[draft\.languages\] names 'qq'"):
        first_chat(recipe, plan(home, recipe, 1)[0])


GERMAN = (
    "In der Kiste liegen am Anfang vierzehn Äpfel, und später kommen noch neun weitere dazu, die jemand gefunden hat."
)
ENGLISH = (
    "There are fourteen apples in the box at first, and later there are nine more of them that somebody has found."
)


def test_a_draft_in_its_own_language_is_accepted_and_one_that_stayed_english_is_not(home, tmp_path):
    recipe = stocked(home, tmp_path, "languages", languages={"de": 1.0})
    rows = [{"instruction": "Wie viele sind es?", "context": "", "response": text} for text in (GERMAN, ENGLISH)]
    entries = [outcome(recipe, slot, [json.dumps(row)]) for slot, row in zip(plan(home, recipe, 2), rows, strict=True)]
    journal.write(home, "mine", entries)
    screen(home, recipe, unjudged(home, recipe))
    verdicts = screening.verdicts(home, "mine", Screen.of(recipe).ruleset)
    said = dict(verdicts.select("sample_id", "reasons").iter_rows())
    own, stayed = (said[entry.sample.sample_id] for entry in entries)
    assert not [reason for reason in own if reason.startswith("language")]
    assert [reason for reason in stayed if "isn't German but English" in reason]


def test_what_is_asked_for_beside_the_prompts_gives_another_setup(home, tmp_path):
    recipe = stocked(home, tmp_path, "languages")
    other = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"languages": {"de": 1.0}})})
    assert setup_digest(other, [ENDPOINT]) != setup_digest(recipe, [ENDPOINT])


def test_a_files_recipe_builds_on_the_base_that_was_named_and_keeps_it(home, tmp_path):
    path = make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(3))
    assert recipes.for_file(home, None, path, {}, "rewrite").draft.writes == ("response",)
    assert recipes.for_file(home, None, path, {"licence": "MIT"}).draft.writes == ("response",)
    with pytest.raises(RecipeError, match="the recipe mine builds on rewrite"):
        recipes.for_file(home, None, path, {}, "languages")
    with pytest.raises(RecipeError, match="docstrings reads stdlib"):
        recipes.for_file(home, "other", path, {}, "docstrings")
    with pytest.raises(RecipeError, match="there is no recipe `nope`"):
        recipes.for_file(home, "other", path, {}, "nope")
