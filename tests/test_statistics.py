"""Statistics: each number is what its documented query says, and odd reviewers show."""

import random
import re
import sqlite3
import subprocess
import sys
from pathlib import Path
from statistics import mean

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.agreement.intervals import upper_bound
from outcross.data.review.answers import Ruling
from outcross.data.review.items import Claim, Desk
from outcross.data.review.judgements import Frames, Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Reasoning
from outcross.review import plots
from outcross.review.audits import PROMISE, audit, clean_needed, reliability, thresholds
from outcross.review.backlog import HOUR, backlog, periods
from outcross.review.outcomes import outcomes
from outcross.review.persons import Person, persons, quartiles
from outcross.review.rates import Rate
from outcross.review.statistics import Statistics, own, statistics
from outcross.review.votes import team_agreement
from outcross.review.worddiff import diff
from tests.crowd import Crowd, Member, drafts, known, team
from tests.review_items import Clock, a_gold, an_item, taken

DOCS = (Path(__file__).parents[1] / "docs" / "review.md").read_text(encoding="utf-8")
DAY = 86_400
YES: dict[str, object] = {"verdict": "approve"}
NO: dict[str, object] = {"verdict": "reject", "reasons": ["style"]}


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Crowd:
    """Six working days of eight people; made once, read by many."""
    crowd = Crowd(tmp_path_factory.mktemp("crowd") / "review.sqlite", team(), seed=3)
    crowd.management.add_gold(known(60, crowd.chance))
    crowd.management.add_gold(a_gold(20_000 + number, training=True) for number in range(20))
    crowd.queue.enqueue(an_item(30_000 + number, source="reject_audit", score=0.8) for number in range(5))
    items, start = drafts(260, crowd.chance), crowd.clock.time
    for day in range(6):
        crowd.clock.time = start + day * DAY
        crowd.queue.enqueue(items[day * 40 : day * 40 + 40])
        crowd.work(6)
        crowd.turn(crowd.members[day], "training")
        crowd.adjudicate("judith", 2 if day < 3 else 0)
    crowd.queue.enqueue(items[240:])
    crowd.work(1)
    crowd.queue.claim("ada")
    return crowd


@pytest.fixture(scope="module")
def figures(crowd: Crowd) -> Statistics:
    return statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time, 40.0)


@pytest.fixture(scope="module")
def documented(crowd: Crowd) -> dict[str, list[tuple[object, ...]]]:
    """What every query in the docs says, by its heading; run in their order on a connection that only reads."""
    connection = sqlite3.connect(f"{crowd.queue.path.as_uri()}?mode=ro", uri=True)
    said: dict[str, list[tuple[object, ...]]] = {}
    for part in re.split(r"^#+ ", DOCS, flags=re.M):
        for query in re.findall(r"^```sql\n(.*?)^```$", part, re.M | re.S):
            said[part.splitlines()[0]] = connection.execute(query, {"now": crowd.clock.time}).fetchall()
    connection.close()
    return said


def close(*numbers: float | None) -> object:
    return pytest.approx(numbers)


# --- Numbers and their queries ---


def test_the_queues_numbers_are_those_of_their_queries(figures: Statistics, documented: dict) -> None:
    backlog = figures.backlog
    assert documented["Waiting"] == [(backlog.counts.waiting,)] != [(0,)]
    assert documented["Split"] == [(backlog.counts.split,)] != [(0,)]
    assert documented["Oldest unsettled"] == [close(backlog.oldest)]
    assert documented["Missing decisions"] == [(backlog.missing,)]
    assert documented["Speed"] == [close(backlog.seconds, backlog.daily)]
    assert documented["Cost of an accepted row"] == [close(backlog.spent, backlog.accepted)]
    assert backlog.price == pytest.approx(40 * backlog.spent / 3600 / backlog.accepted)


def test_the_plots_over_time_show_what_their_queries_say(figures: Statistics, documented: dict) -> None:
    days = [f"{one.start:%Y-%m-%d}" for one in figures.periods]
    assert documented["Backlog"] == [(day, one.waiting) for day, one in zip(days, figures.periods, strict=True)]
    decided = {
        day: (one.good, one.bad, one.unsure, one.seconds) for day, one in zip(days, figures.periods, strict=True)
    }
    assert {day: tuple(rest) for day, *rest in documented["Decisions over time"]} == decided


