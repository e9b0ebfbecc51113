"""Decisions can be taken back for a moment, and revised in the open after that."""

import sqlite3
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from outcross.data.review.claims import LEASE
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.items import Claim
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.errors import ClaimLost, ReviewError
from tests.review_items import Clock, a_gold, an_item, ruling, sql, taken

GRACE = 10.0


@pytest.fixture
def queue(queue: Queue) -> Queue:
    for name in ("ada", "grace"):
        queue.add_reviewer(name)
    queue.enqueue([an_item(1), an_item(2)])
    return queue


def test_within_its_grace_a_decision_is_not_there_yet_and_its_item_is_nobody_elses(queue: Queue, clock: Clock) -> None:
    claim = taken(queue)
    assert queue.submit(claim.token, "ada", ruling(claim), grace=GRACE) is None
    assert queue.decisions() == []
    assert taken(queue, "grace").item != claim.item
    assert queue.counts().waiting == 0
    assert queue.decided_since("ada", clock.time) == 1


def test_what_is_taken_back_in_time_leaves_no_trace_but_what_was_typed(queue: Queue, clock: Clock) -> None:
    claim = taken(queue)
    head = queue.verify()
    queue.save_draft(claim.token, "ada", 1, "words")
    queue.submit(claim.token, "ada", ruling(claim, "edit", edit="It is two."), grace=GRACE)
    clock.time += GRACE - 1
    back = queue.undo(claim.token, "ada")
    assert (back.token, back.revises) == (claim.token, False)
    assert back.before is not None
    assert (back.before.verdict, back.before.edit) == ("edit", "It is two.")
    assert back.draft is not None
    clock.time += 60
    assert queue.decisions() == []
    assert queue.verify() == head
    assert taken(queue).token == claim.token


def test_after_its_grace_the_next_call_commits_a_decision_with_the_time_of_the_key(queue: Queue, clock: Clock) -> None:
    claim = taken(queue)
    pressed = clock.time
    queue.submit(claim.token, "ada", ruling(claim), grace=GRACE)
    clock.time += GRACE
    (decision,) = queue.decisions()
    assert (decision.verdict, decision.at, decision.supersedes) == ("approve", pressed, None)


def test_what_is_committed_by_one_call_stands_in_the_order_of_the_keys(queue: Queue, clock: Clock) -> None:
    queue.add_reviewer("linus")
    queue.enqueue([an_item(3)])
    claims = {name: taken(queue, name) for name in ("ada", "grace", "linus")}
    for name in ("grace", "ada", "linus"):
        queue.submit(claims[name].token, name, ruling(claims[name]), grace=GRACE)
        clock.time += 1
    clock.time += GRACE
    assert [row.reviewer for row in queue.decisions()] == ["grace", "ada", "linus"]


def test_a_later_change_supersedes_and_only_the_last_word_stands(queue: Queue, clock: Clock) -> None:
    claim = taken(queue)
    first = queue.submit(claim.token, "ada", ruling(claim))
    assert first is not None
    back = queue.undo(claim.token, "ada")
    assert back.revises
    assert queue.decisions() == [first], "asking changes nothing"
    again = ruling(claim, "reject", idem="another-key-for-it", revises=True)
    second = queue.submit(claim.token, "ada", again)
    assert second is not None
    assert second.supersedes == first.seq
    assert queue.counts().decided == {"reject": 1}
    assert [row.verdict for row in queue.decisions()] == ["approve", "reject"]
    queue.verify()


def revise(
    queue: Queue, claim: Claim, verdict: str, idem: str = "the-key-of-a-revision", **more: object
) -> DecisionRow | None:
    """A second word, sent as the page sends it."""
    return queue.submit(claim.token, "ada", ruling(claim, verdict, idem=idem, revises=True, **more), grace=GRACE)


def test_a_change_stands_at_once_and_its_claim_never_opens_again(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(3, need=2, prio=9)])
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    assert revise(queue, claim, "reject") is not None
    assert queue.undo(claim.token, "ada").revises
    clock.time += LEASE + 1
    assert taken(queue).item != claim.item
    assert taken(queue, "grace").item == claim.item


