"""`outcross mix`: a plan before anything is built."""

import pytest
from typer.testing import CliRunner

from outcross.cli import app
from outcross.data.release import versions as releases
from outcross.errors import InputError, MixtureRefused


def mixed(home, *more):
    done = CliRunner().invoke(app, ["mix", "mine", "--home", str(home.root), *more], catch_exceptions=False)
    return " ".join(done.stdout.split())


def test_a_plan_says_what_each_stratum_gives_and_publishes_nothing(stocked):
    home, _ = stocked
    said = mixed(home, "--plan")
    assert "A mixture of 40 rows of at most" in said
    assert "sums 75.0% ? 90%" in said, "nothing is known of what models keep, so that the floor is the whole retention"
    assert releases.versions(home, "mine") == [1]


def test_a_size_that_is_too_large_is_refused_with_the_rows_that_are_missing(stocked):
    with pytest.raises(MixtureRefused, match=r"At most \d+ rows are possible.*more human rows"):
        mixed(stocked[0], "--plan", "--size", "1000")


def test_a_size_without_a_plan_is_refused(stocked):
    with pytest.raises(InputError, match="add --plan"):
        mixed(stocked[0], "--size", "10")


def test_a_recipe_without_rows_is_refused_with_what_to_do(home):
    with pytest.raises(InputError, match="outcross ingest docstrings"):
        CliRunner().invoke(app, ["mix", "--plan", "--home", str(home.root)], catch_exceptions=False)