def test_the_audits_numbers_are_those_of_their_queries(figures: Statistics, documented: dict) -> None:
    assert documented["Errors in audits"] == [(figures.audit.errors.k, figures.audit.errors.n)] != [(0, 0)]
    bins = [close(one.low, one.good.k, one.good.n, one.share, int(one.alike)) for one in figures.bins]
    assert documented["Reliability"] == bins
    assert {one.alike for one in figures.bins} == {True, False}
    proven = {score: close(*rest) for score, *rest in documented["Thresholds"]}
    assert len(figures.thresholds) > 5
    assert figures.audit.waiting > 0
    for one in figures.thresholds:
        assert proven[one.score] == (one.errors.k, one.errors.n, one.spared, one.reviewed)


@pytest.mark.parametrize(
    ("heading", "figure"),
    [
        ("Right on gold", lambda person: (person.gold.k, person.gold.n)),
        ("Overturned", lambda person: (person.overturned.k, person.overturned.n)),
        ("Too fast", lambda person: (person.hasty.k, person.hasty.n)),
        ("Longest run", lambda person: (person.run,)),
        ("Left or right", lambda person: (person.left.k, person.left.n)),
        ("Seconds for an item", lambda person: person.seconds),
        ("Work", lambda person: (person.items, person.minutes, person.edits)),
    ],
)
def test_a_reviewers_numbers_are_those_of_their_queries(
    heading: str, figure: object, figures: Statistics, documented: dict
) -> None:
    people = {person.name: person for person in figures.people}
    assert len(documented[heading]) >= 3
    for name, *numbers in documented[heading]:
        assert close(*numbers) == figure(people[name]), name


def test_agreement_and_skips_are_those_of_their_queries(figures: Statistics, documented: dict) -> None:
    people = {person.name: person for person in figures.people}
    for name, alike, pairs, both, bad, items in documented["Raw agreement"]:
        agreement = people[name].agreement
        found = 2 * both / bad if bad else None
        assert (alike / pairs, found, items) == close(agreement.raw, agreement.bad, agreement.items)
    skips = [(name, *skip) for name, person in people.items() for skip in person.skips.items()]
    assert documented["Skipped"] == skips != []


def test_the_documented_python_runs(crowd: Crowd) -> None:
    (code,) = re.findall(r"^```python\n(.*?)^```$", DOCS, re.M | re.S)
    code = code.replace(".outcross/review.sqlite", str(crowd.queue.path))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


# --- Who is odd shows, who isn't doesn't ---


def someone(figures: Statistics, name: str) -> Person:
    return next(person for person in figures.people if person.name == name)


def test_who_always_presses_left_is_flagged_and_who_looks_is_not(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "review.sqlite", [Member("ada"), Member("lefty", habit="left")])
    crowd.queue.enqueue(drafts(80, crowd.chance, kinds=("preference",)))
    crowd.work()
    people = statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time).people
    assert {person.name: person.leans for person in people} == {"ada": False, "lefty": True}
    assert {person.name: person.left.share == 1 for person in people} == {"ada": False, "lefty": True}


def test_who_never_reads_is_too_fast_nearly_always(figures: Statistics) -> None:
    assert someone(figures, "bot").hasty.share > 0.9
    assert someone(figures, "margaret").hasty.share < 0.1


def test_the_estimate_tells_who_finds_what_is_bad(figures: Statistics) -> None:
    found = sorted((mean(one.bad for one in person.trust), person.name) for person in figures.people if person.trust)
    assert len(found) >= 6
    assert found[0][1] == "bot"


@pytest.mark.parametrize("seed", range(3))
def test_a_bot_that_always_approves_is_paused_within_thirty_gold_items(tmp_path: Path, seed: int) -> None:
    crowd = Crowd(tmp_path / "review.sqlite", [Member("bot", habit="approve")], seed)
    crowd.management.add_gold(known(40, crowd.chance, kinds=("text",)))
    crowd.queue.enqueue(drafts(400, crowd.chance, kinds=("text",)))
    crowd.work()
    (bot,) = statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time).people
    assert bot.test.verdict == "pause"
    assert bot.gold.n <= 30
    assert bot.run == bot.items < 400


def test_who_is_always_right_is_cleared_and_goes_on(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "review.sqlite", [Member("ada", 1.0)])
    crowd.management.add_gold(known(40, crowd.chance, kinds=("text",)))
    crowd.queue.enqueue(drafts(150, crowd.chance, kinds=("text",)))
    crowd.work()
    (ada,) = statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time).people
    assert ada.test.verdict == "clear"
    assert ada.gold.k == ada.gold.n
    assert ada.items == ada.gold.n + 150


