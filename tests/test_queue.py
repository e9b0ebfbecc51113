"""The review queue keeps its promises: one item to one person, every decision once and for good."""

import multiprocessing
import pickle
import sqlite3
import string
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from outcross.data.review.answers import Ruling
from outcross.data.review.claims import LEASE
from outcross.data.review.items import MAX_DRAFT, Item
from outcross.data.review.queue import Queue
from outcross.data.samples import Preference, Provenance, Sample
from outcross.errors import ClaimLost, ReviewError, StoreError, VerificationFailed
from tests.review_items import MODEL, Clock, a_sample, an_item, ruling, sql, taken


@pytest.fixture
def queue(queue: Queue) -> Queue:
    for name in ("ada", "grace", "linus"):
        queue.add_reviewer(name)
    return queue


# --- Enqueueing ---


def test_enqueueing_twice_adds_nothing_and_changes_nothing(queue: Queue) -> None:
    assert queue.enqueue([an_item(1), an_item(2)]) == 2
    assert queue.enqueue([an_item(1, source="audit", incl_prob=0.01, prio=9), an_item(2), an_item(3)]) == 1
    rows = sql(queue, "SELECT source, incl_prob FROM item ORDER BY rowid")
    assert rows == [("border", 0.5), ("border", 0.5), ("border", 0.5)]


def test_a_batch_that_fails_adds_none_of_its_items(queue: Queue) -> None:
    broken = an_item(2).model_copy(update={"incl_prob": 0.0})
    with pytest.raises(sqlite3.IntegrityError):
        queue.enqueue([an_item(1), broken])
    assert queue.counts().waiting == 0
    queue.verify()


def test_samples_that_look_alike_stay_two_items(queue: Queue) -> None:
    twin = an_item(1, sample_id="f" * 64)
    assert queue.enqueue([an_item(1), twin]) == 2


def test_an_item_of_a_sample_knows_its_author_and_its_seed() -> None:
    drafted = an_item(1)
    assert (drafted.author_kind, drafted.author_id) == ("model", MODEL)
    assert drafted.lineage_seed == a_sample(1).provenance.parents[0].sample_id
    facts = {"parents": (a_sample(1).as_parent,), "generation": None, "origin": "hybrid", "editor": "ada"}
    edited = Provenance.model_validate({**a_sample(1).provenance.model_dump(), **facts})
    item = Item.of(Sample(content=a_sample(1).content, provenance=edited), recipe="r", source="audit", incl_prob=1)
    assert (item.author_kind, item.author_id) == ("human", "ada")


# --- Claiming ---


def test_the_highest_priority_comes_first_then_the_oldest(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    clock.time += 1
    queue.enqueue([an_item(2), an_item(3, prio=5)])
    order = []
    while claim := queue.claim("ada"):
        order.append(claim.shown.content.instruction)  # type: ignore[union-attr]
        queue.submit(claim.token, "ada", ruling(claim))
    assert order == ["What is 3 + 3?", "What is 1 + 1?", "What is 2 + 2?"]


def test_a_reviewer_who_holds_a_claim_gets_that_one_again(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    assert taken(queue).token == taken(queue).token


def test_no_item_goes_to_more_people_than_it_needs(queue: Queue) -> None:
    queue.enqueue([an_item(1, need=2)])
    assert taken(queue, "ada").item == taken(queue, "grace").item
    assert queue.claim("linus") is None


@pytest.mark.parametrize(("author", "reviewer"), [("Ada", "ada"), ("åsa", "Åsa"), ("Weiß", "weiss")])
def test_nobody_gets_their_own_work_however_the_name_is_written(queue: Queue, author: str, reviewer: str) -> None:
    queue.add_reviewer(reviewer)
    queue.enqueue([an_item(1, author_kind="human", author_id=author)])
    assert queue.claim(reviewer) is None
    assert taken(queue, "grace")


def test_nobody_gets_an_item_again_that_they_decided_or_skipped(queue: Queue) -> None:
    queue.enqueue([an_item(1, need=2), an_item(2, need=2)])
    first = taken(queue)
    queue.submit(first.token, "ada", ruling(first))
    second = taken(queue)
    queue.skip(second.token, "ada", "cannot_judge")
    assert queue.claim("ada") is None
    assert queue.counts().skipped == 1
    assert {taken(queue, "grace").item, taken(queue, "linus").item} <= {first.item, second.item}


def test_only_items_of_the_recipe_asked_for_are_given(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2, recipe="other")])
    assert queue.claim("ada", "none") is None
    claim = queue.claim("ada", "other")
    assert claim is not None
    assert claim.recipe == "other"


