"""Words and their ids."""

import numpy as np
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from outcross.mixture.text.tokens import UNKNOWN, Encoded, Vocabulary, words


def split(text):
    return pl.DataFrame({"text": [text]}).select(words(pl.col("text"))).item().to_list()


def test_words_are_runs_of_letters_and_signs_are_words_of_their_own():
    assert split("Don't use foo_bar(2)!") == ["don", "'", "t", "use", "foo_bar", "(", "2", ")", "!"]


def test_each_character_of_a_script_without_spaces_is_a_word():
    assert split("日本語 text") == ["日", "本", "語", "text"]


def test_common_types_come_first_and_ties_go_by_name():
    vocabulary = Vocabulary.of(pl.Series(["b a b", "c", ""]))
    assert vocabulary.types.to_list() == ["b", "a", "c"]
    assert Vocabulary.of(pl.Series(["b a b"]), at_least=2).types.to_list() == ["b"]


def test_a_type_that_the_vocabulary_lacks_is_unknown():
    encoded = Vocabulary.of(pl.Series(["a b"])).encode(pl.Series(["b z", "", "a"]))
    assert encoded.ids.tolist() == [3, UNKNOWN, 2]
    assert encoded.starts.tolist() == [0, 2, 2, 3]


@given(st.lists(st.text(max_size=30), max_size=20))
def test_encoding_keeps_every_word_in_its_row(texts):
    series = pl.Series(texts, dtype=pl.String)
    vocabulary = Vocabulary.of(series)
    encoded = vocabulary.encode(series)
    assert UNKNOWN not in encoded.ids
    for row, text in enumerate(texts):
        ids = encoded.ids[encoded.starts[row] : encoded.starts[row + 1]]
        assert [vocabulary.types[int(one) - 2] for one in ids] == split(text)


@given(st.lists(st.lists(st.integers(2, 9), max_size=4), min_size=1, max_size=6), st.data())
def test_taking_rows_gives_those_rows(rows, data):
    encoded = Encoded.concatenated([Encoded(np.array(row, np.int32), np.array([0, len(row)])) for row in rows])
    chosen = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=8))
    taken = encoded.take(np.array(chosen, dtype=np.int64))
    assert [taken.ids[taken.starts[i] : taken.starts[i + 1]].tolist() for i in range(len(chosen))] == [
        rows[i] for i in chosen
    ]
    assert encoded.row().tolist() == [i for i, row in enumerate(rows) for _ in row]