# --- What an adjudicator settles ---


def settled(queue: Queue, verdict: str = "approve", **said: object) -> Frames:
    """Ada approves what bob rejects, and cora has the last word."""
    queue.enqueue([an_item(0, need=2)])
    for name, answer in (("ada", {"verdict": "approve"}), ("bob", {"verdict": "reject", "reasons": ["style"]})):
        queue.add_reviewer(name)
        decide(queue, name, "review", answer)
    queue.add_reviewer("cora", "adjudicator")
    word = {"verdict": verdict, "adjudication": {"cause": "reviewer_error"} | said}
    decide(queue, "cora", "adjudication", word)
    return Records.beside(queue).frames()


def decide(queue: Queue, name: str, desk: Desk, said: dict[str, object]) -> Claim:
    claim = queue.claim(name, desk=desk)
    assert claim
    facts = said | {"shown_hash": claim.shown_hash, "idem": f"idem-{claim.token[:20]}"}
    queue.submit(claim.token, name, Ruling.model_validate(facts))
    return claim


def overturned(frames: Frames) -> dict[str, tuple[int, int]]:
    return {person.name: (person.overturned.k, person.overturned.n) for person in persons(frames)}


def test_only_who_was_wrong_is_overturned(queue: Queue) -> None:
    assert overturned(settled(queue)) == {"ada": (0, 1), "bob": (1, 1), "cora": (0, 0)}


def test_where_both_answers_would_do_nobody_is_overturned(queue: Queue) -> None:
    assert overturned(settled(queue, both_fine=True)) == {"ada": (0, 1), "bob": (0, 1), "cora": (0, 0)}


def test_an_item_that_nobody_could_judge_is_neither_good_nor_bad_whatever_was_said_before(queue: Queue) -> None:
    frames = settled(queue, "broken")
    assert overturned(frames) == {"ada": (0, 1), "bob": (0, 1), "cora": (0, 0)}
    assert outcomes(frames).select("stance", "kept").rows() == [(None, False)]


def test_the_adjudicators_word_decides_what_becomes_of_the_draft(queue: Queue) -> None:
    assert outcomes(settled(queue)).select("stance", "kept").rows() == [("good", True)]


def test_who_gives_up_later_takes_nothing_back_of_who_could_tell(queue: Queue) -> None:
    for name in ("ada", "bob"):
        queue.add_reviewer(name)
    steps = Reasoning(problem="1 + 1?", steps=("It is 2.",), answer="2")
    queue.enqueue([an_item(0, steps)])
    given_up: dict[str, object] = {"verdict": "give_up", "note": "I can't follow."}
    claim = decide(queue, "ada", "review", given_up)
    decide(queue, "bob", "review", {"verdict": "correct", "labels": [1]})
    again = Ruling(**given_up, shown_hash=claim.shown_hash, idem="a-second-thought", revises=True)
    queue.submit(claim.token, "ada", again)
    assert outcomes(Records.beside(queue).frames()).select("stance", "kept").rows() == [("good", True)]


# --- Audits ---


def audited(queue: Queue, count: int, **facts: object) -> None:
    """Audits of accepted drafts, and ada and bob to answer them."""
    queue.enqueue([an_item(number, source="audit", **{"score": 0.9} | facts) for number in range(count)])
    for name in ("ada", "bob"):
        queue.add_reviewer(name)


def test_an_audit_that_was_skipped_counts_as_an_error_until_somebody_answers_it(queue: Queue) -> None:
    audited(queue, 4)
    decide(queue, "ada", "review", YES)
    for reason in ("cannot_judge", "conflict_of_interest"):
        queue.skip(taken(queue).token, "ada", reason)  # type: ignore[arg-type]
    frames = Records.beside(queue).frames()
    found = audit(frames)
    assert (found.errors, found.waiting) == (Rate(k=1, n=2), 2)
    assert [one.errors for one in thresholds(frames)] == [found.errors]
    for _ in range(3):
        decide(queue, "bob", "review", YES)
    found = audit(Records.beside(queue).frames())
    assert (found.errors, found.waiting) == (Rate(k=0, n=4), 0)


def test_an_audit_of_which_nobody_can_tell_counts_as_an_error_from_the_first_who_says_so(queue: Queue) -> None:
    for name in ("ada", "bob", "cora"):
        queue.add_reviewer(name)
    queue.enqueue([an_item(0, Reasoning(problem="?", steps=("So.",), answer="2"), source="audit", score=0.9)])
    for name in ("ada", "bob", "cora"):
        decide(queue, name, "review", {"verdict": "give_up", "note": "I can't follow."})
        found = audit(Records.beside(queue).frames())
        assert (found.errors, found.waiting) == (Rate(k=1, n=1), 0)


