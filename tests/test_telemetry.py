"""Telemetry: what drafting takes of each model, as it goes on, in a row when it ends, and after the screen."""

import io
import json
import logging
import os
import re
import subprocess
import time
import urllib.request
from functools import partial

import duckdb
import polars as pl
import pytest
from rich.console import Console

from outcross import reports
from outcross.data.stores import generators, runs, screening
from outcross.data.stores.generators import Generator
from outcross.errors import ServerUnavailable
from outcross.progress import describe, stage, watched_by
from outcross.serving.asking.client import Client
from outcross.serving.endpoint import connect
from outcross.serving.fleet import Fleet, Member
from outcross.settings import Settings
from outcross.tasks import artifacts, bar
from outcross.tasks.drafting.engine import draft
from outcross.tasks.drafting.telemetry import Meters
from outcross.tasks.ingest import ingest
from outcross.tasks.screening.suite import Screen
from tests import make
from tests.drafting import ENDPOINT, fleet
from tests.openai_server import openai_server
from tests.running import BIN, prefect_server


@pytest.fixture
def stocked(home, tmp_path):
    recipe = make.recipe(home, make.write_jsonl(tmp_path / "mine.jsonl", make.tasks(200)))
    ingest(home, recipe)
    return home, recipe


@pytest.fixture
def drafted(stocked, tmp_path):
    """A recipe for which two models drafted, one of them refusing some, the other with a price and a licence."""
    home, recipe = stocked
    refusing = openai_server(tmp_path / "one.log", models=["one"], faults=["400:0.3:always", "500:0.2"])
    with refusing as one, openai_server(tmp_path / "two.log", models=["two"]) as two:
        with connect(Settings(base_url=one.base_url)) as first, connect(Settings(base_url=two.base_url)) as second:
            dear = Member(endpoint=second, share=3, price_in=10.0, price_out=100.0, licence="MIT")
            came = draft(home, recipe, Fleet(members=(Member(endpoint=first, share=2), dear)), 50)
        asked = {server.log.stem: server.stats()["asked"] for server in (one, two)}
    return home, recipe, came, asked


def test_a_run_leaves_a_row_for_each_model_that_agrees_with_the_journal_and_the_servers(drafted):
    home, recipe, came, asked = drafted
    one, two = runs.latest(home, recipe.name)
    assert one.run_id == two.run_id
    assert (one.share, two.share) == (0.4, 0.6)
    assert one.drafted + two.drafted == came.drafted
    assert one.failed == came.failed > 0
    assert (one.attempts, two.attempts) == (asked["one"], asked["two"])
    assert two.attempts == two.requests < one.attempts + two.requests
    assert 1 <= two.peak <= 64
    assert (two.licence, one.cost, one.stopped) == ("MIT", None, None)
    assert two.cost == pytest.approx((10 * two.tokens_in + 100 * two.tokens_out) / 1e6)
    spent = runs.spent(home, recipe.name)
    assert {run.model: (run.tokens_in, run.tokens_out) for run in (one, two)} == spent
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        query = "SELECT model, state, count(*) FROM slot GROUP BY ALL"
        counted = {(model, state): count for model, state, count in connection.execute(query).fetchall()}
    assert counted == {
        (run.model, state): getattr(run, state)
        for run in (one, two)
        for state in ("drafted", "invalid", "failed")
        if getattr(run, state)
    }


def test_after_the_screen_each_models_acceptance_is_known_by_draft_by_token_and_by_money(drafted):
    home, recipe, *_ = drafted
    ruleset = Screen.of(recipe).ruleset
    before = runs.by_model(home, recipe.name, ruleset)
    assert before["acceptance"].null_count() == 2
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        made = connection.execute("SELECT model, sample_id FROM draft WHERE state = 'drafted' ORDER BY rank").fetchall()
    two = [sample for model, sample in made if model == "two"]
    outcome = {sample: "accepted" if n % 4 else "rejected" for n, sample in enumerate(two)}
    outcome |= {sample: "borderline" for model, sample in made if model == "one"}
    rows = [(sample, said, [], False, 0.0) for sample, said in outcome.items()]
    schema = {"sample_id": pl.Utf8, "outcome": pl.Utf8, "reasons": pl.List(pl.Utf8), "audited": pl.Boolean,
              "incl_prob": pl.Float64}  # fmt: skip
    screening.add_verdicts(home, recipe.name, ruleset, pl.DataFrame(rows, schema=schema, orient="row"))
    screening.add_verdicts(home, recipe.name, "another", pl.DataFrame(rows[:1], schema=schema, orient="row"))
    first, second = runs.by_model(home, recipe.name, ruleset).iter_rows(named=True)
    assert (first["acceptance"], first["cost_per_accepted"]) == (0.0, None)
    good = sum(said == "accepted" for said in outcome.values())
    assert second["accepted"] == good
    assert second["acceptance"] == pytest.approx(good / len(set(two)))
    assert second["per_thousand"] == pytest.approx(1000 * good / (second["tokens_in"] + second["tokens_out"]))
    assert second["cost_per_accepted"] == pytest.approx(second["cost"] / good)
    shown = io.StringIO()
    reports.outcomes(Console(file=shown, width=200), home, recipe)
    line = next(line for line in shown.getvalue().splitlines() if line.startswith("two"))
    assert f"{good / len(set(two)):.0%}" in line
    assert line.rstrip().endswith("MIT")


