"""The collapse monitor on small made-up texts."""

from dataclasses import dataclass, replace
from typing import cast

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.errors import InputError
from outcross.mixture.monitor import comparisons, corpus
from outcross.mixture.monitor.alarms import Alarm, Watch
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.measures import Measure
from outcross.mixture.monitor.watch import watch

TYPES = 400


def texts(
    documents: range, seed: int, *, top: int = TYPES, rows: int = 5, strata: tuple[str, ...] = ("a",)
) -> pl.DataFrame:
    """Rows of 12 words by Zipf's law, of which only the `top` commonest are ever written."""
    rng = np.random.default_rng(seed)
    chances = 1 / np.arange(1, top + 1)
    words = rng.choice(top, (len(documents) * rows, 12), p=chances / chances.sum())
    return pl.DataFrame(
        {
            "document": [f"d{one}" for one in documents for _ in range(rows)],
            "stratum": [strata[one % len(strata)] for one in documents for _ in range(rows)],
            "text": [" ".join(f"w{word}" for word in row) for row in words],
        }
    )


def released(rows: pl.DataFrame, origin: str = "human") -> pl.DataFrame:
    return rows.with_columns(origin=pl.lit(origin), weight=pl.lit(1.0))


@dataclass(frozen=True)
class Case:
    release: pl.DataFrame
    human: pl.DataFrame
    heldout: pl.DataFrame

    def watch(self, **changed: float) -> Watch:
        chosen = {"number": 1, "retention": 0.9, "resamples": 40} | changed
        return watch(self.release, self.human, self.heldout, **cast("dict", chosen))

    def with_models(self, rows: pl.DataFrame) -> "Case":
        """The release with a model's rows beside people's."""
        return replace(self, release=pl.concat([self.release, released(rows, "synthetic")]))


def case(documents: int = 60, strata: tuple[str, ...] = ("a",)) -> Case:
    human = texts(range(documents), 1, strata=strata)
    return Case(released(human), human, texts(range(1000, 1040), 2, strata=strata))


def loud(found: Watch) -> set[Measure]:
    return {alarm.measure for alarm in found.warnings + found.blocking}


def one(found: Watch, measure: Measure, kind: Kind = Kind.RELEASE) -> Alarm:
    return next(alarm for alarm in found.alarms if (alarm.measure, alarm.comparison) == (measure, kind))


def test_a_release_of_peoples_own_rows_is_quiet() -> None:
    found = case().watch()
    assert {alarm.level for alarm in found.alarms} == {"quiet"}
    assert [alarm.measure for alarm in found.alarms] == list(Measure)


def test_a_release_of_other_people_is_quiet() -> None:
    given = case()
    found = replace(given, release=released(texts(range(2000, 2060), 3))).watch()
    assert loud(found) == set()
    assert found.untested == ()


def test_one_document_over_and_over_blocks() -> None:
    given = case()
    repeated = pl.concat([given.human.head(5).drop("document")] * 60)
    repeated = repeated.with_columns(document=pl.int_range(pl.len()).cast(pl.String)).select(given.human.columns)
    found = replace(given, release=released(repeated)).watch()
    assert {alarm.measure for alarm in found.blocking} >= {Measure.ENTROPY, Measure.COVERAGE, Measure.DISTINCT}


def test_text_without_the_rare_words_blocks() -> None:
    found = replace(case(), release=released(texts(range(2000, 2060), 3, top=40))).watch()
    assert {alarm.measure for alarm in found.blocking} >= {Measure.TAIL_MASS, Measure.ENTROPY, Measure.COVERAGE}
    assert one(found, Measure.TAIL_MASS).observed == pytest.approx(0, abs=0.01)


def test_models_rows_are_seen_where_people_fill_the_release() -> None:
    found = case(600).with_models(texts(range(30), 3, top=40)).watch()
    assert Kind.SYNTHETIC in {alarm.comparison for alarm in found.warnings + found.blocking}


def test_models_rows_like_peoples_are_quiet() -> None:
    assert loud(case().with_models(texts(range(30), 3)).watch()) == set()


