"""Measures: what the usual rules for web text count in a text, as numbers and without a verdict.

Source: Rae et al., Scaling Language Models (2021), appendix A (words, symbols, lines, n-grams), and the filters that
NeMo Curator adds (digits, white space, parentheses, addresses, upper case, ends of lines).
"""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.validators.text import characters, grams
from outcross.validators.text.characters import BLANK, BREAK, DIGIT, LETTER, SPACE, UPPER, Characters, Ints, runs
from outcross.validators.text.grams import Floats, Units
from outcross.validators.text.patterns import holds
from outcross.validators.text.streaming import streamed

STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
TOP, DUPLICATE = (2, 3, 4), (5, 6, 7, 8, 9, 10)

_TEXT = pl.col("text")
_BULLET, _FULL_STOP, _CLOSING = (np.array([ord(sign) for sign in signs], np.uint8) for signs in ("*-", ".!?", "\"')]"))
"""Signs of ASCII; others count as those that stand for them in `characters`."""
_ELLIPSIS = r"\.\.\.|…"
_ELLIPSIS_END = r"(?m)(?:\.\.\.|…)[ \t]*$"
_LINE = r"[^\n]*\S[^\n]*"
_PARAGRAPH = rf"{_LINE}(?:\n{_LINE})*"
_ADDRESS = r"(?:https?://|www\.)\S+"


def measures(texts: pl.DataFrame) -> pl.DataFrame:
    """All measures of `quality` and of `repetition`.

    Args:
        texts: has a column `text`, with no null in it.

    Returns:
        The other columns of `texts` and one for each measure, in the same order. A measure takes the place of a
        column that has its name, here and below.
    """
    return streamed(lambda piece: _quality(piece).with_columns(_repetition(piece.select("text"))), texts, "text")


def quality(texts: pl.DataFrame) -> pl.DataFrame:
    """What can be counted in one reading.

    Words are what white space parts; those that the share of alphabetic words counts have a letter. Shares of
    digits, of white space, of parentheses and of addresses are of all characters, that of upper case is of the
    letters, and those of lines are of the lines that aren't blank. A share of nothing is 0.

    Args:
        texts: has a column `text`, with no null in it.

    Returns:
        The other columns of `texts`, the counts `characters`, `words`, `lines`, `longest_word` and `stop_words`
        (different ones of eight), `mean_word` in characters, `hash_per_word` and `ellipsis_per_word`, and shares
        from 0 to 1 named for what they are of.
    """
    return streamed(_quality, texts, "text")


def repetition(texts: pl.DataFrame) -> pl.DataFrame:
    """How much of a text repeats itself.

    Words are compared in lower case and without punctuation. `top_<n>gram` is the share of the characters that the
    most frequent n-gram takes, which counts from its second occurrence on; `duplicate_<n>gram` the share in n-grams
    that stood before in the text, each character once; `duplicate_lines` and `duplicate_paragraphs` the share of
    those that stood before, and with `_characters` the share of characters in them.

    Args:
        texts: has a column `text`, with no null in it.

    Returns:
        The other columns of `texts` and the shares, each from 0 to 1.
    """
    return streamed(_repetition, texts, "text")


def _quality(texts: pl.DataFrame) -> pl.DataFrame:
    signs = characters.joined(characters.simplified(texts["text"]))
    counts = texts.select(
        characters=_TEXT.str.len_chars(),
        hashes=_TEXT.str.count_matches("#", literal=True),
        ellipses=_TEXT.str.count_matches(_ELLIPSIS),
        open_ends=_TEXT.str.count_matches(_ELLIPSIS_END),
        addresses=_TEXT.str.extract_all(_ADDRESS).list.join("").str.len_chars(),
        stop_words=pl.sum_horizontal(holds(_TEXT, rf"\b{word}\b") for word in STOP_WORDS),
    ).with_columns(
        pl.Series(name, count, pl.UInt32)
        for name, count in {
            "letters": signs.number(signs.are(LETTER)),
            "upper": signs.number(signs.are(UPPER)),
            "digits": signs.number(signs.are(DIGIT)),
            "brackets": signs.number(signs.equal("()")),
            "inked": signs.number(~signs.are(SPACE)),
            **_words(signs),
            **_lines(signs),
        }.items()
    )
    measured = counts.select(
        "characters",
        "words",
        "lines",
        "longest_word",
        "stop_words",
        mean_word=_per("inked", "words"),
        hash_per_word=_per("hashes", "words"),
        ellipsis_per_word=_per("ellipses", "words"),
        alphabetic_words=_per("alphabetic", "words"),
        bullet_lines=_per("bullets", "lines"),
        ellipsis_lines=_per("open_ends", "lines"),
        ended_lines=_per("ends", "lines"),
        digits=_per("digits", "characters"),
        white_space=_share(pl.col("characters") - pl.col("inked"), pl.col("characters")),
        parentheses=_per("brackets", "characters"),
        addresses=_per("addresses", "characters"),
        upper_case=_per("upper", "letters"),
    )
    return texts.drop("text").with_columns(measured)


