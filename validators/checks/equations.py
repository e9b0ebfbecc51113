"""Equations between numbers that stand in a text, such as `12 * 7 = 84`, worked out exactly."""

import re
from collections.abc import Iterator
from fractions import Fraction

_MOST = 200
"""Equations of one text that are worked out."""

_NUMBER = r"(?:[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+|\d{1,15})(?:\.\d{1,15})?|(?:[$€£]\s?)?\.\d{1,15}"
_SIGN = r"[-+*/x×÷·−–]"
# What stands before may be no part of the same term, and what stands behind may not go on with it.
_EQUATION = re.compile(
    rf"(?<![\w.,$€£%)^*/+−–×÷=>:-])(?<![-+*/x×÷=>^]\s)(?<!\d\s)(?<!\bof\s)"
    rf"(?P<left>\(?\s?(?:{_NUMBER})%?(?:\s{{0,2}}{_SIGN}\s{{0,2}}\(?\s?(?:{_NUMBER})%?\s?\)?){{1,11}})"
    rf"\s{{0,2}}=\s{{0,2}}(?P<right>[-−–]?(?:{_NUMBER}))(?P<percent>%?)"
    r"(?![\w(%]|[.,]\d|\s\d|\s{0,2}[-+*/x×÷·−–^(]\s{0,2}[\w$€£(]|\s?/)"
)
_TOKEN = re.compile(rf"(?P<number>{_NUMBER})(?P<percent>%?)|(?P<sign>{_SIGN})|(?P<open>\()|(?P<close>\))")
_AMBIGUOUS = re.compile(r"/[^-+*x×·−–]*/|\b0\d")
"""What is read in two ways: a quotient of a quotient, which is as often one of a fraction, and times of day."""
_TIMES, _OVER, _MINUS = frozenset("*x×·"), frozenset("/÷"), frozenset("-−–")


def false_equations(text: str) -> list[str]:
    """The equations of a text whose two sides differ, as they stand there, at most 200 of them looked at.

    A result that was rounded holds if the exact one rounds to it, or is cut to it, at the digits that are written.
    What isn't plainly numbers, the four operations and brackets is passed over, as are chains: `2 + 3 = 5 + 1 = 6`.
    """
    found = []
    for count, match in enumerate(_EQUATION.finditer(text)):
        if count == _MOST:
            break
        if _AMBIGUOUS.search(match[0]) or (left := _value(match["left"])) is None:
            continue
        right, digits = _number(match["right"]), _digits(match["right"])
        if match["percent"]:
            right, digits = right / 100, digits + 2
        if not any(_close(left * scale, right, digits) for scale in _scales(match)):
            found.append(" ".join(match[0].split())[:80])
    return found


def _scales(match: re.Match[str]) -> tuple[Fraction, ...]:
    """What a result may be times the left side: dollars come to cents, and shares to per cent, without a word."""
    loose = any(sign in match[0] for sign in "%$€£")
    return (Fraction(1), Fraction(100), Fraction(1, 100)) if loose else (Fraction(1),)


def _close(exact: Fraction, written: Fraction, digits: int) -> bool:
    """Whether a number may be written as another to so many digits behind the point, rounded or cut."""
    return abs(exact - written) < Fraction(1, 10**digits) if exact.denominator != 1 else exact == written


def _number(text: str) -> Fraction:
    sign = -1 if text[0] in _MINUS else 1
    return sign * Fraction(re.sub(r"[^\d.]", "", text))


def _digits(text: str) -> int:
    return len(text.partition(".")[2])


def _value(text: str) -> Fraction | None:
    """What a left side comes to; None where its brackets don't match or it divides by nought."""
    try:
        tokens = list(_tokens(text))
        value, rest = _sum(tokens)
    except (ValueError, ZeroDivisionError):
        return None
    return value if not rest else None


Token = Fraction | str


def _tokens(text: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(text):
        if match["number"]:
            yield _number(match["number"]) / (100 if match["percent"] else 1)
        elif match["sign"]:
            sign = match["sign"]
            yield "*" if sign in _TIMES else "/" if sign in _OVER else "-" if sign in _MINUS else "+"
        else:
            yield match[0]


def _sum(tokens: list[Token]) -> tuple[Fraction, list[Token]]:
    value, rest = _product(tokens)
    while rest and rest[0] in ("+", "-"):
        term, after = _product(rest[1:])
        value, rest = (value + term if rest[0] == "+" else value - term), after
    return value, rest


def _product(tokens: list[Token]) -> tuple[Fraction, list[Token]]:
    value, rest = _atom(tokens)
    while rest and rest[0] in ("*", "/"):
        factor, after = _atom(rest[1:])
        value, rest = (value * factor if rest[0] == "*" else value / factor), after
    return value, rest


def _atom(tokens: list[Token]) -> tuple[Fraction, list[Token]]:
    if not tokens:
        raise ValueError
    first, rest = tokens[0], tokens[1:]
    if isinstance(first, Fraction):
        return first, rest
    if first != "(":
        raise ValueError
    value, rest = _sum(rest)
    if not rest or rest[0] != ")":
        raise ValueError
    return value, rest[1:]
