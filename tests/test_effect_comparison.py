"""The comparison of two models on people's text, and what a difference is worth in rows from people."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.mixture.effect.comparison import DOCUMENTS, MARGIN, RESOLUTION, REST, ROWS, Units, compare, holm, shortage
from outcross.mixture.effect.equivalents import Ruler, sizes


def held_out(documents=100, rows=20, strata=("a", "b")):
    """A test set whose documents go round the strata."""
    names = [f"d{number:03}" for number in range(documents)]
    return pl.DataFrame(
        {
            "document": [name for name in names for _ in range(rows)],
            "stratum": [strata[number % len(strata)] for number in range(documents) for _ in range(rows)],
        }
    )


def units_of(test, words=10):
    return Units.of(test, np.full(test.height, words))


def nats(units, rng, shift, documents=0.0, rows=1.0, words=10):
    """Each row's nats: a shift a word, what its document has in common, and noise of its own."""
    row_document = units.documents[units.row]
    common = rng.normal(size=units.n_documents)[row_document] * documents
    return units.sums(words * shift + common + rows * rng.normal(size=units.row.size))


def test_a_clear_gain_in_every_stratum_is_better_and_its_mirror_is_worse():
    units = units_of(held_out())
    ours = nats(units, np.random.default_rng(0), -0.1)
    theirs = np.zeros_like(ours)
    found = compare(units, ours, theirs)
    assert found.verdict == "better"
    assert found.reason == ""
    assert found.effect == pytest.approx(-0.1, abs=5 * found.standard_error)
    assert found.low < found.effect < found.high < 0
    mirrored = compare(units, theirs, ours)
    assert mirrored.verdict == "worse"
    assert mirrored.effect == pytest.approx(-found.effect)


def test_the_same_scores_are_no_evidence():
    units = units_of(held_out())
    same = np.ones(units.words.size)
    found = compare(units, same, same)
    assert (found.verdict, found.effect, found.standard_error) == ("no evidence", 0.0, 0.0)


def test_what_tuning_may_leave_to_chance_is_no_evidence():
    units = units_of(held_out())
    for sign in (-1, 1):
        assert compare(units, sign * 0.9 * RESOLUTION * units.words, 0 * units.words).verdict == "no evidence"
        assert compare(units, sign * 1.1 * RESOLUTION * units.words, 0 * units.words).verdict != "no evidence"


def test_one_stratum_that_is_worse_blocks_better():
    units = units_of(held_out(strata=("a", "b", "c", "d")))
    ours = nats(units, np.random.default_rng(1), -0.2)
    harmed = units.strata == units.names.index("c")
    found = compare(units, np.where(harmed, 2 * MARGIN * units.words, ours), np.zeros_like(ours))
    assert found.high < 0, "it is better overall"
    assert found.verdict == "no evidence"
    assert "stratum c" in found.reason


def test_few_documents_are_never_better_however_many_rows_they_have():
    units = units_of(held_out(documents=19, rows=200))
    found = compare(units, np.full(units.words.size, -50.0), np.zeros(units.words.size))
    assert found.verdict == "no evidence"
    assert "19" in found.reason


def test_strata_of_few_documents_are_judged_together():
    units = units_of(held_out(documents=47, strata=("a", "b", *"cdefg")))
    assert set(units.judged) == {REST}
    assert units.judged[REST].size == 47
    names = held_out(documents=48, strata=("a", "a", "a", "b"))
    found = compare(units_of(names), np.zeros(48), np.zeros(48))
    assert [(one.name, one.documents) for one in found.strata] == [("a", 36), ("b", 12)]


@pytest.mark.science
def test_where_documents_differ_their_interval_is_wider_than_that_of_rows():
    """The variance of a document's mean is s2_d + s2_r / rows; taking rows for the unit forgets the first."""
    test = held_out()
    by_document, by_row = units_of(test), units_of(test.with_columns(document=pl.int_range(pl.len()).cast(pl.String)))
    rng = np.random.default_rng(2)
    row_nats = np.repeat(2 * rng.normal(size=100), 20) + rng.normal(size=2000)
    wide, narrow = (
        compare(units, units.sums(row_nats), np.zeros(units.words.size)).standard_error
        for units in (by_document, by_row)
    )
    assert wide / narrow == pytest.approx(math.sqrt((4 + 1 / 20) / (5 / 20)), rel=0.25)


@pytest.mark.science
def test_no_difference_is_called_better_or_worse_once_in_twenty_times():
    """False alarms of 400 comparisons without an effect, within four standard errors of 5 %."""
    units = units_of(held_out(documents=80, rows=4))
    rng = np.random.default_rng(3)
    zeros = np.zeros(units.words.size)
    runs = [compare(units, nats(units, rng, 0.0, documents=1.0), zeros, seed=k, draws=400) for k in range(400)]
    outside = np.mean([run.low > 0 or run.high < 0 for run in runs])
    assert outside == pytest.approx(0.05, abs=4 * math.sqrt(0.05 * 0.95 / 400))
    assert np.mean([run.verdict == "better" for run in runs]) <= 0.025 + 4 * math.sqrt(0.025 / 400)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_never_lowers_a_p_value_and_keeps_their_order(p):
    adjusted = holm(p)
    assert all(one <= other <= 1 for one, other in zip(p, adjusted, strict=True))
    assert min(adjusted) == pytest.approx(min(1, len(p) * min(p)))
    order = np.argsort(p, kind="stable")
    assert np.all(np.diff(np.array(adjusted)[order]) >= 0)


def test_a_test_set_that_is_too_small_says_so_in_numbers():
    assert shortage(units_of(held_out(DOCUMENTS, -(-ROWS // DOCUMENTS)))) == ""
    assert "20 documents and 400 rows" in shortage(units_of(held_out(20, 20)))


@given(st.lists(st.floats(-1, 0.5), min_size=1, max_size=6), st.floats(-1, 1))
def test_the_ruler_rises_with_the_gain_and_never_leaves_its_range(effects, effect):
    ruler = Ruler(tuple(range(10, 10 * len(effects) + 1, 10)), tuple(effects))
    rows, more = ruler.read(effect), ruler.read(effect - 0.1)
    assert more >= rows
    assert rows == -math.inf or rows == math.inf or 0 <= rows <= ruler.rows[-1]


def test_the_ruler_reads_its_own_marks_and_says_what_lies_off_it():
    ruler = Ruler((250, 500, 1000, 2000), (-0.034, -0.059, -0.113, -0.180))
    assert ruler.read(-0.113) == pytest.approx(1000)
    assert ruler.read(-0.086) == pytest.approx(750)
    assert [ruler.say(one) for one in (-0.086, 0.05, -0.3, 0.0)] == ["750", "< 0", "> 2,000", "0"]
    assert Ruler((), ()).say(-0.1) == "unknown"


@given(st.integers(0, 3000))
def test_fewer_rows_make_a_smaller_ruler_with_the_same_marks(held_back):
    found = sizes((250, 500, 1000, 2000), held_back)
    assert list(found) == sorted(set(found))
    assert max(found, default=0) == min(held_back, 2000)
    if held_back >= 8:
        assert len(found) == 4