def test_a_threshold_spares_only_what_would_be_accepted_unseen(queue: Queue) -> None:
    audited(queue, 3, incl_prob=0.1)
    aside = [("border", 0.95, 1.0), ("border", None, 1.0), ("audit", 0.5, 0.25), ("reject_audit", 0.95, 0.5)]
    queue.enqueue(
        an_item(10 + number, source=source, score=score, incl_prob=share)
        for number, (source, score, share) in enumerate(aside)
    )
    queue._chance = lambda: 0.0  # gold comes first
    Management.beside(queue).add_gold([a_gold(20, score=0.95)])
    for _ in range(8):
        decide(queue, "ada", "review", NO)
    lenient, strict = sorted(thresholds(Records.beside(queue).frames()), key=lambda one: one.score)
    assert (strict.score, strict.errors, strict.spared, strict.reviewed) == (0.9, Rate(k=3, n=3), 30, 6)
    assert (lenient.score, lenient.errors, lenient.spared, lenient.reviewed) == (0.5, Rate(k=4, n=4), 34, 2)


def test_reliability_weighs_each_draft_by_how_rarely_such_a_one_was_drawn(queue: Queue) -> None:
    audited(queue, 1, incl_prob=0.1, score=0.85)
    decide(queue, "ada", "review", YES)
    (one,) = reliability(Records.beside(queue).frames())
    assert (one.good, one.share, one.alike) == (Rate(k=1, n=1), 1, True)
    queue.enqueue([an_item(9, score=0.82, incl_prob=1.0)])
    decide(queue, "ada", "review", NO)
    (one,) = reliability(Records.beside(queue).frames())
    assert (one.good, one.share, one.alike) == (Rate(k=1, n=2), pytest.approx(10 / 11), False)


# --- The backlog ---


def test_an_item_with_more_decisions_than_it_needs_takes_none_from_the_others(queue: Queue) -> None:
    queue.enqueue([an_item(0), an_item(1)])
    frames = Records.beside(queue).frames()
    items = frames.items.with_columns(done=pl.Series([5, 0]))
    assert backlog(frames._replace(items=items), queue.counts(), 0.0).missing == 1


@pytest.mark.parametrize(("hours", "apart"), [(3, HOUR), (45, HOUR), (46, DAY), (46 * 24, 7 * DAY)])
def test_a_young_queue_is_told_by_the_hour_and_an_old_one_by_the_week(
    queue: Queue, clock: Clock, hours: int, apart: float
) -> None:
    queue.enqueue([an_item(0)])
    told = periods(Records.beside(queue).frames(), clock.time + hours * HOUR)
    assert (told[1].start - told[0].start).total_seconds() == apart


# --- Persons ---


def test_the_share_that_an_edit_changes_is_that_of_its_word_diff(queue: Queue) -> None:
    queue.add_reviewer("ada")
    queue.enqueue([an_item(1)])
    old = taken(queue).units[0]
    edit = f"{old} Or so."
    decide(queue, "ada", "review", {"verdict": "edit", "edit": edit})
    (ada,) = persons(Records.beside(queue).frames())
    assert ada.edit_share == diff(str(old), edit).share


def test_the_test_on_gold_says_pause_just_when_the_queue_pauses_also_after_a_reinstatement(
    queue: Queue, clock: Clock
) -> None:
    queue.add_reviewer("ada")
    queue._chance = lambda: 0.0  # gold comes first
    management = Management.beside(queue)
    management.add_gold([a_gold(number) for number in range(100, 130)])
    queue.enqueue([an_item(0)])
    for _ in range(2):
        paused = False
        while not paused:
            decide(queue, "ada", "review", YES)
            frames = Records.beside(queue).frames()
            paused = frames.reviewers["paused"][0] is not None
            (ada,) = persons(frames)
            assert (ada.test.verdict == "pause") is paused
        clock.time += 1
        management.reinstate("ada")
        clock.time += 1
        assert persons(Records.beside(queue).frames())[0].test.verdict == "open"
    assert ada.gold == Rate(k=0, n=8)


# --- One's own figures ---


