"""The reference page of validators: it says of each what the code does."""

import importlib.util
import json
import re
from dataclasses import fields
from pathlib import Path
from types import ModuleType

import pytest

from outcross.tasks.judging.registry import JUDGES
from outcross.validators.profiles import PROFILES
from outcross.validators.registry import VALIDATORS
from outcross.validators.rule import INFORMS
from outcross.verifiers.registry import VERIFIERS

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "validators.md").read_text(encoding="utf-8")
KNOWN = {**VALIDATORS, **VERIFIERS, **JUDGES}
ANEW = "run PYTHONPATH=. python benchmarks/validators_reference.py"


def said(name: str) -> dict[str, str]:
    """The facts under a heading of the page, by what they are called."""
    _, _, rest = PAGE.partition(f"\n### `{name}`\n")
    section, *_ = re.split(r"^#", rest, maxsplit=1, flags=re.MULTILINE)
    return dict(re.findall(r"^- (\w+): (.+)$", section, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "benchmarks/validators_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_names_all_that_a_recipe_may_and_nothing_else():
    assert re.findall(r"^### `(\w+)`$", PAGE, flags=re.MULTILINE) == list(KNOWN), ANEW


@pytest.mark.parametrize("name", KNOWN)
def test_the_page_has_the_present_version_limits_and_rule(name):
    made, facts = KNOWN[name], said(name)
    assert facts["version"] == str(made.version), ANEW
    limits = [f"`{field.name} = {getattr(made(), field.name)}`" for field in fields(made)]
    assert facts.get("limits", "").split(", ") == (limits or [""]), ANEW
    numbers = [float(number) for number in re.findall(r"[\d.]+", facts["rule"])]
    if made.rule == INFORMS:
        assert facts["rule"] == "only informs", ANEW
    else:
        assert numbers == [limit for limit in (made.rule.reject_below, made.rule.accept_from) if limit], ANEW


@pytest.mark.parametrize("name", VALIDATORS)
def test_the_page_has_the_profiles_and_the_keys_that_they_set(name):
    said_of = said(name)["profiles"]
    for profile, tables in PROFILES.items():
        named = re.search(rf"(?:^|; )(?:all|{profile})(?: \((.*?)\))?(?=;|$)", said_of)
        assert (named is not None) == (name in tables), ANEW
        if named:
            keys = [f"`{key} = {value}`" for key, value in tables[name].items()]
            assert (named[1] or "") == ", ".join(keys), ANEW


def test_the_page_is_what_the_script_writes_of_the_figures_beside_it(script):
    assert script.page(json.loads(script.COSTS.read_text(encoding="utf-8"))) == PAGE, ANEW


def test_a_cost_of_another_version_is_told_as_such(script):
    shape = VALIDATORS["shape"]
    assert script.took(shape, {"version": shape.version, "milliseconds": 123.4}) == "120 ms"
    assert script.took(shape, {"version": 0, "milliseconds": 12_345}) == "12,000 ms, of version 0"
    assert script.took(shape, {}) == "not measured"