def test_two_windows_that_both_change_a_decision_are_two_words_of_which_the_last_stands(queue: Queue) -> None:
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    for _ in range(2):
        assert queue.undo(claim.token, "ada").revises
    for number, verdict in enumerate(("reject", "approve")):
        revise(queue, claim, verdict, f"the-key-of-window-{number}")
    first, second, third = queue.decisions()
    assert (second.supersedes, third.supersedes) == (first.seq, second.seq)
    assert queue.counts().decided == {"approve": 1}


def test_no_change_is_written_after_an_adjudication(queue: Queue, clock: Clock) -> None:
    queue.add_reviewer("judge", "adjudicator")
    queue.enqueue([an_item(3, need=2, prio=9)])
    claims = {name: taken(queue, name) for name in ("ada", "grace")}
    for name, verdict in {"ada": "approve", "grace": "reject"}.items():
        queue.submit(claims[name].token, name, ruling(claims[name], verdict))
    judged = taken(queue, "judge", "adjudication")
    revise(queue, claims["ada"], "edit", edit="It is six.")
    queue.submit(judged.token, "judge", ruling(judged, adjudication={"cause": "ambiguous_item"}))
    with pytest.raises(ClaimLost, match="adjudicated since"):
        revise(queue, claims["ada"], "reject", "the-key-of-one-too-late")
    clock.time += GRACE
    assert [row.reviewer for row in queue.decisions()] == ["ada", "grace", "ada", "judge"]


def test_the_database_keeps_a_decided_claim_decided(queue: Queue) -> None:
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    for state in ("open", "expired", "released"):
        with pytest.raises(sqlite3.IntegrityError, match="stays done"):
            sql(queue, "UPDATE claim SET state = ?", state)


def test_a_file_in_which_a_taken_back_change_opened_its_claim_again_is_mended(queue: Queue, clock: Clock) -> None:
    queue.enqueue([an_item(3, need=2, prio=9)])
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    sql(queue, "DROP TRIGGER claim_stays_decided")
    sql(queue, "DELETE FROM migration WHERE number = 5")
    sql(queue, "UPDATE claim SET state = 'expired' WHERE token = ?", claim.token)
    again = Queue(queue.path, now=clock)
    assert taken(again).item != claim.item
    assert again.undo(claim.token, "ada").revises


def test_what_cannot_be_committed_is_kept_in_the_log_and_stops_nobody(
    queue: Queue, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    poisoned, sound = taken(queue, "ada"), taken(queue, "grace")
    for name, claim in {"ada": poisoned, "grace": sound}.items():
        queue.submit(claim.token, name, ruling(claim), grace=GRACE)
    sql(queue, "UPDATE held SET ruling = json_set(ruling, '$.verdict', 'nonsense') WHERE reviewer = 'ada'")
    clock.time += GRACE
    assert [row.reviewer for row in queue.decisions()] == ["grace"]
    ((body,),) = sql(queue, "SELECT body FROM event WHERE kind = 'ruling_refused'")
    assert "nonsense" in str(body)
    assert "ruling_refused" in caplog.text
    assert taken(queue).item == poisoned.item, "nobody has decided it"
    queue.verify()


def test_a_second_window_does_not_supersede_by_accident(queue: Queue) -> None:
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    with pytest.raises(ClaimLost):
        queue.submit(claim.token, "ada", ruling(claim, "reject", idem="the-other-windows-key"))
    with pytest.raises(ClaimLost, match="no decision of yours"):
        queue.undo(taken(queue).token, "ada")


def test_the_same_submission_twice_is_held_once(queue: Queue, clock: Clock) -> None:
    claim = taken(queue)
    for _ in range(2):
        assert queue.submit(claim.token, "ada", ruling(claim), grace=GRACE) is None
    clock.time += GRACE
    decision = queue.submit(claim.token, "ada", ruling(claim), grace=GRACE)
    assert queue.decisions() == [decision]
    other = taken(queue)
    with pytest.raises(ReviewError, match="belongs to the decision of another item"):
        queue.submit(other.token, "ada", ruling(other, idem=ruling(claim).idem))


def test_nobody_takes_back_anothers_decision(queue: Queue) -> None:
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim), grace=GRACE)
    with pytest.raises(ClaimLost):
        queue.undo(claim.token, "grace")


