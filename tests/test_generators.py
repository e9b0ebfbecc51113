"""What models were trained on: said by somebody, read from the release itself, and refused where nobody knows."""

import re
from datetime import UTC, datetime

import duckdb
import pytest
from typer.testing import CliRunner

from outcross.cli import app
from outcross.data.corpora import champ
from outcross.data.corpora.champ import Solution
from outcross.data.recipe import load
from outcross.data.stores import generators, runs, warehouse
from outcross.data.stores.generators import Generator
from outcross.data.stores.runs import Run
from outcross.errors import InputError, ReleaseError
from outcross.serving.endpoint import connect
from outcross.settings import Settings
from outcross.tasks.imports import as_synthetic, import_drafts
from tests import make
from tests.openai_server import openai_server

UNKNOWN = (
    r"nothing says what `some-model-7b` was trained on, so the depth of its drafts is unknown\. "
    r"Say it: outcross generator some-model-7b --never-on-ours, or --trained-on NAME@VERSION\."
)
DIGEST = "5" * 64


@pytest.fixture(autouse=True)
def _nothing_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OUTCROSS_MODEL_DEPTH")


def say(home, depth: int, *, model: str = "some-model-7b", weights: str | None = None) -> None:
    generators.add(
        home, Generator(model=model, weights_digest=weights, depth=depth, mean_depth=depth / 2, said_by="ada")
    )


def outcross(home, *words: str) -> str:
    return CliRunner().invoke(app, ["generator", *words, "--home", str(home.root)], catch_exceptions=False).stdout


def drafts(tmp_path, count: int = 4):
    return make.write_jsonl(tmp_path / "theirs.jsonl", make.tasks(count))


def test_a_servers_model_of_which_nothing_is_known_is_refused_and_no_store_is_made(home, tmp_path):
    with openai_server(tmp_path / "log", models=["some-model-7b"]) as server:
        settings = Settings(base_url=server.base_url, home=home.root)
        with pytest.raises(InputError, match=UNKNOWN), connect(settings):
            pass
        assert not home.root.exists()
        say(home, 1)
        with connect(settings) as endpoint:
            assert endpoint.model_depth == 1


def test_the_variable_stands_over_the_record(home, tmp_path, monkeypatch):
    say(home, 1)
    assert generators.model_depth(home, "some-model-7b") == 1
    with openai_server(tmp_path / "log", models=["some-model-7b"]) as server:
        monkeypatch.setenv("OUTCROSS_MODEL_DEPTH", "3")
        with connect(Settings(base_url=server.base_url), home) as endpoint:
            assert endpoint.model_depth == 3
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    import_drafts(home, recipe, drafts(tmp_path), "some-model-7b")
    assert depths(home, recipe.name) == {4}


def depths(home, recipe: str) -> set[int]:
    ids = warehouse.drafted(home, recipe)["sample_id"].to_list()
    stored = list(warehouse.samples(home, recipe, ids).values())
    for one in stored:
        assert one.provenance.depth == 1 + one.provenance.generation.model_depth
    return {one.provenance.depth for one in stored}


