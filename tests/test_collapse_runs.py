"""Experiments on collapse are kept whole, found again, and gone on with after a kill; what can't run is told."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from outcross.errors import InputError
from outcross.mixture.collapse.policies import POLICIES
from outcross.mixture.collapse.result import Result, curves, figure, shown, survived
from outcross.tasks.collapse import runs
from outcross.tasks.collapse.runs import Absent, Settings, found, settle

TWO = Settings(("zipf",), ("replace", "ours"))

WORK = """
import sys
from pathlib import Path
from outcross.tasks.collapse.runs import Settings, settle
settings = Settings(("gaussian", "zipf"))
for part in settings.parts:
    for policy in settings.under(part):
        settle(Path(sys.argv[1]), settings, part, policy)
"""


def experiment(monkeypatch: pytest.MonkeyPatch, run) -> Settings:
    """A part of the test's own."""
    module = ModuleType("an_experiment")
    module.run = run
    monkeypatch.setitem(sys.modules, "an_experiment", module)
    monkeypatch.setitem(runs.EXPERIMENTS, "digits", "an_experiment:run")
    return Settings(("digits",), ("ours",))


def small(policy: str, **_) -> Result:
    made = curves(policy, [0, 1], {"m": [1.0, float("nan")]}), survived(policy, {"m": 1})
    return Result("digits", *made, said={policy: "it holds"})


def test_what_is_not_known_is_refused_with_what_there_is():
    with pytest.raises(InputError, match=r"no part 'zip'\. Choose from: gaussian, components, zipf"):
        Settings(("zip",))
    with pytest.raises(InputError, match=r"no policy 'mine'\. Choose from: human, replace"):
        Settings(policies=("mine",))
    with pytest.raises(InputError, match="/nowhere/at/all isn't there"):
        Settings(text=Path("/nowhere/at/all"))


def test_all_policies_run_where_none_is_named_and_a_parts_own_with_them():
    assert Settings().under("zipf") == tuple(POLICIES)
    assert Settings().under("components") == (*POLICIES, "lopsided")
    assert TWO.under("components") == ("replace", "ours")


def test_what_is_done_is_found_again_as_it_was_and_not_done_twice(tmp_path, monkeypatch):
    for policy in TWO.policies:
        assert settle(tmp_path, TWO, "zipf", policy) is None
    before = found(tmp_path, TWO, "zipf")
    assert list(before.said) == ["replace", "ours"]
    monkeypatch.setattr(runs, "_run", lambda *_: pytest.fail("it was done"))
    assert settle(tmp_path, TWO, "zipf", "ours") is None
    after = found(tmp_path, TWO, "zipf")
    assert after.curves.equals(before.curves)
    assert after.survived.equals(before.survived)


def test_pictures_and_what_is_not_a_number_come_back_too(tmp_path, monkeypatch):
    pictures = pl.DataFrame({"policy": ["ours"], "generation": [0], "text": ["<b>\n\x00 ü"]})
    settings = experiment(
        monkeypatch,
        lambda policy, **_: Result("digits", small(policy).curves, small(policy).survived, pictures, {policy: "said"}),
    )
    settle(tmp_path, settings, "digits", "ours")
    back = found(tmp_path, settings, "digits")
    assert back.pictures.equals(pictures)
    assert back.curves["value"].is_nan().to_list() == [False, True]


def test_other_settings_and_other_code_have_their_own_place(tmp_path, monkeypatch):
    settings = experiment(monkeypatch, small)
    settle(tmp_path, settings, "digits", "ours")
    for other in (
        Settings(settings.parts, settings.policies, seed=1),
        Settings(settings.parts, settings.policies, quick=True),
    ):
        assert found(tmp_path, other, "digits") is None
    monkeypatch.setattr(runs, "mixture_code", lambda: "changed")
    assert found(tmp_path, settings, "digits") is None


def test_a_part_whose_library_is_missing_is_told_in_words(tmp_path, monkeypatch):
    def needing(policy: str, **_) -> Result:
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    settings = experiment(monkeypatch, needing)
    missing = settle(tmp_path, settings, "digits", "ours")
    assert missing == Absent("This part needs torch, which isn’t installed: pip install 'outcross[proxy]'.")
    monkeypatch.setitem(runs.EXPERIMENTS, "digits", "outcross.mixture.collapse.nowhere:run")
    assert settle(tmp_path, settings, "digits", "ours") == Absent("This part isn’t in this installation.")
    assert found(tmp_path, settings, "digits") is None


def test_a_fault_of_an_experiment_is_not_taken_for_a_missing_part(tmp_path, monkeypatch):
    def faulty(policy: str, **_) -> Result:
        raise ZeroDivisionError

    settings = experiment(monkeypatch, faulty)
    with pytest.raises(ZeroDivisionError):
        settle(tmp_path, settings, "digits", "ours")
    assert found(tmp_path, settings, "digits") is None


def test_a_run_that_is_killed_leaves_nothing_half_and_goes_on(tmp_path):
    settings = Settings(("gaussian", "zipf"))

    def done() -> dict[Path, float]:
        return {path: path.stat().st_mtime for path in tmp_path.glob("collapse/*/[a-z]*/said.json")}

    command = [sys.executable, "-c", WORK, str(tmp_path)]
    with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}) as process:
        deadline = time.monotonic() + 60
        while len(done()) < 3 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    first = done()
    assert 3 <= len(first) < 14, "it was killed on its way"
    whole = {path.parent for path in tmp_path.glob("collapse/*/[a-z]*/survived.parquet")}
    assert whole == {path.parent for path in first}
    for part in settings.parts:
        for policy in settings.under(part):
            assert settle(tmp_path, settings, part, policy) is None
    assert first.items() <= done().items(), "what was done is left alone"
    unbroken = tmp_path / "unbroken"
    for part in settings.parts:
        for policy in ("replace", "ours"):
            settle(unbroken, settings, part, policy)
        mine = found(tmp_path, settings, part).curves.filter(pl.col("policy").is_in(["replace", "ours"]))
        assert mine.equals(found(unbroken, settings, part).curves)


def test_marks_begin_and_end_with_the_run_and_thin_out():
    marks = shown(2_000)
    assert marks[:11].tolist() == list(range(11))
    assert {50, 100, 150, 200, 350, 2_000} <= set(marks.tolist())
    assert len(marks) < 75
    assert shown(0).tolist() == [0]
    assert shown(7).tolist() == list(range(8))


@pytest.mark.parametrize(
    ("value", "words"),
    [(0, "0.00"), (1.84e-9, "1.8·10⁻⁹"), (0.0027, "0.0027"), (0.984, "0.98"), (45.42, "45.4"), (1454.2, "1,454")],
)
def test_figures_are_short_at_any_size(value, words):
    assert figure(value) == words
