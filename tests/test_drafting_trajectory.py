"""Trajectories: a model calls tools, and what it called and got is a row."""

import json
from pathlib import Path

import pytest

from outcross.data.recipe import Recipe
from outcross.data.recipe_tables import Environment
from outcross.data.stores import journal, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import RecipeError
from outcross.serving.endpoint import connect
from outcross.settings import Settings
from outcross.tasks.drafting import outcomes
from outcross.tasks.drafting.engine import draft
from outcross.tasks.drafting.environments import Task
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import Slot, plan
from outcross.tasks.drafting.scripts.script import Call, NoSample, Use
from outcross.tasks.drafting.scripts.trajectory import described, schema, trajectory, written
from outcross.tasks.drafting.tools.registry import TOOLS
from outcross.tasks.ingest import ingest
from outcross.tasks.keys import of_drafts
from outcross.tasks.screening.frames import Seen, frame
from outcross.validators.references import References
from outcross.validators.text.turns import disorder
from outcross.verifiers.environments import Environments
from tests import calling, make
from tests.drafting import ENDPOINT, answer, first_chat, fleet
from tests.openai_server import openai_server

SUM = '{"tool": "calculate",  "arguments": {"expression":"6 * 7"} }'


@pytest.fixture
def stocked(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    path = make.write_jsonl(tmp_path / "mine.jsonl", calling.trajectories(120))
    recipe = calling.recipe(home, path, "trajectory")
    ingest(home, recipe)
    return home, recipe


def said(recipe: Recipe, slot: Slot, steps: list[str]) -> tuple[journal.Draft, list[Call]]:
    """What a slot comes to where the model says this, step by step, and what it was asked."""
    script, calls, came = trajectory(recipe, slot), [], None
    go = Go.first(recipe, slot, fleet(ENDPOINT))
    steps = [*steps]
    answers = []
    try:
        while True:
            wanted = script.send(came)
            if isinstance(wanted, Use):
                came = TOOLS[wanted.tool].use(wanted.arguments)
            else:
                calls.append(wanted)
                came = answer(steps.pop(0))
                answers.append(came)
    except StopIteration as end:
        return outcomes.drafted(go, answers, go.chat(calls[-1], len(calls) - 1), end.value), calls
    except NoSample as why:
        return outcomes.invalid(go, answers, go.chat(calls[-1], len(calls) - 1), why), calls


def test_calls_and_results_become_turns_with_arguments_byte_for_byte(stocked):
    home, recipe = stocked
    (slot,) = plan(home, recipe, 1)
    broken = '{"tool": "calculate", "arguments": {"expression": "6 / 0"}}'
    made, _ = said(recipe, slot, [broken, SUM, '{"answer": "42"}'])
    system, user, *rest = made.sample.content.turns
    assert (system.role, system.text) == ("system", described(recipe.draft.tools))
    assert (user.role, user.text) == ("user", slot.anchor.content.turns[0].text)
    assert [turn.role for turn in rest] == ["assistant", "tool", "assistant", "tool", "assistant"]
    assert [call.arguments for turn in rest for call in turn.calls] == [
        '{"expression": "6 / 0"}',
        '{"expression":"6 * 7"}',
    ]
    assert [turn.answers for turn in rest if turn.role == "tool"] == ["call_1", "call_2"]
    assert rest[1].text == "error: 6 / 0 divides by zero"
    assert (rest[3].text, rest[4].text) == ("42", "42")
    seen = frame([Seen(made.sample.sample_id, "all", made.sample.content)])
    assert disorder(seen).to_list() == [""]


def test_a_model_sees_its_own_calls_and_what_came_of_them_in_turns_that_every_template_takes(stocked):
    home, recipe = stocked
    _, calls = said(recipe, plan(home, recipe, 1)[0], [SUM, '{"answer": "42"}'])
    before, after = calls[0].messages, calls[1].messages
    assert after[: len(before)] == before
    assert [message.content for message in after[len(before) :]] == [SUM, "Result of calculate: 42"]
    roles = [message.role for message in after]
    assert roles == ["system", *["user", "assistant"] * (len(roles) // 2 - 1), "user"]


def test_a_trajectory_begins_with_a_call(stocked):
    home, recipe = stocked
    (slot,) = plan(home, recipe, 1)
    _, calls = said(recipe, slot, [SUM, '{"answer": "42"}'])
    kinds = [[*part["properties"]] for part in calls[0].schema["anyOf"]]
    assert kinds == [["tool", "arguments"]] * 3
    assert calls[1].schema["anyOf"][-1]["required"] == ["answer"]
    assert calls[1].schema == schema(recipe.draft.tools, answers=True)
    kept, _ = said(recipe, slot, ['{"answer": "42"}'])
    assert (kept.state, kept.reason) == ("invalid", "it answers without calling a tool")


def test_peoples_trajectories_are_shown_as_the_model_would_write_them_and_the_anchors_own_is_not(stocked):
    home, recipe = stocked
    (slot,) = plan(home, recipe, 1)
    _, *shown, task = first_chat(recipe, slot).messages
    (example, *_) = slot.examples
    assert json.loads(shown[1].content) == {
        "tool": "calculate",
        "arguments": json.loads(example.content.turns[1].calls[0].arguments),
    }
    assert shown[2].content == f"Result of calculate: {example.content.turns[2].text}"
    assert json.loads(shown[3].content) == {"answer": example.content.turns[3].text}
    assert task.content == slot.anchor.content.turns[0].text
    assert slot.anchor.content.turns[3].text not in "\n".join(message.content for message in shown)
    own = Slot(slot.rank, slot.anchor, (slot.anchor, example))
    assert len(first_chat(recipe, own).messages) == 6


def test_whoever_only_calls_comes_to_nothing(stocked):
    home, recipe = stocked
    made, calls = said(recipe, plan(home, recipe, 1)[0], [SUM] * 9)
    assert len(calls) == recipe.draft.max_calls + 1
    assert (made.state, made.reason, made.raw) == ("invalid", "no answer after 4 calls", SUM)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("no JSON", "not JSON"),
        ('{"tool": "python", "arguments": {"code": "1"}}', "neither an answer nor a call of calculate"),
        ('{"tool": ["calculate"], "arguments": {}}', "neither an answer nor a call of calculate"),
        ('{"tool": "calculate", "arguments": "6 * 7"}', "neither an answer nor a call of calculate"),
        ('{"answer": " "}', "the answer is empty"),
        ('{"answer": 42}', "the answer is empty"),
        ('{"answer": "half a pair \\ud800"}', "unable to parse raw data as a unicode string"),
        ('{"answer": "a NUL \\u0000"}', "holds a NUL byte"),
        pytest.param(
            f'{{"tool": "calculate", "arguments": {{"expression": "{"1" * 200_000}"}}}}',
            "at most 200000 characters",
            id="endless arguments",
        ),
        ("{}", "neither an answer nor a call"),
    ],
)
def test_a_step_that_is_none_makes_no_sample_and_runs_nothing(stocked, step, reason):
    home, recipe = stocked
    made, _ = said(recipe, plan(home, recipe, 1)[0], [SUM, step])
    assert made.state == "invalid"
    assert reason in made.reason
    assert made.raw == step


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ('{"tool":"t","arguments":{"a" : [1, "}"]}}', '{"a" : [1, "}"]}'),
        ('\n{ "arguments" :\t{} , "tool" : "t" }\n', "{}"),
        ('{"arguments": {"a": 1}, "tool": "t", "arguments": {"a": 2.0e1}}', '{"a": 2.0e1}'),
        ('{"a\\"rguments": 1, "x": {"arguments": 3}, "arguments": {"é": "\\u00e9"}}', '{"é": "\\u00e9"}'),
        ('{"tool": "t"}', ""),
    ],
)
def test_a_member_is_found_as_it_is_written(text, arguments):
    assert written(text, "arguments") == arguments
    assert arguments == "" or json.loads(arguments) == json.loads(text)["arguments"]


