"""Between warehouse and queue: what stays right when a queue is put back, a share changes, or recipes share drafts."""

import shutil
from pathlib import Path

import duckdb
import pytest

from outcross.data.recipe import Recipe
from outcross.data.review.answers import Ruling
from outcross.data.review.queue import Queue
from outcross.data.stores import decisions, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import StoreError
from outcross.tasks import review
from outcross.tasks.imports import import_drafts
from outcross.tasks.screening.screen import screen, unjudged
from tests import make, released


def screened(home: Home, name: str, drafts: Path, share: float, **source: object) -> Recipe:
    """A recipe with imported drafts, judged and queued."""
    recipe = make.recipe(home, drafts.with_name("people.jsonl"), name=name, stratum="", **source)
    review_rules = recipe.review.model_copy(update={"audit_share": share, "overlap_share": 0.0})
    recipe = recipe.model_copy(update={"review": review_rules})
    vault.add(home, name, [("mixture", make.human("It adds two numbers and returns what they make."))])
    import_drafts(home, recipe, drafts, "their-model")
    screen(home, recipe, unjudged(home, recipe))
    review.enqueue(home, recipe)
    return recipe


@pytest.fixture
def drafts(tmp_path: Path) -> Path:
    rows = [
        {"question": f"Where is value {n}?", "answer": f"It looks for value {n} and finds it at place {n * 7}."}
        for n in range(30)
    ]
    return make.write_jsonl(tmp_path / "theirs.jsonl", rows)


def decide(home: Home, count: int, *, first: int = 0, reasons: tuple[str, ...] = ()) -> list[str]:
    """Approve so many drafts, or reject them for the reasons; return their ids."""
    queue = Queue(home.queue)
    queue.add_reviewer("ada")
    said = {"verdict": "reject" if reasons else "approve", "reasons": reasons}
    ids = []
    for number in range(first, first + count):
        claim = queue.claim("ada")
        assert claim is not None
        facts = said | {"shown_hash": claim.shown_hash, "idem": f"ruling-of-test-{number}"}
        ids.append(queue.submit(claim.token, "ada", Ruling.model_validate(facts)).sample_id)
    return ids


def put_back(home: Home, copy: Path) -> None:
    """Lay an earlier copy of the queue in the place of the file that is there."""
    for suffix in ("-wal", "-shm"):
        home.queue.with_name(home.queue.name + suffix).unlink(missing_ok=True)
    shutil.copy(copy, home.queue)


def test_decisions_made_in_a_queue_that_was_put_back_are_collected_too(home, drafts):
    screened(home, "mine", drafts, 1.0)
    decide(home, 1)
    copy = shutil.copy(home.queue, home.queue.with_suffix(".copy"))
    decide(home, 3, first=1)
    assert review.collect(home) == 4
    put_back(home, copy)
    decide(home, 2, first=10)
    assert review.collect(home) == 2


def test_the_last_word_is_the_latest_one_though_a_queue_that_was_put_back_counts_anew(home, drafts):
    screened(home, "mine", drafts, 1.0)
    decide(home, 1)
    copy = shutil.copy(home.queue, home.queue.with_suffix(".copy"))
    before = decide(home, 3, first=1)
    review.collect(home)
    put_back(home, copy)
    after = decide(home, 2, first=10, reasons=("unsafe",))
    assert after == before[:2]
    review.collect(home)
    settled = dict(decisions.settled(home, "mine").select("sample_id", "verdict").iter_rows())
    assert [settled[sample_id] for sample_id in before] == ["reject", "reject", "approve"]


def test_an_approval_after_an_edit_settles_the_draft_itself(home):
    draft = make.synthetic([make.human()])
    released.decide(home, draft, "edit", seq=1, edit=make.hybrid(draft, "It adds up two numbers."))
    released.decide(home, draft, "approve", seq=2)
    assert decisions.settled(home, "mine").rows() == [(draft.sample_id, "approve", None)]


def test_decisions_on_drafts_of_another_home_are_said(home, drafts):
    screened(home, "mine", drafts, 1.0)
    decide(home, 1)
    home.warehouse.unlink()
    with pytest.raises(StoreError, match="belong to different homes"):
        review.collect(home)


def test_an_items_probability_is_that_of_the_moment_in_which_it_was_drawn(home, drafts):
    recipe = screened(home, "mine", drafts, 0.5)
    none = recipe.model_copy(update={"review": recipe.review.model_copy(update={"audit_share": 0.0})})
    assert review.enqueue(home, none) == 0
    with Queue(home.queue)._connected() as connection:
        found = {row[0] for row in connection.execute("SELECT incl_prob FROM item WHERE source = 'audit'")}
    assert found == {0.5}
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        shares = dict(connection.execute("SELECT outcome, min(incl_prob) FROM verdict GROUP BY ALL").fetchall())
    assert shares["accepted"] == 0.5


def test_the_same_drafts_in_two_recipes_keep_each_ones_licence_and_are_reviewed_for_each(home, drafts):
    one = screened(home, "one", drafts, 1.0, licence="MIT")
    other = screened(home, "other", drafts, 1.0, licence="CC0-1.0")
    for recipe in (one, other):
        ids = warehouse.drafted(home, recipe.name)["sample_id"].to_list()
        made = warehouse.samples(home, recipe.name, ids)
        assert len(made) == 30
        assert {sample.provenance.licence for sample in made.values()} == {recipe.source.licence}
        assert Queue(home.queue).counts(recipe.name).waiting > 0
