"""Counts by kind of character: those that Polars' patterns give, for any text, alone and among others."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.validators.text import grams
from outcross.validators.text.characters import joined, simplified
from outcross.validators.text.measures import quality
from outcross.validators.text.words import WORD, words

# Signs that patterns tell apart: kinds of white space, ends of lines, quotes, and letters that change with their case.
SIGNS = [*" \t\n\r\v\f.!?…。！？\"'”’»)]•‣*-#(7_AbÉéİßǅⅧﬁ中²\u00a0\u3000\u0085\u2028\x1c\u00ad", "don't", "it’s"]
TEXTS = st.lists(st.one_of(st.lists(st.sampled_from(SIGNS)).map("".join), st.text(max_size=20)), max_size=6)

PATTERNS = {
    "words": r"\S+",
    "lines": r"(?m)^[ \t\r]*[^ \t\r\n]",
    "bullet_lines": r"(?m)^[ \t]*[•‣▪◦●○■□*-]",
    "ended_lines": r"(?m)[.!?…。！？][\"'”’»)\]]?[ \t]*$",
    "alphabetic_words": r"\pL\S*",
    "digits": "[0-9]",
    "white_space": r"\s",
    "parentheses": "[()]",
    "upper_case": r"\p{Lu}",
}
WHOLES = {"bullet_lines": "lines", "ended_lines": "lines", "alphabetic_words": "words", "upper_case": "letters"}


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_each_count_is_that_of_its_pattern(texts):
    text = pl.Series("text", texts, pl.String)
    found = quality(text.to_frame())
    wholes = found.with_columns(letters=text.str.count_matches(r"\pL"))
    for name, pattern in PATTERNS.items():
        whole = wholes[WHOLES.get(name, "characters")] if name not in ("words", "lines") else [1] * len(texts)
        expected = [
            count / all_ if all_ else 0 for count, all_ in zip(text.str.count_matches(pattern), whole, strict=True)
        ]
        assert found[name].to_list() == expected, name


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_words_are_those_that_their_pattern_finds(texts):
    found = grams.words(pl.Series(texts, dtype=pl.String))
    cut = [
        [part for row, part in zip(found.row, found.parts, strict=True) if row == text] for text in range(len(texts))
    ]
    assert cut == pl.Series(texts, dtype=pl.String).str.to_lowercase().str.extract_all(WORD).to_list()


@given(TEXTS)
def test_a_simplified_text_is_ascii_with_as_many_characters(texts):
    text = pl.Series(texts, dtype=pl.String)
    assert "".join(simplified(text)).isascii()
    assert simplified(text).str.len_bytes().to_list() == text.str.len_chars().to_list()
    assert len(joined(simplified(text)).data) == sum(map(len, texts)) + max(1, len(texts) + 1)


@given(TEXTS)
def test_plain_words_of_a_text_are_the_same_alone_and_in_company(texts):
    frame = pl.DataFrame({"text": texts}, schema={"text": pl.String})
    together = frame.select(words(pl.col("text")))["text"].to_list()
    assert together == [
        frame[row : row + 1].select(words(pl.col("text")))["text"].item().to_list() for row in range(len(texts))
    ]


@pytest.mark.parametrize("texts", [[], [""], ["", ""], ["\n"]])
def test_texts_without_a_word_have_none(texts):
    assert len(grams.words(pl.Series(texts, dtype=pl.String)).row) == 0
