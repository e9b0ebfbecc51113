"""Releases: what is in them, that they prove it, and that they are published whole or not at all."""

import json
import shutil
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

import outcross
from outcross.data.recipe import Recipe, load
from outcross.data.release import versions as releases
from outcross.data.release.verify import verify
from outcross.data.release.versions import Release
from outcross.data.samples import Sample
from outcross.data.stores import decisions, journal, screening, vault
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.errors import MixtureRefused, ReleaseError, VerificationFailed
from outcross.tasks.release import release
from outcross.tasks.screen import Screen
from tests import make


def drafted(home: Home, recipe: Recipe, samples: list[Sample], outcome: str) -> None:
    """Put drafts with a verdict into the warehouse, as drafting and screening would."""
    entries = [
        Draft(request_key=one.sample_id, setup="test", rank=one.sample_id, state="drafted", sample=one, model="tiny")
        for one in samples
    ]
    journal.write(home, recipe.name, entries)
    frame = pl.DataFrame(
        [(one.sample_id, outcome, [], False, 1.0) for one in samples],
        schema={"sample_id": pl.Utf8, "outcome": pl.Utf8, "reasons": pl.List(pl.Utf8), "audited": pl.Boolean, "incl_prob": pl.Float64},
        orient="row",
    )
    screening.add_verdicts(home, recipe.name, Screen.of(recipe).ruleset, frame)


def decide(home: Home, sample: Sample, verdict: str, *, seq: int, edit: Sample | None = None) -> None:
    decisions.add(
        home,
        "mine",
        [
            Decision.model_validate(
                {
                    "decision_id": f"d{seq}",
                    "seq": seq,
                    "sample_id": sample.sample_id,
                    "recipe": "mine",
                    "verdict": verdict,
                    "reasons": (),
                    "edited_id": edit.sample_id if edit else None,
                    "reviewer": "ada",
                    "route": "border",
                    "incl_prob": 1.0,
                    "shown_hash": "0" * 64,
                    "reviewed_at": "2026-01-01T00:00:00Z",
                }
            )
        ],
        [edit] if edit else [],
    )


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with forty rows from people, one draft of every fate, and one release."""
    home = Home(tmp_path_factory.mktemp("template") / "home")
    recipe = make.recipe(home, Path("mine.jsonl"))
    people = [make.human(f"It adds {n} and {n + 1}.", stratum="sums" if n % 4 else "rare") for n in range(40)]
    seeds = [make.human(f"It takes {n} from {n + 3}.") for n in range(2)]
    vault.add(home, "mine", [*(("mixture", one) for one in people), *(("seed", one) for one in seeds)])
    drafts = [make.synthetic(seeds, f"It joins {n} texts.") for n in range(6)]
    drafted(home, recipe, drafts[:3], "accepted")
    drafted(home, recipe, drafts[3:5], "borderline")
    drafted(home, recipe, drafts[5:], "rejected")
    decide(home, drafts[1], "reject", seq=1)
    decide(home, drafts[3], "edit", seq=2, edit=make.hybrid(drafts[3], "It joins three texts with a space."))
    release(home, recipe)
    return home.root


@pytest.fixture
def stocked(template: Path, home: Home) -> tuple[Home, Recipe]:
    """A copy of that home, to change at will, and its recipe."""
    shutil.copytree(template, home.root)
    return home, load(home, "mine")


@pytest.fixture
def published(stocked: tuple[Home, Recipe]) -> tuple[Home, Release]:
    """The copy's release."""
    return stocked[0], releases.find(stocked[0], "mine")


def test_a_release_holds_people_edits_and_what_was_accepted_and_nothing_else(published):
    home, _ = published
    frame = outcross.read("mine", home=home.root)
    assert dict(frame.group_by("klass").len().iter_rows()) == {"human": 40, "unreviewed": 2, "hybrid": 1}
    assert set(frame.filter(pl.col("klass") == "unreviewed")["response"]) == {"It joins 0 texts.", "It joins 2 texts."}
    assert frame.filter(pl.col("klass") == "hybrid")["response"].to_list() == ["It joins three texts with a space."]
    assert frame["weight"].min() > 0
    assert frame["sample_id"].is_sorted()