def test_words_of_the_middle_that_give_way_to_the_commonest_are_seen_by_entropy_and_not_by_the_tail() -> None:
    release = released(texts(range(2000, 2060), 3)).with_columns(pl.col("text").str.replace_all(r"\bw[1-6]\d\b", "w0"))
    seen = loud(replace(case(), release=release).watch())
    assert Measure.ENTROPY in seen
    assert not seen & {Measure.TAIL_MASS, Measure.COVERAGE}


def test_words_in_another_order_are_seen_by_likelihood_alone() -> None:
    """Every row holds the same words as before, sorted: counts of words say nothing, and sequences are others."""
    rng = np.random.default_rng(5)

    def ordered(documents: range) -> pl.DataFrame:
        starts = rng.integers(TYPES, size=len(documents) * 5)
        rows = texts(documents, 0)
        return rows.with_columns(text=pl.Series([" ".join(f"w{(at + k) % TYPES}" for k in range(12)) for at in starts]))

    human = ordered(range(60))
    fresh = ordered(range(2000, 2060))
    turned = fresh.with_columns(pl.col("text").str.split(" ").list.reverse().list.join(" "))
    found = Case(released(turned), human, ordered(range(1000, 1040))).watch()
    assert loud(found) == {Measure.LIKELIHOOD}


def test_chance_alone_does_not_block() -> None:
    given = replace(case(), release=released(texts(range(2000, 2060), 3, top=40)))
    found = given.watch(retention=0.01)
    blocked, kept = {alarm.measure for alarm in found.blocking}, one(found, Measure.ENTROPY).kept
    assert kept is not None
    assert kept > 0.01
    assert Measure.ENTROPY in loud(found) - blocked


def test_more_tail_than_peoples_is_no_harm() -> None:
    given = case()
    flat = given.human.with_columns(text=pl.lit(" ".join(f"w{word}" for word in range(300, 312))))
    found = replace(given, release=pl.concat([released(given.human), released(flat)])).watch()
    assert one(found, Measure.TAIL_MASS).level == "quiet"


def test_a_later_release_spends_less() -> None:
    first, fifth = case().watch(), case().watch(number=5)
    assert fifth.alpha == pytest.approx(first.alpha / 25)
    assert fifth.alarms[0].smallest_detectable > first.alarms[0].smallest_detectable


def test_more_documents_make_smaller_shifts_detectable() -> None:
    few, many = case(40).watch(resamples=200), case(400).watch(resamples=200)
    for measure in (Measure.ENTROPY, Measure.TAIL_MASS):
        assert one(many, measure).smallest_detectable < 0.7 * one(few, measure).smallest_detectable


@settings(max_examples=2, deadline=None)
@given(st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(random) -> None:
    given = case(30).with_models(texts(range(30), 3))

    def shuffled(rows: pl.DataFrame) -> pl.DataFrame:
        return rows[random.sample(range(rows.height), rows.height)]

    other = Case(shuffled(given.release), shuffled(given.human), shuffled(given.heldout))
    assert other.watch() == given.watch()


def test_a_seed_decides_all() -> None:
    given = case()
    once = given.watch(seed=3)
    assert given.watch(seed=3) == once
    assert given.watch(seed=4) != once


@pytest.mark.parametrize("emptied", [("release",), ("human",), ("heldout",), ("release", "human", "heldout")])
def test_an_empty_side_leaves_everything_too_small(emptied: tuple[str, ...]) -> None:
    given = case().with_models(texts(range(30), 3))
    found = replace(given, **{side: getattr(given, side).clear() for side in emptied}).watch()
    assert {alarm.level for alarm in found.alarms} == {"too small"}
    assert len(found.untested) >= len(Measure)


def test_a_tiny_home_is_too_small_and_says_what_it_takes() -> None:
    human = texts(range(20), 1, rows=2)
    found = Case(released(human), human, texts(range(1000, 1002), 2, rows=2)).watch()
    assert {alarm.level for alarm in found.alarms} == {"too small"}
    assert "it takes 30 held-out rows, and there are 4" in found.alarms[0].sentence
    assert found.alarms[0].observed is None


def test_a_stratum_with_too_few_rows_is_too_small_beside_others_that_are_tested() -> None:
    models = pl.concat([texts(range(30), 3), texts(range(2), 4).with_columns(stratum=pl.lit("b"))])
    found = case().with_models(models).watch()
    assert {alarm.level for alarm in found.alarms if alarm.stratum == "b"} == {"too small"}
    assert "too small" not in {alarm.level for alarm in found.alarms if alarm.stratum == "a"}


def test_models_rows_of_a_stratum_without_people_are_too_small() -> None:
    found = case().with_models(texts(range(30), 3).with_columns(stratum=pl.lit("new"))).watch()
    assert {alarm.level for alarm in found.alarms if alarm.comparison is Kind.SYNTHETIC} == {"too small"}


def test_of_many_strata_those_with_most_rows_are_tested_and_the_others_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparisons, "MOST_STRATA", 1)
    models = texts(range(21), 3, strata=("b", "a", "b"))
    found = case(40, ("a", "b")).with_models(models).watch()
    assert {alarm.stratum for alarm in found.untested} == {"a"}
    assert all("only the 1 strata with most" in alarm.sentence for alarm in found.untested)