def test_a_run_that_a_server_ended_leaves_its_rows_with_the_reason(stocked, tmp_path, monkeypatch):
    home, recipe = stocked
    monkeypatch.setattr("outcross.serving.asking.client.PATIENCE", 0.0)
    with (
        openai_server(tmp_path / "log", die_after=9) as server,
        connect(Settings(base_url=server.base_url, concurrency=2)) as endpoint,
        pytest.raises(ServerUnavailable) as error,
    ):
        draft(home, recipe, fleet(endpoint), 50)
    (run,) = runs.latest(home, recipe.name)
    assert run.stopped == str(error.value)
    assert run.drafted + run.invalid == 8
    shown = io.StringIO()
    reports.outcomes(Console(file=shown, width=400), home, recipe)
    assert f"The last run stopped. {run.stopped}" in shown.getvalue()


def test_rows_are_added_run_by_run_and_the_last_ones_are_shown(stocked, tmp_path):
    home, recipe = stocked
    assert runs.latest(home, recipe.name) == []
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        draft(home, recipe, fleet(endpoint), 5)
        first = runs.latest(home, recipe.name)
        draft(home, recipe, fleet(endpoint), 8)
    (last,) = runs.latest(home, recipe.name)
    assert last.drafted == 3
    assert last.run_id != first[0].run_id
    assert last.started_at >= first[0].ended_at
    with duckdb.connect(str(home.warehouse), read_only=True) as connection:
        assert connection.execute("SELECT sum(drafted) FROM drafting_run").fetchone() == (8,)


class Seen:
    def __init__(self):
        self.counts = {}

    def start(self, stage, total):
        pass

    def advance(self, stage, done=1, **counts):
        for name, count in counts.items():
            self.counts[name] = self.counts.get(name, 0) + count

    def finish(self, stage):
        pass


def test_whoever_watches_is_told_of_tokens_and_cost_and_of_nothing_in_flight_at_the_end(stocked, tmp_path):
    home, recipe = stocked
    with openai_server(tmp_path / "log") as server, connect(Settings(base_url=server.base_url)) as endpoint:
        dear = Fleet(members=(Member(endpoint=endpoint, price_in=1.0, price_out=1.0),))
        with watched_by(seen := Seen()):
            draft(home, recipe, dear, 20)
    (run,) = runs.latest(home, recipe.name)
    assert seen.counts["tokens"] == run.tokens_out
    assert seen.counts["cost"] == pytest.approx(run.cost)
    assert seen.counts["flying"] == 0
    assert seen.counts["limit"] >= 1


def test_what_is_in_flight_is_told_against_the_limit():
    client = Client(ENDPOINT)
    meters = Meters(fleet(ENDPOINT), {ENDPOINT: client})
    client.tally.asked = 40
    with watched_by(seen := Seen()):
        meters.tell()
        assert (seen.counts["flying"], seen.counts["limit"]) == (4, 4)
        client.tally.asked = 3
        meters.tell()
        assert (seen.counts["flying"], seen.counts["limit"]) == (3, 4)


def test_counts_are_described_as_rates_and_shares():
    counts = {"tokens": 500, "invalid": 2, "flying": 12, "limit": 16, "cost": 0.125}
    assert describe(counts, 10) == "50 tokens/s · 2 invalid · 12/16 in flight · cost 0.12"
    assert describe({"tokens": 0, "flying": 0, "limit": 16, "failed": 0}, 10) == ""


@pytest.fixture
def prefect(monkeypatch):
    """What is shown in Prefect, in order."""
    shown = []
    monkeypatch.setattr(artifacts, "create_progress_artifact", lambda **words: "0" * 32)
    monkeypatch.setattr(bar, "update_progress_artifact", lambda made, **words: shown.append(words))
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **words: shown.append(words))
    monkeypatch.setattr(bar, "EVERY", 0.01)
    return shown


