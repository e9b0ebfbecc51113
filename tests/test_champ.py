"""CHAMP as the wheel holds it: people's solutions as a corpus, models' solutions as drafts and as gold."""

import importlib.util
from collections import Counter

import pytest

from outcross.data import recipe as recipes
from outcross.data.corpora import champ
from outcross.data.corpora.candidates import Candidate, Refusal
from outcross.data.corpora.champ import Solution
from outcross.data.samples import CONTENT, Reasoning
from outcross.data.stores import screening, vault, warehouse
from outcross.errors import InputError
from outcross.tasks import review
from outcross.tasks.gold import Gold, gold
from outcross.tasks.imports import import_solutions
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from tests import make

pytest.importorskip("champ_dataset", reason="the data set is a wheel of its own: pip install --no-deps champ-dataset")


@pytest.fixture(scope="module")
def solutions() -> list[Solution | Refusal]:
    return list(champ.solutions())


@pytest.fixture(scope="module")
def marked(solutions: list[Solution | Refusal]) -> list[Solution]:
    return [one for one in solutions if isinstance(one, Solution)]


def content(solution: Solution) -> Reasoning:
    made = CONTENT.validate_python(solution.draft.content)
    assert isinstance(made, Reasoning)
    return made


def test_each_problem_comes_with_the_solution_that_people_wrote():
    rows = list(champ.read())
    assert all(isinstance(row, Candidate) for row in rows)
    assert len({row.document for row in rows}) == len(rows) == 270
    assert Counter(row.stratum for row in rows) == {
        "Number-Theory": 80,
        "Inequality": 50,
        "Polynomial": 50,
        "Sequence": 50,
        "Combinatorics": 40,
    }
    first = CONTENT.validate_python(rows[0].content)
    assert (len(first.steps), first.answer, rows[0].licence) == (6, "239", "MIT")


def test_two_solutions_a_problem_are_marked_and_those_that_can_not_be_used_say_why(solutions, marked):
    assert len(solutions) == 540
    assert Counter(one.reason for one in solutions if isinstance(one, Refusal)) == {
        "the mark of the first wrong step is on 2 steps": 7,
        "the mark of the first wrong step is on 3 steps": 1,
        "the mark of the first wrong step is on 4 steps": 1,
        "the model's solution was cut off before its answer": 6,
    }
    assert Counter(-1 in one.labels for one in marked) == {True: 429, False: 96}
    assert {one.draft.author.model for one in marked} == {"GPT-3.5", "GPT-4", "GPT-4 Turbo", "PaLM 2 Medium"}


def test_the_step_that_is_marked_is_the_one_that_people_marked(marked):
    # The first of the data set: the mark is within the fifth paragraph.
    first = marked[0]
    assert first.labels[:5] == (1, 1, 1, 1, -1)
    assert content(first).steps[4].startswith("If the last digit is 1, then the second-to-last digit")
    assert set(first.labels[5:]) == {None}


def test_labels_are_as_long_as_the_solution_and_nothing_after_the_first_error_is_judged(marked):
    for one in marked:
        assert len(one.labels) == len(content(one).steps)
        good, _, rest = "".join({1: "g", -1: "b", None: "."}[label] for label in one.labels).partition("b")
        assert set(good) <= {"g"}
        assert set(rest) <= {"."}


def test_the_steps_hold_all_of_the_solution_in_its_order(marked):
    whole = " ".join(content(marked[0]).steps).split()
    assert whole[:4] == ["To", "solve", "this", "problem,"]
    assert whole[-4:] == ["or", "equal", "to", "1."]


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("One.\n\nTwo.", ["One.", "Two."]),
        ("One.\nStill one.\n \t\n\n  Two.\n", ["One.\nStill one.", "Two."]),
        ("We have:\n\nx = 1\n\nSo 1.", ["We have:\n\nx = 1", "So 1."]),
        ("By this we get\n\n$$x$$\n\nDone.", ["By this we get\n\n$$x$$", "Done."]),
        ("f = ab + x\n\nNext.", ["f = ab + x", "Next."]),
        ("Over:\n\nand,\n\nout.", ["Over:\n\nand,\n\nout."]),
        ("Open:", ["Open:"]),
    ],
)
def test_blank_lines_part_steps_save_in_the_middle_of_a_sentence(text, steps):
    assert [text[start:end] for start, end in champ._steps(text)] == steps