def test_an_unknown_or_inactive_reviewer_is_refused(queue: Queue) -> None:
    with pytest.raises(ReviewError, match="'eve' isn't an active reviewer"):
        queue.claim("eve")
    sql(queue, "UPDATE reviewer SET active = 0 WHERE name = 'ada'")
    with pytest.raises(ReviewError, match="'ada' isn't an active reviewer"):
        queue.claim("ada")


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\nb", "a\u202eb", " ada"])
def test_a_name_that_cannot_be_read_is_refused(queue: Queue, name: str) -> None:
    with pytest.raises(ReviewError, match="can't be a reviewer's name"):
        queue.add_reviewer(name)


# --- Leases ---


def test_a_lapsed_claim_goes_to_somebody_else_and_its_late_decision_is_refused(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    late = taken(queue, "ada")
    clock.time += LEASE + 1
    with pytest.raises(ClaimLost, match="What you typed is kept"):
        queue.submit(late.token, "ada", ruling(late))
    assert taken(queue, "grace").item == late.item
    with pytest.raises(ClaimLost):
        queue.submit(late.token, "ada", ruling(late))
    assert queue.decisions() == []


def test_a_claim_holds_to_the_last_second_of_its_lease(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    clock.time = claim.expires
    assert queue.claim("grace") is None
    assert queue.submit(claim.token, "ada", ruling(claim)).wall_ms == LEASE * 1000


def test_a_heartbeat_holds_the_claim_for_a_full_lease_more(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    clock.time += LEASE - 1
    assert queue.heartbeat(claim.token, "ada") == clock.time + LEASE
    clock.time += LEASE - 1
    assert queue.claim("grace") is None
    clock.time += 2
    with pytest.raises(ClaimLost):
        queue.heartbeat(claim.token, "ada")


def test_a_heartbeat_holds_what_was_fetched_ahead_too(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    first, ahead = queue.lease("ada")
    clock.time += LEASE - 1
    queue.heartbeat(first.token, "ada")
    clock.time += LEASE - 1
    assert queue.claim("grace") is None
    assert [claim.token for claim in queue.lease("ada")] == [first.token, ahead.token]


def test_a_released_item_is_free_at_once(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue, "ada")
    queue.release(claim.token, "ada")
    queue.release(claim.token, "ada")
    assert taken(queue, "grace").item == claim.item


def test_a_claim_is_of_no_use_to_anybody_else(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue, "ada")
    with pytest.raises(ClaimLost):
        queue.submit(claim.token, "grace", ruling(claim))
    with pytest.raises(ClaimLost):
        queue.skip(claim.token, "grace", "unsafe")
    with pytest.raises(ClaimLost):
        queue.save_draft(claim.token, "grace", 1, "mine")
    queue.release(claim.token, "grace")
    assert taken(queue, "ada") == claim


# --- Deciding ---


def test_a_decision_says_all_that_the_collecting_flow_needs(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1, source="audit", incl_prob=0.25)])
    claim = taken(queue)
    clock.time += 3
    sent = ruling(claim, "edit", edit="It is 2, of course.", active_ms=99_000)
    decision = queue.submit(claim.token, "ada", sent)
    assert queue.decisions() == [decision]
    assert (decision.sample_id, decision.recipe) == (a_sample(1).sample_id, "sums")
    assert (decision.source, decision.incl_prob, decision.shown_hash) == ("audit", 0.25, an_item(1).payload_hash)
    assert (decision.verdict, decision.edit, decision.reviewer) == ("edit", "It is 2, of course.", "ada")
    assert (decision.active_ms, decision.wall_ms, decision.at) == (3000, 3000, clock.time)


def test_the_same_submission_twice_counts_once(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    claim = taken(queue)
    first = queue.submit(claim.token, "ada", ruling(claim))
    again = queue.submit(claim.token, "ada", ruling(claim, "reject", reasons=["style"]))
    assert again == first
    assert queue.decisions() == [first]


def test_a_key_of_another_item_is_refused_and_not_taken_for_a_repeat(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    first = taken(queue)
    queue.submit(first.token, "ada", ruling(first))
    second = taken(queue)
    with pytest.raises(ReviewError, match="belongs to the decision of another item"):
        queue.submit(second.token, "ada", ruling(second, idem=ruling(first).idem))
    assert taken(queue) == second


def test_two_reviewers_may_happen_on_the_same_key(queue: Queue) -> None:
    queue.enqueue([an_item(1, need=2)])
    for name in ("ada", "grace"):
        claim = taken(queue, name)
        queue.submit(claim.token, name, ruling(claim, idem="the-same-key-for-both"))
    assert len(queue.decisions()) == 2


def test_a_refused_edit_leaves_the_claim_open(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    with pytest.raises(ReviewError, match="the text is unchanged"):
        queue.submit(claim.token, "ada", ruling(claim, "edit", edit="It is 2."))
    with pytest.raises(ReviewError, match="isn't this item"):
        queue.submit(claim.token, "ada", ruling(claim, shown_hash="0" * 64))
    assert queue.submit(claim.token, "ada", ruling(claim)).verdict == "approve"


def test_a_kind_without_one_text_cannot_be_edited(queue: Queue) -> None:
    queue.enqueue([an_item(1, Preference(prompt="p", chosen="a", rejected="b"))])
    claim = taken(queue)
    with pytest.raises(ReviewError, match="'edit' is no verdict on a preference"):
        queue.submit(claim.token, "ada", ruling(claim, "edit", edit="c"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"edit": ""},
        {"edit": " \n"},
        {"edit": "x" * 200_001},
        {"edit": "a\x00b"},
        {"labels": [2]},
        {"strength": 3},
        {"idem": "short"},
        {"active_ms": -1},
        {"reviewer": "grace"},
    ],
)
def test_a_ruling_that_does_not_hold_together_is_refused(wrong: dict[str, object]) -> None:
    sound = {"verdict": "approve", "shown_hash": "0" * 64, "idem": "i" * 16}
    Ruling.model_validate(sound)
    with pytest.raises(ValidationError):
        Ruling.model_validate(sound | wrong)


def test_decisions_are_read_in_order_after_the_last_one_seen(queue: Queue) -> None:
    queue.enqueue([an_item(number) for number in range(5)])
    while claim := queue.claim("ada"):
        queue.submit(claim.token, "ada", ruling(claim))
    seqs = [decision.seq for decision in queue.decisions()]
    assert seqs == sorted(seqs)
    assert [decision.seq for decision in queue.decisions(seqs[2])] == seqs[3:]


def test_the_counts_agree_with_what_happened(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(number) for number in range(4)] + [an_item(9, recipe="other")])
    for verdict, more in (("approve", {}), ("reject", {"reasons": ["style", "unsafe"]})):
        claim = taken(queue)
        queue.submit(claim.token, "ada", ruling(claim, verdict, **more))
    taken(queue)
    counts = queue.counts("sums")
    assert (counts.waiting, counts.claimed) == (1, 1)
    assert counts.decided == {"approve": 1, "reject": 1}
    assert queue.counts().waiting == 2
    assert queue.decided_since("ada", clock.time) == 2
    clock.time += LEASE + 1
    assert (queue.counts("sums").waiting, queue.counts("sums").claimed) == (2, 0)


@pytest.mark.parametrize(("call", "reading"), [("counts", "counts.counts"), ("decisions", "decisions.read")])
def test_reading_holds_nobody_up(queue: Queue, monkeypatch: pytest.MonkeyPatch, call: str, reading: str) -> None:
    def written_meanwhile(*_: object) -> bool:
        sql(queue, "UPDATE reviewer SET seen = 1")
        return True

    monkeypatch.setattr(f"outcross.data.review.{reading}", written_meanwhile)
    assert getattr(queue, call)()


# --- Drafts ---


def test_a_draft_outlives_its_claim_and_brings_its_item_back_first(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(1), an_item(2, prio=-1), an_item(3, prio=9)])
    for _ in range(2):
        claim = taken(queue)
        queue.submit(claim.token, "ada", ruling(claim))
    claim = taken(queue)
    clock.time += LEASE + 1
    queue.save_draft(claim.token, "ada", 1, "half a thou")
    queue.enqueue([an_item(4, prio=99)])
    back = taken(queue)
    assert back.item == claim.item
    assert back.draft is not None
    assert back.draft.body == "half a thou"


def test_a_save_that_arrives_late_does_not_undo_a_later_one(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    queue.save_draft(claim.token, "ada", 2, "new")
    queue.save_draft(claim.token, "ada", 1, "old")
    draft = taken(queue).draft
    assert draft is not None
    assert (draft.rev, draft.body) == (2, "new")


def test_a_decided_item_takes_no_more_drafts(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    queue.save_draft(claim.token, "ada", 1, "x")
    queue.submit(claim.token, "ada", ruling(claim))
    with pytest.raises(ClaimLost):
        queue.save_draft(claim.token, "ada", 2, "y")
    assert sql(queue, "SELECT * FROM draft") == []


def test_a_draft_too_long_is_refused(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    with pytest.raises(ReviewError, match="400,001 characters is too long"):
        queue.save_draft(taken(queue).token, "ada", 1, "x" * (MAX_DRAFT + 1))


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1).filter(str.strip))
def test_any_edit_comes_back_to_the_character(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    queue = Queue(tmp_path_factory.mktemp("q") / "review.sqlite")
    queue.add_reviewer("ada")
    queue.enqueue([an_item(1)])
    claim = taken(queue)
    assert queue.submit(claim.token, "ada", ruling(claim, "edit", edit=text)).edit == text
    queue.verify()


# --- What the database itself keeps ---


@pytest.fixture
def decided(queue: Queue) -> Queue:
    """Four items: the first needs two decisions and has one of ada's, who holds the next two."""
    queue.enqueue([an_item(0, need=2), an_item(1), an_item(2), an_item(3)])
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim, "edit", edit="zero"))
    queue.lease("ada")
    return queue


CLAIM = (
    "INSERT INTO claim (item, slot, reviewer, token, taken, expires, state) "
    "SELECT {}, 't', taken, expires, 'open' FROM claim WHERE id = 1"
)
DECISION = (
    "INSERT INTO decision (seq, id, claim, item, reviewer, idem, verdict, reasons, note, shown_hash, active_ms, "
    "wall_ms, at) SELECT 9, hex(zeroblob(16)), {}, 'k', 'approve', '[]', '', '', 0, 0, 0 FROM "
)
A_THIRD = "(SELECT max(id) FROM item WHERE id NOT IN (SELECT item FROM claim)), 0, "


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE decision SET edit = 'nil'", "a decision is never changed"),
        ("DELETE FROM decision", "a decision is never deleted"),
        ("UPDATE event SET body = '{}'", "an event is never changed"),
        ("DELETE FROM event", "an event is never deleted"),
        ("UPDATE item SET incl_prob = 1", "never changes"),
        ("UPDATE item SET source = 'gold'", "never changes"),
        ("DELETE FROM item", "an item is never deleted"),
        ("UPDATE claim SET reviewer = 'grace'", "never changes hands"),
        (CLAIM.format("item, slot, 'grace'"), "failed: claim.item, claim.slot"),
        (CLAIM.format("item, 1, 'ada'").replace("'open'", "'done'"), "failed: claim.item, claim.reviewer"),
        (CLAIM.format("item, 2, 'grace'"), "needs no further decision"),
        (CLAIM.format(f"{A_THIRD}'ada'"), "holds two items at most"),
        ("UPDATE item SET need = 3", "never changes"),
        ("UPDATE item SET skill = 'text:en'", "never changes"),
        ("UPDATE item SET score = 1", "never changes"),
        ("UPDATE item SET hint = '{}'", "never changes"),
        ("UPDATE claim SET swapped = 1", "how an item was shown never changes"),
        (DECISION.format("claim, item, 'grace'") + "decision", "needs the claim of its reviewer"),
        (DECISION.format("id, item, reviewer") + "claim WHERE state = 'open'", "needs the claim of its reviewer"),
        (DECISION.format("claim, item, reviewer") + "decision", "failed: decision.claim"),
    ],
)
def test_the_database_refuses_what_must_never_happen(decided: Queue, statement: str, complaint: str) -> None:
    with pytest.raises(sqlite3.IntegrityError, match=complaint):
        sql(decided, statement)
    decided.verify()


