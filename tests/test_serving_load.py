"""The limit of requests in flight finds what a server can do, and stays within its bounds whatever it is told."""

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.serving.asking.gauges import Gauges
from outcross.serving.asking.load import START, Load

LOOK = 0.25


@dataclass
class Simulated:
    """A server of some slots that a crowd asks for as much as the limit allows; its clock is simulated."""

    load: Load
    slots: int
    seconds: float = 0.1
    spread: float = 0.0
    gauged: bool = True
    refuses_beyond: float = float("inf")
    wait: float = 0.0
    now: float = 0.0
    flying: int = 0
    answers: int = 0
    refusals: int = 0
    _running: int = 0
    _line: deque[float] = field(default_factory=deque)
    _events: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _number: int = 0
    _chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __post_init__(self) -> None:
        self._at(LOOK, self._look)

    def run(self, seconds: float) -> "Simulated":
        """Let time pass; the counts begin anew."""
        end = self.now + seconds
        self.answers = self.refusals = 0
        self._send()
        while self._events and self._events[0][0] <= end:
            self.now, _, event = heapq.heappop(self._events)
            event()
            self._send()
        self.now = end
        return self

    @property
    def rate(self) -> float:
        """Answers a second that the slots give at most."""
        return self.slots / self.seconds

    def _at(self, later: float, event: Callable[[], None]) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + later, self._number, event))

    def _look(self) -> None:
        seen = Gauges(running=self._running, waiting=len(self._line)) if self.gauged else None
        if seen:
            self.load.gauged(self.now, seen, self.flying)
        self._at(LOOK, self._look)

    def _send(self) -> None:
        while self.flying < self.load.limit and self.now >= self.load.resumes:
            self.flying += 1
            sent = self.now
            if self._running + len(self._line) >= self.refuses_beyond:
                self._at(0.01, lambda sent=sent: self._refuse(sent))
                break  # the crowd pauses a little before it tries again
            self._line.append(sent)
            self._start()

    def _start(self) -> None:
        while self._line and self._running < self.slots:
            sent = self._line.popleft()
            self._running += 1
            seconds = self.seconds * self._chance.lognormvariate(-(self.spread**2) / 2, self.spread)
            self._at(seconds, lambda sent=sent: self._finish(sent))

    def _finish(self, sent: float) -> None:
        self.answers += 1
        self.load.answered(self.now, sent, self.flying)
        self._running -= 1
        self.flying -= 1
        self._start()

    def _refuse(self, sent: float) -> None:
        self.refusals += 1
        self.load.refused(self.now, sent, self.flying, self.wait)
        self.flying -= 1


GAUGES = st.builds(
    Gauges,
    running=st.floats(0, 1e6),
    waiting=st.floats(0, 1e6),
    cache=st.floats(0, 2),
    preemptions=st.floats(0, 1e9),
)
FLYING = st.integers(0, 2000)
TOLD = st.one_of(
    st.tuples(st.just("answered"), st.floats(0, 1e3), FLYING),
    st.tuples(st.just("refused"), st.floats(0, 1e3), FLYING, st.floats(0, 60)),
    st.tuples(st.just("gauged"), st.none() | GAUGES, FLYING),
    st.tuples(st.just("restarted")),
)


@given(cap=st.integers(1, 2000), told=st.lists(st.tuples(st.floats(0, 10), TOLD), max_size=200))
def test_the_limit_is_between_one_and_the_cap_whatever_is_told(cap, told):
    load, now = Load(cap), 0.0
    for later, (what, *rest) in told:
        now += later
        match what:
            case "answered":
                load.answered(now, now - rest[0], max(rest[1], 1))
            case "refused":
                load.refused(now, now - rest[0], max(rest[1], 1), rest[2])
            case "gauged":
                load.gauged(now, rest[0], rest[1])
            case "restarted":
                load.restarted()
        assert 1 <= load.limit <= cap
        assert load.resumes <= now + 60


@pytest.mark.parametrize("cap", [1, 8, 16])
def test_a_small_cap_is_used_whole_from_the_start_and_stays_so(cap):
    server = Simulated(Load(cap), slots=cap, gauged=False, spread=0.5)
    assert server.load.limit == cap
    for _ in range(20):
        assert server.run(1).load.limit == cap