def test_a_release_can_be_read_as_polars_arrow_and_plain_duckdb(published):
    home, made = published
    assert outcross.read("mine", home=home.root).height == 43
    assert outcross.read("mine", 1, home=home.root).height == 43
    assert outcross.read_arrow("mine", home=home.root).num_rows == 43
    path = outcross.release_path("mine", home=home.root)
    assert path == made.table
    assert duckdb.connect(str(path), read_only=True).execute("SELECT count(*) FROM samples").fetchone() == (43,)


def test_a_release_without_changes_is_not_published_again(published, stocked):
    home, made = published
    assert release(*stocked) == made
    assert releases.versions(home, "mine") == [1]


def test_a_new_decision_makes_a_new_version_and_leaves_the_old_one_as_it_was(published, stocked):
    home, made = published
    before = made.table.read_bytes()
    waiting = screening.verdicts(home, "mine", Screen.of(stocked[1]).ruleset).filter(pl.col("outcome") == "borderline")
    undecided = set(waiting["sample_id"]) - set(decisions.settled(home, "mine")["sample_id"])
    seeds = vault.samples(home, "mine", "seed")
    draft = next(one for n in range(6) if (one := make.synthetic(seeds, f"It joins {n} texts.")).sample_id in undecided)
    decide(home, draft, "approve", seq=3)
    assert release(*stocked).version == 2
    assert outcross.read("mine", 2, home=home.root).filter(pl.col("klass") == "reviewed").height == 1
    assert made.table.read_bytes() == before


def test_verify_proves_a_release_and_counts_the_links_back_to_people(published):
    proof = verify(*published)
    assert (proof.rows, proof.ancestors, proof.deepest) == (43, 3, 2)


def tampered(made: Release, *statements: str) -> None:
    """Change a published table as somebody with access to the disk could."""
    made.table.chmod(0o644)
    with duckdb.connect(str(made.table)) as connection:
        for statement in statements:
            connection.execute(statement)


def first(made: Release, where: str) -> str:
    with duckdb.connect(str(made.table), read_only=True) as connection:
        return connection.execute(f"SELECT min(sample_id) FROM samples WHERE {where}").fetchone()[0]


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ("response = 'X' || response[2:]", "klass = 'human'", "its content or its parents"),
        ("response = response || ' '", "klass = 'unreviewed'", "its content or its parents"),
        ("origin = 'human'", "origin = 'synthetic'", "its column origin says 'human'"),
        ("depth = 0", "origin = 'hybrid'", "its column depth says 0"),
        ("licence = 'MIT'", "klass = 'human'", "its column licence says 'MIT'"),
        ("stratum = 'rare'", "stratum = 'sums'", "its column stratum says 'rare'"),
        ("klass = 'human'", "klass = 'unreviewed'", "its class is 'human'"),
        ("provenance = replace(provenance, 'CC0-1.0', 'CC1-1.0')", "klass = 'human'", "its provenance was changed"),
        (
            "provenance = replace(provenance, left(provenance->'parents'->0->>'sample_id', 8), '00000000')",
            "klass = 'unreviewed'",
            "its content or its parents were changed",
        ),
        (
            "provenance = replace(provenance, left(provenance->'parents'->0->>'provenance_digest', 8), '00000000')",
            "klass = 'unreviewed'",
            "its provenance was changed",
        ),
    ],
)
def test_one_change_to_one_row_is_caught_and_the_row_named(published, change, where, said):
    home, made = published
    victim = first(made, where)
    tampered(made, f"UPDATE samples SET {change} WHERE sample_id = '{victim}'")
    with pytest.raises(VerificationFailed, match=said) as error:
        verify(home, made)
    assert victim in str(error.value)


def test_the_first_of_several_changed_rows_is_named(published):
    home, made = published
    victim = first(made, "true")
    tampered(made, "UPDATE samples SET response = 'other'")
    with pytest.raises(VerificationFailed, match=victim):
        verify(home, made)


