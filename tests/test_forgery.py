"""Forgeries: a release changed, and redone so that it agrees with itself again."""

import json

import duckdb
import polars as pl
import pytest

import outcross
from outcross.data.release import versions as releases
from outcross.data.release.table import load as load_tables
from outcross.data.release.verify import summary, verify
from outcross.data.release.versions import Release
from outcross.data.samples import digest
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.errors import VerificationFailed
from tests import make
from tests.released import first, tampered


def forge(home: Home, made: Release, *changes: str, **columns: object) -> None:
    """Change a release and redo all that would give it away in it: roots, counts, files, and the warehouse's note.

    Args:
        columns: of the first unreviewed row, set to these values.
    """
    victim = first(made, "klass = 'unreviewed'")
    tampered(made, *changes)
    made.table.chmod(0o644)
    with duckdb.connect(str(made.table)) as connection:
        for column, value in columns.items():
            connection.execute(f"UPDATE samples SET {column} = ? WHERE sample_id = ?", [value, victim])
            victim = str(value) if column == "sample_id" else victim
        tables = load_tables(connection)
    frame = pl.DataFrame(pl.from_arrow(tables.samples))
    sums = [pl.len().alias("rows"), pl.col("weight").sum().alias("mass")]
    redone = {
        **made.manifest(),
        **tables.roots(),
        "rows": frame.height,
        "mass": frame["weight"].sum(),
        "by_class": frame.group_by("klass").agg(sums).to_dicts(),
        "strata": frame.group_by("stratum", "klass").agg(sums).to_dicts(),
        "generators": [{**made.manifest()["generators"][0], "rows": frame.filter(origin="synthetic").height + 1}],
    }
    rewrite(home, made, redone)


def rewrite(home: Home, made: Release, manifest: dict) -> None:
    """Put another manifest in place, with the files' own digests, and have the warehouse note it."""
    files = {path.name: releases.file_digest(path) for path in made.folder.iterdir() if path.name != releases.MANIFEST}
    path = made.folder / releases.MANIFEST
    path.chmod(0o644)
    path.write_text(json.dumps({**manifest, "files": files}))
    if home.warehouse.exists():
        with lease(home.warehouse) as connection:
            connection.execute("UPDATE release SET manifest_digest = ?", [digest(made.manifest())])


def relabelled(home: Home, made: Release) -> dict[str, object]:
    """The columns that make the first unreviewed row a human one, digests included."""
    rows = outcross.read("mine", home=home.root).filter(sample_id=first(made, "klass = 'unreviewed'"))
    forged = make.human(rows["response"][0])
    return {
        "provenance": json.dumps(forged.provenance.model_dump(mode="json")),
        "provenance_digest": forged.provenance_digest,
        "origin": "human",
        "klass": "human",
        "depth": 0,
        "sample_id": forged.sample_id,
    }


def test_a_forgery_that_changes_nothing_holds(published):
    forge(*published)
    assert verify(*published).witnesses.gaps == ()


@pytest.mark.parametrize("warehouse", [True, False])
def test_a_synthetic_row_relabelled_human_with_everything_redone_is_caught_by_the_vault(published, warehouse):
    home, made = published
    columns = relabelled(home, made)
    if not warehouse:
        home.warehouse.unlink()
    forge(home, made, **columns)
    with pytest.raises(VerificationFailed, match=f"sample {columns['sample_id']} does not hold.*not in the vault"):
        verify(home, made)


def test_without_a_vault_that_forgery_passes_and_the_proof_says_what_it_lacks(published):
    home, made = published
    forge(home, made, **relabelled(home, made))
    home.vault.unlink()
    proof = verify(home, made)
    assert not proof.witnesses.vault
    assert "weaker than it could be: there is no vault.duckdb beside it" in summary(proof)


