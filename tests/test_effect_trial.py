"""The trial of a release: where its rows come from, what is kept of it, and what the command says."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from outcross.data.release import versions as releases
from outcross.data.release.decided import decided
from outcross.data.release.pairs import SCHEMA as PAIRS
from outcross.data.release.read import read
from outcross.data.release.table import Tables, Weight, ancestors, build, store
from outcross.data.stores import effects, screening, vault
from outcross.data.stores.effects import Measured
from outcross.data.stores.home import Home
from outcross.errors import InputError, ReleaseError
from outcross.mixture.effect.outcome import Effect
from outcross.mixture.effect.proxy import TrigramProxy
from outcross.tasks.effect import runs
from outcross.tasks.effect.trial import gather
from outcross.tasks.screening.suite import Screen
from outcross.validators.signals import params_digest
from tests import make
from tests.people import docstrings
from tests.released import decide, drafted
from tests.running import prefect_server

ROOT = Path(__file__).parents[1]
COMMAND = [sys.executable, "-c", "from outcross.commands.effect import app; app()", "mine"]


def text(sample):
    """What the recipe lets a model write of a sample."""
    return f"{sample.content.instruction}\n\n{sample.content.response}"


def published(home, version):
    """A release's rows, with their texts."""
    rows = read("mine", version, home=home.root)
    return rows.with_columns(text=pl.col("instruction") + "\n\n" + pl.col("response"))


def placed(sample, source):
    """The sample of another document."""
    return sample.model_copy(update={"provenance": sample.provenance.model_copy(update={"source": source})})