def test_own_figures_stand_still_until_midnight(crowd: Crowd) -> None:
    records, now = Records.beside(crowd.queue), crowd.clock.time
    midnight = now // DAY * DAY
    today = records.frames().judgements.filter(pl.col("at") >= midnight, pl.col("reviewer") == "ada")
    assert len(today) > 0
    (ada,) = (person for person in persons(records.frames(before=midnight)) if person.name == "ada")
    assert own(records, "ada", now)[0] == ada


@pytest.mark.parametrize("gold", [True, False])
def test_who_revises_what_they_said_yesterday_learns_nothing_of_it(queue: Queue, clock: Clock, gold: bool) -> None:
    queue.add_reviewer("ada")
    queue._chance = lambda: 0.0  # gold comes first
    Management.beside(queue).add_gold([a_gold(number) for number in range(100, 103)])
    queue.enqueue([an_item(number) for number in range(3)])
    claims = {claim: queue.decisions()[-1].source for claim in (decide(queue, "ada", "review", YES) for _ in range(6))}
    clock.time += DAY
    records = Records.beside(queue)
    before = own(records, "ada", clock.time)
    assert before[0]
    assert before[0].gold == Rate(k=0, n=3)
    revised = next(claim for claim, source in claims.items() if (source == "gold") is gold)
    ruling = Ruling(**NO, shown_hash=revised.shown_hash, idem="a-second-thought", revises=True)
    queue.submit(revised.token, "ada", ruling)
    assert own(records, "ada", clock.time) == before
    assert own(records, "ada", clock.time + DAY)[0].gold == Rate(k=0, n=3)


def test_what_is_skipped_today_is_not_told_today(queue: Queue, clock: Clock) -> None:
    queue.add_reviewer("ada")
    queue.enqueue([an_item(0)])
    queue.skip(taken(queue).token, "ada", "unsafe")
    records = Records.beside(queue)
    skips = [own(records, "ada", now)[0].skips for now in (clock.time, clock.time + DAY)]
    assert skips == [{}, {"unsafe": 1}]


def test_a_team_of_two_has_no_median(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "review.sqlite", [Member("ada"), Member("bob")])
    crowd.queue.enqueue(drafts(12, crowd.chance))
    crowd.work()
    person, middle = own(Records.beside(crowd.queue), "ada", crowd.clock.time + 2 * DAY)
    assert person
    assert person.seconds
    assert middle.seconds is None


# --- Nothing there yet ---


def test_an_empty_queue_has_figures_too(tmp_path: Path) -> None:
    crowd = Crowd(tmp_path / "review.sqlite", [Member("ada")])
    figures = statistics(Records.beside(crowd.queue).frames(), crowd.queue.counts(), crowd.clock.time)
    assert figures.people == figures.periods == figures.thresholds == figures.bins == []
    assert (figures.audit.errors, figures.audit.needed) == (Rate(k=0, n=0), 59)
    assert (figures.backlog.oldest, figures.backlog.hours, figures.backlog.each) == (None, None, None)


# --- Properties ---


@given(st.integers(0, 20), st.integers(0, 300))
def test_the_audits_needed_are_the_fewest_that_prove_the_promise(k: int, more: int) -> None:
    n = k + more
    needed = clean_needed(k, n)
    assert upper_bound(k, n + needed) <= PROMISE
    assert needed == 0 or upper_bound(k, n + needed - 1) > PROMISE


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_quartiles_are_values_with_a_quarter_half_and_three_quarters_at_or_below(values: list[float]) -> None:
    found = quartiles(pl.Series(values))
    assert found
    for share, value in zip((0.25, 0.5, 0.75), found, strict=True):
        assert value in values
        assert sum(other <= value for other in values) >= share * len(values)
        assert sum(other < value for other in values) < share * len(values)


@given(st.lists(st.floats(1e-6, 1e9) | st.just(0.0), max_size=5))
def test_a_scale_reaches_its_values_in_a_few_round_steps(values: list[float]) -> None:
    scale = plots.upto(values)
    assert scale.high >= max(values, default=0)
    assert 2 <= len(scale.ticks) <= 7
    assert scale.ticks[-1] == pytest.approx(scale.high)


@pytest.mark.parametrize("seed", range(5))
def test_the_order_of_rows_changes_no_agreement(crowd: Crowd, seed: int) -> None:
    frames: Frames = Records.beside(crowd.queue).frames()
    order = random.Random(seed).sample(range(len(frames.judgements)), len(frames.judgements))
    shuffled, straight = (team_agreement(frame) for frame in (frames.judgements[order], frames.judgements))
    assert shuffled.model_dump() == pytest.approx(straight.model_dump())