def test_a_recipe_of_trajectories_names_its_tools_and_no_other_recipe_does(home, tmp_path):
    path = make.write_jsonl(tmp_path / "mine.jsonl", calling.trajectories(3))
    with pytest.raises(RecipeError, match="go together"):
        calling.recipe(home, path, "trajectory", draft={"tools": []})
    with pytest.raises(RecipeError, match="go together"):
        calling.recipe(home, path, "preference", draft={"tools": ["calculate"]})
    with pytest.raises(RecipeError, match="tools"):
        calling.recipe(home, path, "trajectory", draft={"tools": ["shell"]})


def test_drafts_of_generated_tasks_have_the_key_that_checks_their_last_turn(stocked, tmp_path):
    home, recipe = stocked
    environment = Environment(families=("chain_sum",), count=20, stratum="shelves")
    recipe = recipe.model_copy(update={"environment": environment})
    slots = plan(home, recipe, 8)
    assert all(isinstance(slot.anchor, Task) for slot in slots)
    right, wrong = (
        said(recipe, slot, [SUM, json.dumps({"answer": text})])[0].sample
        for slot, text in ((slots[0], str(slots[0].anchor.entry["answer"])), (slots[1], "none"))
    )
    seen = [
        Seen(sample.sample_id, "all", sample.content, key=json.dumps(slot.anchor.key))
        for slot, sample in zip(slots, (right, wrong), strict=False)
    ]
    assert Environments()(frame(seen), References())["score"].to_list() == [1.0, 0.0]
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 8)
    made = warehouse.drafted(home, recipe.name)
    assert of_drafts(home, recipe.name, made).keys() == set(made["sample_id"])


def test_a_run_drives_model_and_tools_to_the_end(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        came = draft(home, recipe, fleet(endpoint), 20)
        assert came.drafted > 5
        served = server.served()
        assert len(served) == len(set(served)) > 40
        assert draft(home, recipe, fleet(endpoint), 20).drafted == 0
        assert server.served() == served
    prompts = {one.sample_id for one in vault.samples(home, recipe.name, "target")}
    for sample in warehouse.samples(
        home, recipe.name, warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    ).values():
        assert sample.provenance.parents[0].sample_id in prompts
        assert sample.content.turns[-1].role == "assistant"
        assert any(turn.role == "tool" for turn in sample.content.turns)


def test_a_draft_for_a_persons_task_has_its_key_whatever_is_called_on_the_way(home, tmp_path):
    rows = [{**row, "answer": row["turns"][2]["text"]} for row in calling.trajectories(120)]
    recipe = calling.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", rows), "trajectory")
    recipe = recipe.model_copy(update={"source": recipe.source.model_copy(update={"key": {"answer": "answer"}})})
    ingest(home, recipe)
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 10)
    made = warehouse.drafted(home, recipe.name)
    assert made.height > 2
    assert of_drafts(home, recipe.name, made).keys() == set(made["sample_id"])
