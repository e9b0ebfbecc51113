"""Sums: the numbers and sums of a line of text, read with care for what only looks like one."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from itertools import groupby
from typing import NamedTuple

from outcross.validators.checks.arithmetic import evaluate, number

# Dates, times, versions and numbers with a decimal comma come first, so that they aren't taken for sums.
_TOKEN = re.compile(
    r"(?P<label>[0-9]{1,4}([/.-])[0-9]{1,2}\2[0-9]{1,4}(?![0-9])|[0-9]{1,20}(?:\.[0-9]{1,20}){2,9}|[0-9]{1,4}:[0-9]{2}|"
    r"[0-9]{1,20},(?![0-9]{3}(?![0-9]))[0-9]{1,20}|0[0-9]{1,20})"
    r"|(?P<number>(?:[$€£¥] ?)?(?:(?:[0-9]{1,3}(?:,[0-9]{3}){1,6}(?![0-9])|[0-9]{1,20})(?:\.[0-9]{1,20})?|"
    r"\.[0-9]{1,20})(?: ?%)?)"
    r"|(?P<word>[^\W\d_][\w'’]{0,60})"
    r"|(?P<equals>(?<![=!<>:~≈])=(?![=>~]))"
    r"|(?P<operator>\*\*|[-+*/^×·⋅÷−–])"
    r"|(?P<parenthesis>[()\[\]])"
    r"|(?P<line>\n)"
    r"|(?P<other>[^\s])"
)
MARK = re.compile(r"<<([^<>\n]{1,200})>>")
"""A calculator's note, as in `48/2 = <<48/2=24>>24` (Cobbe et al., Training Verifiers to Solve Math Word Problems)."""
_DIGITS = re.compile(r"[0-9]{1,20}(?:,[0-9]{3})*(?:\.[0-9]{1,20})?|\.[0-9]{1,20}")
_LATEX = (
    (re.compile(r"\\(?:times|cdot)(?![a-z])"), "×"),
    (re.compile(r"\\div(?![a-z])"), "÷"),
    (re.compile(r"\\[dt]?frac\{([0-9.]{1,20})\}\{([0-9.]{1,20})\}"), r"(\1/\2)"),
    (re.compile(r"\\(?:left|right|,|!|;|:|(?=[$%]))"), ""),
    (re.compile(r"\$\$?(?=[^0-9. ]|$)"), " "),
)
_SIGNS = {"×": "*", "·": "*", "⋅": "*", "x": "*", "X": "*", "÷": "/", "−": "-", "–": "-", "**": "^", "[": "(", "]": ")"}
_MOST = 100
_SUM = frozenset({"number", "operator", "parenthesis", "unit"})

GOES_ON = frozenset({
    "of", "times", "plus", "minus", "by", "per", "half", "twice", "thrice", "double", "over", "percent", "from",
    "than", "sqrt", "root", "log", "ln", "sin", "cos", "tan", "exp", "abs", "hundred", "thousand", "million",
    "billion", "trillion", "dozen", "score", "k", "m", "b", "pairs", "r", "rem", "and", "to", "out",
})  # fmt: skip
"""Words next to a sum that belong to it."""
_VERBS = frozenset({"is", "are", "was", "were", "gives", "makes", "leaves", "equals"})
# Between minutes, hours and days, cents and dollars, inches and feet, a number changes without a sign.
MEASURE = re.compile(
    r"(?i)\b(?:sec\w*|min|mins|minutes?|hours?|hrs?|days?|weeks?|months?|years?|cents?|dollars?|pennies|dimes?|quarters?|"
    r"nickels?|inch(?:es)?|f(?:oo|ee)t|yards?|miles?|[ckm]?m|(?:centi|milli|kilo)?met(?:er|re)s?|k?g|(?:kilo)?grams?|"
    r"pounds?|ounces?|oz|lbs?|m?l|(?:milli)?lit(?:er|re)s?|cups?|pints?|gallons?|degrees?)\b"
)


class Token(NamedTuple):
    """A number, word or sign, and where it stands in its line."""

    kind: str
    text: str
    start: int
    end: int


def plain(line: str) -> str:
    """The line with LaTeX's signs and fractions as one writes them on a keyboard."""
    for pattern, written in _LATEX:
        line = pattern.sub(written, line)
    return line


def _read(line: str) -> list[Token]:
    """The tokens of a line; `x` between numbers is an operator, and a word that only tells what is counted a unit."""
    found = [Token(match.lastgroup or "", match[0], *match.span()) for match in _TOKEN.finditer(line)]
    read: list[Token] = []
    for place, token in enumerate(found):
        last, following = read[-1] if read else None, found[place + 1] if place + 1 < len(found) else None
        kind = _kind(token, last, following)
        if kind == "word" and last and last.kind == "number" and last.end == token.start:
            read[-1] = last._replace(kind="label")  # 2x, 3rd
        read.append(token if kind == token.kind else token._replace(kind=kind))
    return read


def _kind(token: Token, last: Token | None, following: Token | None) -> str:
    """What a word is, by its neighbours; all other tokens are what they look like."""
    if token.kind != "word" or last is None or last.kind not in ("number", "unit", "parenthesis") or following is None:
        return token.kind
    if token.text in "xX" and following.kind in ("number", "parenthesis"):
        return "operator"
    glued = last.end == token.start and not MEASURE.fullmatch(token.text)
    acts = token.text.lower() in GOES_ON or token.text.lower() in _VERBS
    named = len(token.text) > 1 and not acts and not glued and last.kind != "parenthesis"
    assigned = following.kind == "equals" and token.end == following.start  # at prec=10
    return "unit" if named and not assigned and following.kind in ("operator", "equals", "word") else token.kind


def signs(tokens: Sequence[Token]) -> list[str]:
    """The signs of a sum as `evaluate` takes them, without parentheses that close or open around the equation.

    Raises:
        ValueError: there are too many.
    """
    if len(tokens) > _MOST:
        raise ValueError(f"{len(tokens)} tokens")
    taken = [token.text.strip("$€£¥ ").replace(" ", "") for token in tokens if token.kind != "unit"]
    taken = [_SIGNS.get(text, text) for text in taken]
    while taken.count("(") > taken.count(")") and taken[0] == "(":
        taken = taken[1:]
    while taken.count(")") > taken.count("(") and taken[-1] == ")":
        taken = taken[:-1]
    return taken


def parts(line: str) -> list[tuple[bool, list[Token]]]:
    """The tokens of a line, by turns those that may make a sum (True) and those that don't."""
    together = groupby(_read(line), key=lambda token: token.kind in _SUM)
    return [(is_sum, list(tokens)) for is_sum, tokens in together]


def stated(text: str) -> Iterator[Fraction]:
    """What the numbers of a text are, and what its sums come to; a sum comes before the numbers in it."""
    for line in MARK.sub(r" \1 ", text).split("\n"):
        for is_sum, tokens in parts(plain(line)):
            if is_sum:
                yield from _value(tokens)
            for token in tokens:
                for match in _DIGITS.finditer(token.text):
                    yield number(match[0]).exact


def _value(tokens: Sequence[Token]) -> Iterator[Fraction]:
    with suppress(ValueError, ZeroDivisionError):
        yield evaluate(signs(tokens)).exact