def _words(signs: Characters) -> dict[str, Ints]:
    """How many words each text has, how many of them with a letter, and how long the longest is."""
    begins, ends = runs(~signs.are(SPACE))
    places = signs.among(begins)
    letters = np.cumsum(signs.are(LETTER), dtype=np.int32)
    return {
        "words": np.diff(places),
        "alphabetic": _flagged(letters[ends - 1] != letters[begins - 1], places),
        "longest_word": _largest(ends - begins, places),
    }


def _lines(signs: Characters) -> dict[str, Ints]:
    """How many lines each text has that aren't blank, that begin with a bullet, and that end as a sentence does."""
    codes = signs.codes
    kept = np.flatnonzero(~signs.are(BLANK))
    breaks = np.flatnonzero(codes[kept] == ord("\n"))
    feeds, ends = kept[breaks], breaks[1:]
    first, last, before = kept[breaks[:-1] + 1], kept[ends - 1], kept[ends - 2]
    closed = np.isin(codes[last], _CLOSING) & (before + 1 == last) & np.isin(codes[before], _FULL_STOP)
    inked = np.maximum.reduceat((~signs.are(BLANK | BREAK)).view(np.uint8), feeds[:-1]) if len(ends) else ends
    places = signs.among(feeds[1:])
    return {
        "lines": _flagged(inked, places),
        "bullets": _flagged(np.isin(codes[first], _BULLET), places),
        "ends": _flagged(np.isin(codes[last], _FULL_STOP) | closed, places),
    }


def _flagged(flags: NDArray[Any], places: Ints) -> Ints:
    """How many flags each text has, whose own begin at its place."""
    return np.diff(np.concatenate([[0], np.cumsum(flags)])[places])


def _largest(sizes: Ints, places: Ints) -> Ints:
    """The largest of each text's sizes, which begin at its place; 0 for a text without any."""
    found = np.zeros(len(places) - 1, np.int64)
    some = np.diff(places) > 0
    if some.any():
        found[some] = np.maximum.reduceat(sizes, places[:-1][some])
    return found


def _per(part: str, whole: str) -> pl.Expr:
    return _share(pl.col(part), pl.col(whole))


def _share(part: pl.Expr, whole: pl.Expr) -> pl.Expr:
    return pl.when(whole > 0).then(part / whole).otherwise(0.0)


def _repetition(texts: pl.DataFrame) -> pl.DataFrame:
    found = grams.words(texts["text"])
    whole, before = grams.totals(found, found.size), grams.running(found.size)
    shares = {}
    for kept in grams.repeats(found, min(TOP), max(DUPLICATE)):
        if kept.length in TOP:
            shares[f"top_{kept.length}gram"] = grams.top_share(found, kept, before, whole)
        if kept.length in DUPLICATE:
            covered = grams.covered(found, kept.again, kept.length, before)
            shares[f"duplicate_{kept.length}gram"] = grams.ratio(covered, whole)
    shares |= _again("lines", grams.lines(texts["text"]))
    # A paragraph that stood before begins with a line that did.
    some = shares["duplicate_lines"] > 0
    paragraphs = texts["text"].filter(pl.Series(some)).str.extract_all(_PARAGRAPH)
    for name, values in _again("paragraphs", grams.units(paragraphs.list.eval(pl.element().str.strip_chars()))).items():
        shares[name] = np.zeros(len(some))
        shares[name][some] = values
    return texts.drop("text").with_columns(pl.Series(name, values) for name, values in shares.items())


def _again(name: str, parts: Units) -> dict[str, Floats]:
    """The share of the parts that stood before, and that of the characters in them."""
    again = next(grams.repeats(parts, 1, 1)).again
    weights = {f"duplicate_{name}": np.ones_like(parts.size), f"duplicate_{name}_characters": parts.size}
    return {
        measure: grams.ratio(grams.covered(parts, again, 1, grams.running(weight)), grams.totals(parts, weight))
        for measure, weight in weights.items()
    }