def test_a_synthetic_row_relabelled_with_every_digest_redone_is_still_caught(published):
    home, made = published
    victim = first(made, "klass = 'unreviewed'")
    forged = make.human(outcross.read("mine", home=home.root).filter(pl.col("sample_id") == victim)["response"][0])
    row = (
        f"'{forged.sample_id}', '{forged.provenance_digest}', '{json.dumps(forged.provenance.model_dump(mode='json'))}'"
    )
    tampered(
        made,
        "UPDATE samples SET"
        " (sample_id, provenance_digest, provenance, origin, klass, depth, stratum, source, licence) ="
        f" ({row}, 'human', 'human', 0, 'sums', 'book.txt', 'CC0-1.0') WHERE sample_id = '{victim}'",
    )
    with pytest.raises(VerificationFailed, match="rows_root of the manifest"):
        verify(home, made)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE samples SET weight = weight * 2 WHERE klass = 'unreviewed'", "rows_root"),
        ("DELETE FROM samples WHERE klass = 'hybrid'", "rows_root"),
        ("DELETE FROM ancestors WHERE origin = 'synthetic'", "is not in the release"),
        ("UPDATE ancestors SET content = replace(content, 'takes', 'Takes')", "ancestor .* does not hold"),
        ("UPDATE ancestors SET sample_id = reverse(sample_id)", "ancestor .* does not hold"),
        ("CREATE TABLE more (x INT)", "table_sha256"),
    ],
)
def test_a_change_beside_the_rows_is_caught(published, statement, said):
    home, made = published
    tampered(made, statement)
    with pytest.raises(VerificationFailed, match=said):
        verify(home, made)


def test_a_manifest_rewritten_to_fit_is_caught_by_the_warehouses_note(published):
    home, made = published
    manifest = made.manifest()
    manifest["created_at"] = "2020-01-01T00:00:00+00:00"
    path = made.folder / releases.MANIFEST
    path.chmod(0o644)
    path.write_text(json.dumps(manifest))
    with pytest.raises(VerificationFailed, match="is not the one that was published"):
        verify(home, made)


def test_a_policy_that_cannot_be_met_is_refused_with_the_rows_missing_and_nothing_is_published(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    vault.add(home, "mine", [("mixture", make.human(f"It adds {n}.")) for n in range(10)])
    drafted(home, recipe, [], "accepted")
    wanting = recipe.model_copy(update={"mixture": {**recipe.mixture, "size": 1_000}})
    with pytest.raises(MixtureRefused, match="Human rows missing for 1,000: 240"):
        release(home, wanting)
    assert releases.versions(home, "mine") == []


def test_a_disk_that_refuses_leaves_no_half_release(published, stocked, monkeypatch):
    home, made = published
    decide(home, next(iter(vault.samples(home, "mine", "seed"))), "approve", seq=9)
    recipe = stocked[1].model_copy(update={"mixture": {**stocked[1].mixture, "human_floor": 0.9}})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("outcross.tasks.release.store", full)
    with pytest.raises(ReleaseError, match=r"No space left on device.*make room and run it again"):
        release(home, recipe)
    assert releases.versions(home, "mine") == [1]
    assert [path.name for path in (home.releases / "mine").iterdir() if path.is_dir()] == ["1"]
    verify(home, made)
    monkeypatch.undo()
    assert release(home, recipe).version == 2


def test_what_a_killed_publication_left_is_cleared_away(published, stocked):
    home, made = published
    leftover = home.releases / "mine" / ".building-2"
    shutil.copytree(made.folder, leftover)
    recipe = stocked[1].model_copy(update={"mixture": {**stocked[1].mixture, "human_floor": 0.9}})
    assert release(home, recipe).version == 2
    assert not leftover.exists()


def test_a_reader_is_never_blocked_and_never_sees_half_a_release(stocked):
    home, recipe = stocked
    release(home, recipe)
    seen, stop, errors = [], threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            try:
                frame = outcross.read("mine", home=home.root)
                seen.append((frame.height, round(frame["weight"].sum(), 6)))
            except Exception as error:  # noqa: BLE001  # whatever it is, the test shows it
                errors.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for floor in (0.6, 0.7, 0.8):
        release(home, recipe.model_copy(update={"mixture": {**recipe.mixture, "human_floor": floor}}))
    stop.set()
    reader.join()
    assert not errors
    assert len(seen) > 3
    assert {mass for _, mass in seen} == {40.0}


def test_asking_for_what_is_not_there_says_what_is(published):
    home, _ = published
    with pytest.raises(ReleaseError, match=r"has no version 7. It has 1"):
        outcross.read("mine", 7, home=home.root)
    with pytest.raises(ReleaseError, match=r"has no release `yours`. It has: mine"):
        outcross.read("yours", home=home.root)
