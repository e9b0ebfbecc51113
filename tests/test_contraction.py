"""What is left of rare words, on real text: the docstrings of the running Python's own library."""

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora import stdlib
from outcross.data.corpora.candidates import Candidate
from outcross.errors import InputError
from outcross.mixture.text.contraction import Kappa, Measured, contraction
from outcross.mixture.text.counts import Counts
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tokens import Vocabulary


@pytest.fixture(scope="module")
def docstrings():
    found = (one for one in stdlib.read() if isinstance(one, Candidate) and not one.target)
    rows = [(one.document, one.stratum, one.content["response"]) for one in found]
    return pl.DataFrame(rows, schema=["document", "module", "text"], orient="row").with_columns(stratum=pl.lit("all"))


def everyone(texts):
    return np.ones(texts.height, dtype=bool)


def parts(texts, seed):
    """Two sets of whole documents."""
    documents = texts["document"].unique().sort().to_numpy()
    chosen = texts["document"].is_in(np.random.default_rng(seed).permutation(documents)[::2].tolist())
    return texts.filter(chosen), texts.filter(~chosen)


@pytest.mark.science
def test_people_compared_with_people_give_one_within_the_interval(docstrings):
    found = [contraction(*parts(docstrings, seed), seed=seed) for seed in range(40)]
    tails = np.array([one.tail for one in found])
    assert abs(np.median(tails) - 1) < 0.03
    # 90 % intervals: 40 splits of one corpus, which are not independent of each other.
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
    kappa = measured.gate(everyone(docstrings), kept)
    assert kappa.low <= 1 <= kappa.high
    assert abs(kappa.diversity - 1) < 0.1
    assert kappa.rows == kept.sum()
    assert not kappa.cuts


def test_a_gate_that_keeps_all_leaves_exactly_all(docstrings):
    measured = Measured.of(docstrings, everyone(docstrings))
    kappa = measured.gate(everyone(docstrings), everyone(docstrings))
    assert (kappa.tail, kappa.low, kappa.high, kappa.diversity) == (1, 1, 1, 1)


def test_a_gate_that_drops_rows_of_rare_words_is_told(docstrings):
    measured = Measured.of(docstrings, everyone(docstrings))
    share = (measured.rows["tail"] / (measured.rows["words"] + 1)).to_numpy()
    kappa = measured.gate(everyone(docstrings), share <= np.quantile(share, 0.7))
    assert kappa.high < 0.8
    assert kappa.diversity < 0.95
    assert kappa.cuts


@pytest.mark.science
def test_dropping_the_worst_by_perplexity_is_an_engine_of_collapse_on_people_s_own_text(docstrings):
    """Each half is judged by a model of the other; the control drops as many at random."""
    one, other = parts(docstrings, 0)
    vocabulary = Vocabulary.of(docstrings["text"])
    surprise = []
    for train, judged in ((one, other), (other, one)):
        model = Trigram.fit(vocabulary.encode(train["text"]), len(vocabulary))
        nats, words = model.nll(vocabulary.encode(judged["text"]))
        surprise.append(judged.with_columns(surprise=pl.Series(nats / words)))
    rows = pl.concat(surprise)
    measured = Measured.of(rows, everyone(rows))

    def kept(share):
        return measured.gate(everyone(rows), (rows["surprise"] <= rows["surprise"].quantile(share)).to_numpy())

    assert kept(0.7).cuts
    assert kept(0.7).high < 0.95
    assert kept(0.7).tail < kept(0.9).tail < 0.96
    assert kept(0.7).diversity < 0.95
    control = measured.gate(everyone(rows), np.random.default_rng(0).random(rows.height) < 0.7)
    assert not control.cuts


def test_rows_of_one_document_tell_less_than_as_many_documents(docstrings):
    before, after = parts(docstrings, 1)
    clustered = contraction(before, after)
    alone = [frame.with_columns(document=pl.int_range(pl.len()).cast(pl.String) + name)
             for name, frame in (("a", before), ("b", after))]  # fmt: skip
    naive = contraction(*alone)
    assert clustered.high - clustered.low > 1.5 * (naive.high - naive.low)


def test_bundles_of_many_documents_vary_as_documents_do(docstrings, monkeypatch):
    alone = docstrings.with_columns(document=pl.int_range(pl.len()).cast(pl.String))
    measured = Measured.of(alone, everyone(alone))
    first = np.arange(alone.height) % 2 == 0
    monkeypatch.setattr("outcross.mixture.text.contraction.BUNDLES", 10_000)
    one = measured.kappa(first, ~first)
    monkeypatch.setattr("outcross.mixture.text.contraction.BUNDLES", 500)
    other = measured.kappa(first, ~first)
    assert other.tail == one.tail
    assert other.low != one.low
    assert other.high - other.low == pytest.approx(one.high - one.low, rel=0.15)


