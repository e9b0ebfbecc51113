"""Profiles: a kind of sample has validators and limits of its own, and a recipe's tables are laid over them."""

import pytest

from outcross.data.samples import KINDS
from outcross.errors import RecipeError
from outcross.validators.profiles import BY_KIND, PROFILES, settings
from outcross.validators.registry import build
from outcross.validators.rules import from_settings


@pytest.mark.parametrize("profile", PROFILES)
def test_a_profile_names_validators_and_limits_that_there_are(profile):
    tables = settings(profile, {})
    assert {made.name for made in build(tables)} == set(tables)
    assert set(from_settings(tables, build(tables))) == set(tables)


def test_every_kind_of_sample_has_a_profile():
    assert set(BY_KIND) == set(KINDS)
    assert set(BY_KIND.values()) <= set(PROFILES)


def test_no_profile_leaves_the_recipes_own_tables_alone():
    assert settings(None, {"length": {"minimum": 3.0}}) == {"length": {"minimum": 3.0}}


def test_a_recipe_changes_one_limit_and_keeps_the_profiles_others():
    laid = settings("chat", {"length": {"maximum": 99.0}, "names": {}})
    assert laid["length"] == {**PROFILES["chat"]["length"], "maximum": 99.0}
    assert "names" in laid
    assert laid["shape"] == PROFILES["chat"]["shape"]


def test_laying_a_recipe_over_a_profile_leaves_the_profile_as_it_was():
    settings("code", {"shape": {}})["shape"]["wrapped"] = 0.0
    assert PROFILES["code"]["shape"]["wrapped"] == 1.0


def test_an_unknown_profile_is_told_which_there_are():
    with pytest.raises(
        RecipeError, match=r"no profile 'web' to screen by; take one of chat, code, preference, reasoning"
    ):
        settings("web", {})
