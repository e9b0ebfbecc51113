"""How a correction differs from its draft: word by word in pieces that hold both texts, and in one number."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

MARKS = "".join(char for char in map(chr, range(0x300, 0x1100)) if unicodedata.category(char).startswith("M"))
"""Accents and vowel signs, which belong to the letter before them."""

SPACELESS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
"""Thai, Lao, Burmese, Khmer, Chinese, Japanese and Korean, compared by the character: most have no spaces."""

WORD = re.compile(rf"[{SPACELESS}][{MARKS}]*|(?:[^\W{SPACELESS}]|[{MARKS}])+|[^\S\n]+|.", re.DOTALL)
SENTENCE = re.compile(r"[^\n.!?。！？]*[\n.!?。！？]|[^\n.!?。！？]+")

STEPS = (
    (WORD, 10_000 * 10_000, 1_000_000),
    (SENTENCE, 10_000 * 10_000, 1_000_000),
    (WORD, 2_000 * 2_000, 50_000),
)
"""What is matched, up to how many pairs in one changed stretch, and up to how many changed characters in all.

Words at once, or where there are too many, sentences and then their words. Pairs are bits of a table, so this bounds
the cost. difflib's depends on the text: without its junk rule, two texts of 4,000 tokens over two words take it 1.4 s;
with it, a word that is frequent is never matched.
"""

MAX_LETTERS = 2_000 * 2_000
"""Pairs of characters that are compared inside one changed stretch to count the changes."""

Hunk = tuple[str, str]
"""A stretch of the draft and what stands in its place; both alike where nothing changed."""


@dataclass(frozen=True)
class Piece:
    """A stretch of text that both share, or that one of them alone holds."""

    op: Literal["same", "out", "in"]
    text: str


@dataclass(frozen=True)
class Diff:
    """The way from a draft to its correction."""

    pieces: tuple[Piece, ...]
    """Without those put in they are the draft, without those taken out the correction, to the character."""
    distance: int
    """Characters put in, taken out or exchanged; never less than the Levenshtein distance, and mostly equal to it."""
    share: float
    """That of the longer text's length: 0 for no change, 1 for another text."""


def diff(draft: str, edit: str) -> Diff:
    """Compare two texts, at a bounded cost whatever they hold."""
    hunks = [(draft, edit)]
    for token, pairs, characters in STEPS:
        if sum(max(map(len, hunk)) for hunk in hunks if not _is_same(hunk)) <= characters:
            parts = (part for hunk in hunks for part in _refined(hunk, token, pairs))
            hunks = [_joined(group) for _, group in groupby(parts, _is_same)]
    hunks = _tidied(hunks)
    longer = max(len(draft), len(edit))
    distance = min(longer, sum(_letters_changed(out, put) for out, put in hunks))
    return Diff(tuple(_pieces(hunks)), distance, distance / longer if longer else 0.0)


def _pieces(hunks: Iterable[Hunk]) -> Iterator[Piece]:
    for out, put in hunks:
        if out == put:
            yield Piece("same", out)
            continue
        if out:
            yield Piece("out", out)
        if put:
            yield Piece("in", put)


def _refined(hunk: Hunk, token: re.Pattern[str], pairs: int) -> Iterator[Hunk]:
    """Match a hunk's tokens: those that it begins and ends with, and between them up to `pairs` of them."""
    out, put = hunk
    if out == put or not (out and put):
        yield hunk
        return
    old, new = token.findall(out), token.findall(put)
    start = _shared(old, new)
    end = _shared(old[start:][::-1], new[start:][::-1])
    before, after = "".join(old[:start]), "".join(old[len(old) - end :])
    old, new = old[start : len(old) - end], new[start : len(new) - end]
    yield before, before
    if len(old) * len(new) > pairs:
        yield "".join(old), "".join(new)
    elif len(old) < len(new):  # a row has a bit for each new token: let those be the fewer
        yield from ((left, right) for right, left in _matched(new, old))
    else:
        yield from _matched(old, new)
    yield after, after


