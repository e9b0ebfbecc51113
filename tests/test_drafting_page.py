"""The page about drafting: it names what there is, and says of it what the code does."""

import re
import tomllib
from pathlib import Path

import polars as pl
import pytest
import tomli_w

from outcross.data import recipe as recipes
from outcross.mixture.policy import Policy
from outcross.mixture.weights import COLUMNS, weigh
from outcross.serving import models
from outcross.settings import Settings
from outcross.tasks.drafting.prompts import LONGEST_LIST
from outcross.tasks.drafting.scripts.registry import SCRIPTS

PAGE = (Path(__file__).parents[1] / "docs" / "drafting.md").read_text(encoding="utf-8")
OF_ONE_CORPUS = {"docstrings", "champ"}


def table(heading: str) -> dict[str, list[str]]:
    """The rows of the first table below a heading, by what their first cell has between backticks."""
    _, _, below = PAGE.partition(f"\n## {heading}\n")
    rows = re.findall(r"^\| `(\w+)`(?:, `\w+`)? \| (.+) \|$", below.partition("\n## ")[0], flags=re.MULTILINE)
    return {name: rest.split(" | ") for name, rest in rows}


def test_every_script_is_described():
    assert set(table("Slots and scripts")) == set(SCRIPTS)


def test_every_recipe_that_reads_a_file_of_ones_own_is_in_the_table_with_its_kind(home):
    found = table("The kinds")
    assert set(found) == set(recipes.names(home)) - OF_ONE_CORPUS
    for name, cells in found.items():
        assert cells[0] == recipes.load(home, name).kind


@pytest.mark.parametrize("name", ["jsonl", "rewrite", "reasoning", "conversation", "languages"])
def test_each_kind_shows_three_drafts_with_what_the_screen_said_of_them(name):
    section = re.split(r"^## ", PAGE.partition(f"\n`{name}`: ")[2], maxsplit=1, flags=re.MULTILINE)[0]
    blocks = re.findall(r"^~~~~~~~~text\nPEOPLE .*?^DRAFT$.*?^the screen: (\w+)$.*?^~~~~~~~~$", section, re.M | re.S)
    assert len(blocks) == 3
    assert set(blocks) <= {"accepted", "borderline", "rejected"}


TABLES = dict(
    zip(
        ("languages", "vary", "machine", "fleet"),
        map(tomllib.loads, re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)),
        strict=True,
    )
)
"""What the page's blocks of TOML hold, by what they are about."""


@pytest.mark.parametrize("name", ["vary", "fleet"])
def test_the_tables_that_are_shown_for_a_recipe_hold_in_one(home, name):
    recipes.write(home, "mine", {"base": "jsonl", "about": "x", **TABLES[name]})


def test_the_models_that_are_shown_can_be_read(home):
    home.root.mkdir()
    (home.root / "models.toml").write_text(tomli_w.dumps(TABLES["machine"]))
    assert models.read(Settings(home=home.root), home)["small"].price_out == 0.4


def test_the_tables_of_languages_are_the_recipes_own(home):
    said, recipe = TABLES["languages"], recipes.load(home, "languages")
    assert said["draft"]["languages"] == recipe.draft.languages
    assert said["draft"]["stratum"] == recipe.draft.stratum
    assert said["screen"]["language"].items() <= recipe.screen["language"].items()


def test_the_longest_list_is_as_long_as_the_page_says():
    assert f"list, {LONGEST_LIST} at most" in " ".join(PAGE.split())


def test_a_mixture_leaves_out_drafts_in_a_language_in_which_no_person_wrote_for_the_reason_that_the_page_gives():
    people = [(f"human {n}", "all", "human", True, 0, 1.0) for n in range(40)]
    drafts = [(f"draft {n}", "de", "synthetic", True, 1, 1.0) for n in range(3)]
    mixed = weigh(pl.DataFrame([*people, *drafts], schema=COLUMNS, orient="row"), Policy())
    assert set(mixed.left_out["reason"]) == {"its stratum has no human row"}
    assert "*its stratum has no human row*" in PAGE