def test_a_model_row_that_the_warehouse_never_held_is_caught(published):
    home, made = published
    other = make.synthetic(vault.samples(home, "mine", "seed"), "It joins what nobody drafted.")
    forge(home, made, response="It joins what nobody drafted.", sample_id=other.sample_id)
    victim = first(made, f"sample_id = '{other.sample_id}'")
    tampered(made, f"UPDATE samples SET provenance_digest = '{other.provenance_digest}' WHERE sample_id = '{victim}'")
    forge(home, made)
    with pytest.raises(VerificationFailed, match=f"sample {victim} does not hold.*not in the warehouse"):
        verify(home, made)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE samples SET klass = 'hybrid' WHERE klass = 'unreviewed'", "its class is 'hybrid', and its origin"),
        ("UPDATE samples SET klass = 'reviewed' WHERE klass = 'hybrid'", "its class is 'reviewed', and its origin"),
        ("UPDATE samples SET klass = 'reviewed' WHERE klass = 'human'", "its class is 'reviewed', and its origin"),
        ("UPDATE samples SET klass = 'best' WHERE klass = 'unreviewed'", "its class is 'best', and its origin"),
        ("UPDATE samples SET klass = 'reviewed' WHERE klass = 'unreviewed'", "no decision in the release approves it"),
        ("UPDATE samples SET klass = 'unreviewed' WHERE klass = 'reviewed'", "decision d3 is about it"),
        ("DELETE FROM decisions WHERE verdict = 'approve'", "no decision in the release approves it"),
        ("UPDATE decisions SET verdict = 'reject'", "row .* does not hold: its class is"),
        ("DELETE FROM decisions WHERE verdict = 'edit'", "ada's edit of its draft"),
        ("UPDATE decisions SET reviewer = 'eve' WHERE verdict = 'edit'", "ada's edit of its draft"),
        ("UPDATE decisions SET reviewer = 'eve' WHERE verdict = 'approve'", "decision d3 .* not in the warehouse"),
        ("ALTER TABLE decisions ADD COLUMN note VARCHAR", "its columns are not"),
        ("INSERT INTO samples SELECT * FROM samples LIMIT 1", "it is there twice"),
        ("UPDATE ancestors SET origin = 'synthetic'", "ancestor .* its column origin says 'synthetic'"),
        ("UPDATE samples SET weight = 'nan' WHERE klass = 'human'", "its weight is nan"),
    ],
)
def test_a_class_or_a_decision_forged_with_everything_redone_is_caught(published, change, said):
    home, made = published
    if "nan" in change:
        tampered(made, change)
    else:
        forge(home, made, change)
    with pytest.raises(VerificationFailed, match=said):
        verify(home, made)


def other_count(manifest: dict, part: str) -> None:
    manifest[part][0]["rows"] += 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda manifest: manifest.update(rows=45), "it says 45 rows, and there are 44"),
        (lambda manifest: manifest.update(mass=1.0), "it says a mass of 1, and the weights' sum is"),
        (lambda manifest: other_count(manifest, "by_class"), "for human in by_class, and there are 40 rows"),
        (lambda manifest: other_count(manifest, "strata"), "for rare human in strata, and there are 10 rows"),
        (lambda manifest: manifest["strata"].pop(), "it says 0 rows of mass 0 for sums"),
        (lambda manifest: other_count(manifest, "generators"), "the generators it lists"),
        (lambda manifest: manifest.update(kind="text"), "it says kind 'text'"),
        (lambda manifest: manifest.update(version=2), "it is that of mine 2"),
        (lambda manifest: manifest["policy"].update(human_floor=0.1), "its policy was changed"),
        (lambda manifest: manifest.update(strata="none"), "manifest.json does not hold"),
        (lambda manifest: manifest.pop("by_class"), "manifest.json does not hold: 'by_class'"),
    ],
)
def test_a_manifest_that_says_otherwise_is_caught_though_the_warehouse_notes_it(published, change, said):
    home, made = published
    manifest = made.manifest()
    change(manifest)
    rewrite(home, made, manifest)
    with pytest.raises(VerificationFailed, match=said):
        verify(home, made)