def test_the_bar_in_prefect_moves_while_the_run_goes_on_and_a_table_of_the_models_follows(stocked, tmp_path, prefect):
    home, recipe = stocked
    with (
        openai_server(tmp_path / "log", latency=0.05) as server,
        connect(Settings(base_url=server.base_url, concurrency=2)) as endpoint,
        watched_by(seen := Seen()),
        artifacts.drafting(home, recipe.name),
        stage("draft", 20),
    ):
        draft(home, recipe, fleet(endpoint), 20)
    *moves, table = prefect
    shown = [move["progress"] for move in moves]
    assert shown == sorted(shown)
    assert len({progress for progress in shown if 0 < progress < 100}) > 1
    assert shown[-1] == 100
    assert re.fullmatch(r"Drafting mine: 20 of 20 · [\d,]+ tokens/s", moves[-1]["description"])
    assert seen.counts["tokens"] > 0, "the terminal heard nothing more"
    (row,) = table["table"]
    assert (row["model"], row["drafted"]) == ("stand-in", 20)
    assert row["tokens out"] == runs.latest(home, recipe.name)[0].tokens_out
    assert json.dumps(table)


def test_a_bar_that_cannot_be_moved_stops_no_work(home, prefect, monkeypatch, caplog):
    def refuse(*_, **__):
        raise OSError("no server")

    monkeypatch.setattr(bar, "update_progress_artifact", refuse)
    with caplog.at_level(logging.WARNING), artifacts.drafting(home, "mine"), stage("draft", 1):
        done = True
    assert done
    assert "the progress of Drafting mine can't be shown in Prefect" in caplog.text
    assert not home.root.exists()


def held(address, key):
    """The artifacts of a key that Prefect's server holds."""
    query = json.dumps({"artifacts": {"key": {"any_": [key]}}}).encode()
    request = urllib.request.Request(f"{address}/artifacts/filter", query, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


@pytest.mark.xdist_group("prefect")
def test_a_run_of_two_models_is_seen_moving_in_prefect_and_says_there_and_here_why_it_stopped(stocked, tmp_path):
    home, recipe = stocked
    with (home.recipes / "mine.toml").open("a") as file:
        file.write("\n[draft.models]\nfirst = 1\nsecond = 1\n\n[budget]\ntokens = 1\n")
    for name in ("one", "two"):
        generators.add(home, Generator(model=name, depth=0, mean_depth=0, said_by="ada"))
    slow = partial(openai_server, latency=0.5)
    with (
        prefect_server(tmp_path / "prefect") as prefect,
        slow(tmp_path / "1", models=["one"], api_key="sk-hidden") as one,
        slow(tmp_path / "2", models=["two"]) as two,
    ):
        (home.root / "models.toml").write_text(
            f'[first]\nbase_url = "{one.base_url}"\napi_key_variable = "FIRST_KEY"\nconcurrency = 2\n'
            f'[second]\nbase_url = "{two.base_url}"\nconcurrency = 2\nprice_in = 1\nprice_out = 2\nlicence = "MIT"\n'
        )
        words = ["draft", "mine", "--count", "150", "--tokens", "9000", "--home", str(home.root)]
        env = os.environ | prefect | {"FIRST_KEY": "sk-hidden", "COLUMNS": "200"}
        with subprocess.Popen([BIN / "outcross", *words], env=env, stdout=subprocess.PIPE, text=True) as process:
            moves = set()
            while process.poll() is None:
                moves |= {one["data"] for one in held(prefect["PREFECT_API_URL"], "drafting-mine")}
                time.sleep(0.3)
            said = process.stdout.read()
        assert process.returncode == 3, said
        assert len({progress for progress in moves if 0 < progress < 100}) > 1
        (table,) = held(prefect["PREFECT_API_URL"], "models-mine")
        assert {row["model"]: row["licence"] for row in json.loads(table["data"])} == {"one": None, "two": "MIT"}
        reason = runs.latest(home, recipe.name)[0].stopped
        assert reason.startswith("The recipe's budget of 9,000 tokens is used up")
        assert reason[:40] in re.sub(r"\\", "", table["description"])
        assert reason in " ".join(said.split())
        kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"sk-hidden" not in kept, "a key was written down"
    assert 9000 <= sum(sum(spent) for spent in runs.spent(home, recipe.name).values()) < 12000
