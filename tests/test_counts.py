"""Words of documents as a matrix."""

from collections import Counter

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.errors import InputError
from outcross.mixture.text.counts import Counts, draws
from outcross.mixture.text.tokens import Vocabulary

ROWS = st.lists(
    st.tuples(
        st.sampled_from(["a.txt", "b.txt", "ä.txt"]),
        st.sampled_from(["one", "two"]),
        st.lists(st.sampled_from("tuvwxyz"), max_size=6).map(" ".join),
        st.sampled_from([0.5, 1.0, 3.0]),
    ),
    max_size=12,
)


def frame(rows):
    schema = {"document": pl.String, "stratum": pl.String, "text": pl.String, "weight": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


@given(ROWS)
def test_every_word_is_counted_once_by_its_weight_in_its_document_and_stratum(rows):
    texts = frame(rows)
    vocabulary = Vocabulary.of(texts["text"])
    counts = Counts.of(texts, vocabulary)
    expected = {}
    for document, stratum, text, weight in rows:
        found = expected.setdefault((document, stratum), (Counter(), []))
        found[0].update({word: weight * times for word, times in Counter(text.split()).items()})
        found[1].append(len(text.split()))
    assert counts.documents["document"].to_list() == [key[0] for key in sorted(expected)]
    dense = counts.types.toarray()
    for line, (document, stratum, n_rows, words) in enumerate(counts.documents.iter_rows()):
        weights, lengths = expected[document, stratum]
        assert (n_rows, words) == (len(lengths), sum(lengths))
        assert {vocabulary.types[int(i) - 2]: dense[line, i] for i in np.flatnonzero(dense[line])} == weights


@given(ROWS, st.integers(0, 12))
def test_parts_merge_into_the_counts_of_the_whole(rows, cut):
    texts = frame(rows)
    vocabulary = Vocabulary.of(texts["text"])
    whole = Counts.of(texts, vocabulary)
    merged = Counts.merged([Counts.of(texts[:cut], vocabulary), Counts.of(texts[cut:], vocabulary)])
    assert merged.documents.equals(whole.documents)
    assert np.array_equal(merged.types.toarray(), whole.types.toarray())


def test_counts_of_different_vocabularies_do_not_merge():
    texts = frame([("a.txt", "one", "t u", 1.0)])
    few, more = (Counts.of(texts, Vocabulary.of(pl.Series([types]))) for types in ("t", "t u"))
    with pytest.raises(InputError, match="one vocabulary"):
        Counts.merged([few, more])


def test_some_lines_are_some_documents():
    texts = frame([("a.txt", "one", "t", 1.0), ("b.txt", "one", "t u", 1.0), ("b.txt", "two", "u", 1.0)])
    counts = Counts.of(texts, Vocabulary.of(texts["text"]))
    kept = counts.restrict((counts.documents["document"] == "b.txt").to_numpy())
    assert kept.documents["stratum"].to_list() == ["one", "two"]
    assert kept.total().tolist() == [0, 0, 1, 2]


def test_a_resample_draws_all_lines_of_a_document_together():
    texts = frame([("a.txt", "one", "t", 1.0), ("a.txt", "two", "t", 1.0), ("b.txt", "one", "u", 1.0)])
    counts = Counts.of(texts, Vocabulary.of(texts["text"]))
    weights = counts.resampled(50, np.random.default_rng(0))
    assert np.array_equal(weights[:, 0], weights[:, 1])
    assert (weights[:, 0] + weights[:, 2] == 2).all()
    assert set(weights[:, 0]) == {0, 1, 2}


def test_each_thing_is_drawn_once_on_average():
    weights = draws(40, 2_000, np.random.default_rng(1))
    assert (weights.sum(axis=1) == 40).all()
    assert np.abs(weights.mean(axis=0) - 1).max() < 4.5 / np.sqrt(2_000)
    assert draws(0, 3, np.random.default_rng(1)).shape == (3, 0)