def test_what_is_shown_afterwards_is_shown_only_then_and_a_change_says_that_it_was_seen(queue: Queue) -> None:
    queue.enqueue([an_item(3, prio=9, hint='{"score": 0.4}')])
    claim = taken(queue)
    with pytest.raises(ClaimLost):
        queue.reveal(claim.token, "ada")
    first = queue.submit(claim.token, "ada", ruling(claim), grace=GRACE)
    assert first is not None, "it must stand before anything is shown"
    assert queue.reveal(claim.token, "ada") == {"score": 0.4}
    second = queue.submit(claim.token, "ada", ruling(claim, "reject", idem="with-the-hint-seen", revises=True))
    assert second is not None
    assert (first.revealed, second.revealed) == (False, True)


def test_an_item_without_a_hint_shows_nothing(queue: Queue) -> None:
    claim = taken(queue)
    queue.submit(claim.token, "ada", ruling(claim))
    assert queue.reveal(claim.token, "ada") == {}


def test_a_training_item_is_answered_once(queue: Queue) -> None:
    queue.add_reviewer("novice")
    Management(queue.path).add_gold([a_gold(9, training=True)])
    claim = taken(queue, "novice", "training")
    decision = queue.submit(claim.token, "novice", ruling(claim), grace=GRACE)
    assert decision is not None
    with pytest.raises(ClaimLost, match="answered once"):
        queue.undo(claim.token, "novice")


class UndoMachine(RuleBasedStateMachine):
    """Any order of deciding, undoing, revising and waiting, beside a model of what must stand."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1_800_000_000.0
        self.folder = tempfile.TemporaryDirectory()
        self.queue = Queue(Path(self.folder.name) / "review.sqlite", now=lambda: self.time)
        self.queue.add_reviewer("ada")
        self.queue.enqueue([an_item(number) for number in range(3)])
        self.decided: dict[str, list[str]] = {}  # token → the verdicts that stand or will, first to last
        self.due: dict[str, float] = {}
        self.keys = 0

    def key(self) -> str:
        self.keys += 1
        return f"key-number-{self.keys:06}"

    @rule(verdict=st.sampled_from(["approve", "reject"]))
    def decide(self, verdict: str) -> None:
        if claim := self.queue.claim("ada"):
            self.queue.submit(claim.token, "ada", ruling(claim, verdict, idem=self.key()), grace=GRACE)
            self.decided.setdefault(claim.token, []).append(verdict)
            self.due[claim.token] = self.time + GRACE

    @rule(seconds=st.sampled_from([1.0, GRACE / 2, GRACE, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        self.time += seconds

    @rule(which=st.integers(0, 2))
    def take_back(self, which: int) -> None:
        """Come back to a decision, and leave it at that."""
        if token := self.token(which):
            self.back(token)

    @rule(which=st.integers(0, 2), verdict=st.sampled_from(["approve", "reject"]))
    def change(self, which: int, verdict: str) -> None:
        if not (token := self.token(which)):
            return
        back = self.back(token)
        more = {"idem": self.key(), "revises": back.revises}
        self.queue.submit(token, "ada", ruling(back, verdict, **more), grace=GRACE)
        self.decided[token].append(verdict)
        self.due[token] = self.time + (0 if back.revises else GRACE)

    def token(self, which: int) -> str | None:
        decided = [token for token, said in self.decided.items() if said]
        return decided[which] if which < len(decided) else None

    def back(self, token: str) -> Claim:
        back = self.queue.undo(token, "ada")
        assert back.before is not None
        assert back.before.verdict == self.decided[token][-1]
        assert back.revises == (self.due[token] <= self.time)
        if not back.revises:
            self.decided[token].pop()
        return back

    @invariant()
    def what_stands_is_what_was_said_last(self) -> None:
        committed = sum(len(said) - (self.due[token] > self.time) for token, said in self.decided.items() if said)
        rows = self.queue.decisions()
        assert len(rows) == committed
        firsts = [row.item for row in rows if row.supersedes is None]
        assert len(firsts) == len(set(firsts)), "nobody decides an item anew who has decided it"

    def teardown(self) -> None:
        self.time += GRACE
        rows = self.queue.decisions()
        last = {row.supersedes for row in rows}
        stands = sorted(row.verdict for row in rows if row.seq not in last)
        assert stands == sorted(said[-1] for said in self.decided.values() if said)
        self.queue.verify()
        self.folder.cleanup()


TestAnyOrderOfUndoing = UndoMachine.TestCase
TestAnyOrderOfUndoing.settings = settings(max_examples=25, stateful_step_count=15, deadline=None)
