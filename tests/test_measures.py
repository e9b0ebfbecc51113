"""Measures of a text: equal to counting one text at a time in the plainest way, and the same in any company."""

import math
import re

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from outcross.validators.text import streaming
from outcross.validators.text.measures import measures, quality, repetition

# Few words, so that runs of ten of them repeat; and signs that the measures count.
WORDS = ["the", "The", "of", "cat", "don't", "max_size", "été", "中文", "#tag", "wait...", "so…", "(x)", "7", "42",
         "https://a.org/b", "BIG", "end.", "-", "•", "", "\n", "\n\n", "\n \n", "\t", "...\n", "Yes!\n"]  # fmt: skip
TEXTS = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
STOP_WORDS = ["the", "be", "to", "of", "and", "that", "have", "with"]
WORD = re.compile(r"\w+(?:['’]\w+)*")


def counted(text: str) -> dict[str, float]:
    """The measures of `quality`, one text at a time."""
    words, lines = text.split(), [line for line in text.split("\n") if line.strip()]
    letters = [sign for sign in text if sign.isalpha()]

    def per(part: int, whole: int) -> float:
        return part / whole if whole else 0.0

    return {
        "characters": len(text),
        "words": len(words),
        "lines": len(lines),
        "longest_word": max(map(len, words), default=0),
        "stop_words": sum(bool(re.search(rf"\b{word}\b", text, re.IGNORECASE | re.ASCII)) for word in STOP_WORDS),
        "mean_word": per(sum(map(len, words)), len(words)),
        "hash_per_word": per(text.count("#"), len(words)),
        "ellipsis_per_word": per(text.count("...") + text.count("…"), len(words)),
        "alphabetic_words": per(sum(any(sign.isalpha() for sign in word) for word in words), len(words)),
        "bullet_lines": per(sum(line.strip()[0] in "•‣▪◦●○■□*-" for line in lines), len(lines)),
        "ellipsis_lines": per(sum(line.rstrip().endswith(("...", "…")) for line in lines), len(lines)),
        "ended_lines": per(sum(bool(re.search("[.!?…]$", line.rstrip())) for line in lines), len(lines)),
        "digits": per(sum(sign in "0123456789" for sign in text), len(text)),
        "white_space": per(sum(sign.isspace() for sign in text), len(text)),
        "parentheses": per(text.count("(") + text.count(")"), len(text)),
        "addresses": per(sum(map(len, re.findall(r"https?://\S+", text))), len(text)),
        "upper_case": per(sum(sign.isupper() for sign in letters), len(letters)),
    }


def repeated(text: str) -> dict[str, float]:
    """The measures of `repetition`, one text at a time."""
    words = WORD.findall(text.lower())
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    paragraphs = [part.strip() for part in re.split(r"\n(?:[^\S\n]*\n)+", text) if part.strip()]
    found = {f"top_{n}gram": top(words, n) for n in (2, 3, 4)}
    found |= {f"duplicate_{n}gram": again(words, n) for n in range(5, 11)}
    for name, parts in (("lines", lines), ("paragraphs", paragraphs)):
        found[f"duplicate_{name}"] = again(parts, 1, each=True)
        found[f"duplicate_{name}_characters"] = again(parts, 1)
    return found


def grams(words: list[str], length: int) -> list[tuple[str, ...]]:
    return [tuple(words[place : place + length]) for place in range(len(words) - length + 1)]


def top(words: list[str], length: int) -> float:
    found = grams(words, length)
    often = [(found.count(gram), len("".join(gram))) for gram in found if found.count(gram) > 1]
    return min(1.0, math.prod(max(often)) / len("".join(words))) if often else 0.0


def again(parts: list[str], length: int, *, each: bool = False) -> float:
    """Share of the parts, or of their characters, in runs that stood before."""
    weight = [1 if each else len(part) for part in parts]
    found = grams(parts, length)
    inside = {place + k for place, gram in enumerate(found) if gram in found[:place] for k in range(length)}
    return sum(weight[place] for place in inside) / sum(weight) if parts else 0.0


@settings(max_examples=60, deadline=None)
@given(st.lists(TEXTS, min_size=1, max_size=6))
def test_every_measure_is_what_plain_counting_gives(texts):
    found = measures(pl.DataFrame({"text": texts}))
    for text, row in zip(texts, found.rows(named=True), strict=True):
        assert row == pytest.approx(counted(text) | repeated(text))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(TEXTS, st.text(max_size=80)), min_size=2, max_size=8))
def test_a_measure_is_the_same_to_the_last_bit_alone_and_in_company(texts):
    frame = pl.DataFrame({"text": texts})
    alone = pl.concat(measures(frame[place : place + 1]) for place in range(frame.height))
    assert_frame_equal(measures(frame), alone, check_exact=True)


@pytest.mark.parametrize("judge", [quality, repetition, measures])
def test_a_frame_in_many_pieces_gives_the_same_in_the_same_order(judge, monkeypatch):
    frame = pl.DataFrame({"id": range(40), "text": [f"again and again {n} " * (n % 7) for n in range(40)]})
    whole = judge(frame)
    monkeypatch.setattr(streaming, "_PIECE", 300)
    assert whole["id"].to_list() == list(range(40))
    assert_frame_equal(judge(frame), whole, check_exact=True)


def test_no_piece_is_larger_than_needed(monkeypatch):
    monkeypatch.setattr(streaming, "_PIECE", 1_000)
    sizes = []
    streaming.streamed(
        lambda piece: sizes.append(piece.height) or piece, pl.DataFrame({"text": ["x" * 100] * 50}), "text"
    )
    assert sum(sizes) == 50
    assert max(sizes) <= 5


@pytest.mark.parametrize("texts", [[], [""], ["", " \n ", "…"], ["中文" * 50_000], ["a " * 100_000]])
def test_empty_and_huge_texts_have_measures_too(texts):
    found = measures(pl.DataFrame({"text": texts}, schema={"text": pl.String}))
    assert found.height == len(texts)
    assert found.null_count().sum_horizontal().sum() == 0
    shares = found.drop("characters", "words", "lines", "longest_word", "stop_words", "mean_word")
    assert shares.select(pl.all().is_between(0, 1).all()).row(0) == (True,) * shares.width


def test_ngrams_that_occur_once_count_for_nothing():
    found = repetition(pl.DataFrame({"text": ["Slow and steady wins the race.", "one two one two one two"]}))
    assert found["top_2gram"].to_list() == [0.0, pytest.approx(1.0)]


@pytest.mark.parametrize("judge", [quality, repetition, measures])
@pytest.mark.parametrize("name", ["id", "letters", "row"])
def test_other_columns_stay_as_they_are(judge, name):
    assert judge(pl.DataFrame({name: [7], "text": ["Some text."]}))[name].to_list() == [7]


@pytest.mark.parametrize("name", measures(pl.DataFrame({"text": [""]})).columns)
def test_a_measure_takes_the_place_of_a_column_of_its_name(name):
    frame = pl.DataFrame({"text": ["Some text."]})
    found = measures(frame.with_columns(pl.lit(-1).alias(name)))
    assert_frame_equal(found, measures(frame), check_column_order=False)
