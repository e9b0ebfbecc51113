"""Comparisons: the sketches of a corpus give each partition the same scores as the whole corpus would."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.data.stores.home import Home
from outcross.tasks.screening.comparisons import Comparisons
from outcross.validators.references import References
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.repeats.repeated_task import RepeatedTask
from outcross.validators.signals import run
from tests.validating import frame

VALIDATORS = (NearDuplicate(), RepeatedTask())
WORDS = [f"word{number}" for number in range(12)]
TEMPLATE = "Write a short story about the {} that lives near the old {} and never sleeps before dawn."
# Texts that share much: short ones, long ones over few words, and ones made from a template.
TEXTS = st.one_of(
    st.just(""),
    st.lists(st.sampled_from(WORDS), max_size=24).map(" ".join),
    st.builds(TEMPLATE.format, st.sampled_from(WORDS), st.sampled_from(WORDS)),
)
ROWS = st.lists(st.fixed_dictionaries({"prompt": TEXTS, "response": TEXTS}), min_size=1, max_size=30)


def ids(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:03}" + "0" * 60 for number in range(count)]


def drafts(texts: list[str], prefix: str = "d") -> pl.DataFrame:
    return frame(
        *({"sample_id": key, "response": text} for key, text in zip(ids(prefix, len(texts)), texts, strict=True))
    )


def read(samples: pl.DataFrame) -> pl.DataFrame:
    return samples.select("sample_id", "prompt", "response")


def sketched(home: Home, human: pl.DataFrame, samples: pl.DataFrame, size: int = 7) -> Comparisons:
    """The comparisons of a home with all texts sketched, so many at a time."""
    comparisons = Comparisons.of(home, "mine", VALIDATORS)
    comparisons.enlist(human["sample_id"], samples)
    texts = pl.concat([read(human), read(samples)])
    while missing := comparisons.unsketched()[:size]:
        comparisons.sketch(texts.filter(pl.col("sample_id").is_in(missing)))
    return comparisons


def scores(comparisons: Comparisons, texts: pl.DataFrame, batch: pl.DataFrame) -> pl.DataFrame:
    found = comparisons.candidates(batch["sample_id"].to_list())
    references = found.references(texts.filter(pl.col("sample_id").is_in(found.others)), References())
    return pl.concat(run(validator, found.ranked(batch), references) for validator in VALIDATORS)


@settings(max_examples=25)
@given(ROWS, ROWS)
def test_a_partition_gets_the_scores_that_all_texts_would_give_it(people, rows):
    human = frame(*({"sample_id": key} | row for key, row in zip(ids("p", len(people)), people, strict=True)))
    samples = frame(*({"sample_id": key} | row for key, row in zip(ids("d", len(rows)), rows, strict=True)))
    everything = References(human=read(human), earlier=samples.select("sample_id", "rank", "prompt", "response"))
    with TemporaryDirectory() as folder:
        comparisons = sketched(Home(Path(folder)), human, samples)
        texts = pl.concat([read(human), read(samples)])
        for batch in samples.iter_slices(9):
            wanted = pl.concat(run(validator, batch, everything) for validator in VALIDATORS)
            assert_frame_equal(scores(comparisons, texts, batch), wanted, check_exact=True)


def test_a_partition_reads_only_the_texts_that_it_may_repeat(home):
    apart = [" ".join(f"{word}{number}" for word in WORDS) for number in range(50)]
    human, samples = drafts(apart[:25], "p"), drafts([*apart[25:], apart[3] + " more"])
    found = sketched(home, human, samples).candidates(samples["sample_id"].to_list())
    assert found.others == [ids("p", 4)[3]]
    assert found.pairs.rows() == [("response", samples["sample_id"][-1], found.others[0])]


def test_what_is_sketched_twice_or_enlisted_twice_is_added_once(home):
    human, samples = drafts(["a text of people"], "p"), drafts(["some text", "another text", "a third"])
    comparisons = sketched(home, human, samples)
    assert comparisons.enlist(human["sample_id"], samples) == 0
    assert comparisons.sketch(read(samples)) == 0
    assert comparisons.unsketched() == []


def test_a_process_killed_while_it_sketches_leaves_nothing_behind(home):
    samples = drafts([TEMPLATE.format(word, word) for word in WORDS])
    comparisons = Comparisons.of(home, "mine", VALIDATORS)
    comparisons.enlist(pl.Series([], dtype=pl.String), samples)
    killed = f"""
import os, polars
from outcross.data.stores.sketches import Sketches
sketches = Sketches(__import__("pathlib").Path({str(comparisons.sketches.path)!r}), {comparisons.sketches.made!r}, 16)
with sketches._opened() as db:
    db.execute("INSERT INTO whole SELECT place, 0, 1 FROM text")
    os.kill(os.getpid(), {signal.SIGKILL})
"""
    assert subprocess.run([sys.executable, "-c", killed], env=os.environ).returncode == -signal.SIGKILL
    assert comparisons.unsketched() == samples["sample_id"].to_list()
    assert comparisons.sketch(read(samples)) == samples.height
    assert comparisons.unsketched() == []


def test_who_came_first_stays_first_and_people_come_before_all_drafts(home):
    comparisons = Comparisons.of(home, "mine", VALIDATORS)
    nobody = pl.Series([], dtype=pl.String)
    comparisons.enlist(nobody, pl.DataFrame({"sample_id": ["b", "a"], "rank": ["2", "3"]}))
    later = pl.DataFrame({"sample_id": ["d", "c", "e"], "rank": ["1", "0", "4"]})
    comparisons.enlist(pl.Series(["human"]), later)
    assert comparisons.sketches.places("abcde")["sample_id"].to_list() == ["b", "a", "c", "d", "e"]
    assert comparisons.sketches.places(["human"])["place"].to_list() == [0]


def test_a_draft_that_is_a_row_of_peoples_itself_has_one_place(home):
    human, samples = drafts(["one text of many words that a person wrote down here"], "p"), drafts(["some text"])
    both = pl.concat([samples, human])
    comparisons = sketched(home, human, both)
    assert comparisons.sketches.places(both["sample_id"].to_list())["draft"].to_list() == [False, True]
    assert scores(comparisons, pl.concat([human, samples]), both)["score"].to_list() == [1, 1] * len(VALIDATORS)


def test_other_limits_begin_the_file_anew_and_a_deleted_one_is_made_again(home):
    samples = drafts([TEMPLATE.format("fox", "mill"), TEMPLATE.format("fox", "well")])
    comparisons = sketched(home, drafts([], "p"), samples)
    before = scores(comparisons, read(samples), samples)
    other = Comparisons.of(home, "mine", [NearDuplicate(run=2)])
    assert other.enlist(pl.Series([], dtype=pl.String), samples) == 2
    assert len(other.unsketched()) == 2
    comparisons.sketches.path.unlink()
    again = sketched(home, drafts([], "p"), samples)
    assert_frame_equal(scores(again, read(samples), samples), before)
    assert before.filter(pl.col("score") < 1).height == 1


@pytest.mark.parametrize("validators", [(), VALIDATORS])
def test_a_screen_that_compares_nothing_or_has_nothing_to_compare_has_no_candidates(home, validators):
    comparisons = Comparisons.of(home, "mine", validators)
    assert comparisons.unsketched() == []
    found = comparisons.candidates(["unknown"])
    assert (found.others, found.pairs.height) == ([], 0)
    samples = drafts(["a text"])
    assert_frame_equal(found.ranked(samples), samples)
