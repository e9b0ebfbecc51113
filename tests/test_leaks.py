"""Leaks: rows of the training side that repeat held-out texts, found whatever document they came in."""

import json
from pathlib import Path

import pytest

from outcross.data.recipe import Recipe, load
from outcross.data.samples import Action, Instruction, Preference, Sample, Text, ToolCall, Trajectory
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.leaks import leaking
from tests import make

PROSE = "Return the smallest rectangle that holds all the given points, with its sides along both of the axes."
CODE = (
    "def area(points):\n    left = min(point.x for point in points)\n    return max(point.x for point in points) - left"
)


def row(instruction: str, response: str, *, context: str = "", source: str = "mine.txt") -> Sample:
    content = Instruction(instruction=instruction, context=context, response=response)
    return Sample(content=content, provenance=make.human(source=source).provenance)


def target(text: str) -> Sample:
    return Sample(content=Text(text=text), provenance=make.human().provenance)


@pytest.fixture
def kept(home: Home, tmp_path: Path) -> tuple[Home, Recipe]:
    """A vault with held-out rows, one of them with code, and a training row with the same instruction."""
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    rows = [
        ("heldout", row("Document this function for its callers.", PROSE, context=CODE, source="kept.txt")),
        ("heldout", row("How many legs do seven spiders have?", "Fifty-six.", source="kept.txt")),
        (
            "mixture",
            row("Document this function for its callers.", "Adds.", context="def add(a, b):\n    return a + b"),
        ),
    ]
    vault.add(home, recipe.name, rows)
    return home, recipe


def test_a_copy_of_a_held_out_text_is_named_with_its_document_and_its_words(kept):
    copies = [
        row("how many legs do seven SPIDERS have", "56."),
        row("Say it.", f"{PROSE} And more."),
        row("Say it.", "It's the width.", context=CODE),
        row(PROSE, "A bounding box."),
        target(CODE),
        make.hybrid(make.synthetic([make.human()]), PROSE),
    ]
    found = leaking(*kept, copies)
    assert [found.get(sample.sample_id, "missed").split(" kept.txt: ")[0] for sample in copies] == [
        "the prompt is the same text as held-out",
        "13 words in a row of the response also stand in held-out",
        "the context is the same text as held-out",
        "the prompt is the same text as held-out",
        "the context is the same text as held-out",
        "the response is the same text as held-out",
    ]
    assert found[copies[0].sample_id].endswith("kept.txt: “how many legs do seven spiders have”")


def test_texts_beside_the_answer_count_too(home, tmp_path):
    pair = make.recipe(home, tmp_path / "pairs.jsonl", name="pairs").model_copy(update={"kind": "preference"})
    held = Preference(prompt="Which one?", chosen="The first of them.", rejected=PROSE)
    vault.add(home, "pairs", [("heldout", Sample(content=held, provenance=make.human().provenance))])
    contents = [
        Preference(prompt="And now?", chosen="Nothing.", rejected=PROSE),
        Preference(prompt="And now?", chosen=PROSE, rejected="Nothing."),
        Preference(prompt="And now?", chosen="Nothing.", rejected="Something else."),
    ]
    pairs = [Sample(content=content, provenance=make.synthetic([]).provenance) for content in contents]
    assert leaking(home, pair, pairs).keys() == {one.sample_id for one in pairs[:2]}

    calls = pair.model_copy(update={"kind": "trajectory"})
    asked = ToolCall(call_id="1", tool="search", arguments=json.dumps({"query": PROSE}))
    turns = (Action(role="user", text="Find it."), Action(role="assistant", calls=(asked,)))
    said = Action(role="tool", text="Nothing was found.", answers="1"), Action(role="assistant", text="There is none.")
    found = Sample(content=Trajectory(turns=turns + said), provenance=make.synthetic([]).provenance)
    assert leaking(home, calls, [found]).keys() == {found.sample_id}


def test_what_is_only_given_or_said_by_chance_is_no_leak(kept):
    own = [
        row("Document this function for its callers.", "Multiplies.", context="def mul(a, b):\n    return a * b"),
        row("How many legs have spiders?", "Fifty-six."),
        target("def area(points):\n    return 0"),
    ]
    assert leaking(*kept, own) == {}


def test_the_recipe_need_not_name_the_validator_and_may_set_its_limits(kept):
    home, recipe = kept
    copy = row("How many legs do seven spiders have?", "56.")
    without = recipe.model_copy(update={"profile": None, "screen": {"shape": {}}})
    assert leaking(home, without, [copy])
    lenient = recipe.model_copy(update={"screen": {"heldout_overlap": {"shortest": 9}}})
    assert leaking(home, lenient, [copy]) == {}


def test_a_row_held_out_later_counts_from_then_on(kept):
    home, recipe = kept
    draft = make.synthetic([make.human()], "Gives the longest of all words in a sentence.")
    assert leaking(home, recipe, [draft]) == {}
    vault.add(home, recipe.name, [("heldout", row("Which?", "Gives the longest of all the words in a sentence."))])
    assert leaking(home, recipe, [draft]) == {}, "another text, if a close one"
    vault.add(home, recipe.name, [("heldout", row("What?", "gives the longest of all words in a sentence"))])
    assert list(leaking(home, recipe, [draft])) == [draft.sample_id]


def test_nothing_leaks_where_nothing_is_held_out_or_asked(home, tmp_path, kept):
    assert leaking(*kept, []) == {}
    other = make.recipe(home, tmp_path / "other.jsonl", name="other")
    assert leaking(home, other, [make.human()]) == {}


def test_the_standard_library_has_few_leaks_and_all_of_them_are_copies(tmp_path):
    home = Home(tmp_path / "library")
    recipe = load(home, "docstrings")
    ingest(home, recipe)
    for part in ("seed", "mixture", "target"):
        rows = vault.samples(home, recipe.name, part)
        assert len(leaking(home, recipe, rows)) < 0.03 * len(rows)
    kept = vault.samples(home, recipe.name, "heldout")
    long = [one for one in kept if one.content.kind == recipe.kind and len(one.content.response) > 100]
    assert len(long) > 100
    renamed = [row("Explain.", one.content.response.replace(",", " ").upper(), source="mine.txt") for one in long]
    assert len(leaking(home, recipe, renamed)) > 0.97 * len({one.sample_id for one in renamed})


def test_a_text_of_an_evaluation_set_that_the_recipe_names_is_a_leak_and_a_changed_set_is_read_again(kept, tmp_path):
    home, recipe = kept
    exam = tmp_path / "exam.jsonl"
    question = "Which of the four kings of Borneo kept a parrot that could recite the whole of the harbour rules?"
    exam.write_text(
        json.dumps({"question": "Something else, at length, that nobody would ever think of asking."}) + "\n"
    )
    named = recipe.model_copy(update={"evaluation": (exam,)})
    copy = row(question, "The second.")
    assert leaking(home, named, [copy]) == {}
    exam.write_text(json.dumps({"question": question, "answer": "The second."}) + "\n")
    assert "exam.jsonl#1" in leaking(home, named, [copy])[copy.sample_id]
    assert leaking(home, recipe, [copy]) == {}
