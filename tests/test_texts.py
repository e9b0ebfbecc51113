"""Rows as the texts that a mixture is measured by."""

from outcross.data.samples import Action, Trajectory
from outcross.tasks.mixing.texts import texts
from tests import make


def test_a_row_is_measured_by_what_a_model_may_write_and_not_by_what_it_is_given(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    answers = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"writes": ("response",)})})
    person = make.human("It adds.")
    assert texts(recipe, [person])["text"].to_list() == ["What does it do?\n\nIt adds."]
    assert texts(answers, [person])["text"].to_list() == ["It adds."]


def test_turns_are_measured_by_their_words(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    turns = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"writes": ("turns",)})})
    said = Trajectory(turns=(Action(role="user", text="Add."), Action(role="assistant", text="Done.")))
    assert texts(turns, [make.imported(said)])["text"].to_list() == ["Add.\n\nDone."]


def test_a_line_says_where_a_row_comes_from_and_what_it_weighs(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    person = make.human(stratum="rare", source="a.txt")
    draft = make.synthetic([person])
    frame = texts(recipe, [person, draft], {person.sample_id: 2.0, draft.sample_id: 0.5})
    columns = ["document", "stratum", "origin", "generator", "weight"]
    assert frame.select(columns).rows() == [
        ("a.txt", "rare", "human", None, 2.0),
        ("book.txt", "sums", "synthetic", "tiny", 0.5),
    ]
