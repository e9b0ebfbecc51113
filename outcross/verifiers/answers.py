"""Answers: where a text says its final one, and what that is: a number, an expression, or words."""

import re
from fractions import Fraction
from typing import NamedTuple

from outcross.data.corpora.keys import behind_mark

LONGEST = 2_000
"""Characters of a final answer, and of the end of a text where one is looked for."""
_SHORT = 200
"""Characters of a text that may as a whole be nothing but an answer."""

_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,9}\{")
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_FACTORS = {"dozen": 12, "hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_COUNTED = re.compile(
    rf"(?<![\w.,])(\d{{1,3}}(?:,\d{{3}}){{1,60}}|\d{{1,200}})(\.\d{{1,200}})?\s{{1,3}}({'|'.join(_FACTORS)})s?\b", re.I
)
_NO_UNIT = "pi|tau|percent|sqrt|and|or|plus|minus|times|over|to"
_NUMBER = re.compile(
    r"[-+−]?\s{0,3}(?:\\?[$€£¥]\s{0,3})?(?P<number>[-+]?(?:\d{1,3}(?:,\d{3}){1,60}|\d{1,200}|(?=\.\d))(?:\.\d{0,200})?"
    rf"(?:[eE][-+]?\d{{1,3}})?)(?:\s{{1,9}}(?!(?:{_NO_UNIT})\b)[A-Za-z]{{2,30}}[A-Za-z./ ]{{0,40}})?\.?"
)
_COMMAND = re.compile(r"\\[A-Za-z]{1,40}")
_WORDED = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\s{0,9}\{[^{}]{0,200}\}")
_FUNCTIONS = re.compile(r"\b(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|log|exp|sqrt|min|max)\b")
_WORD = re.compile(r"[^\W\d_]{3}|[^\W\d_A-Za-zΑ-Ωα-ω]|:|\b(?i:so|it|is|we)\b")


class Final(NamedTuple):
    """Where a text says its answer."""

    answer: str
    """The answer alone; "" where the text says it somewhere in its words."""
    text: str
    """The end of the text, to look for it in."""


def final(text: str) -> Final | None:
    """The answer behind the last `####`, in the last box, or that the whole text is.

    Returns:
        None where what stands there is longer than any answer that could be compared.
    """
    said = counted(text.strip())
    end, answer = _end(said), alone(said)
    return None if end is None or len(answer) > LONGEST else Final(bare(answer), end)


def alone(text: str) -> str:
    """The answer that stands for itself in a text; "" where its words tell it."""
    return behind_mark(text) or _boxed(text) or (text if len(text) <= _SHORT and "\n" not in text else "")


def _boxed(text: str) -> str:
    """What the last box holds, up to the brace that closes it."""
    openings = list(_BOX.finditer(text))
    if not openings:
        return ""
    start, depth = openings[-1].end(), 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return text[start:place].strip()
    return ""


def _end(text: str) -> str | None:
    """The last characters, from the beginning of a word on; None where that word is longer."""
    if len(text) <= LONGEST:
        return text
    whole = re.search(r"\s", text[-LONGEST:])
    return text[-LONGEST:][whole.end() :] if whole else None


def counted(text: str) -> str:
    """The text with numbers such as `1.5 million` written out."""

    def written(found: re.Match[str]) -> str:
        value = Fraction(found[1].replace(",", "") + (found[2] or "")) * _FACTORS[found[3].lower()]
        return str(value.numerator) if value.denominator == 1 else found[0]

    return _COUNTED.sub(written, text)


def bare(answer: str) -> str:
    """An answer without the signs that set it off as mathematics."""
    answer = answer.strip()
    for opening, closing in _DELIMITERS:
        inner = answer[len(opening) : -len(closing)]
        if answer.startswith(opening) and answer.endswith(closing) and inner.strip() and closing not in inner:
            return inner.strip()
    return answer


def folded(answer: str) -> str:
    """The answer as words: the same for two that differ in case, spacing or a full stop only."""
    return " ".join(_WORDED.sub(lambda found: found[0].partition("{")[2][:-1], answer).casefold().split()).rstrip(".")


def number(answer: str) -> Fraction | None:
    """The number that an answer is, whatever its currency or unit; None where it is none, or more than one."""
    found = _NUMBER.fullmatch(_WORDED.sub(" ", answer).strip())
    if not found or not any(map(str.isdecimal, found["number"])):
        return None
    value = Fraction(found["number"].replace(",", ""))
    return -value if found[0].startswith(("-", "−")) and not found["number"].startswith("-") else value


def expression(answer: str) -> str:
    """The answer as LaTeX; "" where it is words, of which an algebra system would make a product of their letters."""
    symbols = _FUNCTIONS.sub(" ", _COMMAND.sub(" ", _WORDED.sub(" ", answer)))
    if _WORD.search(symbols) or not symbols.strip():
        return ""
    return re.sub(r"(?<!\\)%", r"\\%", _WORDED.sub(" ", answer).replace("**", "^")).strip()
