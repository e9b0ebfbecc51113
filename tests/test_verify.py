"""Proofs: what a change to a release runs into, wherever it was made."""

import json
import os
import sqlite3
from contextlib import closing

import pytest

from outcross.data.recipe import Recipe, load
from outcross.data.release import versions as releases
from outcross.data.release.verify import summary, verify
from outcross.data.release.witnesses import Witnesses
from outcross.data.review.queue import Queue
from outcross.data.stores.home import Home
from outcross.data.stores.lease import lease
from outcross.errors import VerificationFailed
from outcross.tasks.release import release
from tests import make
from tests.released import child, drafted, first, floored, tampered


def test_verify_proves_a_release_and_counts_the_links_back_to_people(published):
    proof = verify(*published)
    assert (proof.rows, proof.ancestors, proof.deepest) == (44, 3, 2)
    assert proof.witnesses == Witnesses(vault=True, warehouse=True, noted=True, gaps=())


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


@pytest.mark.parametrize("name", [releases.GATE, releases.PAGE])
def test_evidence_that_was_replaced_is_caught(published, name):
    home, made = published
    path = made.folder / name
    path.chmod(0o644)
    path.write_text(path.read_text().replace("human", "Human"))
    with pytest.raises(VerificationFailed, match=f"{name} was changed after publication"):
        verify(home, made)


@pytest.mark.parametrize("name", [releases.GATE, releases.PAGE])
def test_evidence_that_is_gone_is_missed(published, name):
    home, made = published
    (made.folder / name).unlink()
    with pytest.raises(VerificationFailed, match=f"{name} is missing"):
        verify(home, made)


def test_a_file_laid_beside_a_release_is_caught(published):
    home, made = published
    (made.folder / "table.duckdb.wal").touch()
    with pytest.raises(VerificationFailed, match=r"table\.duckdb\.wal was not published"):
        verify(home, made)


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE samples SET weight = weight * 2 WHERE klass = 'unreviewed'", "row .* does not hold: it weighs"),
        ("DELETE FROM samples WHERE klass = 'hybrid'", "rows_root"),
        ("DELETE FROM ancestors WHERE origin = 'synthetic'", "is not in the release"),
        ("UPDATE ancestors SET content = replace(content, 'takes', 'Takes')", "ancestor .* does not hold"),
        ("UPDATE ancestors SET sample_id = reverse(sample_id)", "ancestor .* does not hold"),
        ("CREATE TABLE more (x INT)", "table.duckdb was changed after publication"),
        ("DELETE FROM decisions WHERE verdict = 'edit'", "ada's edit of its draft"),
        ("UPDATE decisions SET reviewed_at = '2020'", "decisions_root"),
        ("DROP TABLE decisions", "can't be read"),
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


def test_a_draft_imported_without_its_sources_is_not_said_to_come_from_people(published):
    home, _ = published
    draft = make.synthetic([], "It was imported.")
    generation = draft.provenance.generation.model_copy(update={"prompt_digest": None})
    imported = draft.model_copy(update={"provenance": draft.provenance.model_copy(update={"generation": generation})})
    drafted(home, load(home, "mine"), [imported], "accepted")
    proof = verify(home, release(home, load(home, "mine")))
    assert proof.imported == 1
    assert "every chain ends with people but for imported drafts (1), at most 2 links away." in summary(proof)


def test_a_proof_without_the_warehouse_says_so(published):
    home, made = published
    home.warehouse.unlink()
    proof = verify(home, made)
    assert proof.witnesses.vault
    assert not proof.witnesses.noted
    assert "weaker than it could be: there is no warehouse.duckdb beside it." in summary(proof)
    assert not home.warehouse.exists()


def test_a_proof_without_the_note_says_so(published):
    home, made = published
    with lease(home.warehouse) as connection:
        connection.execute("DELETE FROM release")
    proof = verify(home, made)
    assert (proof.witnesses.warehouse, proof.witnesses.noted) == (True, False)
    assert "warehouse.duckdb has no note of its publication" in summary(proof)


def test_a_store_that_is_no_database_is_said_in_the_proof(published):
    home, made = published
    home.vault.write_text("nothing of the kind")
    assert "vault.duckdb could not be read" in summary(verify(home, made))


