"""Keys of right answers: from people's files into the vault, and from there to the drafts that they are the keys of."""

import json

import polars as pl
import pytest

from outcross.data.corpora.keys import key_of
from outcross.data.samples import Instruction, Sample
from outcross.data.stores import keys, vault
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.data.stores.rows import to_frame
from outcross.errors import InputError, RecipeError
from outcross.tasks.drafting import environments
from outcross.tasks.keys import of_drafts
from outcross.validators.references import References
from outcross.validators.signals import run
from outcross.verifiers.environments import Environments
from tests import make
from tests.validating import frame

RECIPE = "mine"


@pytest.mark.parametrize(
    ("names", "found"),
    [
        ({}, None),
        ({"answer": "answer ####"}, {"answer": "1,000"}),
        ({"answer": "meta.short"}, {"answer": 7}),
        ({"tests": "test", "entry": "entry_point"}, {"tests": "assert f()", "entry": "f"}),
        ({"tests": "test", "entry": "none"}, None),
        ({"answer": "test ####"}, None),
        ({"answer": "meta ####"}, None),
    ],
)
def test_a_rows_key_is_read_from_the_fields_that_the_recipe_names(names, found):
    row = {"answer": "So #### 9\n#### 1,000\nrest", "meta": {"short": 7}, "test": "assert f()", "entry_point": "f"}
    assert key_of(row, names) == found


def test_a_key_stays_as_it_first_came(home: Home):
    assert keys.read(home, RECIPE) == {}
    assert keys.add(home, RECIPE, {"a": {"answer": "1"}, "b": {"answer": "2"}}) == 2
    assert keys.add(home, RECIPE, {"a": {"answer": "9"}, "c": {"answer": "3"}}) == 1
    assert keys.add(home, "another", {"a": {"answer": "9"}}) == 1
    assert keys.add(home, RECIPE, {}) == 0
    assert keys.read(home, RECIPE) == {name: json.dumps({"answer": n}, separators=(",", ":")) for name, n in
                                       [("a", "1"), ("b", "2"), ("c", "3")]}  # fmt: skip


def test_a_vault_from_before_there_were_keys_has_none(home: Home):
    home.root.mkdir()
    with lease(home.vault) as connection:
        connection.execute("CREATE TABLE human_sample (sample_id VARCHAR)")
    assert keys.read(home, RECIPE) == {}


def solved(row: Sample, task: str, answer: str) -> Sample:
    draft = make.synthetic([row])
    return draft.model_copy(update={"content": Instruction(instruction=task, response=answer)})


def test_a_draft_has_the_key_of_the_row_or_task_that_it_answers_and_no_other(home: Home):
    row, other = make.human("It is 4."), make.human("It is 5.", source="other.txt")
    vault.add(home, RECIPE, [("target", row), ("seed", other)])
    task = environments.Task("chain_sum", {"question": "1 + 2 =", "answer": "3"})
    keys.add(home, RECIPE, {row.sample_id: {"answer": "4"}, task.task_id: task.key})
    again, new = solved(row, "What does it do?", "4"), solved(row, "Something else?", "5")
    unknown, generated = solved(other, "What does it do?", "5"), solved(other, "1 + 2 =", "3")
    ranks = ["000000-" + "0" * 24] * 3 + [task.rank(2)]
    drafts = to_frame([again, new, unknown, generated]).with_columns(pl.Series("rank", ranks))
    found = of_drafts(home, RECIPE, drafts)
    assert {sample_id: json.loads(key) for sample_id, key in found.items()} == {
        again.sample_id: {"answer": "4"},
        generated.sample_id: task.key,
    }


def test_tasks_come_from_a_seed_in_turns_and_more_only_adds():
    few = environments.make(["chain_sum", "gcd"], 5, seed=3)
    more = environments.make(["chain_sum", "gcd"], 45, seed=3)
    assert [task.family for task in few] == ["chain_sum", "gcd", "chain_sum", "gcd", "chain_sum"]
    assert more[:5] == few
    assert len({task.question for task in more}) == 45
    assert environments.make(["chain_sum"], 5, seed=4) != environments.make(["chain_sum"], 5, seed=3)
    assert few[0].source == "reasoning-gym/chain_sum"
    assert few[0].difficulty


def test_a_tasks_own_answer_verifies_against_its_key():
    tasks = environments.make(["chain_sum", "base_conversion", "letter_counting"], 6, seed=1)
    right = [{"response": str(task.entry["answer"]), "key": json.dumps(task.key)} for task in tasks]
    wrong = [{"response": f"{task.entry['answer']}9", "key": json.dumps(task.key)} for task in tasks]
    scores = run(Environments(), frame(*right, *wrong), References())["score"]
    assert (scores[:6] == 1).all()
    assert (scores[6:] < 1).all()


def test_families_that_there_are_not_or_that_lack_a_library_are_refused_by_name():
    with pytest.raises(RecipeError, match=r"`families` names sums; there are ab, .*, chain_sum,"):
        environments.make(["chain_sum", "sums"], 1, seed=0)
    with pytest.raises(RecipeError, match="names none"):
        environments.make([], 1, seed=0)
    with pytest.raises(InputError, match=r"composite can't make tasks here: .* Take it out"):
        environments.make(["composite"], 1, seed=0)


def test_a_family_that_has_no_more_questions_leaves_its_turns_to_others(monkeypatch):
    monkeypatch.setattr(environments, "_BLOCK", 1)
    asked = type("Pool", (), {"ask": lambda self, questions: [[{"question": str(questions[0]["seed"] % 3)}]]})()
    assert len(list(environments._of_family("few", 0, asked))) <= 3