def test_of_more_rows_than_are_read_some_are_left_out_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "MOST_ROWS", 150)
    found = case(60).watch()
    assert {(alarm.rows, alarm.level) for alarm in found.alarms} == {(150, "quiet")}
    assert found.alarms[0].documents > 40


def test_peoples_rows_that_are_all_alike_are_too_small_to_judge_by() -> None:
    alike = texts(range(60), 1).with_columns(text=pl.lit("the same words again"))
    found = Case(released(alike), alike, texts(range(1000, 1040), 2)).watch()
    assert loud(found) == set()
    assert {alarm.level for alarm in found.alarms} == {"too small"}


@settings(max_examples=30, deadline=None)
@given(st.text(min_size=1, max_size=300))
def test_a_hostile_stratum_is_printable_and_cut_in_sentences(name: str) -> None:
    models = texts(range(2), 3).with_columns(stratum=pl.lit(name))
    given = Case(released(texts(range(12), 1)), texts(range(12), 1), texts(range(0), 1)).with_models(models)
    sentences = [alarm.sentence for alarm in given.watch().alarms]
    assert all(sentence.isprintable() and len(sentence) < 250 for sentence in sentences)


def test_a_stratum_with_control_signs_is_spelt_out() -> None:
    models = texts(range(2), 3).with_columns(stratum=pl.lit("\x1b[31m\u202e" + "x" * 100))
    said = case().with_models(pl.concat([models, texts(range(30), 3)])).watch().untested[0].sentence
    assert "`\\x1b[31m\\u202exxx" in said
    assert "x…`" in said


def test_what_a_release_keeps_is_diluted_by_peoples_rows() -> None:
    found = case(120).with_models(texts(range(40), 3, top=40)).watch()
    alone = one(found, Measure.TAIL_MASS, Kind.SYNTHETIC)
    assert alone.observed == pytest.approx(0, abs=0.01)
    assert alone.kept == pytest.approx(0.75, abs=0.02)


def test_held_out_documents_among_training_rows_are_refused() -> None:
    given = case()
    with pytest.raises(InputError, match="1 held-out documents"):
        replace(given, heldout=pl.concat([given.heldout, given.human.head(3)])).watch()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"retention": 1.0}, "retention target is 1"),
        ({"resamples": 39}, "39 resamples"),
        ({"number": 0}, "number is 0"),
    ],
)
def test_arguments_out_of_range_are_refused(changed: dict[str, float], said: str) -> None:
    with pytest.raises(InputError, match=said):
        case().watch(**changed)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("weight", 0.0, "weighs 0"), ("weight", float("nan"), "weighs nan"), ("text", None, "have no text")],
)
def test_rows_out_of_range_are_refused(column: str, value: float | None, said: str) -> None:
    given = case()
    with pytest.raises(InputError, match=said):
        replace(given, release=given.release.with_columns(pl.lit(value).alias(column))).watch()


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="lack the column origin"):
        replace(case(), release=case().release.drop("origin")).watch()
