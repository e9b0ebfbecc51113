"""Many reviewers in several processes at once, and processes killed at any moment: the queue's promises hold.

Run as a script, the file is one such process.
"""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from outcross.data.review.claims import LEASE
from outcross.data.review.queue import Queue
from outcross.errors import ClaimLost
from tests.review_items import an_item, ruling

if TYPE_CHECKING:
    from outcross.data.review.items import Claim

REVIEWERS = tuple(f"r{number}" for number in range(5))


def review(path: Path, reviewer: str, seed: int) -> None:
    """Claim and decide until nothing is left; at times abandon, submit twice or late, or take back and decide anew.

    The key of each decision is printed, once the queue has confirmed it.
    """
    chance = random.Random(seed)
    queue = Queue(path)
    hasty = Queue(path, now=lambda: time.time() + LEASE + 60)  # a fake clock, for which all others have lapsed
    while (counts := queue.counts()).waiting or counts.claimed:
        held = queue.lease(reviewer)
        if not held:
            time.sleep(0.005)
            continue
        claim = held[0]
        whim = chance.random()
        try:
            if whim < 0.1:
                queue.release(claim.token, reviewer)
            elif whim < 0.2:
                hasty.submit(claim.token, reviewer, ruling(claim))  # refused: for this clock the lease is over
            elif whim < 0.3:
                queue.submit(claim.token, reviewer, ruling(claim, "reject"), grace=60)
                claim = queue.undo(claim.token, reviewer)
            for _ in range(2 if whim > 0.8 else 1):
                sent = ruling(claim, idem=f"idem-{claim.token[:20]}-{0.2 < whim < 0.3}")
                queue.submit(claim.token, reviewer, sent, grace=chance.choice([0.0, 0.01]))
                say(sent.idem)
        except ClaimLost:
            say("lost")


def say(word: str) -> None:
    """Write a line whole: `print` would let threads mingle theirs."""
    os.write(1, f"{word}\n".encode())


def check(path: Path) -> sqlite3.Connection:
    """What must hold of the file at any moment."""
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    over = "SELECT item FROM claim WHERE state IN ('open', 'done') GROUP BY item HAVING count(*) > 2"
    twice = "SELECT item, reviewer FROM decision GROUP BY item, reviewer HAVING count(*) > 1"
    own = "SELECT 1 FROM decision JOIN item ON item.id = item WHERE author_id = reviewer"
    uneven = "SELECT 1 FROM item WHERE done <> (SELECT count(*) FROM decision WHERE item = item.id)"
    halves = (
        "SELECT 1 FROM claim WHERE state = 'done' "
        "AND id NOT IN (SELECT claim FROM decision UNION ALL SELECT claim FROM held)"
    )
    for violation in (over, twice, own, uneven, halves):
        assert connection.execute(violation).fetchall() == [], violation
    Queue(path).verify()
    return connection


def keys(connection: sqlite3.Connection) -> set[str]:
    """Of all decisions, those included that can still be taken back."""
    return {key for (key,) in connection.execute("SELECT idem FROM decision UNION ALL SELECT idem FROM held")}


def start(path: Path, seed: int, *reviewers: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, str(path), str(seed), *reviewers]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def a_queue(path: Path, items: int, reviewers: tuple[str, ...] = REVIEWERS) -> None:
    queue = Queue(path)
    for name in reviewers:
        queue.add_reviewer(name)
    queue.enqueue([an_item(n, need=2, author_id=REVIEWERS[n % 5], author_kind="human") for n in range(items)])


def test_a_crowd_decides_every_item_as_often_as_needed_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    a_queue(path, items=40)
    # r2 sits at two machines at once, so that the two race for one claim.
    crowd = [start(path, 1, "r0", "r1", "r2"), start(path, 2, "r2", "r3", "r4")]
    said = [line for process in crowd for line in process.communicate(timeout=120)[0].split()]
    assert [process.returncode for process in crowd] == [0, 0]
    time.sleep(0.01)  # the grace of the last ones
    assert len(Queue(path).decisions()) == 80
    decided = keys(check(path))
    assert len(decided) == 80
    confirmed = [line for line in said if line != "lost"]
    assert set(confirmed) == decided
    assert len(confirmed) > len(decided), "nobody submitted twice"
    assert "lost" in said, "nobody was too late"


