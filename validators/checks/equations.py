"""Equations: the sums that a text states, and those among them that are false.

Only what is beyond doubt is read: a sum must begin and end where the text doesn't go on calculating, and whatever
may be a date, a version, a label, a variable or a rounded number is given the benefit of the doubt.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from outcross.validators.checks.arithmetic import Value, evaluate
from outcross.validators.checks.sums import GOES_ON, MARK, MEASURE, Token, parts, plain, signs

_NUMBERING = re.compile(r"^[ \t]*(?:[-*•][ \t]+|(?:step[ \t]*)?\(?[0-9]{1,3}[.):][ \t]+)", re.I | re.M)
# What makes a line say something else than that the two sides are equal.
_NOT_MEANT = re.compile(
    r"\b(?:wrong|incorrect|false|mistake\w*|error|not equal|isn't|mod|modulo|modular|base|binary|hex\w*|octal|"
    r"remainder|round\w*|approx\w*|about|nearly|almost|roughly|around|estimat\w*|nearest|clock)\b|≡|≈|\bR ?[0-9]|"
    r"/ [0-9]+/[0-9]|[-+*/=] ?\. [0-9]",
    re.I,
)
_PARTS = re.compile(
    r"(?i)half|thirds?|quarters?|\w+ths?|root|square|cube|power|percent|number|multiple|fraction|out|times"
)
"""Words of which the sum that follows `of` is only a part, as half of 20 + 5 is; the total of 20 + 5 is all of it."""
_OPENS, _CLOSES = frozenset(".,;:!?\"'“”‘’(){}>$€£#|—`"), frozenset(".,;:?\"'“”’)}<>$\\|—`")
_RATES = frozenset(
    rate for n in (2, 3, 4, 5, 7, 8, 10, 12, 16, 20, 24, 28, 30, 31, 36, 52, 60, 100, 365, 1000, 1440, 1760, 3600, 5280)
    for rate in (Fraction(n), Fraction(1, n))
)  # fmt: skip
_PERCENT = frozenset({Fraction(100), Fraction(1, 100)})


class FalseEquation(NamedTuple):
    """An equation that doesn't hold."""

    text: str
    """As it stands in the text, at most 80 characters of it."""
    makes: str
    """What its left side comes to."""


def false_equations(text: str) -> Iterator[FalseEquation]:
    """The equations of a text that are false whichever way its numbers are rounded.

    Sums of numbers with `+ - * / ^`, in plain signs, LaTeX or a calculator's marks, are evaluated exactly. A result
    with fewer digits than the sum has may be rounded or cut off at its last one; a number with two decimals or more
    may itself be rounded.
    """
    for mark in MARK.finditer(text):
        yield from _false(mark[1])
    for line in _NUMBERING.sub("", MARK.sub("", text)).split("\n"):
        if "=" in line and not _NOT_MEANT.search(line):
            yield from _false(plain(line))


def _false(line: str) -> Iterator[FalseEquation]:
    read = parts(line)
    for place in range(len(read) - 2):
        (is_left, left), (_, between), (_, right) = read[place : place + 3]
        if not (is_left and len(between) == 1 and between[0].kind == "equals"):
            continue
        before = read[place - 1][1] if place else []
        after = read[place + 3][1][0] if place + 3 < len(read) else None
        joined = place > 1 and len(before) == 1 and left[0].text == "("  # 5 choose (3 - 1) = 10
        if not joined and _begins(left, before) and _ends(right, after):
            yield from _compared(line, left, right, after)


def _begins(left: Sequence[Token], earlier: Sequence[Token]) -> bool:
    """Whether the sum begins where it seems to."""
    first = left[0]
    if first.kind == "operator":
        negative = first.text in "-−" and len(left) > 1 and left[1].start == first.end
        if not negative:
            return False
    if not earlier or earlier[-1].kind == "equals":
        return True
    before = earlier[-1]
    apart = before.end < first.start
    if before.kind == "word":
        return apart and len(before.text) > 1 and not _belongs(before.text.lower(), earlier[:-1])
    return before.kind == "other" and before.text in _OPENS and (apart or before.text not in ",.:")


def _belongs(word: str, earlier: Sequence[Token]) -> bool:
    """Whether a word before a sum does something with it."""
    if word != "of":
        return word in GOES_ON
    return not earlier or earlier[-1].kind != "word" or bool(_PARTS.fullmatch(earlier[-1].text))


def _ends(right: Sequence[Token], after: Token | None) -> bool:
    if right[-1].kind == "operator":
        return False
    if after is None or after.kind == "equals":
        return True
    if after.kind == "word":
        return right[-1].kind == "unit" or (right[-1].end < after.start and after.text.lower() not in GOES_ON)
    return after.kind == "other" and after.text in _CLOSES


def _calculates(tokens: Sequence[Token]) -> bool:
    return any(token.kind == "operator" for token in tokens[1:])


def _compared(line: str, left: Sequence[Token], right: Sequence[Token], after: Token | None) -> Iterator[FalseEquation]:
    if not _calculates(left):
        return
    try:
        one, other = evaluate(signs(left)), evaluate(signs(right))
    except (ValueError, ZeroDivisionError):
        return
    whole = line[left[0].start : right[-1].end]
    said = whole + (line[right[-1].end : after.end] if after else "")
    if not _agree(one, other, right) and not _converted(one, other, said):
        makes = one.exact if one.exact.denominator == 1 else f"{float(one.exact):.6g}"
        yield FalseEquation(whole[:80], str(makes))


def _agree(one: Value, other: Value, right: Sequence[Token]) -> bool:
    """Whether both sides may be one number, the right one perhaps rounded or cut off where its digits end."""
    if one.exact == other.exact:
        return True
    numbers = [token.text for token in right if token.kind == "number"]
    decimals = len(numbers[0].rstrip("% ").partition(".")[2]) + 2 * numbers[0].endswith("%")
    if len(numbers) > 1 or (one.is_exact and (one.exact * 10**decimals).denominator == 1):
        return not (one.is_exact and other.is_exact) and one.low <= other.high and other.low <= one.high
    digit = Fraction(1, 10**decimals)
    return one.low - digit < other.exact < one.high + digit


def _converted(one: Value, other: Value, said: str) -> bool:
    """Whether the sides differ by what a percent sign or another measure makes of a number."""
    if not one.exact:
        return False
    rate = other.exact / one.exact
    return ("%" in said and (rate in _PERCENT or "+" in said or "-" in said)) or (
        rate in _RATES and bool(MEASURE.search(said))
    )
