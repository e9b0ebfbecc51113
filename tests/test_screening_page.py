"""The page on screening: its recipes hold, and what it says of limits is so."""

import re
import tomllib
from dataclasses import asdict
from pathlib import Path

import pytest
import tomli_w

from outcross.data import recipe as recipes
from outcross.data.recipe_tables import Certification
from outcross.data.stores.home import Home
from outcross.flows.screen import PART
from outcross.tasks.judging.registry import judges
from outcross.tasks.screening.suite import Screen
from outcross.validators.profiles import PROFILES
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap
from outcross.verifiers.registry import VERIFIERS
from outcross.verifiers.sandbox import Limits

PAGE = (Path(__file__).parents[1] / "docs" / "screening.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^```toml\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("table", TABLES, ids=[table.splitlines()[0] for table in TABLES])
def test_each_recipe_on_the_page_holds(table, home: Home):
    home.recipes.mkdir(parents=True)
    said = tomllib.loads(table)
    (home.recipes / "mine.toml").write_text(tomli_w.dumps({"base": "jsonl", "about": "Rows."} | said))
    loaded = recipes.load(home, "mine")
    named = {one.name for one in (*Screen.of(loaded).validators, *judges(loaded))}
    assert named >= said.get("screen", {}).keys() | PROFILES.get(said.get("profile", ""), {}).keys()


def test_the_certificate_on_the_page_is_the_default_one():
    (terms,) = [said["certificate"] for table in TABLES if "certificate" in (said := tomllib.loads(table))]
    assert Certification(**terms) == Certification()


def test_the_page_names_every_verifier_profile_and_bound_as_it_is():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.MULTILINE) == ["mathematics", "code", "schema", "constraints",
                                                                       "environments"]  # fmt: skip
    assert set(VERIFIERS) == {"mathematics", "code", "schema", "constraints", "environments"}
    text = " ".join(PAGE.split())
    assert all(f"`{name}`" in text for name in PROFILES)
    bounds = asdict(Limits())
    assert "at most {files} MB".format(**bounds) in text
    assert "{seconds} s of CPU time, {clock} s on the clock and {memory} MB".format(**bounds) in text
    assert f"parts of {PART:,}" in text
    assert HeldoutOverlap().coverage == 0.5