def test_a_file_of_drafts_is_refused_until_its_generator_is_known(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    with pytest.raises(InputError, match=UNKNOWN):
        import_drafts(home, recipe, drafts(tmp_path), "some-model-7b")
    assert "never trained on a release of yours. Its drafts have depth 1" in outcross(
        home, "some-model-7b", "--never-on-ours"
    )
    assert import_drafts(home, recipe, drafts(tmp_path), "some-model-7b").new == 4
    assert depths(home, recipe.name) == {1}


def test_a_corrected_word_decides_new_drafts_and_leaves_the_old_rows_as_they_were(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    say(home, 0)
    import_drafts(home, recipe, drafts(tmp_path, 4), "some-model-7b")
    say(home, 2)
    assert import_drafts(home, recipe, drafts(tmp_path, 6), "some-model-7b").new == 2
    assert depths(home, recipe.name) == {1, 3}


def test_a_word_on_certain_weights_is_for_them_alone_and_the_last_one_stands(home):
    say(home, 1, weights=DIGEST)
    with pytest.raises(InputError, match=UNKNOWN):
        generators.model_depth(home, "some-model-7b")
    say(home, 2)
    say(home, 3, model="another")
    assert generators.model_depth(home, "some-model-7b") == 2
    assert generators.model_depth(home, "some-model-7b", DIGEST) == 1
    assert generators.model_depth(home, "some-model-7b", "6" * 64) == 2
    say(home, 0, weights=DIGEST)
    assert generators.model_depth(home, "some-model-7b", DIGEST) == 0
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM generator").fetchone() == (4,), "a word was lost"


def test_a_model_trained_on_a_release_has_the_depth_of_its_deepest_row_and_the_mean_by_weight(published):
    home, made = published
    with duckdb.connect(str(made.table), read_only=True) as connection:
        share = connection.execute("SELECT sum(weight) FILTER (depth = 1) / sum(weight) FROM samples").fetchone()[0]
    assert 0 < share < 1
    assert "trained on mine 1" in outcross(home, "some-model-7b", "--trained-on", "mine@1")
    known = generators.find(home, "some-model-7b")
    assert (known.trained_on, known.version, known.depth) == ("mine", 1, 1)
    assert known.mean_depth == pytest.approx(share)
    said = outcross(home)
    assert re.search(r"some-model-7b +all +mine 1 +2 ", said)


def test_a_release_that_is_not_there_is_said(home, published):
    with pytest.raises(ReleaseError, match=r"no version 2\. It has 1"):
        outcross(home, "x", "--trained-on", "mine@2")
    with pytest.raises(InputError, match=r"'mine' names no version\. Write it as docstrings@3"):
        outcross(home, "x", "--trained-on", "mine")


def test_one_thing_is_said_of_one_model(home):
    with pytest.raises(InputError, match=r"what was 'x' trained on\?"):
        outcross(home, "x")
    with pytest.raises(InputError, match="Say one of"):
        outcross(home, "x", "--never-on-ours", "--depth", "0")
    with pytest.raises(InputError, match="which model is it"):
        outcross(home, "--never-on-ours")
    with pytest.raises(InputError, match="weights_digest: String should match"):
        outcross(home, "x", "--depth", "1", "--weights-digest", "abc")
    assert "Nothing was said of any model" in outcross(home)
    assert not home.root.exists()
    assert "Its drafts have depth 3" in outcross(home, "x", "--depth", "2")


def test_a_licence_is_kept_with_what_else_was_said_and_listed(home):
    with pytest.raises(InputError, match=r"what was 'x' trained on\?"):
        outcross(home, "x", "--licence", "MIT")
    with pytest.raises(InputError, match="which model is it"):
        outcross(home, "--licence", "MIT")
    assert "trained at depth 2, under MIT. Its drafts have depth 3" in outcross(
        home, "x", "--depth", "2", "--licence", "MIT"
    )
    assert re.search(r"x +all +depth was said +3 +MIT ", outcross(home))
    outcross(home, "x", "--licence", "Apache-2.0")
    assert re.search(r"x +all +depth was said +3 +Apache-2.0 ", outcross(home))
    outcross(home, "x", "--never-on-ours")
    assert re.search(r"x +all +none +1 +Apache-2.0 ", outcross(home)), "a new word on the training lost the licence"


def test_a_licence_that_only_the_last_run_knew_is_listed_too(home):
    say(home, 0, model="x")
    now = datetime.now(UTC)
    run = Run(run_id="1", model="x", share=1, licence="MIT", started_at=now, ended_at=now)
    runs.add(home, "mine", [run])
    assert re.search(r"x +all +none +1 +MIT ", outcross(home))
    outcross(home, "x", "--licence", "Apache-2.0")
    assert re.search(r"x +all +none +1 +Apache-2.0 ", outcross(home))


def test_a_name_with_odd_characters_is_shown_as_text_and_can_be_pasted(home):
    name = "big [bold]red[/] model\x1b[2J; rm"
    with pytest.raises(InputError, match=r"generator 'big \[bold\]red"):
        generators.model_depth(home, name)
    outcross(home, name, "--never-on-ours")
    said = outcross(home)
    assert "\x1b" not in said
    assert "[bold]red[/]" in said


def test_the_models_of_a_public_data_set_are_known_whatever_is_said_of_others(home, monkeypatch):
    monkeypatch.setenv("OUTCROSS_MODEL_DEPTH", "4")
    recipe = load(home, "champ")
    made = [as_synthetic(one.draft, recipe) for one in champ.solutions() if isinstance(one, Solution)]
    assert {one.provenance.depth for one in made} == {1}
    assert len({one.provenance.generation.model for one in made}) == 4
