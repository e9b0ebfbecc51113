"""A release before the monitor: what it is held against."""

import pytest

from outcross.data.release.versions import versions
from outcross.data.stores import vault
from outcross.errors import GateFailed
from outcross.mixture.monitor.alarms import Alarm, Watch
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.measures import Measure
from outcross.tasks import release as releasing
from outcross.tasks.release import release
from tests import make
from tests.released import drafted


def test_held_out_rows_of_a_document_that_is_trained_on_stop_no_release(home, tmp_path):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    rows = [make.human(f"It adds {n} and {n + 1}.", source="one.txt") for n in range(8)]
    vault.add(home, "mine", [("heldout" if n < 3 else "mixture", one) for n, one in enumerate(rows)])
    drafted(home, recipe, [], "accepted")
    watch = release(home, recipe).manifest()["watch"]
    assert watch["number"] == 1
    assert {alarm["level"] for alarm in watch["alarms"]} == {"too small"}, "nothing is left to hold it against"


def test_a_release_that_has_collapsed_is_not_published(home, tmp_path, monkeypatch):
    recipe = make.recipe(home, tmp_path / "mine.jsonl")
    vault.add(home, "mine", [("mixture", make.human(f"It adds {n}.")) for n in range(8)])
    drafted(home, recipe, [], "accepted")
    monkeypatch.setattr(releasing, "watched", lambda *_, **more: collapsed(more["number"]))
    with pytest.raises(GateFailed, match=r"was not published: Nothing rare is left\. More human rows"):
        release(home, recipe)
    assert versions(home, "mine") == []


def collapsed(number: int) -> Watch:
    alarm = Alarm(
        measure=Measure.TAIL_MASS,
        comparison=Kind.RELEASE,
        stratum=None,
        rows=8,
        documents=1,
        level="blocking",
        sentence="Nothing rare is left.",
    )
    return Watch(number=number, alpha=0.03, retention=0.9, alarms=(alarm,))
