"""Releases: what is in them, and how they are read."""

import duckdb
import polars as pl
import pytest

import outcross
from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.stores import decisions, screening, vault
from outcross.data.stores.lease import lease
from outcross.errors import MixtureRefused, ReleaseError
from outcross.tasks.imports import import_drafts
from outcross.tasks.mixing.candidates import UNJUDGED
from outcross.tasks.release import release
from outcross.tasks.screening.suite import Screen
from tests import make
from tests.released import decide, drafted, first, floored


def test_a_release_holds_people_edits_and_what_was_accepted_and_nothing_else(published):
    home, _ = published
    frame = outcross.read("mine", home=home.root)
    assert dict(frame.group_by("klass").len().iter_rows()) == {"human": 40, "unreviewed": 2, "reviewed": 1, "hybrid": 1}
    assert set(frame.filter(pl.col("klass") == "unreviewed")["response"]) == {"It joins 0 texts.", "It joins 2 texts."}
    assert frame.filter(pl.col("klass") == "hybrid")["response"].to_list() == ["It joins three texts with a space."]
    assert frame.filter(pl.col("klass") == "reviewed")["response"].to_list() == ["It joins 6 texts."]
    assert frame["weight"].min() > 0
    assert frame["sample_id"].is_sorted()


def test_a_release_can_be_read_as_polars_arrow_and_plain_duckdb(published):
    home, made = published
    assert outcross.read("mine", home=home.root).height == 44
    assert outcross.read("mine", 1, home=home.root).height == 44
    assert outcross.read_arrow("mine", home=home.root).num_rows == 44
    path = outcross.release_path("mine", home=home.root)
    assert path == made.table
    assert duckdb.connect(str(path), read_only=True).execute("SELECT count(*) FROM samples").fetchone() == (44,)


def test_a_release_without_changes_is_not_published_again(published, stocked):
    home, made = published
    assert release(*stocked) == made
    assert releases.versions(home, "mine") == [1]


@pytest.mark.parametrize("part", ["mixture", "seed"])
def test_a_models_copy_of_a_persons_row_never_takes_its_place(stocked, part):
    home, recipe = stocked
    written = vault.samples(home, "mine", part)
    copies = [make.imported(one.content) for one in written]
    assert {one.sample_id for one in copies} == {one.sample_id for one in written}
    drafted(home, recipe, copies, "accepted")  # as if it had come in before the person's row did
    decide(home, copies[0], "approve", seq=9)
    made = release(home, floored(recipe, 0.6))
    assert made.version == 2
    frame = outcross.read("mine", home=home.root)
    assert frame.filter(pl.col("klass") == "human").height == 40
    assert set(frame.filter(pl.col("origin") == "synthetic")["sample_id"]).isdisjoint(one.sample_id for one in copies)
    verify(home, made)


def test_a_models_copy_of_a_persons_row_is_refused_at_the_door_with_a_reason(stocked, tmp_path):
    home, recipe = stocked
    people = [one for part in vault.PARTS for one in vault.samples(home, "mine", part)]
    rows = [
        {"instruction": one.content.instruction, "response": one.content.response, "topic": "sums"} for one in people
    ]
    path = make.write_jsonl(
        tmp_path / "theirs.jsonl", [*rows, {"instruction": "Why?", "response": "Because.", "topic": "sums"}]
    )
    taken = import_drafts(home, recipe, path, "their-model")
    assert (taken.read, taken.new) == (43, 1)
    assert "word for word" in str(taken)


def test_rules_that_changed_leave_what_experts_decided_and_name_what_waits_for_a_verdict(stocked):
    home, recipe = stocked
    changed = recipe.model_copy(update={"screen": {**recipe.screen, "near_duplicate": {"floor": 0.4}}})
    made = release(home, changed)
    assert dict(outcross.read("mine", home=home.root).group_by("klass").len().iter_rows()) == {
        "human": 40,
        "reviewed": 1,
        "hybrid": 1,
    }
    said = {entry["reason"]: entry["rows"] for entry in made.manifest()["left_out"]}
    assert said == {UNJUDGED: 4, "an expert rejected it": 1, "an expert's edit takes its place": 1}


def test_a_release_says_of_every_draft_that_is_not_in_it_why(published):
    _, made = published
    said = {entry["reason"]: entry["rows"] for entry in made.manifest()["left_out"]}
    assert said == {
        "an expert rejected it": 1,
        "an expert's edit takes its place": 1,
        "borderline, and no expert has decided it yet": 1,
        "the screen rejected it": 1,
    }


def test_a_new_decision_makes_a_new_version_and_leaves_the_old_one_as_it_was(published, stocked):
    home, made = published
    before = made.table.read_bytes()
    waiting = screening.verdicts(home, "mine", Screen.of(stocked[1]).ruleset).filter(pl.col("outcome") == "borderline")
    undecided = set(waiting["sample_id"]) - set(decisions.settled(home, "mine")["sample_id"])
    seeds = vault.samples(home, "mine", "seed")
    draft = next(one for n in range(6) if (one := make.synthetic(seeds, f"It joins {n} texts.")).sample_id in undecided)
    decide(home, draft, "approve", seq=4)
    assert release(*stocked).version == 2
    assert outcross.read("mine", 2, home=home.root).filter(pl.col("klass") == "reviewed").height == 2
    assert made.table.read_bytes() == before


def test_the_decisions_behind_a_release_lie_in_it_and_no_others(published):
    _, made = published
    with duckdb.connect(str(made.table), read_only=True) as connection:
        held = connection.execute("SELECT * FROM decisions ORDER BY decision_id").pl()
    assert held.columns == ["decision_id", "sample_id", "edited_id", "verdict", "reviewer", "reviewed_at"]
    assert held.select("decision_id", "verdict", "edited_id", "reviewer", "reviewed_at").rows() == [
        ("d2", "edit", first(made, "klass = 'hybrid'"), "ada", "2026-01-01T00:00:00.000000Z"),
        ("d3", "approve", None, "ada", "2026-01-01T00:00:00.000000Z"),
    ]


def test_an_ancestor_that_a_rebuilt_vault_lacks_is_named_with_its_row_and_what_to_do(stocked):
    home, recipe = stocked
    seeds = vault.samples(home, "mine", "seed")
    with lease(home.vault) as connection:
        connection.execute("UPDATE human_sample SET part = 'heldout' WHERE sample_id = ?", [seeds[0].sample_id])
    with pytest.raises(ReleaseError, match=rf"row [0-9a-f]{{64}} was made from {seeds[0].sample_id}.*another split"):
        release(home, recipe)
    assert releases.versions(home, "mine") == [1]


def test_a_policy_that_cannot_be_met_is_refused_with_the_rows_missing_and_nothing_is_published(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    vault.add(home, "mine", [("mixture", make.human(f"It adds {n}.")) for n in range(10)])
    drafted(home, recipe, [], "accepted")
    wanting = recipe.model_copy(update={"mixture": {**recipe.mixture, "size": 1_000}})
    with pytest.raises(MixtureRefused, match="240 more human rows would allow 1,000 rows"):
        release(home, wanting)
    assert releases.versions(home, "mine") == []


def test_asking_for_what_is_not_there_says_what_is(published):
    home, _ = published
    with pytest.raises(ReleaseError, match=r"has no version 7. It has 1"):
        outcross.read("mine", 7, home=home.root)
    with pytest.raises(ReleaseError, match=r"has no release `yours`. It has: mine"):
        outcross.read("yours", home=home.root)