def test_the_data_set_that_is_not_installed_is_an_error_that_says_the_command(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"CHAMP isn't installed: pip install --no-deps champ-dataset"):
        list(champ.read())


def test_another_version_of_the_data_set_is_said_with_where_it_differs(monkeypatch, tmp_path):
    file = tmp_path / champ.FILE
    file.parent.mkdir()
    file.write_text('{"problems": {"P_1": {"identifier": "P_1"}}}')
    found = type("Spec", (), {"origin": str(tmp_path / "__init__.py")})
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    with pytest.raises(
        InputError, match=r"isn't CHAMP as version 1\.0\.0 has it: problems\.P_1\._text: Field required"
    ):
        list(champ.solutions())


def test_drafts_and_gold_part_the_solutions_by_the_problems_that_are_held_out(home, marked):
    recipe = recipes.load(home, "champ")
    assert ingest(home, recipe).new == 270
    parts = vault.counts(home, "champ")
    held = {sample.provenance.source for sample in vault.samples(home, "champ", "heldout")}
    assert len(held) == parts["heldout"] > 50
    came = import_solutions(home, recipe)
    assert sum(came.refused.values()) == 15
    assert import_solutions(home, recipe).new == 0
    known = [one for one in gold(recipe) if isinstance(one, Gold)]
    assert came.new + len(known) == len(marked)
    assert {one.item.shown.document for one in known} <= held
    stored = warehouse.samples(home, "champ", warehouse.drafted(home, "champ")["sample_id"].to_list())
    assert {one.provenance.source for one in stored.values()}.isdisjoint(held)
    assert Counter(one.provenance.generation.model for one in stored.values()).keys() == {
        "GPT-3.5",
        "GPT-4",
        "GPT-4 Turbo",
        "PaLM 2 Medium",
    }


def test_gold_has_the_peoples_answer_an_explanation_and_enough_for_both_uses(home):
    recipe = recipes.load(home, "champ")
    known = [one for one in gold(recipe) if isinstance(one, Gold)]
    for one in known:
        shown = one.item.shown.content
        assert isinstance(shown, Reasoning)
        assert shown.labels == ()
        assert len(one.answer.labels) == len(shown.steps)
        wrong = -1 in one.answer.labels
        assert one.answer.verdict == ("error" if wrong else "correct")
        number = one.answer.labels.index(-1) + 1 if wrong else None
        said = f"People found the first mistake in step {number}." if wrong else "People found no mistake."
        assert one.explanation == said
        assert (one.item.source, one.item.author_kind) == ("gold", "model")
    uses = Counter((one.training, one.answer.verdict) for one in known)
    assert min(uses.values()) >= 10
    assert len(uses) == 4
    assert known == [one for one in gold(recipe) if isinstance(one, Gold)]


def test_all_drafts_that_the_screen_leaves_are_put_before_experts(home):
    recipe = recipes.load(home, "champ")
    ingest(home, recipe)
    import_solutions(home, recipe)
    screen(home, recipe, unjudged(home, recipe))
    verdicts = screening.verdicts(home, "champ", Screen.of(recipe).ruleset)
    left = verdicts.filter(verdicts["outcome"] != "rejected").height
    assert left > 300
    assert review.enqueue(home, recipe) == left


def test_a_recipe_whose_corpus_brings_no_drafts_says_how_to_give_some(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(3)))
    with pytest.raises(InputError, match=r"no drafts of its own\. Give a file of them: outcross import mine FILE"):
        import_solutions(home, recipe)
