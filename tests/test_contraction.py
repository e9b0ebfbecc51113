"""What is left of rare words, on real text: the docstrings of the running Python's own library."""

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora import stdlib
from outcross.data.corpora.candidates import Candidate
from outcross.errors import InputError
from outcross.mixture.contraction import Kappa, Measured, contraction
from outcross.mixture.counts import Counts
from outcross.mixture.tails import Tail
from outcross.mixture.tokens import Vocabulary


@pytest.fixture(scope="module")
def docstrings():
    found = (one for one in stdlib.read() if isinstance(one, Candidate) and not one.target)
    rows = [(one.document, one.stratum, one.content["response"]) for one in found]
    return pl.DataFrame(rows, schema=["document", "stratum", "text"], orient="row")


def everyone(texts):
    return np.ones(texts.height, dtype=bool)


def parts(texts, seed):
    """Two sets of whole documents."""
    documents = texts["document"].unique().sort().to_numpy()
    chosen = texts["document"].is_in(np.random.default_rng(seed).permutation(documents)[::2].tolist())
    return texts.filter(chosen), texts.filter(~chosen)


@pytest.mark.science
def test_people_compared_with_people_give_one_within_the_interval(docstrings):
    found = [contraction(*parts(docstrings, seed), seed=seed) for seed in range(60)]
    tails = np.array([one.tail for one in found])
    assert abs(np.median(tails) - 1) < 0.03
    # 90 % intervals: 60 splits of one corpus, which are not independent of each other.
    assert np.mean([one.low <= 1 <= one.high for one in found]) > 0.78


@pytest.mark.science
def test_a_tail_measured_where_it_was_chosen_would_make_people_lose_a_fifth_of_it(docstrings):
    masses = []
    for seed in range(10):
        one, other = parts(docstrings, seed)
        vocabulary = Vocabulary.of(docstrings["text"])
        masses.append(float(Tail.of(Counts.of(one, vocabulary)).mass(Counts.of(other, vocabulary))) / 0.1)
    assert np.mean(masses) < 0.9


@pytest.mark.parametrize("share", [0.7, 0.1])
def test_a_gate_that_keeps_rows_at_random_cuts_nothing(docstrings, share):
    measured = Measured.of(docstrings, everyone(docstrings))
    kept = np.random.default_rng(3).random(docstrings.height) < share
    kappa = measured.kappa(everyone(docstrings), kept)
    assert kappa.low <= 1 <= kappa.high
    assert abs(kappa.diversity - 1) < 0.1
    assert kappa.rows == kept.sum()
    assert not kappa.cuts


def test_a_gate_that_keeps_all_leaves_exactly_all(docstrings):
    measured = Measured.of(docstrings, everyone(docstrings))
    kappa = measured.kappa(everyone(docstrings), everyone(docstrings))
    assert (kappa.tail, kappa.low, kappa.high, kappa.diversity) == (1, 1, 1, 1)


def test_a_gate_that_drops_rows_of_rare_words_is_told(docstrings):
    measured = Measured.of(docstrings, everyone(docstrings))
    share = (measured.rows["tail"] / (measured.rows["words"] + 1)).to_numpy()
    kappa = measured.kappa(everyone(docstrings), share <= np.quantile(share, 0.7))
    assert kappa.high < 0.6
    assert kappa.diversity < 0.9
    assert kappa.cuts


def test_rows_of_one_document_tell_less_than_as_many_documents(docstrings):
    before, after = parts(docstrings, 1)
    clustered = contraction(before, after)
    alone = [frame.with_columns(document=pl.int_range(pl.len()).cast(pl.String) + name)
             for name, frame in (("a", before), ("b", after))]  # fmt: skip
    naive = contraction(*alone)
    assert clustered.high - clustered.low > 1.5 * (naive.high - naive.low)


def test_the_order_of_rows_decides_nothing(docstrings):
    before, after = parts(docstrings[:800], 1)
    found = contraction(before, after)
    again = contraction(before.sample(fraction=1, shuffle=True, seed=1), after.reverse())
    assert again.tail == pytest.approx(found.tail)
    assert (again.low, again.high) == pytest.approx((found.low, found.high))


def test_a_row_of_weight_two_counts_as_two(docstrings):
    texts = docstrings[:600].with_columns(weight=pl.when(pl.int_range(pl.len()) % 3 == 0).then(2.0).otherwise(1.0))
    twice = pl.concat([texts, texts.filter(pl.col("weight") == 2)]).with_columns(weight=1.0)
    before, again = (Measured.of(frame, np.arange(frame.height) < 600) for frame in (texts, twice))
    # The tails are chosen on rows counted once each: the copies are not marked as human.
    first, chosen = np.arange(600) < 300, np.arange(twice.height)
    weighed = before.kappa(first, ~first)
    origin = np.concatenate([np.arange(600), np.flatnonzero(texts["weight"] == 2)])
    copied = again.kappa(origin[chosen] < 300, origin[chosen] >= 300)
    assert weighed.tail == pytest.approx(copied.tail)


def test_too_few_rows_say_nothing(docstrings):
    few = docstrings.filter(pl.int_range(pl.len()) % 100 == 0)[:29]
    assert contraction(docstrings, few) == Kappa(None, None, None, None, 29, few["document"].n_unique())
    assert contraction(few, docstrings).tail is None
    assert contraction(docstrings, docstrings.filter(pl.int_range(pl.len()) % 100 == 0)[:30]).tail is not None


def test_one_document_gives_a_value_and_no_interval(docstrings):
    largest = docstrings["document"].value_counts(sort=True)["document"][0]
    found = contraction(docstrings, docstrings.filter(document=largest))
    assert found.tail is not None
    assert (found.low, found.high, found.documents) == (None, None, 1)


def test_few_documents_make_the_interval_wide(docstrings):
    """Of two documents it spans all that resamples gave, and of many the middle nine tenths."""
    before, after = parts(docstrings, 1)
    two = after["document"].value_counts(sort=True)["document"][:2].to_list()
    found = contraction(before, after.filter(pl.col("document").is_in(two)))
    many = contraction(before, after)
    assert found.high - found.low > 2 * (many.high - many.low)


def test_strata_are_weighed_alike_where_that_is_asked():
    """The same words in both strata on both sides, in other proportions: nothing was lost."""
    rng = np.random.default_rng(0)
    rows = [
        (f"{side}{n // 5}", stratum, " ".join(f"{stratum[0]}{word}" for word in rng.zipf(power, 40) % 5_000), side)
        for side, counts in (("human", (300, 100)), ("model", (60, 180)))
        for (stratum, power), count in zip((("plain", 3.0), ("rich", 1.3)), counts, strict=True)
        for n in range(count)
    ]
    texts = pl.DataFrame(rows, schema=["document", "stratum", "text", "side"], orient="row")
    human = (texts["side"] == "human").to_numpy()
    measured = Measured.of(texts, human)
    assert measured.kappa(human, ~human).tail > 1.3
    alike = measured.kappa(human, ~human, alike=True)
    assert alike.low <= 1 <= alike.high
    only_rich = human & (texts["stratum"] == "rich").to_numpy()
    assert measured.kappa(only_rich, ~human, alike=True).rows == 180


def test_marks_for_other_rows_are_refused(docstrings):
    with pytest.raises(InputError, match="need as many marks"):
        Measured.of(docstrings, np.ones(3, dtype=bool))