def test_processes_killed_at_any_moment_leave_a_sound_queue_and_lose_no_confirmed_decision(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    a_queue(path, items=40)
    confirmed: set[str] = set()
    for seed, lines in enumerate((1, 2, 3, 5, 8)):
        process = start(path, seed, *REVIEWERS[:3])
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        said += process.communicate(timeout=60)[0].splitlines(keepends=True)
        confirmed |= {line.strip() for line in said if line.endswith("\n")} - {"lost"}
        assert confirmed <= keys(check(path))
    assert confirmed


@pytest.mark.slow
def test_sixteen_reviewers_in_two_processes_keep_every_promise_though_one_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "review.sqlite"
    many = tuple(f"r{number}" for number in range(16))
    a_queue(path, items=1_000, reviewers=many)
    steady, struck = start(path, 1, *many[:8]), start(path, 2, *many[8:])
    assert struck.stdout is not None
    said = [struck.stdout.readline() for _ in range(200)]
    struck.send_signal(signal.SIGKILL)
    said += struck.communicate(timeout=60)[0].splitlines(keepends=True)
    again = start(path, 3, *many[8:])
    with ThreadPoolExecutor() as pool:  # read side by side: who isn't read stops at a full pipe
        for text, _ in pool.map(lambda process: process.communicate(timeout=280), (steady, again)):
            said += text.splitlines(keepends=True)
    assert [steady.returncode, again.returncode] == [0, 0]
    time.sleep(0.01)  # the grace of the last ones
    assert len(Queue(path).decisions()) == 2_000
    assert {line.strip() for line in said if line.endswith("\n")} - {"lost"} <= keys(check(path))


class QueueMachine(RuleBasedStateMachine):
    """Any order of calls by two reviewers under a fake clock, beside a model of what must come of them."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1_800_000_000.0
        self.folder = tempfile.TemporaryDirectory()
        self.queue = Queue(Path(self.folder.name) / "review.sqlite", now=lambda: self.time)
        for name in ("ada", "grace"):
            self.queue.add_reviewer(name)
        self.queue.enqueue([an_item(number, need=1 + number % 2) for number in range(3)])
        self.held: dict[str, Claim] = {}
        self.ends: dict[str, float] = {}  # until when the claim of that token lives
        self.past: set[tuple[str, str]] = set()
        self.decisions: list[str] = []

    @rule(name=st.sampled_from(["ada", "grace"]))
    def claim(self, name: str) -> None:
        claim = self.queue.claim(name)
        held = self.held.get(name)
        if held and self.ends[held.token] >= self.time:
            assert claim is not None
            assert claim.token == held.token
        elif claim is not None:
            assert (name, claim.item) not in self.past
            self.held[name] = claim
            self.ends[claim.token] = self.time + LEASE

    @rule(seconds=st.sampled_from([1.0, LEASE / 2, LEASE + 1]))
    def wait(self, seconds: float) -> None:
        self.time += seconds

    @rule(name=st.sampled_from(["ada", "grace"]), action=st.sampled_from(["submit", "skip", "release", "heartbeat"]))
    def act(self, name: str, action: str) -> None:
        if not (claim := self.held.get(name)):
            return
        lives = self.ends[claim.token] >= self.time
        more = {"submit": [ruling(claim)], "skip": ["unsafe"]}.get(action, [])
        try:
            getattr(self.queue, action)(claim.token, name, *more)
        except ClaimLost:
            assert not lives
            return
        assert lives or action == "release" or (action == "submit" and claim.token in self.decisions)
        if action == "heartbeat":
            self.ends[claim.token] = self.time + LEASE
        elif lives:
            self.ends[claim.token] = 0.0
            self.past |= {(name, claim.item)} if action != "release" else set()
            self.decisions += [claim.token] if action == "submit" else []

    @invariant()
    def each_decision_stands_once(self) -> None:
        assert len(self.queue.decisions()) == len(self.decisions)

    def teardown(self) -> None:
        check(self.queue.path).close()
        self.folder.cleanup()


TestAnyOrderOfCalls = QueueMachine.TestCase
TestAnyOrderOfCalls.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)


def main(path: str, seed: str, *reviewers: str) -> None:
    threads = [
        threading.Thread(target=review, args=(Path(path), name, int(seed) * 100 + number))
        for number, name in enumerate(reviewers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
