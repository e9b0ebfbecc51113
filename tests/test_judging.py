"""The judges' stage: asks once, keeps what it hears, and says plainly where it could not ask."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from outcross.data.stores import judgings
from outcross.data.stores.home import Home
from outcross.errors import RecipeError, ServerUnavailable
from outcross.serving.asking import client
from outcross.tasks.judging.judge import judge, signal_keys, unsignalled
from outcross.tasks.judging.names import NAMES
from outcross.tasks.judging.registry import JUDGES, judges
from outcross.tasks.judging.steps import judge_batch
from outcross.validators import rules
from outcross.validators.registry import VALIDATORS
from outcross.validators.rule import INFORMS
from tests.judges import asked, content, drafted, recipe, said, some

TRIALS = 1
"""What finding out what a server offers takes."""


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "BACKOFF", 0.02)


def test_every_draft_gets_one_signal_of_each_judge_within_0_and_1(home, tmp_path):
    mine = recipe(home, "perplexity", "difficulty")
    ids = drafted(home, mine, some(20))
    with asked(tmp_path, "prompt_logprobs") as (endpoint, _):
        assert unsignalled(home, mine, endpoint) == ids
        assert judge(home, mine, endpoint, ids) == 40
        assert unsignalled(home, mine, endpoint) == []
    found = said(home, "validator", "sample_id", "score", "reason", "failure")
    assert {(name, sample) for name, sample, *_ in found} == {(n, i) for n in ("difficulty", "perplexity") for i in ids}
    assert all(0 <= score <= 1 and reason and failure is None for *_, score, reason, failure in found)


def test_what_was_answered_is_never_asked_again_by_another_run_judge_or_recipe(home, tmp_path):
    mine, theirs = recipe(home, "rubric"), recipe(home, "rubric", called="theirs")
    both = recipe(home, "perplexity", "difficulty")
    contents = some(10)
    ids = drafted(home, mine, contents)
    drafted(home, theirs, contents)
    with asked(tmp_path, "chat", "echo") as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 10
        paid = len(server.served())
        assert paid == 20 + TRIALS
        assert judge(home, mine, endpoint, ids) == 0
        assert judge(home, theirs, endpoint, ids) == 10
        assert len(server.served()) == paid
        judge(home, both, endpoint, ids)
        # Two trials, as the first form isn't offered; then a response alone and one after its prompt for each sample.
        assert len(server.served()) == paid + 2 + 20
    assert len(said(home, "request_key", table="judging")) == 40
    assert len({row for row in said(home, "sample_id", "score", "reason") if "accuracy" in row[2]}) == 10


def test_two_samples_that_read_alike_are_paid_for_once(home, tmp_path):
    mine = recipe(home, "rubric", "perplexity")
    ids = drafted(
        home,
        mine,
        [
            content(response="It is five, no more and no less."),
            content(instruction="Add.", response="It is five, no more and no less."),
        ],
    )
    with asked(tmp_path, "echo", "chat") as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 4
        # Two and one trials, one response, and two grades for each task.
        assert len(server.served()) == 3 + 1 + 4


def test_another_model_prompt_or_limit_is_another_signal(home, tmp_path):
    mine = recipe(home, "rubric")
    ids = drafted(home, mine, some(3))
    with asked(tmp_path) as (endpoint, _):
        judge(home, mine, endpoint, ids)
        known = signal_keys(home, mine)
        assert len(known) == 1
        for changed, where in [
            (mine, endpoint.model_copy(update={"weights_digest": "a" * 64})),
            (recipe(home, "rubric", rubric={"seeds": 3}), endpoint),
        ]:
            assert judge(home, changed, where, ids) == 3
            assert signal_keys(home, changed).isdisjoint(known)
        assert judge(home, mine, endpoint, ids) == 0
        assert signal_keys(home, mine) == known, "the model that was asked last counts"
    assert len(said(home, "params_digest")) == 9


def test_a_server_that_cannot_measure_is_said_to_and_one_that_can_is_asked_later(home, tmp_path):
    mine = recipe(home, "perplexity", "reward", "rubric")
    ids = drafted(home, mine, some(2))
    with asked(tmp_path, "completions", "sentiment") as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 6
        assert len(server.served()) == 3, "two forms of log-probabilities and one of rewards were tried"
    failures = dict(said(home, "validator", "failure"))
    assert failures == {
        "perplexity": "the server gives no prompt log-probabilities",
        "reward": "the server gives no rewards",
        "rubric": "the server gives no chat completions",
    }
    with asked(tmp_path, "echo", "pooling") as (endpoint, _):
        assert judge(home, mine, endpoint, ids) == 4, "the rubric is still lacking in the same way"
        assert judge(home, mine, endpoint, ids) == 0
    keys = {name: digest for name, _, digest in signal_keys(home, mine)}
    kept = [row for row in said(home, "validator", "params_digest", "failure") if row[1] == keys[row[0]]]
    assert {(name, failure) for name, _, failure in kept if name != "rubric"} == {
        ("perplexity", None),
        ("reward", None),
    }


def test_a_model_that_was_appointed_and_can_serve_is_kept_over_a_later_one_that_cannot(home, tmp_path):
    mine = recipe(home, "rubric")
    ids = drafted(home, mine, some(1))
    with asked(tmp_path) as (endpoint, _):
        judge(home, mine, endpoint, ids)
    known = signal_keys(home, mine)
    with asked(tmp_path, "classify") as (endpoint, _):
        judge(home, mine, endpoint, ids)
    assert signal_keys(home, mine) == known


def test_no_answer_of_a_judge_and_no_lack_of_one_decides_a_draft(home, tmp_path):
    import polars as pl

    from outcross.data.stores import screening

    mine = recipe(home, "perplexity", "reward")
    ids = drafted(home, mine, some(2))
    with asked(tmp_path, "echo") as (endpoint, _):
        judge(home, mine, endpoint, ids)
    signals = screening.signals(home, mine.name, signal_keys(home, mine))
    made = rules.from_settings(mine.screen, judges(mine))
    assert set(made.values()) == {INFORMS}
    assert set(rules.decide(signals, made)["outcome"]) == {rules.ACCEPTED}
    assert set(rules.decide(signals.filter(pl.col("validator") == "reward"), made)["outcome"]) == {rules.ACCEPTED}


def test_truncated_and_refused_answers_are_counted_outcomes_and_failures_that_name_them(home, tmp_path):
    mine = recipe(home, "rubric", rubric={"seeds": 1, "max_tokens": 50})
    ids = drafted(home, mine, [*some(60), content(response="word " * 39_000)])
    with asked(tmp_path, faults=["400:0.3:always"]) as (endpoint, server):
        judge(home, mine, endpoint, ids)
        assert judge(home, mine, endpoint, ids) == 0, "they are outcomes, and not asked for again"
        assert len(server.served()) <= 60 + TRIALS
    states = dict(judgings.spent(home, mine.name).select("state", "questions").iter_rows())
    assert sum(states.values()) == 60
    assert states.keys() == {"answered", "failed", "truncated"}
    failures = [failure for (failure,) in said(home, "failure") if failure]
    assert (
        sum(failure.startswith("an answer was failed: The server answered with s") for failure in failures)
        == states["failed"]
    )
    assert sum(failure.startswith("an answer was truncated: {") for failure in failures) == states["truncated"]
    assert "longer than 20,000 characters: 195,035" in failures
    assert len(failures) == 1 + states["failed"] + states["truncated"]


def test_passing_faults_are_met_with_another_attempt(home, tmp_path):
    mine = recipe(home, "perplexity")
    ids = drafted(home, mine, some(30))
    with asked(tmp_path, "prompt_logprobs", faults=["500:0.2", "429:0.2", "503:0.2"]) as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 30
        assert len(set(server.served())) == len(server.served()) == 30 + TRIALS
    assert {failure for (failure,) in said(home, "failure")} == {None}


def test_a_question_without_an_answer_for_the_moment_leaves_its_sample_for_the_next_run(home, tmp_path):
    mine = recipe(home, "rubric", rubric={"seeds": 1})
    ids = drafted(home, mine, some(30))
    log = tmp_path / "a"
    log.mkdir()
    with asked(log, faults=["408:0.5:always"]) as (endpoint, _):
        got = judge(home, mine, endpoint, ids)
        assert 0 < got < 30
    with asked(tmp_path) as (endpoint, server):
        assert len(unsignalled(home, mine, endpoint)) == 30 - got
        assert judge(home, mine, endpoint, ids) == 30 - got
        assert len(server.served()) == 30 - got + TRIALS


def test_a_server_that_dies_leaves_what_it_had_answered(home, tmp_path):
    mine = recipe(home, "rubric", rubric={"seeds": 1})
    ids = drafted(home, mine, some(30))
    log = tmp_path / "a"
    log.mkdir()
    with asked(log, die_after=20) as (endpoint, _), pytest.raises(ServerUnavailable, match="stopped answering"):
        judge(home, mine, endpoint, ids)
    kept = len(said(home, "raw", table="judging"))
    assert 10 <= kept < 20
    with asked(tmp_path) as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 30
        assert len(server.served()) == 30 - kept + TRIALS


RUN = """
import sys
from pathlib import Path
from outcross.data.stores.home import Home
from outcross.serving.endpoint import Endpoint
from outcross.tasks.judging.judge import judge, unsignalled
from tests.judges import recipe
from tests.openai_server import MODEL
home = Home(Path(sys.argv[1]))
mine = recipe(home, "rubric", rubric={"seeds": 1})
endpoint = Endpoint(base_url=sys.argv[2], model=MODEL, model_depth=0, concurrency=4)
judge(home, mine, endpoint, unsignalled(home, mine, endpoint))
"""


def test_a_run_killed_at_any_moment_goes_on_and_pays_for_nothing_that_it_had_kept(home, tmp_path):
    mine = recipe(home, "rubric", rubric={"seeds": 1})
    ids = drafted(home, mine, some(60))
    with asked(tmp_path, latency=0.15) as (endpoint, server):
        command = [sys.executable, "-c", RUN, str(home.root), endpoint.base_url]
        env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
        process = subprocess.Popen(command, env=env)
        deadline = time.monotonic() + 60
        while len(server.served()) < 20 and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
        while server.stats()["flying"]:
            time.sleep(0.02)
        kept = len(said(home, "raw", table="judging"))
        assert kept < 60
        before = server.served()
        assert judge(home, mine, endpoint, ids) == 60
        paid = server.served()[len(before) :]
        assert len(paid) == len(set(paid)) == 60 - kept + TRIALS
    assert len(said(home, "request_key", table="judging")) == 60


def test_the_prefect_task_judges_a_batch(home, tmp_path):
    from outcross.data import recipe as recipes

    mine = recipe(home, "rubric")
    table = {
        "base": "jsonl",
        "about": "Rows.",
        "screen": {"rubric": {"seeds": 1}},
        "source": {"path": str(tmp_path / "mine.jsonl"), "licence": "CC0-1.0", "attestation": "the tests"},
    }
    recipes.write(home, "mine", table)
    ids = drafted(home, mine, some(3))
    with asked(tmp_path) as (endpoint, _):
        assert judge_batch.fn(home.root, "mine", endpoint, ids) == 3
        assert judge_batch.fn(home.root, "mine", endpoint, ids) == 0


@pytest.mark.parametrize(
    ("name", "limits", "match"),
    [
        ("rubric", {"seeds": 0}, "1 to 100 seeds"),
        ("rubric", {"temperature": 3}, "temperature from 0 to 2"),
        ("rubric", {"seeds": 1.5}, "whole number"),
        ("rubric", {"model": 1}, "has no `model`"),
        ("rubric", {"reject_below": 0.2}, "sets `reject_below`, but a model's judgement only informs"),
        ("difficulty", {"longest": 0}, r"\[screen.difficulty\] needs a longest"),
        ("perplexity", {"fewest_tokens": 0}, r"\[screen.perplexity\] needs a longest"),
        ("reward", {"longest": 0}, r"\[screen.reward\] needs a longest"),
    ],
)
def test_a_limit_that_cannot_be_used_is_refused_with_its_table(home, name, limits, match):
    with pytest.raises(RecipeError, match=match):
        judges(recipe(home, name, **{name: limits}))


def test_judges_and_validators_share_no_name():
    assert JUDGES.keys() == NAMES
    assert JUDGES.keys().isdisjoint(VALIDATORS)
    assert all(made.rule == INFORMS for made in JUDGES.values())


def test_nothing_is_asked_where_a_recipe_names_no_judge(home: Home, tmp_path):
    mine = recipe(home)
    ids = drafted(home, mine, some(2))
    with asked(tmp_path) as (endpoint, server):
        assert judge(home, mine, endpoint, ids) == 0
        assert unsignalled(home, mine, endpoint) == []
        assert server.served() == []
