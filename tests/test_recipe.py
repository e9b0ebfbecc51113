"""Recipes: read, based on one another, refused with where and why, and kept."""

import pytest

from outcross.data import recipe as recipes
from outcross.data.recipe_tables import Review
from outcross.data.stores.home import Home
from outcross.errors import RecipeError
from outcross.tasks.mixing.mix import policy
from outcross.tasks.screening.suite import Screen


@pytest.mark.parametrize("name", ["docstrings", "jsonl", "champ"])
def test_the_built_in_recipes_hold_in_every_room(home, name):
    recipe = recipes.load(home, name)
    assert Screen.of(recipe).validators
    assert policy(recipe).human_floor == 0.5


def test_a_recipe_takes_from_its_base_what_it_does_not_say(home):
    own = recipes.write(home, "mine", {"base": "jsonl", "draft": {"count": 7}, "source": {"licence": "MIT"}})
    base = recipes.load(home, "jsonl")
    assert own.draft == base.draft.model_copy(update={"count": 7})
    assert own.source.licence == "MIT"
    assert own.screen == base.screen


def test_writing_a_recipe_again_keeps_what_its_owner_added(home):
    recipes.write(home, "mine", {"base": "jsonl", "source": {"licence": "MIT"}})
    path = home.recipes / "mine.toml"
    path.write_text(path.read_text() + "\n[draft]\ncount = 5\n")
    again = recipes.write(home, "mine", {"base": "jsonl", "source": {"licence": "CC0-1.0"}})
    assert (again.draft.count, again.source.licence) == (5, "CC0-1.0")


def test_a_recipe_can_be_named_by_its_file(home, tmp_path):
    path = tmp_path / "some.toml"
    path.write_text('name = "other"\nbase = "jsonl"\n')
    assert recipes.load(home, str(path)).name == "other"


def test_a_recipe_that_says_no_name_has_its_files_and_never_its_bases(home, tmp_path):
    home.recipes.mkdir(parents=True)
    for path in (home.recipes / "numpy.toml", tmp_path / "numpy.toml"):
        path.write_text('base = "docstrings"\n')
        assert recipes.load(home, str(path)).name == "numpy"
    assert recipes.load(home, "numpy").name == "numpy"


def test_a_recipe_found_under_one_name_that_says_another_is_refused(home):
    home.recipes.mkdir(parents=True)
    (home.recipes / "mine.toml").write_text('base = "jsonl"\nname = "theirs"\n')
    said = (
        r"mine\.toml says that its name is theirs, and is found as mine\. Take `name` out of it, or rename the file\."
    )
    with pytest.raises(RecipeError, match=said):
        recipes.load(home, "mine")
    with pytest.raises(RecipeError, match=said):
        recipes.write(home, "mine", {"base": "jsonl"})


def test_a_file_of_rows_gives_its_recipe_a_name_and_is_the_only_one_that_the_recipe_is_for(home, tmp_path):
    first, second = tmp_path / "a" / "My data.jsonl", tmp_path / "b" / "My data.jsonl"
    for path in (first, second):
        path.parent.mkdir()
        path.write_text("{}\n")
    made = recipes.for_file(home, None, first, {"licence": "MIT", "attestation": "Ada, who wrote them"})
    assert (made.name, made.source.path) == ("my-data", first)
    with pytest.raises(RecipeError) as error:
        recipes.for_file(home, None, second, {})
    assert str(error.value) == (
        f"the recipe my-data is for {first}, and {second} is another file. Give that one a recipe of its own: "
        f"outcross run NAME --human FILE; or, if the rows have moved, change `path` in {home.recipes}/my-data.toml."
    )
    assert recipes.load(home, "my-data") == made
    assert recipes.for_file(home, "second", second, {}).source.licence == ""
    again = recipes.for_file(home, None, tmp_path / "b" / ".." / "a" / "My data.jsonl", {"licence": "CC0-1.0"})
    assert (again.source.licence, again.source.attestation) == ("CC0-1.0", "Ada, who wrote them")


def test_a_slip_in_the_name_of_a_file_makes_no_recipe(home, tmp_path):
    with pytest.raises(RecipeError, match=r"/missing\.jsonl is no file\."):
        recipes.for_file(home, "mine", tmp_path / "missing.jsonl", {"licence": "MIT"})
    assert "mine" not in recipes.names(home)


def test_a_recipe_that_is_broken_is_said_with_its_line_and_is_not_written_over(home):
    home.recipes.mkdir(parents=True)
    path = home.recipes / "mine.toml"
    path.write_text('base = "jsonl"\nabout = \n')
    with pytest.raises(RecipeError, match=r"mine\.toml is not TOML: .* \(at line 2, column 9\)"):
        recipes.write(home, "mine", {"base": "jsonl"})
    assert path.read_text() == 'base = "jsonl"\nabout = \n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "is not TOML"),
        ('name = "x"\nbase = "x"', "is its own base"),
        ('name = "x"\nbase = "jsonl"\n[draft]\ncount = -1', r"`draft\.count`: Input should be greater"),
        ('name = "x"\nbase = "jsonl"\n[draft]\ntemprature = 1', r"`draft\.temprature`: Extra inputs are not permitted"),
        ('name = "x"\nbase = "jsonl"\n[draft]\nwrites = ["poem"]', r"`draft\.writes` names poem, and .* has context"),
        ('name = "X"\nbase = "jsonl"', "`name`: String should match pattern"),
        ('name = "x"', "`about`: Field required"),
    ],
)
def test_a_recipe_that_does_not_hold_is_refused_with_where_and_why(home, text, said):
    home.recipes.mkdir(parents=True)
    (home.recipes / "x.toml").write_text(text)
    with pytest.raises(RecipeError, match=said) as error:
        recipes.load(home, "x")
    assert "\n" not in str(error.value)


