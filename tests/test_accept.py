"""Exactly so many accepted drafts: what is asked for round by round, and why it ends."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from outcross.data.recipe import Recipe, load
from outcross.data.stores import accepted, decisions, journal, warehouse
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft, Miss
from outcross.serving.chats import Failure
from outcross.tasks.drafting import accept as refills
from outcross.tasks.drafting.accept import BARREN, Ending, Refill
from outcross.tasks.drafting.plan import Slot, plan
from outcross.tasks.drafting.prompts import schema
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.screen import screen, unjudged
from outcross.tasks.screening.suite import Screen
from tests import make
from tests.drafting import ENDPOINT, fleet, outcome
from tests.openai_server import compose, openai_server
from tests.running import BIN, outcross, prefect_server

Model = Callable[[Slot], Draft | Miss]
SCREEN = {"length": {}, "repetition": {}, "repeated_task": {}}
"""Few validators, because each round runs them all."""


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], tuple[Home, Recipe]]:
    """Makes homes with people's rows in eight strata and few validators; a slot's first answer is its last."""
    path = make.write_jsonl(tmp_path_factory.mktemp("people") / "mine.jsonl", make.tasks(200))

    def made(root: Path) -> tuple[Home, Recipe]:
        home = Home(root)
        recipe = make.recipe(home, path)
        ingest(home, recipe)
        once = recipe.draft.model_copy(update={"tries": 1})
        return home, recipe.model_copy(update={"draft": once, "profile": None, "screen": SCREEN})

    return made


@pytest.fixture
def mine(stocked, tmp_path) -> tuple[Home, Recipe]:
    return stocked(tmp_path / "home")


def writer(recipe: Recipe) -> Model:
    """A model that mostly writes what a screen accepts: about one answer in ten is too short or loops."""
    return lambda slot: outcome(recipe, slot, [compose([{"content": slot.rank}], 7, schema(recipe))])


def refill(home: Home, recipe: Recipe, wanted: int, at_most: int = 1_000) -> Refill:
    return Refill(home, recipe, fleet(ENDPOINT), wanted, at_most)


def drafted(home: Home, recipe: Recipe, slots: Sequence[Slot], model: Model) -> None:
    """Let a model answer some slots, and screen its answers."""
    journal.write(home, recipe.name, [model(slot) for slot in slots])
    screen(home, recipe, unjudged(home, recipe))


def filled(home: Home, recipe: Recipe, model: Model, wanted: int, at_most: int = 1_000) -> tuple[Ending, list[int]]:
    """Refill to the end; also how many slots each round asked for."""
    chooser, rounds = refill(home, recipe, wanted, at_most), []
    while not isinstance(chosen := chooser.next(), Ending):
        rounds.append(len(chosen))
        missing = wanted - count(home, recipe)
        assert len(chosen) == len({slot.rank for slot in chosen}) <= missing
        drafted(home, recipe, chosen, model)
    return chosen, rounds


def by_stratum(home: Home, recipe: Recipe) -> Counter[str]:
    found = accepted.by_stratum(home, recipe.name, Screen.of(recipe).ruleset)
    return Counter(dict(found.select("stratum", "accepted").iter_rows()))


def count(home: Home, recipe: Recipe) -> int:
    return by_stratum(home, recipe).total()


def stratum(slot: Slot) -> str:
    return slot.anchor.provenance.stratum


def test_just_as_many_are_accepted_as_are_wanted_and_of_each_stratum_its_share_of_the_plan(mine):
    ending, rounds = filled(*mine, writer(mine[1]), 60)
    assert ending == Ending(60, 60, ending.waiting, sum(rounds), len(rounds), "")
    assert rounds[0] == 60
    assert len(rounds) > 1, "the model is too good to show that what is missing is asked for again"
    assert by_stratum(*mine) == Counter(stratum(slot) for slot in plan(*mine, 60))
    assert len(unjudged(*mine)) == 0


def test_each_stratum_has_its_share_also_where_its_drafts_come_to_be_of_another(mine):
    home, recipe = mine
    said = recipe.draft.model_copy(update={"stratum": "{{ stratum }} in other words"})
    recipe = recipe.model_copy(update={"draft": said})
    filled(home, recipe, writer(recipe), 40)
    assert by_stratum(home, recipe) == Counter(f"{stratum(slot)} in other words" for slot in plan(home, recipe, 40))


def test_a_run_that_begins_anew_after_every_round_ends_with_as_many(mine):
    model, rounds = writer(mine[1]), 0
    while not isinstance(chosen := refill(*mine, 24).next(), Ending):
        # Killed in the middle of a round: half of it was answered, and nothing screened.
        journal.write(mine[0], "mine", [model(slot) for slot in chosen[: 1 + len(chosen) // 2]])
        screen(*mine, unjudged(*mine))
        rounds += 1
    assert (chosen.accepted, chosen.reached, chosen.rounds) == (24, True, 0)
    assert rounds > 3


def test_asking_for_more_goes_on_from_there_and_asking_for_fewer_asks_nothing(mine):
    filled(*mine, writer(mine[1]), 30)
    more, rounds = filled(*mine, writer(mine[1]), 50)
    assert (more.accepted, rounds[0]) == (50, 20)
    assert by_stratum(*mine) == Counter(stratum(slot) for slot in plan(*mine, 50))
    fewer, rounds = filled(*mine, writer(mine[1]), 30)
    assert (fewer.accepted, fewer.reached, rounds) == (50, True, [])


def test_what_an_expert_rejects_is_made_up_for_and_what_one_approves_counts(mine):
    home, recipe = mine
    filled(home, recipe, writer(recipe), 60)
    ruleset = Screen.of(recipe).ruleset
    ranks = {slot.rank for slot in plan(home, recipe, 200)}
    good = {rank for _, rank in accepted.among(home, recipe.name, ruleset, sorted(ranks))}
    ids = dict(warehouse.drafted(home, recipe.name).select("rank", "sample_id").iter_rows())
    bad = [ids[rank] for rank in sorted(ids.keys() - good)]
    assert bad
    said = [(ids[rank], "reject") for rank in sorted(good)[:5]] + [(key, "approve") for key in bad[:1]]
    decisions.add(home, recipe.name, [_decided(n, *one) for n, one in enumerate(said)], [])
    assert count(home, recipe) == 56
    ending, rounds = filled(home, recipe, writer(recipe), 60)
    assert (ending.accepted, rounds[0]) == (60, 4)


def _decided(number: int, sample_id: str, verdict: str) -> Decision:
    return Decision.model_validate(
        {
            "decision_id": str(number),
            "seq": number,
            "sample_id": sample_id,
            "recipe": "mine",
            "verdict": verdict,
            "reasons": (),
            "edited_id": None,
            "reviewer": "ada",
            "route": "audit",
            "incl_prob": 1.0,
            "shown_hash": "x",
            "reviewed_at": datetime.now(UTC),
        }
    )


def test_candidates_are_bounded_whatever_the_model_does(mine):
    home, recipe = mine
    model = writer(recipe)

    def poor(slot: Slot) -> Draft | Miss:
        said = Failure(key="k", reason="400", attempts=1, final=True) if slot.rank[-1] in "01234" else ["no JSON"]
        return model(slot) if slot.rank[-1] == "f" else outcome(recipe, slot, said)

    ending, rounds = filled(home, recipe, poor, 40, at_most=60)
    assert (ending.candidates, sum(rounds)) == (60, 60), "those that were refused for good are candidates too"
    assert not ending.reached
    assert "All 60 candidates are used up; `--at-most` allows more." in ending.why
    again, rounds = filled(home, recipe, poor, 40, at_most=70)
    assert (again.candidates, sum(rounds)) == (70, 10), "candidates of earlier runs count"


def test_a_stratum_that_brings_nothing_hands_its_share_to_the_others_after_its_bound(mine, monkeypatch):
    monkeypatch.setattr(refills, "BARREN", 12)
    home, recipe = mine
    model = writer(recipe)

    def blind(slot: Slot) -> Draft | Miss:
        return outcome(recipe, slot, ["no JSON"]) if stratum(slot) == "coins" else model(slot)

    ending, _ = filled(home, recipe, blind, 40)
    assert (ending.accepted, ending.barren) == (40, ("coins",))
    assert by_stratum(home, recipe)["coins"] == 0
    asked = Counter(stratum(slot) for slot in _answered(home, recipe))
    assert asked["coins"] == 12


def _answered(home: Home, recipe: Recipe) -> list[Slot]:
    slots = plan(home, recipe, 2_000)
    ranks = {rank for _, rank in journal.standing(home, recipe.name, [slot.rank for slot in slots])}
    return [slot for slot in slots if slot.rank in ranks]


def test_a_model_that_brings_nothing_at_all_is_given_up(mine):
    ending, rounds = filled(*mine, lambda slot: outcome(mine[1], slot, ["no JSON"]), 10_000, at_most=100_000)
    assert sum(rounds) == 8 * BARREN
    assert (ending.accepted, ending.reached, len(ending.barren)) == (0, False, 8)
    assert ending.why == "No stratum is left that brings any."


def test_a_model_that_says_the_same_thing_again_and_again_is_given_up(mine):
    home, recipe = mine
    text = compose([{"content": "once"}], 7, schema(recipe))
    ending, rounds = filled(home, recipe, lambda slot: outcome(recipe, slot, [text]), 400, at_most=100_000)
    assert not ending.reached
    assert sum(rounds) < 16 * BARREN


def test_requests_that_nobody_answers_end_it_and_are_asked_again_by_the_next_run(mine):
    home, recipe = mine
    silent = Failure(key="k", reason="timeout", attempts=4, final=False)
    chooser = refill(home, recipe, 20)
    first = chooser.next()
    drafted(home, recipe, first, lambda slot: outcome(recipe, slot, silent))
    ending = chooser.next()
    assert isinstance(ending, Ending)
    assert ending.why.startswith("Not one of the last 20 requests was answered")
    assert ending.candidates == 0
    assert refill(home, recipe, 20).next() == first


def test_a_server_that_is_gone_ends_it_with_what_was_accepted_until_then(mine):
    chooser = refill(*mine, 20)
    drafted(*mine, chooser.next()[:12], writer(mine[1]))
    ending = chooser.next("Nothing answers at http://127.0.0.1:9/v1.")
    assert isinstance(ending, Ending)
    assert ending.why.startswith("Nothing answers at http://127.0.0.1:9/v1. All answers are kept")
    assert (ending.accepted, ending.candidates) == (count(*mine), 12)


def test_a_round_is_no_larger_than_its_bound_however_much_is_wanted(mine, monkeypatch):
    monkeypatch.setattr(refills, "ROUND", 16)
    _, rounds = filled(*mine, writer(mine[1]), 40)
    assert max(rounds) == 16


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory):
    with prefect_server(tmp_path_factory.mktemp("prefect") / "home") as environment:
        yield environment


@pytest.mark.xdist_group("prefect")
def test_a_run_that_is_killed_and_run_again_ends_with_as_many_and_says_so(home, tmp_path, prefect):
    ingest(home, make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(200))))
    command = ["draft", "mine", "--accept", "60", "--home", str(home.root)]
    with openai_server(tmp_path / "served.log", latency=0.1) as server:
        env = {**prefect, "OUTCROSS_BASE_URL": server.base_url, "OUTCROSS_CONCURRENCY": "4", "COLUMNS": "400"}
        with subprocess.Popen(
            [BIN / "outcross", *command],
            env=os.environ | env,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            deadline = time.monotonic() + 120
            while len(server.served()) < 25:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            os.killpg(process.pid, signal.SIGKILL)
        done = outcross(*command, env=env)
        assert done.returncode == 0, done.stderr
        assert "60 of 60 wanted drafts are accepted" in done.stdout
        assert count(home, load(home, "mine")) == 60
        paid = server.served()
        assert len(paid) <= len(set(paid)) + 4, "at most what was in flight is paid for twice"
        short = outcross("draft", "mine", "--accept", "90", "--at-most", "61", "--home", home.root, env=env)
    assert short.returncode == 3
    assert "All 61 candidates are used up" in short.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--at-most", "9"], "--at-most bounds the candidates of --accept"),
        (["--accept", "9", "--count", "9"], "--accept decides by itself what is drafted"),
    ],
)
def test_options_that_contradict_each_other_are_refused(home, tmp_path, words, said):
    make.recipe(home, tmp_path / "mine.jsonl")
    done = outcross("draft", "mine", *words, "--home", home.root, env={"COLUMNS": "400"})
    assert done.returncode == 1
    assert said in done.stderr


def test_a_plan_is_shown_without_a_model(mine):
    home, _ = mine
    env = {"COLUMNS": "200", "OUTCROSS_BASE_URL": "http://127.0.0.1:9/v1"}
    done = outcross("draft", "mine", "--plan", "--accept", "16", "--home", home.root, env=env)
    assert done.returncode == 0, done.stderr
    table = {words[0]: words[1:] for words in (line.split() for line in done.stdout.splitlines()) if words}
    assert table["stratum"][:4] == ["people", "seeds", "targets", "planned"]
    assert {table[name][3] for name in make.SUBJECTS} <= {"1", "2", "3"}
    assert table["all"][3] == "16"