@pytest.mark.parametrize("slots", [20, 100, 300, 1000])
@pytest.mark.parametrize("seconds", [0.1, 2.0])
def test_with_gauges_the_limit_comes_to_just_above_the_slots_from_below(slots, seconds):
    server = Simulated(Load(2000), slots=slots, seconds=seconds, spread=0.3)
    server.run(10 + 4 * seconds)
    for _ in range(20):
        assert slots <= server.run(0.5).load.limit <= slots * 1.0625 + 2
    assert server.run(20).answers >= 0.97 * 20 * server.rate


def test_with_gauges_the_limit_comes_down_when_a_server_loses_slots_and_goes_up_when_it_gains_some():
    server = Simulated(Load(2000), slots=400, seconds=0.5)
    server.run(10)
    server.slots = 50
    server.run(10)
    assert 50 <= server.load.limit <= 55
    server.slots = 400
    server.run(10)
    assert 400 <= server.load.limit <= 427


def test_a_full_cache_or_a_preemption_lowers_the_limit_and_a_crowded_cache_holds_it():
    load = Load(1000)

    def shown(cache: float, preemptions: float = 0) -> int:
        load.gauged(0.0, Gauges(running=load.limit, waiting=0, cache=cache, preemptions=preemptions), load.limit)
        return load.limit

    assert shown(0.5) > START
    held = shown(0.5)
    assert shown(0.92) == held
    full = shown(0.98)
    assert full < held
    assert shown(0.92, preemptions=3) < full


def test_a_limit_that_the_callers_do_not_use_is_not_raised():
    load = Load(1000)
    for now in range(50):
        load.gauged(now, Gauges(running=3, waiting=0), 3)
        load.answered(now, now - 0.1, 3)
    assert load.limit == START


def test_a_line_that_is_gone_at_the_next_look_lowers_nothing():
    load = Load(1000)
    for _ in range(5):
        before = load.limit
        load.gauged(0.0, Gauges(running=2, waiting=before), before)
        assert load.limit == before
        load.gauged(0.0, Gauges(running=before, waiting=0), before)
        assert load.limit > before


@pytest.mark.parametrize("slots", [40, 200])
@pytest.mark.parametrize("spread", [0.0, 0.5])
def test_without_gauges_the_limit_settles_where_more_brings_only_older_answers(slots, spread):
    server = Simulated(Load(5000), slots=slots, seconds=0.2, spread=spread, gauged=False)
    server.run(20)
    limits = [server.run(1).load.limit for _ in range(60)]
    assert max(limits) <= 4 * slots
    assert server.run(60).answers >= 0.85 * 60 * server.rate


def test_a_fast_server_gets_256_within_about_a_second():
    server = Simulated(Load(256), slots=10_000, seconds=0.08, gauged=False)
    assert server.run(1.2).load.limit == 256


@pytest.mark.parametrize("gauged", [True, False])
def test_a_server_that_refuses_beyond_some_number_is_kept_just_below_it(gauged):
    server = Simulated(Load(1000), slots=2000, refuses_beyond=100, gauged=gauged)
    server.run(10)
    server.run(60)
    assert server.answers >= 0.75 * 60 * 100 / server.seconds
    assert server.refusals <= 0.01 * server.answers


def test_one_crowd_halves_the_limit_once():
    load = Load(1000)
    for _ in range(20):
        load.gauged(1.0, Gauges(running=load.limit, waiting=0), load.limit)
    assert load.limit == 1000
    for _ in range(500):
        load.refused(2.0, 1.5, 1000)
    assert load.limit == 500
    load.refused(3.0, 2.5, 500)
    assert load.limit == 250


def test_nothing_is_sent_while_the_server_asks_to_wait():
    server = Simulated(Load(1000), slots=100, refuses_beyond=10, wait=5.0)
    server.run(1)
    assert server.load.resumes > server.now
    server.refuses_beyond = 1000
    server.run(2)
    assert server.flying == 0
    assert server.run(10).answers > 0


@pytest.mark.parametrize("gauged", [True, False])
def test_a_server_that_turns_from_fast_to_overloaded_and_back_is_used_whole_again(gauged):
    server = Simulated(Load(256), slots=256, gauged=gauged)
    server.run(10)
    server.refuses_beyond = 4
    server.run(10)
    assert server.load.limit <= 5
    server.refuses_beyond = float("inf")
    server.run(20)
    assert server.run(20).answers >= 0.9 * 20 * server.rate


def test_a_server_that_slows_down_without_a_word_is_not_buried():
    server = Simulated(Load(1000), slots=400, seconds=0.1, gauged=False)
    server.run(20)
    server.slots = 40
    server.run(120)
    assert server.load.limit <= 200
    server.slots = 400
    server.run(60)
    assert server.run(20).answers >= 0.8 * 20 * server.rate