def test_a_name_that_is_built_in_is_refused_so_that_no_recipe_becomes_its_own_base(home):
    with pytest.raises(RecipeError, match="is the name of a built-in recipe"):
        recipes.write(home, "jsonl", {"base": "jsonl"})


def test_toml_nested_past_all_reason_is_said(home):
    home.recipes.mkdir(parents=True)
    (home.recipes / "x.toml").write_text("a = " + "[" * 100_000)
    with pytest.raises(RecipeError, match="is not TOML"):
        recipes.load(home, "x")


@pytest.mark.parametrize("name", ["../out", "A", "", "a/b", ".hidden", "x" * 65])
def test_a_name_that_could_lead_elsewhere_is_refused_before_anything_is_written(home: Home, name):
    with pytest.raises(RecipeError, match="can't be a recipe's name"):
        recipes.write(home, name, {"base": "jsonl"})
    assert not home.root.exists()


def test_an_unknown_recipe_is_answered_with_those_there_are(home):
    with pytest.raises(RecipeError, match="There are: champ, conversation, docstrings, jsonl, languages"):
        recipes.load(home, "nope")


def test_a_mixture_rule_that_is_unknown_is_named(home):
    recipe = recipes.write(home, "mine", {"base": "jsonl", "mixture": {"human_flor": 0.5}})
    with pytest.raises(RecipeError, match="`human_flor`: Extra inputs are not permitted"):
        policy(recipe)


def test_a_recipes_digest_names_what_shapes_the_rows_and_not_where_the_file_lies(home):
    one = recipes.write(home, "mine", {"base": "jsonl", "source": {"path": "/a.jsonl"}})
    other = recipes.write(home, "mine", {"base": "jsonl", "draft": {"count": 3}})
    moved = one.model_copy(update={"source": one.source.model_copy(update={"path": "/b.jsonl"})})
    assert one.digest == other.digest == moved.digest
    assert recipes.write(home, "mine", {"base": "jsonl", "draft": {"temperature": 0.1}}).digest != one.digest
    assert one.model_copy(update={"kind": "text"}).digest != one.digest


def test_how_experts_are_asked_is_no_part_of_a_recipes_digest_but_the_audit_share_is(home):
    one = recipes.write(home, "mine", {"base": "jsonl"})
    asked = {
        "reviewers": 3,
        "overlap_share": 0.5,
        "language": "de",
        "qualify": True,
        "guideline": "Be fair.",
        "guideline_version": "2.0",
        "steps": "per_step",
        "second_look": True,
    }
    assert recipes.write(home, "mine", {"base": "jsonl", "review": asked}).digest == one.digest
    assert recipes.write(home, "mine", {"base": "jsonl", "review": {"audit_share": 0.5}}).digest != one.digest


@pytest.mark.parametrize(
    ("kind", "said", "need"),
    [
        ("instruction", None, 1),
        ("preference", None, 2),
        ("reasoning", None, 2),
        ("trajectory", None, 1),
        ("text", 3, 3),
    ],
)
def test_pairs_and_reasoning_are_decided_by_two_where_the_recipe_says_nothing(kind, said, need):
    assert Review(reviewers=said).needed(kind) == need


def test_a_guideline_may_lie_in_a_file_beside_the_recipe_that_names_it(home):
    home.recipes.mkdir(parents=True)
    (home.recipes / "how.md").write_text("Be *fair*.\n")
    (home.recipes / "below.toml").write_text('base = "jsonl"\n[review]\nguideline = "how.md"\n')
    (home.recipes / "mine.toml").write_text('base = "below"\n')
    assert recipes.load(home, "mine").review.guideline == "Be *fair*.\n"
    kept = recipes.write(home, "mine", {"draft": {"count": 3}})
    assert kept.review.guideline == "Be *fair*.\n"
    (home.recipes / "how.md").unlink()
    with pytest.raises(RecipeError, match=r"`review\.guideline` names .*how\.md, which can't be read: No such file"):
        recipes.load(home, "mine")
    (home.recipes / "how.md").write_bytes(b"\xff")
    with pytest.raises(RecipeError, match="is not UTF-8"):
        recipes.load(home, "mine")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("reviewers = 0", r"`review\.reviewers`: Input should be greater than or equal to 1 \(found '0'\)"),
        ("overlap_share = 2", r"`review\.overlap_share`: Input should be less than or equal to 1"),
        ('language = "English"', r"`review\.language`: String should match pattern"),
        ('guideline_version = "1"', r"`review\.guideline_version`: String should match pattern"),
        ('steps = "all"', r"`review\.steps`: Input should be 'first_error' or 'per_step'"),
        ("qualify = 3", r"`review\.qualify`: Input should be a valid boolean"),
    ],
)
def test_a_review_rule_that_does_not_hold_is_said(home, line, said):
    home.recipes.mkdir(parents=True)
    (home.recipes / "mine.toml").write_text(f'base = "jsonl"\n[review]\n{line}\n')
    with pytest.raises(RecipeError, match=said):
        recipes.load(home, "mine")
