"""Several models: named by a recipe, found by the machine, each with its share, its price and its own record."""

import os
from collections import Counter
from pathlib import Path

import polars as pl
import pytest
from pydantic import SecretStr

from outcross.data.recipe import load
from outcross.data.stores import generators, warehouse
from outcross.data.stores.generators import Generator
from outcross.data.stores.home import Home
from outcross.errors import InputError, ModelMissing, RecipeError, ServerUnavailable
from outcross.serving.endpoint import connect
from outcross.serving.fleet import assemble
from outcross.serving.servers import embedded, local
from outcross.serving.servers.local import LocalServer
from outcross.settings import Settings
from outcross.tasks.drafting.engine import Drafted, draft
from outcross.tasks.drafting.go import Go
from outcross.tasks.drafting.plan import plan
from outcross.tasks.ingest import ingest
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.mixing.contraction import measure
from tests import make
from tests.openai_server import openai_server

SETTINGS = Settings(base_url=None, model=None)


@pytest.fixture(autouse=True)
def _all_known(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody said of the models what they were trained on, and the environment says nothing."""
    for name in ("BASE_URL", "MODEL", "MODELS", "MODEL_DEPTH", "API_KEY"):
        monkeypatch.delenv(f"OUTCROSS_{name}", raising=False)
    for depth, name in enumerate(["one", "two"]):
        generators.add(home, Generator(model=name, depth=depth, mean_depth=depth, said_by="ada"))


def write(home: Home, text: str) -> Path:
    home.root.mkdir(parents=True, exist_ok=True)
    path = home.root / "models.toml"
    path.write_text(text, encoding="utf-8")
    return path


def table(name: str, base_url: str, more: str = "") -> str:
    return f'[{name}]\nbase_url = "{base_url}"\n{more}\n'


def gathered(home: Home, settings: Settings = SETTINGS, **shares: float):
    with assemble(settings, home, shares) as fleet:
        return fleet


def test_two_models_draft_their_shares_and_each_row_says_which_made_it(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(400)))
    ingest(home, recipe)
    with (
        openai_server(tmp_path / "1.log", models=["one"]) as one,
        openai_server(tmp_path / "2.log", models=["two"]) as two,
    ):
        write(home, table("first", one.base_url) + table("second", two.base_url))
        with assemble(SETTINGS, home, {"first": 3, "second": 1}) as fleet:
            assert draft(home, recipe, fleet, 120) == Drafted(drafted=120)
        served = Counter(one=len(one.served()), two=len(two.served()))
    assert served.total() == 120
    assert 18 <= served["two"] <= 45
    ids = warehouse.drafted(home, recipe.name)["sample_id"].to_list()
    made = [one.provenance for one in warehouse.samples(home, recipe.name, ids).values()]
    assert Counter(one.generation.model for one in made) == served
    assert {(one.generation.model, one.depth) for one in made} == {("one", 1), ("two", 2)}
    generations = measure(home, recipe, candidates(home, recipe)).generators
    assert dict(generations.select("model", "rows").iter_rows()) == served
    kappas = generations.filter(pl.col("rows") >= 30)["kappa"]
    assert len(kappas)
    assert kappas.null_count() == 0


def test_neither_the_name_nor_the_address_of_a_model_is_part_of_a_setup(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(60)))
    ingest(home, recipe)
    (slot,) = plan(home, recipe, 1)
    setups = []
    for name in ("small", "tiny"):
        with openai_server(tmp_path / "log", models=["one"]) as server:
            write(home, table(name, server.base_url))
            setups.append(Go.first(recipe, slot, gathered(home, **{name: 1.0})).setup)
    assert setups[0] == setups[1]
    named = recipe.model_copy(update={"draft": recipe.draft.model_copy(update={"models": {"small": 1.0}})})
    assert named.digest == recipe.digest


def test_what_the_file_says_of_a_model_goes_with_it(home, tmp_path, monkeypatch):
    monkeypatch.setenv("SMALL_KEY", "right\n")
    with openai_server(tmp_path / "log", models=["one", "two"], api_key="right") as server:
        more = 'model = "two"\napi_key_variable = "SMALL_KEY"\nconcurrency = 7\n'
        more += 'price_in = 1\nprice_out = 4\nlicence = "MIT"'
        path = write(home, table("small", server.base_url, more))
        (member,) = gathered(home, small=2).members
        elsewhere = path.rename(tmp_path / "elsewhere.toml")
        assert gathered(home, Settings(models=elsewhere), small=2).members == (member,)
    endpoint = member.endpoint
    assert (endpoint.model, endpoint.model_depth, endpoint.concurrency) == ("two", 1, 7)
    assert endpoint.api_key == SecretStr("right")
    assert member.licence == "MIT"
    assert member.cost(1_000_000, 500_000) == 3.0


def test_a_key_goes_to_the_server_that_it_is_for_and_to_no_other(home, tmp_path, monkeypatch):
    monkeypatch.setenv("OUTCROSS_API_KEY", "the environment's")
    monkeypatch.setenv("ONE_KEY", "of-one")
    with (
        openai_server(tmp_path / "1.log", models=["one"], api_key="of-one") as one,
        openai_server(tmp_path / "2.log", models=["two"]) as two,
    ):
        write(home, table("first", one.base_url, 'api_key_variable = "ONE_KEY"') + table("second", two.base_url))
        keys = {one.endpoint.model: one.endpoint.api_key for one in gathered(home, first=1, second=1).members}
    assert keys == {"one": SecretStr("of-one"), "two": None}


def test_without_shares_the_one_model_of_the_environment_drafts(home, tmp_path):
    with openai_server(tmp_path / "log", models=["one"]) as server:
        settings = Settings(base_url=server.base_url, model_depth=0)
        with connect(settings, home) as endpoint:
            assert [member.endpoint for member in gathered(home, settings).members] == [endpoint]


def test_the_embedded_model_is_always_there_free_and_under_its_own_licence(home, tmp_path):
    with openai_server(tmp_path / "log", models=["one"]) as server:
        write(home, table("small", server.base_url))
        members = {one.endpoint.model: one for one in gathered(home, small=0.7, embedded=0.3).members}
    built_in = members[embedded.MODEL]
    assert (built_in.endpoint.model_depth, built_in.endpoint.weights_digest) == (0, embedded.PUBLISHED)
    assert (built_in.share, built_in.licence, built_in.cost(9, 9)) == (0.3, "Apache-2.0", 0.0)


def test_a_licence_that_was_said_of_a_model_is_known_where_the_file_is_silent(home, tmp_path):
    generators.add(home, Generator(model="one", depth=0, mean_depth=0, licence="Apache-2.0", said_by="ada"))
    with openai_server(tmp_path / "log", models=["one"]) as server:
        write(home, table("small", server.base_url))
        assert gathered(home, small=1).members[0].licence == "Apache-2.0"


def test_weights_and_key_of_a_server_that_runs_here_are_known_by_its_address_and_model(home, tmp_path):
    with openai_server(tmp_path / "log", models=["one", "two"], api_key="made here") as server:
        known = LocalServer(
            base_url=server.base_url,
            model="one",
            weights_digest="7" * 64,
            pid=os.getpid(),
            api_key=SecretStr("made here"),
        )
        with local.announced(home, known):
            with connect(Settings(base_url=server.base_url, model="one"), home) as endpoint:
                assert endpoint.weights_digest == "7" * 64
            write(home, table("small", server.base_url, 'model = "two"'))
            assert gathered(home, small=1).members[0].endpoint.weights_digest is None, "another model's"
        with pytest.raises(ServerUnavailable, match="status 401"):
            gathered(home, small=1)


def test_weights_that_were_unpacked_from_the_published_ones_have_depth_0(home, tmp_path):
    with openai_server(tmp_path / "log", models=["unpacked"]) as server:
        known = LocalServer(
            base_url=server.base_url,
            model="unpacked",
            weights_digest="7" * 64,
            unpacked_from=embedded.PUBLISHED,
            pid=os.getpid(),
        )
        with local.announced(home, known):
            write(home, table("small", server.base_url))
            assert gathered(home, small=1).members[0].endpoint.model_depth == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[small]", r"models\.toml: `small\.base_url`: Field required"),
        ("small = 1", r"models\.toml: `small`: Input should be"),
        ("[small", r"models\.toml is not TOML"),
        ('[embedded]\nbase_url = "http://h/v1"', r"\[embedded\] is the name of the built-in model"),
        ('[small]\nbase_url = "http://h/v1"\nprice_in = 1', "say both `price_in` and `price_out`"),
        (
            '[small]\nbase_url = "http://h/v1"\nprice_in = -1\nprice_out = 1',
            r"`small\.price_in`: Input should be",
        ),
        ('[small]\nbase_url = "http://h"', r"`base_url` of \[small\] in .*models\.toml is 'http://h', but must be"),
        ('[small]\nbase_url = "http://me:pw@h/v1"', r"`base_url` of \[small\] .* holds a user name or password"),
        ('[Small]\nbase_url = "http://h/v1"', r"`Small\.\[key\]`: String should match"),
    ],
)
def test_a_file_that_does_not_hold_says_where_and_why(home, text, said):
    write(home, text)
    with pytest.raises(InputError, match=said):
        gathered(home, small=1)


@pytest.mark.parametrize("line", ['api_key = "sk-12-secret"', 'api_key_variable = "sk-12-secret"'])
def test_a_key_in_the_file_is_refused_without_repeating_it(home, line):
    write(home, table("small", "http://h/v1", line))
    with pytest.raises(
        InputError, match="Put the key in an environment variable, and that variable's name in"
    ) as error:
        gathered(home, small=1)
    assert "secret" not in str(error.value)


def test_a_name_that_the_machine_does_not_know_is_refused_with_those_it_knows(home, tmp_path):
    with pytest.raises(InputError, match=r"names huge, and this machine knows embedded\. Describe it in"):
        gathered(home, huge=1)
    write(home, table("small", "http://h/v1") + table("large", "http://h/v1"))
    with pytest.raises(InputError, match="names huge, and this machine knows embedded, small, large"):
        gathered(home, small=1, huge=1)
    with pytest.raises(InputError, match=r"nowhere\.toml can't be read: No such file.*OUTCROSS_MODELS"):
        gathered(home, Settings(models=tmp_path / "nowhere.toml"), small=1)


def test_a_model_that_cannot_be_used_is_told_of_in_the_files_own_words(home, tmp_path):
    with openai_server(tmp_path / "log", models=["one", "two"], api_key="right") as server:
        write(home, table("small", server.base_url, 'api_key_variable = "SMALL_KEY"'))
        with pytest.raises(InputError, match=r"names SMALL_KEY, which isn't set\. Set it to the key of"):
            gathered(home, small=1)
        write(home, table("small", server.base_url))
        with pytest.raises(ServerUnavailable, match=r"status 401.*its name in `api_key_variable` of \[small\]"):
            gathered(home, small=1)
    with openai_server(tmp_path / "log", models=["one", "two"]) as server:
        write(home, table("small", server.base_url))
        with pytest.raises(ModelMissing, match=r"`model` of \[small\] in .* isn't set, .* serves 'one', 'two'"):
            gathered(home, small=1)
        write(home, table("small", server.base_url, 'model = "one"') + table("again", server.base_url, 'model = "one"'))
        with pytest.raises(InputError, match="names `small` and `again`, and both are one"):
            gathered(home, small=1, again=1)
    with pytest.raises(ServerUnavailable, match="take `small` out of the recipe's"):
        gathered(home, small=1, embedded=1)


def test_a_model_of_which_nothing_is_known_is_refused_whatever_the_environment_says_of_its_own(home, tmp_path):
    with openai_server(tmp_path / "log", models=["three"]) as server:
        write(home, table("small", server.base_url))
        with pytest.raises(InputError, match="nothing says what `three` was trained on"):
            gathered(home, Settings(model_depth=0), small=1)


@pytest.mark.parametrize("said", ["small = 0", "small = -1", "small = inf", '"Small" = 1'])
def test_a_share_is_a_number_above_0_under_a_plain_name(home, said):
    home.recipes.mkdir(parents=True)
    (home.recipes / "odd.toml").write_text(f'base = "docstrings"\n[draft.models]\n{said}\n')
    with pytest.raises(RecipeError, match=r"draft\.models"):
        load(home, "odd")
