"""The screen in parts: whichever part comes first, and whoever takes it, every draft gets the same signals."""

import subprocess
import sys
from importlib.util import find_spec
from random import Random

import duckdb
import numpy as np
import pytest

from outcross.data.samples import Instruction
from outcross.data.stores import arrivals, journal, screening, vault
from outcross.data.stores.journal import Draft
from outcross.tasks.screening import distil
from outcross.tasks.screening.explain import explain
from outcross.tasks.screening.screen import decide, parts, unjudged
from outcross.tasks.screening.signalling import check, compare
from outcross.tasks.screening.suite import Screen
from tests import make

TEXT = "walk tree root leaf name count row value find place sum two ten look back once more each part line"


def drafts(seed, count, *, start=0):
    """Drafts of which many are alike."""
    random = Random(5)
    texts = [" ".join(random.choices(TEXT.split(), k=14)) for _ in range(count // 3)]
    made = []
    for number in range(start, start + count):
        text = f"It is {random.choice(texts)} and that is all."
        one = make.synthetic([seed], text if random.random() < 0.5 else text.replace("all", f"line {number}"))
        made.append(
            Draft(request_key=f"k{number}", setup="s", rank=f"{number:05}", state="drafted", sample=one, model="tiny")
        )
    return made


@pytest.fixture
def home_with_drafts(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    recipe = recipe.model_copy(
        update={"profile": None, "screen": {name: {} for name in ("shape", "length", "near_duplicate")}}
    )
    seed = make.human("It takes one number from another and says what is left over.")
    vault.add(home, "mine", [("seed", seed), ("mixture", make.human("It adds two numbers."))])
    journal.write(home, "mine", drafts(seed, 90))
    return home, recipe, seed


def said(home, recipe):
    return screening.signals(home, recipe.name, Screen.of(recipe).keys).rows()


def wipe(home):
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute("DELETE FROM verdict; DELETE FROM signal")


def test_parts_hold_every_draft_once_in_order(home_with_drafts):
    home, recipe, _ = home_with_drafts
    cut = parts(home, recipe, 20)
    assert [part.rows for part in cut[:-1]] == [20] * (len(cut) - 1)
    assert [key for part in cut for key in unjudged(home, recipe, part)] == unjudged(home, recipe)


@pytest.mark.parametrize("rows", [7, 31])
def test_the_order_in_which_parts_are_compared_makes_no_difference(home_with_drafts, rows):
    home, recipe, _ = home_with_drafts
    (whole,) = parts(home, recipe, 1_000)
    check(home, recipe, unjudged(home, recipe, whole))
    compare(home, recipe, unjudged(home, recipe, whole))
    expected = said(home, recipe)
    scores = {row[4] for row in expected if row[1] == "near_duplicate"}
    assert min(scores) < 0.3 < 1.0 == max(scores)
    wipe(home)
    cut = parts(home, recipe, rows)
    for step in (check, compare):
        Random(rows).shuffle(cut)
        for part in cut:
            step(home, recipe, unjudged(home, recipe, part))
    assert said(home, recipe) == expected


def test_a_meaning_is_compared_with_all_that_came_before_whatever_words_it_has(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    recipe = recipe.model_copy(update={"screen": {"near_duplicate": {}, "semantic": {}}})
    seed = make.human()
    vault.add(home, "mine", [("seed", seed)])
    tasks = ["the old sea at night", "poem of it", "that ocean", "an ocean again"]
    samples = [make.imported(Instruction(instruction=task, response=f"Answer {task}.")) for task in tasks]
    rows = [
        Draft(request_key=f"k{n}", setup="s", rank=f"{n:05}", state="drafted", sample=one, model="tiny")
        for n, one in enumerate(samples)
    ]
    journal.write(home, "mine", rows)
    np.savez(distil.path(home), pieces="sea\nocean\npoem\nadd", table=np.eye(4)[[0, 0, 1, 2]].astype(np.float16))
    for part in reversed(parts(home, recipe, 1)):
        compare(home, recipe, unjudged(home, recipe, part))
    by_meaning = next(one for one in explain(home, recipe) if one.validator == "semantic")
    assert (by_meaning.rejected, by_meaning.doubtful) == (0, 0)
    scores = {row[0]: row[4] for row in said(home, recipe) if row[1] == "semantic"}
    assert [scores[one.sample_id] for one in samples] == [1, 1, 0, 0]


def test_a_place_is_given_once_and_drafts_that_come_later_stand_behind(home_with_drafts):
    home, recipe, seed = home_with_drafts
    parts(home, recipe, 20)
    first = unjudged(home, recipe)
    early = make.synthetic([seed], "It came late and ranks first.")
    journal.write(
        home, "mine", [Draft(request_key="x", setup="s", rank="0", state="drafted", sample=early, model="tiny")]
    )
    assert arrivals.arrive(home, "mine") == 1
    assert arrivals.arrive(home, "mine") == 0
    assert unjudged(home, recipe) == [*first, early.sample_id]


def test_a_part_that_is_decided_in_pieces_ends_with_one_verdict_a_draft(home_with_drafts):
    home, recipe, _ = home_with_drafts
    first, *_ = parts(home, recipe, 30)
    ids = unjudged(home, recipe, first)
    for step in (check, compare):
        step(home, recipe, ids)
    assert decide(home, recipe, ids[:10]).new == 10
    assert unjudged(home, recipe, first) == ids[10:]
    assert decide(home, recipe, ids).new == 20
    assert unjudged(home, recipe, first) == []


def test_explaining_counts_what_each_validator_kept_back_and_what_it_took(home_with_drafts):
    home, recipe, seed = home_with_drafts
    poor = make.synthetic([seed], "Yes.")
    journal.write(
        home, "mine", [Draft(request_key="y", setup="s", rank="9", state="drafted", sample=poor, model="tiny")]
    )
    for part in parts(home, recipe, 1_000):
        for step in (check, compare, decide):
            step(home, recipe, unjudged(home, recipe, part))
    found = {one.validator: one for one in explain(home, recipe)}
    count = len(said(home, recipe)) // 3
    assert [one.judged for one in found.values()] == [count] * 3
    assert found["length"].rejected + found["length"].doubtful == 1
    assert found["length"].reasons == (("… words, fewer than …", 1),)
    least = Screen.of(recipe).rules["near_duplicate"].accept_from
    alike = sum(row[4] < least for row in said(home, recipe) if row[1] == "near_duplicate")
    assert found["near_duplicate"].rejected + found["near_duplicate"].doubtful == alike > 0
    assert all(one.milliseconds > 0 for one in found.values())


RUN = """
import sys
from pathlib import Path
from outcross import engine
from outcross.flows import screen as module
if __name__ == "__main__":
    engine.prepare(Path(sys.argv[1]))
    module.PART = 25
    if sys.argv[2] == "processes":
        from prefect.task_runners import ProcessPoolTaskRunner as Runner
        runner = Runner(max_workers=2)
    else:
        from prefect_ray import RayTaskRunner
        runner = RayTaskRunner(init_kwargs={"num_cpus": 2, "include_dashboard": False})
    module.screen.with_options(task_runner=runner)("mine", Path(sys.argv[1]))
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "runner",
    ["processes", pytest.param("ray", marks=pytest.mark.skipif(not find_spec("prefect_ray"), reason="no prefect-ray"))],
)
def test_the_flow_runs_unchanged_on_other_runners_and_says_the_same(home_with_drafts, tmp_path, runner):
    home, _, _ = home_with_drafts
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    for part in parts(home, recipe, 1_000):
        for step in (check, compare):
            step(home, recipe, unjudged(home, recipe, part))
    expected = said(home, recipe)
    wipe(home)
    script = tmp_path / "run.py"
    script.write_text(RUN)
    subprocess.run([sys.executable, str(script), str(home.root), runner], check=True, timeout=280)
    assert said(home, recipe) == expected
    assert unjudged(home, recipe) == []