def _shared(old: Sequence[str], new: Sequence[str]) -> int:
    """How many tokens both begin with."""
    for number, (left, right) in enumerate(zip(old, new, strict=False)):
        if left != right:
            return number
    return min(len(old), len(new))


def _matched(old: Sequence[str], new: Sequence[str]) -> Iterator[Hunk]:
    """Part two lists of tokens at a longest common subsequence.

    Each row of the table is one integer: bit j of row i is 0 where the first i + 1 old tokens have one more in common
    with the first j + 1 new ones than with the first j.

    Source: Hyyrö, "Bit-parallel LCS-length computation revisited" (2004), read backwards for the tokens themselves.
    """
    places: defaultdict[str, int] = defaultdict(int)
    for column, word in enumerate(new):
        places[word] |= 1 << column
    row = full = (1 << len(new)) - 1
    rows = [row]
    for word in old:
        here = row & places.get(word, 0)
        row = ((row + here) | (row - here)) & full
        rows.append(row)
    found: list[Hunk] = []
    i, j = len(old), len(new)
    while i and j:
        if rows[i] >> (j - 1) & 1:
            j -= 1
            found.append(("", new[j]))
            continue
        i -= 1
        if rows[i] >> (j - 1) & 1:
            j -= 1
            found.append((old[i], new[j]))
        else:
            found.append((old[i], ""))
    yield "".join(old[:i]), "".join(new[:j])
    yield from reversed(found)


def _tidied(hunks: Iterable[Hunk]) -> list[Hunk]:
    """Join two changes that are no shorter than what stayed the same between them, to be read as one."""
    done: list[Hunk] = []
    for hunk in hunks:
        done.append(hunk)
        while count := _belonging(done):
            done[-count:] = [_joined(done[-count:])]
    return [hunk for hunk in done if any(hunk)]


def _is_same(hunk: Hunk) -> bool:
    return hunk[0] == hunk[1]


def _joined(hunks: Iterable[Hunk]) -> Hunk:
    outs, puts = zip(*hunks, strict=True)
    return "".join(outs), "".join(puts)


def _belonging(hunks: Sequence[Hunk]) -> int:
    """How many of the last hunks are better read as one, or 0."""
    if len(hunks) > 1 and _is_same(hunks[-1]) == _is_same(hunks[-2]):
        return 2
    if len(hunks) > 2 and not _is_same(hunks[-1]):
        sizes = [max(map(len, hunk)) for hunk in hunks[-3:]]
        return 3 if sizes[1] == min(sizes) else 0
    return 0


def _letters_changed(out: str, put: str) -> int:
    """The Levenshtein distance, or of two long texts the longer one's length, which it can't exceed.

    Source: Myers, "A fast bit-vector algorithm for approximate string matching" (1999), in Hyyrö's form (2003): the
    column of the table as two integers, whose bits say where it goes up (`more`) and down (`less`).
    """
    out, put = sorted((out, put), key=len)  # the column has a bit for each letter: let it be the shorter
    count = len(out)
    if out == put or not (out and put) or count * len(put) > MAX_LETTERS:
        return 0 if out == put else max(count, len(put))
    places: defaultdict[str, int] = defaultdict(int)
    for row, letter in enumerate(out):
        places[letter] |= 1 << row
    full, last = (1 << count) - 1, 1 << (count - 1)
    more, less, distance = full, 0, count
    for letter in put:
        here = places.get(letter, 0)
        down = here | less
        across = (((here & more) + more) ^ more) | here
        rises, falls = (less | ~(across | more)) & full, more & across
        distance += bool(rises & last) - bool(falls & last)
        rises, falls = rises << 1 | 1, falls << 1
        more, less = (falls | ~(down | rises)) & full, rises & down & full
    return distance
