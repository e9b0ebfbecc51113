"""Shingles: words and sets of runs that are hashed in bulk are the ones that the plain definition gives."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.validators.repeats import shingles
from outcross.validators.repeats.pairs import Keys, Pairs, jaccard, sharing
from outcross.validators.repeats.shingles import BITS, hashed, shingled
from outcross.validators.text.words import words

HASHES = [2805650487216981499, 9156295720561465201, 3947904110462928320, 13814573022818450441]
RUNS = [6263710453930, 101949070350157, 213352205015834]
WHOLES = [10779902249077112448]

PIECES = st.sampled_from(
    ["the", "The", "THE", "don't", "don’t", "a'b'c", "a''b", "'", "''", "x_1", "_", "é", "e\u0301", "ﬁne", "中文", " ",
     "\n", "\u200b", "w\u200bord", "x" * 64, "x" * 65, "y" * 200, "12", "1.5", "-", "\x00", "\U0001f9ec", "İ", "ß"]
)  # fmt: skip
TEXTS = st.lists(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=12).map("".join), max_size=8)


def spelled(texts: list[str]) -> list[list[str]]:
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).select(words(pl.col("text")))["text"].to_list()


def as_series(texts: list[str]) -> pl.Series:
    return pl.Series("text", texts, dtype=pl.String)


@given(TEXTS)
def test_words_have_one_hash_where_they_are_one_word(texts):
    made, plain = hashed(as_series(texts)), spelled(texts)
    assert made.sizes.tolist() == [len(one) for one in plain]
    flat = [word for one in plain for word in one]
    assert len(set(zip(flat, made.hashes.tolist(), strict=True))) == len(set(flat)) == len(set(made.hashes.tolist()))


@given(TEXTS)
def test_a_digest_is_the_same_where_the_words_and_their_order_are(texts):
    digests, plain = hashed(as_series(texts)).wholes().tolist(), [tuple(one) for one in spelled(texts)]
    for ours, one in zip(digests, plain, strict=True):
        assert [ours == theirs for theirs in digests] == [one == other for other in plain]


@given(TEXTS, st.integers(1, 4))
def test_a_set_holds_each_run_of_words_once(texts, run):
    sets = shingled(hashed(as_series(texts)), run)
    runs = [{tuple(one[i : i + run]) for i in range(len(one) - run + 1)} for one in spelled(texts)]
    assert sets.sizes.tolist() == [len(one) for one in runs]
    for first, last in zip(sets.starts[:-1], sets.starts[1:], strict=True):
        assert (np.diff(sets.hashes[first:last].astype(np.int64)) > 0).all()
    assert (sets.hashes < 1 << BITS).all()


@given(TEXTS)
def test_a_text_has_the_same_hashes_alone_and_in_company(texts):
    together = hashed(as_series(texts))
    alone = [hashed(as_series([text])).hashes for text in texts]
    assert together.hashes.tolist() == [key for one in alone for key in one.tolist()]


def test_the_hashes_are_those_that_were_stored():
    made = hashed(as_series(["Don't panic, " + "x" * 65 + " Ünder"]))
    assert shingles.VERSION == 1, "raise it with every change of what follows"
    assert made.hashes.tolist() == HASHES
    assert shingled(made, 2).hashes.tolist() == RUNS
    assert made.wholes().tolist() == WHOLES


def test_many_texts_are_hashed_as_few_are(monkeypatch):
    texts = as_series([f"text {i} of {'many ' * (i % 7)}" for i in range(300)])
    whole = hashed(texts)
    sets = shingled(whole, 2)
    monkeypatch.setattr(shingles, "_CHUNK", 100)
    monkeypatch.setattr(shingles, "_TEXTS", 7)
    assert (hashed(texts).hashes == whole.hashes).all()
    assert (hashed(texts).wholes() == whole.wholes()).all()
    assert (shingled(whole, 2).hashes == sets.hashes).all()
    assert (shingled(whole, 2).starts == sets.starts).all()


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "'" * 200_000, "a'" * 100_000, "\u202e" * 200_000, "é " * 100_000, "\x00"]
)
def test_hostile_texts_are_hashed_too(text):
    assert hashed(as_series([text, "and"])).sizes.tolist() == [len(spelled([text])[0]), 1]


@given(st.lists(st.sets(st.integers(0, 30), max_size=12), min_size=1, max_size=8))
def test_the_similarity_of_a_pair_is_exact(sets):
    made = shingles.Shingles(
        np.array([key for one in sets for key in sorted(one)], dtype=np.uint64),
        np.cumsum([0, *(len(one) for one in sets)]),
    )
    own, other = np.divmod(np.arange(len(sets) ** 2), len(sets))
    wanted = [len(a & b) / max(1, len(a | b)) for a in sets for b in sets]
    assert jaccard(made, made, Pairs(own, other)).tolist() == wanted


def test_a_text_is_paired_with_those_ahead_that_share_two_keys_and_of_many_with_the_first():
    keys = np.array([1, 2], dtype=np.uint64)
    many = Keys(np.repeat(np.arange(40), 2), np.tile(keys, 40))
    own = Keys(np.array([0, 0, 1]), np.array([1, 2, 1], dtype=np.uint64))
    found = sharing(own, many, np.array([30, 30]))
    assert found.own.tolist() == [0] * 16
    assert found.other.tolist() == list(range(16))
    assert sharing(own, many, np.array([3, 3])).other.tolist() == [0, 1, 2]
