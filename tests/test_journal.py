"""The journal: how slots stand, and what is a dead letter."""

import duckdb

from outcross.data.stores import journal
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Entry, Miss, Standing
from tests import make

SEED = make.human()


def draft(rank: str, state: str = "drafted", retry: int = 0, setup: str = "s") -> Draft:
    return Draft(
        request_key=f"{setup} {rank} {retry}",
        setup=setup,
        rank=rank,
        retry=retry,
        state=state,
        sample=make.synthetic([SEED], f"It adds {rank}.") if state == "drafted" else None,
        reason="" if state == "drafted" else f"{state} {retry}",
        raw=None if state == "drafted" else f"raw {retry}",
        model="tiny",
    )


def miss(rank: str, reason: str = "timeout") -> Miss:
    return Miss(request_key=f"s {rank} 0", setup="s", rank=rank, reason=reason, attempts=4, model="tiny")


def letters(home: Home) -> list[tuple[object, ...]]:
    return sorted(journal.dead_letters(home, "mine").select("rank", "state", "reason", "answers").rows())


def test_a_slot_stands_as_its_draft_does_or_as_its_last_answer(home):
    journal.write(
        home,
        "mine",
        [
            draft("a", "invalid", 0),
            draft("a", "invalid", 1),
            draft("b", "failed", 0),
            draft("b", "drafted", 1),
            draft("c", "invalid", 0, setup="other"),
            miss("d"),
        ],
    )
    journal.write(home, "theirs", [draft("e")])
    assert journal.standing(home, "mine", ["a", "b", "c", "d", "e"]) == {
        ("s", "a"): Standing("invalid", 2, 1),
        ("s", "b"): Standing("drafted", 2, 1),
        ("other", "c"): Standing("invalid", 1, 0),
    }
    assert journal.standing(home, "mine", []) == {}


def test_a_dead_letter_says_the_last_reason_and_is_gone_with_the_draft(home):
    journal.write(home, "mine", [draft("a", "invalid", 0), draft("b", "failed", 0), miss("c"), miss("c", "cut off")])
    journal.write(home, "mine", [draft("a", "invalid", 1), miss("b")])
    assert letters(home) == [
        ("a", "invalid", "invalid 1", 2),
        ("b", "failed", "failed 0", 1),
        ("c", "missed", "cut off", 0),
    ]
    assert journal.tally(home, "mine") == {"failed": 1, "invalid": 1, "missed": 1}
    journal.write(home, "mine", [draft("a", "drafted", 2), draft("b", "drafted", 1), draft("c")])
    assert letters(home) == []
    assert journal.tally(home, "mine") == {"drafted": 3, "missed": 0}


def test_an_answer_that_comes_again_adds_nothing_and_a_miss_that_happens_again_does(home):
    entries: list[Entry] = [draft("a"), draft("b", "invalid"), miss("c")]
    assert journal.write(home, "mine", entries) == 2
    assert journal.write(home, "mine", entries) == 0
    journal.write(home, "mine", [miss("c")])
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM miss").fetchall() == [(2,)]