def test_the_order_of_rows_decides_nothing(docstrings):
    before, after = parts(docstrings[:800], 1)
    found = contraction(before, after)
    again = contraction(before.sample(fraction=1, shuffle=True, seed=1), after.reverse())
    assert again.tail == pytest.approx(found.tail)
    assert (again.low, again.high) == pytest.approx((found.low, found.high))


def test_a_row_of_weight_two_counts_as_two(docstrings):
    texts = docstrings[:600].with_columns(weight=pl.when(pl.int_range(pl.len()) % 3 == 0).then(2.0).otherwise(1.0))
    twice = pl.concat([texts, texts.filter(pl.col("weight") == 2)]).with_columns(weight=1.0)
    place = np.concatenate([np.arange(600), np.flatnonzero(texts["weight"] == 2)])
    # The copies don't choose the tails, so that these are the same.
    weighed, copied = (Measured.of(frame, np.arange(frame.height) < 600) for frame in (texts, twice))
    once, each = np.ones(600, dtype=bool), np.ones(place.size, dtype=bool)
    assert weighed.gate(once, np.arange(600) < 300).tail == pytest.approx(copied.gate(each, place < 300).tail)
    assert weighed.gate(once, np.arange(600) < 300).tail != pytest.approx(
        Measured.of(texts.drop("weight"), once).gate(once, np.arange(600) < 300).tail
    )


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


@pytest.mark.science
def test_few_documents_seldom_exclude_the_truth(docstrings):
    """Any two or three of people's documents against all others: percentiles of resamples would miss it a third."""
    sizes = docstrings["document"].value_counts().filter(pl.col("count") >= 15)
    documents = sizes["document"].sort().to_numpy()
    missed = []
    for seed in range(30):
        few = docstrings["document"].is_in(np.random.default_rng(seed).permutation(documents)[: 2 + seed % 2].tolist())
        found = contraction(docstrings.filter(~few), docstrings.filter(few), seed=seed)
        missed.append(not found.low <= 1 <= found.high)
    assert np.mean(missed) < 0.15


def test_a_generator_that_writes_more_of_a_plain_stratum_is_compared_stratum_by_stratum():
    """The same words in each stratum on both sides, in other proportions: nothing was lost."""
    rng = np.random.default_rng(0)
    rows = [
        (f"{side}{n // 5}", stratum, " ".join(f"{stratum[0]}{word}" for word in rng.zipf(power, 40) % 5_000), side)
        for side, counts in (("human", (100, 300)), ("model", (180, 60)))
        for (stratum, power), count in zip((("plain", 3.0), ("rich", 1.3)), counts, strict=True)
        for n in range(count)
    ]
    texts = pl.DataFrame(rows, schema=["document", "stratum", "text", "side"], orient="row")
    human, plain = ((texts[name] == value).to_numpy() for name, value in (("side", "human"), ("stratum", "plain")))
    kappa = Measured.of(texts, human).kappa(human, ~human)
    assert kappa.low <= 1 <= kappa.high
    mixed = Measured.of(texts.with_columns(stratum=pl.lit("all")), human).kappa(human, ~human)
    assert mixed.high < 0.7
    assert Measured.of(texts, human).kappa(human & plain, ~human).rows == 180


def test_rare_words_are_those_of_the_tail_and_fresh_ones_those_that_other_documents_use():
    rows = [(f"{n}", "s", f"the the the the the the only{n} shared{n // 2}") for n in range(40)]
    texts = pl.DataFrame(rows, schema=["document", "stratum", "text"], orient="row")
    rows = Measured.of(texts, everyone(texts), share=0.2, seed=1).rows
    assert rows["tail"].sum() == pytest.approx(0.2 * rows["words"].sum())
    # Of 40 documents each shares one word with one other, which is in the other half or in the same one.
    assert set(rows["fresh"].round(6)) == {0, 1}
    pairs = rows["fresh"].to_numpy().reshape(20, 2)
    assert (pairs[:, 0] == pairs[:, 1]).all()


def test_marks_for_other_rows_are_refused(docstrings):
    with pytest.raises(InputError, match="need as many marks"):
        Measured.of(docstrings, np.ones(3, dtype=bool))