def signals(home, recipe, scores):
    """What validators said: (name, id, score)."""
    known = {one.name: one for one in Screen.of(recipe).validators}
    rows = [
        (key, name, known[name].version, params_digest(known[name]), score, "", None) for name, key, score in scores
    ]
    names = ["sample_id", "validator", "version", "params_digest", "score", "reason", "failure"]
    schema = dict.fromkeys(names, pl.String) | {"version": pl.Int64, "score": pl.Float64}
    screening.add_signals(home, recipe.name, pl.DataFrame(rows, schema=schema, orient="row"))


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Two releases of the library's docstrings: the second one with more drafts; one row of people's is a leak."""
    home = Home(tmp_path_factory.mktemp("effect") / "home")
    recipe = make.recipe(home, Path("mine.jsonl"))
    texts = docstrings().filter(pl.col("text").str.len_chars() > 60).group_by("document", maintain_order=True).head(8)
    documents = texts["document"].unique(maintain_order=True)[:90]
    parts = dict(zip(documents, ("mixture", "mixture", "heldout") * 30, strict=True))
    rows = [
        (parts[document], make.human(said, source=document))
        for document, _, said in texts.iter_rows()
        if document in parts
    ]
    held = next(one.content.response for part, one in rows if part == "heldout")
    leak = make.human(f"{held} Indeed.", source=documents[0])
    seed = make.human("Shown to the model.", source="shown")
    vault.add(home, "mine", [*rows, ("mixture", leak), ("seed", seed)])
    drafts = [placed(make.synthetic([seed], f"It does number {n} of {n % 7} things."), documents[0]) for n in range(30)]
    drafted(home, recipe, drafts[:20], "accepted")
    drafted(home, recipe, drafts[20:], "rejected")
    scores = [("length", one.sample_id, 0.0) for one in drafts[20:28]]
    scores += [("repetition", one.sample_id, float(n < 5)) for n, one in enumerate(drafts[20:])]
    signals(home, recipe, scores)
    decide(home, drafts[20], "reject", seq=1)
    people = [one for part, one in rows if part == "mixture"]
    publish(home, [*people, *drafts[:5]])
    publish(home, [*people, *drafts[:15]])
    return home, recipe, leak


def weight(sample):
    return Weight("human", 1.0) if sample.provenance.attestation else Weight("unreviewed", 0.25)


def publish(home, samples):
    """A release of these rows, without the gate and the page, which take long."""
    weights = {one.sample_id: weight(one) for one in samples}
    decisions = decided(home, "mine", [])
    tables = Tables(build(samples, weights), ancestors([]), decisions, PAIRS.empty_table())

    def fill(folder, version):
        store(folder / releases.TABLE, tables)
        return {"rows": len(samples)}

    releases.publish(home, "mine", tables.roots(), fill)


@pytest.fixture(scope="module")
def trial(built):
    home, recipe, _ = built
    return gather(home, recipe)


def arm(trial, kind, name=""):
    return next(one for one in trial.arms if (one.kind, one.name) == (kind, name))


def test_no_document_is_tested_on_and_tuned_on_and_no_arm_repeats_a_held_out_text(built, trial):
    home, recipe, leak = built
    tested, tuned = set(trial.test["document"]), set(trial.dev["document"])
    assert tested.isdisjoint(tuned)
    held = {text(one) for one in vault.samples(home, recipe.name, "heldout")}
    assert {*trial.test["text"], *trial.dev["text"]} == held
    for one in trial.arms:
        assert held.isdisjoint(one.rows["text"])
        assert text(leak) not in set(one.rows["text"])


def test_the_rulers_rows_are_in_no_other_arm_and_come_from_documents_of_their_own(built, trial):
    extra, human = trial.material.extra, trial.material.human
    assert extra.height > 8
    assert set(extra["document"]).isdisjoint(human["document"])
    for one in trial.arms:
        added = int(one.name) if one.kind == "more" else 0
        assert set(one.rows["text"]) & set(extra["text"]) == set(extra["text"][:added])
    known = published(built[0], 2).filter(pl.col("klass") == "human")
    ours = trial.material.release.filter(pl.col("klass") == "human")
    assert set(ours["text"]) == set(known["text"]) - set(extra["text"])


def test_the_release_and_the_one_before_are_as_published(built, trial):
    assert (trial.version, trial.last) == (2, 1)
    for kind, version, drafts in (("release", 2, 15), ("last", 1, 5)):
        weights = dict(published(built[0], version).select("text", "weight").iter_rows())
        rows = arm(trial, kind).rows
        assert rows.filter(pl.col("text").str.contains("It does number")).height == drafts
        assert all(weights[known] == weight for known, weight in rows.iter_rows())
    first = gather(*built[:2], version=1)
    assert first.last is None
    assert all(one.kind != "last" for one in first.arms)


def test_what_one_validator_alone_kept_out_is_tried_unless_an_expert_rejected_it(trial):
    tried = {one.name: one.changed for one in trial.arms if one.kind == "validator"}
    # `repetition` agrees with `length` on the others, and an expert rejected the first of them.
    assert tried == {"length": 4, "repetition": 2}
    assert arm(trial, "validator", "length").rows.height == arm(trial, "release").rows.height + 4


class Counting(TrigramProxy):
    fits = 0

    def fit(self, *args):
        Counting.fits += 1
        return super().fit(*args)


def test_an_arm_that_is_settled_is_not_tried_again_until_its_rows_change(built, trial, tmp_path):
    home, proxy = Home(tmp_path), Counting(name="counting")
    first, second, *_ = trial.distinct
    for digest in (first, second, first):
        runs.settle(home, trial, digest, proxy)
    assert Counting.fits == 2
    again = gather(*built[:2])
    assert list(again.distinct) == list(trial.distinct), "the same release gives the same arms"
    for digest in again.distinct:
        runs.settle(home, again, digest, proxy)
    assert Counting.fits == len(trial.distinct)
    fewer = replace(trial, test=trial.test[1:])
    assert runs.folder(home, fewer) != runs.folder(home, trial)
    assert runs.folder(home, gather(*built[:2], version=1)) != runs.folder(home, trial)


def test_what_came_out_is_stored_and_found_again(built, trial, tmp_path):
    home = Home(tmp_path)
    assert runs.known(home, "mine") is None
    for digest in trial.distinct:
        runs.settle(home, trial, digest, TrigramProxy())
    found = runs.outcome(runs.finish(home, trial, runs.chosen(runs.USUAL)))
    assert runs.known(home, "mine") == runs.known(home, "mine", 2) == found
    assert runs.known(home, "mine", 1) is None
    assert (found.last, found.documents, found.rows) == (1, trial.test["document"].n_unique(), trial.test.height)
    assert found.said[0].verdict in ("no evidence", "worse"), "drafts of one sentence teach nothing"
    assert any("hardly differ" in one for one in found.remarks)
    assert any(f"{found.documents} documents" in one for one in found.remarks)


def test_the_newest_version_that_was_measured_counts_and_of_it_the_last_measurement(home):
    assert effects.latest(home, "mine") is None
    for version, result in ((2, '{"a": 1}'), (1, '{"a": 2}'), (2, '{"a": 3}')):
        effects.add(home, Measured(name="mine", version=version, proxy="trigram", result=result))
    assert effects.latest(home, "mine").result == '{"a": 3}'
    assert effects.for_version(home, "mine", 1).result == '{"a": 2}'
    assert effects.for_version(home, "mine", 3) is None
    assert effects.latest(home, "another") is None


def test_without_held_out_documents_or_a_release_it_says_what_to_do(home):
    recipe = make.recipe(home, Path("mine.jsonl"))
    vault.add(home, "mine", [("mixture", make.human()), ("heldout", make.human("It holds.", source="one document"))])
    publish(home, [make.human()])
    with pytest.raises(InputError, match=r"there are 1 of them.*heldout_share"):
        gather(home, recipe)
    with pytest.raises(ReleaseError, match="no version 7"):
        gather(home, recipe, version=7)


def test_of_a_large_release_every_arm_has_the_same_part(built, trial, monkeypatch):
    monkeypatch.setattr("outcross.tasks.effect.trial.MOST_ROWS", 200)
    small = gather(*built[:2])
    rows = arm(small, "release").rows.height
    assert rows == pytest.approx(200 * arm(trial, "release").rows.height / 330, abs=60)
    assert small.test.equals(trial.test)
    common = set(small.material.human["text"]) & set(trial.material.human["text"])
    assert common <= set(arm(small, "release").rows["text"])
    assert any("are trained on" in one for one in small.remarks)


def scores(home):
    return {path: path.stat().st_mtime_ns for path in home.glob("effects/*/*.npy")}


@pytest.mark.slow
@pytest.mark.xdist_group("prefect")
def test_a_flow_that_is_killed_goes_on_and_ends_in_the_verdict(built, tmp_path):
    home = built[0].root
    with prefect_server(tmp_path / "prefect") as environment:
        env = os.environ | environment | {"PYTHONPATH": str(ROOT), "OUTCROSS_HOME": str(home), "COLUMNS": "120"}
        with subprocess.Popen(COMMAND, env=env, start_new_session=True, stdout=subprocess.DEVNULL) as process:
            deadline = time.monotonic() + 120
            while len(scores(home)) < 2 and process.poll() is None:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)
        first = scores(home)
        assert len(first) >= 2
        again = subprocess.run(COMMAND, env=env, capture_output=True, text=True, timeout=240, check=True)
    assert first.items() < scores(home).items(), "what was done is left alone"
    assert "mine 2" in again.stdout
    assert "people's rows alone" in again.stdout
    assert "what length alone kept out" in again.stdout
    assert isinstance(runs.known(built[0], "mine"), Effect)
