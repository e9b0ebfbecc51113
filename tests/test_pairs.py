"""Pairs of drafts and edits in a release: what they hold, and that none can be slipped in."""

import duckdb
import pyarrow as pa
import pytest

import outcross
from outcross.data.release.decided import COLUMNS
from outcross.data.release.pairs import pairs
from outcross.data.release.table import load
from outcross.data.release.verify import verify
from outcross.data.release.versions import Release
from outcross.data.stores.home import Home
from outcross.errors import ReleaseError, VerificationFailed
from outcross.tasks import review
from outcross.tasks.release import release
from tests import judging, make, released
from tests.test_fates import BAD_TURN, FIRST_BAD, PAIR, PROOF, TALK, TASK, WRONG, queued
from tests.test_forgery import rewrite

REWRITTEN = {"verdict": "partial", "labels": BAD_TURN, "edit": "It is left of the church."}
SO_FAR = "user: Good morning.\n\nassistant: Hello there.\n\nuser: Where is the station?"


@pytest.mark.parametrize(
    ("content", "said", "pair"),
    [
        (
            {**TASK, "context": "def join(a, b): ..."},
            {"verdict": "edit", "edit": "It joins two texts."},
            ("What does it do?\n\ndef join(a, b): ...", "It joins two texts.", "It joins texts."),
        ),
        (TALK, REWRITTEN, (SO_FAR, "It is left of the church.", "It is nowhere.")),
        (PAIR, {"verdict": "b", "strength": 2}, None),
        (PROOF, {"verdict": "error", "labels": FIRST_BAD, **WRONG}, None),
        (TASK, {"verdict": "approve"}, None),
    ],
)
def test_an_edit_of_an_answer_stands_against_its_draft_and_nothing_else_makes_a_pair(home, content, said, pair):
    recipe, _ = queued(home, content)
    judging.answer(judging.sit_down(home, "ada"), "ada", lambda _: said)
    review.collect(home)
    made = release(home, recipe)
    verify(home, made)
    frame = outcross.read("mine", home=home.root, table="pairs")
    assert frame.select("prompt", "chosen", "rejected", "reviewer").rows() == ([(*pair, "ada")] if pair else [])
    if pair:
        samples = outcross.read("mine", home=home.root).filter(klass="hybrid")
        assert frame["sample_id"].to_list() == samples["sample_id"].to_list()
        with duckdb.connect(str(made.table), read_only=True) as connection:
            decisions = connection.execute("SELECT decision_id FROM decisions").fetchall()
        assert frame.select("decision_id").rows() == decisions


def redone(home: Home, made: Release, *changes: str) -> None:
    """Change the table of a release, with its roots and files, so that it agrees with itself again."""
    released.tampered(made, *changes)
    with duckdb.connect(str(made.table), read_only=True) as connection:
        roots = load(connection).roots()
    rewrite(home, made, {**made.manifest(), **roots})


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pairs SET chosen = 'It explodes.'",
        "UPDATE pairs SET reviewer = 'eve'",
        "DELETE FROM pairs",
        "INSERT INTO pairs SELECT 'd9', sample_id, prompt, rejected, chosen, reviewer FROM pairs",
        "DROP TABLE pairs",
    ],
)
def test_a_pair_that_was_changed_with_everything_redone_is_caught(published, change):
    home, made = published
    redone(home, made, change)
    with pytest.raises(VerificationFailed, match=r"table `pairs` .* does not hold: pair d\d is not the one"):
        verify(home, made)


def test_a_pair_that_was_changed_is_caught_by_its_root(published):
    home, made = published
    released.tampered(made, "UPDATE pairs SET chosen = 'It explodes.'")
    with pytest.raises(VerificationFailed, match=r"pairs_root .* a pair, or the set of pairs, was changed"):
        verify(home, made)


def test_a_release_from_before_there_were_pairs_still_holds_unless_pairs_are_laid_into_it(published):
    home, made = published
    released.tampered(made, "DROP TABLE pairs")
    manifest = {key: value for key, value in made.manifest().items() if key != "pairs_root"}
    rewrite(home, made, manifest)
    assert verify(home, made).rows == 44
    with pytest.raises(ReleaseError, match=r"from before releases held pairs\. Make a new one: outcross release mine"):
        outcross.read("mine", home=home.root, table="pairs")
    released.tampered(made, "CREATE TABLE pairs AS SELECT 'd9' AS decision_id, 'x' AS chosen")
    rewrite(home, made, manifest)
    with pytest.raises(VerificationFailed, match="pairs_root"):
        verify(home, made)


def test_an_edit_that_no_decision_speaks_of_is_named():
    draft = make.synthetic([], "It adds.")
    row = make.hybrid(draft, "It adds two numbers.")
    none = pa.table({name: pa.array([], pa.string()) for name in COLUMNS})
    with pytest.raises(LookupError, match=f"row {row.sample_id} is an edit of ada's, and no decision says so"):
        pairs([row], {draft.sample_id: draft}, none)