def test_the_database_lets_a_decision_supersede_no_other_claims(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    for _ in range(2):
        claim = taken(queue)
        queue.submit(claim.token, "ada", ruling(claim))
    other = DECISION.replace("at) SELECT", "at, supersedes) SELECT").format("claim, item, reviewer")
    with pytest.raises(sqlite3.IntegrityError, match="supersedes one of the same reviewer on the same item"):
        sql(queue, other.replace("0 FROM", "0, 1 FROM") + "decision WHERE seq = 2")


def test_the_database_refuses_self_review(queue: Queue) -> None:
    queue.enqueue([an_item(1, author_kind="human", author_id="Ada")])
    with pytest.raises(sqlite3.IntegrityError, match="own work"):
        sql(
            queue,
            "INSERT INTO claim (item, slot, reviewer, token, taken, expires, state) "
            "SELECT id, 0, 'ada', 't', 0, 0, 'open' FROM item",
        )


@pytest.mark.parametrize(
    ("tampering", "complaint"),
    [
        (["DROP TRIGGER decision_is_final", "UPDATE decision SET edit = 'nil'"], r"event 8: the decision \w+ isn't"),
        (["DROP TRIGGER item_facts_are_fixed", "UPDATE item SET incl_prob = 1 WHERE rowid = 2"], "event 5: the item"),
        (["DROP TRIGGER event_is_final", "UPDATE event SET body = '{}' WHERE seq = 2"], "event 2: the event itself"),
        (["DROP TRIGGER event_stays", "DELETE FROM event WHERE seq = 3"], "event 3: the event itself"),
        (["DROP TRIGGER event_stays", "DELETE FROM event WHERE seq = 8"], "event 8: the table decision has 1 rows"),
        (["INSERT OR REPLACE INTO event SELECT seq, prev_hash, hash, 'x', body, at FROM event"], "event 1: the event"),
    ],
)
def test_tampering_is_found_and_named(decided: Queue, tampering: list[str], complaint: str) -> None:
    before = decided.verify()
    assert before[0] == 8  # three reviewers, four items, one decision
    for statement in tampering:
        sql(decided, statement)
    with pytest.raises(VerificationFailed, match=complaint):
        decided.verify()


def test_a_head_that_was_written_down_is_missed_only_once_it_is_gone(decided: Queue, clock: Clock) -> None:
    heads = [(0, "0" * 64), decided.verify()]
    decided.add_reviewer("margaret")
    heads.append(decided.verify())
    assert decided.lost(heads) == set()
    sql(decided, "DROP TRIGGER event_stays")
    sql(decided, "DELETE FROM event WHERE seq = 9")
    assert decided.lost(heads) == {heads[2]}
    clock.time += 1
    decided.add_reviewer("barbara")
    assert decided.verify()[0] == 9
    assert decided.lost(heads) == {heads[2]}, "another event of that number is not that event"
    sql(decided, "DROP TRIGGER event_is_final")
    sql(decided, "UPDATE event SET at = 0 WHERE seq = 2")
    with pytest.raises(VerificationFailed, match="event 2: the event itself"):
        decided.lost(heads)


def test_a_queue_that_is_only_read_is_neither_made_nor_changed(queue: Queue, tmp_path: Path) -> None:
    missing = Queue(tmp_path / "none.sqlite", read_only=True)
    with pytest.raises(StoreError, match="can't be used as a review queue"):
        missing.verify()
    assert not list(tmp_path.glob("none.sqlite*"))
    reader = Queue(queue.path, read_only=True)
    assert reader.verify() == queue.verify()
    with pytest.raises(StoreError, match="readonly"):
        reader.add_reviewer("eve")


def test_a_queue_goes_on_in_a_fork_and_as_a_pickle(queue: Queue) -> None:
    queue.enqueue([an_item(1)])
    with multiprocessing.get_context("fork").Pool(1) as forked:
        assert forked.apply(queue.counts).waiting == 1
    queue._now = time.time  # the test's own clock stays where it is
    assert pickle.loads(pickle.dumps(queue)).counts().waiting == 1


def test_the_file_is_for_its_owner_alone(queue: Queue) -> None:
    assert queue.path.stat().st_mode & 0o777 == 0o600


def test_ids_and_tokens_cannot_be_guessed(queue: Queue) -> None:
    queue.enqueue([an_item(1), an_item(2)])
    ids = {str(row[0]) for row in sql(queue, "SELECT id FROM item")}
    assert all(len(one) == 32 and set(one) <= set(string.hexdigits) for one in ids)
    assert len(taken(queue).token) >= 32


def test_a_file_that_is_no_queue_is_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    path.write_text("not a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match="can't be used as a review queue"):
        Queue(path)


def test_a_queue_whose_file_is_gone_is_not_made_anew_in_silence(queue: Queue) -> None:
    for path in queue.path.parent.glob("review.sqlite*"):
        path.unlink()
    with pytest.raises(StoreError, match="unable to open"):
        queue.counts()
