"""The word diff: nothing is lost, what is said of the change is true, and no text makes it slow."""

import random
from collections.abc import Iterator, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.review import worddiff
from outcross.review.worddiff import WORD, Diff, Hunk, diff

WORDS = st.lists(st.sampled_from(["the", "cat", " ", "\n", ", ", ".", "東", "京", "é", "x"]), max_size=40).map("".join)
PAIRS = st.one_of(st.tuples(WORDS, WORDS), st.tuples(st.text(), st.text()))


def without(op: str, found: Diff) -> str:
    return "".join(piece.text for piece in found.pieces if piece.op != op)


def told(draft: str, edit: str) -> list[str]:
    sign = {"same": "", "out": "-", "in": "+"}
    return [sign[piece.op] + piece.text for piece in diff(draft, edit).pieces]


def levenshtein(old: str, new: str) -> int:
    row = list(range(len(new) + 1))
    for i, left in enumerate(old, 1):
        corner, row[0] = row[0], i
        for j, right in enumerate(new, 1):
            corner, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, corner + (left != right))
    return row[-1]


@given(PAIRS)
def test_the_pieces_hold_both_texts_to_the_character(texts: tuple[str, str]) -> None:
    found = diff(*texts)
    assert (without("in", found), without("out", found)) == texts
    assert all(piece.text for piece in found.pieces)
    assert all(left.op != right.op for left, right in zip(found.pieces, found.pieces[1:], strict=False))


@given(st.text(min_size=1))
def test_a_text_is_no_distance_from_itself(text: str) -> None:
    found = diff(text, text)
    assert [(piece.op, piece.text) for piece in found.pieces] == [("same", text)]
    assert (found.distance, found.share) == (0, 0.0)


def test_nothing_differs_from_nothing_by_nothing() -> None:
    assert diff("", "") == Diff((), 0, 0.0)


@given(PAIRS)
def test_the_distance_is_never_too_small_and_the_share_is_one(texts: tuple[str, str]) -> None:
    found = diff(*texts)
    assert levenshtein(*texts) <= found.distance <= max(map(len, texts))
    assert found.share == found.distance / max(*map(len, texts), 1)
    assert (found.distance == 0) == (texts[0] == texts[1])


def test_the_distance_inside_a_change_is_levenshteins() -> None:
    for old, new in product(["", "a", "ab", "ba", "abc", "acb", "kitten", "saturday"], ["", "b", "sitting", "sunday"]):
        assert diff(old, new).distance == levenshtein(old, new)


@pytest.mark.parametrize(
    ("draft", "edit", "expected"),
    [
        ("It is 5 km.", "It is 5.2 km.", ["It is 5", "+.2", " km."]),
        ("the cat sat down here", "a dog sat down here", ["-the cat", "+a dog", " sat down here"]),
        ("colour is good", "color is good", ["-colour", "+color", " is good"]),
        ("今日は天気がいい", "今日は天気が悪い", ["今日は天気が", "-い", "+悪", "い"]),
        ("cafe\u0301 noir", "cafe noir", ["-cafe\u0301", "+cafe", " noir"]),
        ("a\nb\n", "a\n\nb\n", ["a\n", "+\n", "b\n"]),
        ("gone", "", ["-gone"]),
    ],
)
def test_changes_are_told_in_words(draft: str, edit: str, expected: list[str]) -> None:
    assert told(draft, edit) == expected


def test_a_long_text_is_matched_by_sentences_and_then_by_words() -> None:
    text = "".join(f"Sentence {number} of a long line. " for number in range(5000))
    first, last = text.replace(" 7 of", " seven of"), text.replace(" 4990 of a", " 4990 of one")
    assert len(WORD.findall(text)) ** 2 > worddiff.STEPS[0][1]
    sizes = [(piece.op, len(piece.text)) for piece in diff(first, last).pieces if piece.op != "same"]
    assert sizes == [("out", 5), ("in", 1), ("out", 1), ("in", 3)]


@pytest.mark.parametrize(
    "text",
    [
        "a b " * 50_000,
        "\n" * 200_000,
        "日本" * 100_000,
        "".join(random.Random(1).choices("ab \n.", k=200_000)),
        "".join("".join(random.Random(n).choices("日本語東京", k=1990)) + f"\nX{n}\n" for n in range(100)),
    ],
    ids=["two words", "empty lines", "two characters", "noise", "many long changes"],
)
def test_the_work_is_bounded_for_any_text(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs: list[int] = []
    matched = worddiff._matched

    def counted(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
        pairs.append(len(old) * len(new))
        return matched(old, new)

    monkeypatch.setattr(worddiff, "_matched", counted)
    found = diff(text, text[::-1] + "c")
    assert (without("in", found), without("out", found)) == (text, text[::-1] + "c")
    assert sum(pairs) <= 4 * worddiff.STEPS[0][1]


@pytest.mark.parametrize("text", ["\n" * 200_000, "a " * 100_000], ids=["empty lines", "words"])
def test_a_long_text_beside_a_short_one_makes_no_long_rows(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bits: list[int] = []
    matched = worddiff._matched

    def counted(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
        bits.append(len(new))
        return matched(old, new)

    monkeypatch.setattr(worddiff, "_matched", counted)
    for texts in (("a\nb c", text), (text, "a\nb c")):
        found = diff(*texts)
        assert (without("in", found), without("out", found)) == texts
    assert max(bits) <= 10