@pytest.mark.parametrize("locks", [True, False])
def test_a_release_on_a_read_only_disk_is_proved_as_far_as_its_stores_can_be_locked(published, locks):
    home, _ = published
    for path in home.root.glob("*.lock"):
        path.chmod(0o444) if locks else path.unlink()
    folders = [home.root, *(path for path in home.root.rglob("*") if path.is_dir())]
    # Root may write anywhere, whatever the mode says, until it gives that right up.
    plain = ("setpriv", "--bounding-set=-dac_override") if os.geteuid() == 0 else ()
    try:
        for folder in folders:
            folder.chmod(0o555)
        out, err = child(home, "print(summary(verify(home, releases.find(home, 'mine'))))", prefix=plain).communicate()
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert out.startswith("44 rows and 3 ancestors hold"), err
    assert ("vault.duckdb could not be read" in out) is not locks
    assert ("warehouse.duckdb could not be read" in out) is not locks


def test_each_ancestor_is_walked_once_however_many_rows_share_it(published, monkeypatch):
    home, made = published
    asked: list[str] = []
    monkeypatch.setattr("outcross.data.release.verify._is_linked", lambda sample, _: asked.append(sample.sample_id))
    verify(home, made)
    assert len(asked) == len(set(asked))
    assert len(asked) == 44 + 3


@pytest.fixture
def logged(stocked: tuple[Home, Recipe]) -> tuple[Home, Recipe]:
    """A home whose second release wrote down the second event of its review log."""
    home, recipe = stocked
    for name in ("ada", "grace"):
        Queue(home.queue).add_reviewer(name)
    assert release(home, floored(recipe, 0.6)).manifest()["review_log"]["events"] == 2
    return home, recipe


def cut(home: Home) -> None:
    """Take the last event out of the review log, as somebody with access to the disk could."""
    with closing(sqlite3.connect(home.queue)) as connection, connection:
        connection.execute("DROP TRIGGER IF EXISTS event_stays")
        connection.execute("DELETE FROM event WHERE seq = (SELECT max(seq) FROM event)")


def test_a_review_log_that_went_on_since_holds_and_is_only_read(logged):
    home, _ = logged
    Queue(home.queue).add_reviewer("linus")
    before = home.queue.read_bytes()
    assert verify(home, releases.find(home, "mine")).witnesses.gaps == ()
    assert home.queue.read_bytes() == before


@pytest.mark.parametrize("anew", [False, True])
def test_a_review_log_whose_end_is_gone_fails_the_release_that_wrote_it_down(logged, anew):
    home, _ = logged
    cut(home)
    if anew:
        Queue(home.queue).add_reviewer("eve")
    assert Queue(home.queue).verify()[0] == 1 + anew, "the queue alone can't tell"
    with pytest.raises(VerificationFailed, match=r"mine 2 .* no longer holds event 2 .* older copy was put back"):
        verify(home, releases.find(home, "mine"))


def test_a_release_made_after_the_end_was_lost_holds_and_says_so(logged, caplog):
    home, recipe = logged
    cut(home)
    made = release(home, floored(recipe, 0.7))
    assert "no longer holds event 2, which release mine 2 wrote down" in caplog.text
    said = "weaker than it could be: review.sqlite no longer holds event 2, which mine 2 wrote down."
    for version in (made, releases.find(home, "mine", 1)):
        assert said in summary(verify(home, version))


def test_a_review_log_with_a_broken_link_is_caught(logged):
    home, _ = logged
    with closing(sqlite3.connect(home.queue)) as connection, connection:
        connection.execute("DROP TRIGGER event_is_final")
        connection.execute("UPDATE event SET kind = 'other' WHERE seq = 1")
    with pytest.raises(VerificationFailed, match="doesn't hold at event 1"):
        verify(home, releases.find(home, "mine"))


def test_a_proof_without_the_review_queue_says_so(logged):
    home, _ = logged
    home.queue.unlink()
    assert "weaker than it could be: there is no review.sqlite beside it." in summary(
        verify(home, releases.find(home, "mine"))
    )
    assert not home.queue.exists()
    home.queue.write_text("nothing of the kind" * 100)
    assert "review.sqlite could not be read" in summary(verify(home, releases.find(home, "mine")))
