"""Answers: where a text says its final one, and what that is: a number, an expression, or words."""

import re
from fractions import Fraction
from typing import NamedTuple

LONGEST = 2_000
"""Characters of a final answer, and of the end of a text where one is looked for."""
_SHORT = 200
"""Characters of a text that may as a whole be nothing but an answer."""

_MARK = "####"
_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,9}\{")
_DELIMITERS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"))
_FACTORS = "pi|tau|percent|hundred|thousand|million|billion|trillion|dozen|sqrt|and|or|plus|minus|times|over|to"
_NUMBER = re.compile(
    r"[-+−]?\s{0,3}(?:\\?[$€£¥]\s{0,3})?(?P<number>[-+]?(?:\d{1,3}(?:,\d{3}){1,60}|\d{1,200}|(?=\.\d))(?:\.\d{0,200})?"
    rf"(?:[eE][-+]?\d{{1,3}})?)(?:\s{{1,9}}(?!(?:{_FACTORS})\b)[A-Za-z]{{2,30}}[A-Za-z./ ]{{0,40}})?\.?"
)
_COMMAND = re.compile(r"\\[A-Za-z]{1,40}")
_WORDED = re.compile(r"\\(?:text|textbf|textit|mathrm|mbox)\s{0,9}\{[^{}]{0,200}\}")
_FUNCTIONS = re.compile(r"\b(?:sin|cos|tan|cot|sec|csc|arcsin|arccos|arctan|sinh|cosh|tanh|log|exp|sqrt|min|max)\b")
_WORD = re.compile(r"[^\W\d_]{3}|[^\W\d_A-Za-zΑ-Ωα-ω]|:")


class Final(NamedTuple):
    """Where a text says its answer."""

    answer: str
    """The answer alone; "" where the text says it somewhere in its words."""
    text: str
    """The end of the text, to look for it in."""


def final(text: str) -> Final | None:
    """The answer behind the last `####`, in the last `\\boxed{}`, or that the whole text is.

    Returns:
        None where what stands there is longer than any answer that could be compared.
    """
    said = text.strip()
    end, answer = _end(said), alone(said)
    return None if end is None or len(answer) > LONGEST else Final(bare(answer), end)


def alone(text: str) -> str:
    """The answer that stands for itself in a text; "" where its words tell it."""
    return _marked(text) or _boxed(text) or (text if len(text) <= _SHORT and "\n" not in text else "")


def marked(text: str) -> dict[str, str] | None:
    """What GSM8K's people write behind `####`, as a key; None where a text has no such line.

    Source: Cobbe et al., "Training verifiers to solve math word problems", arXiv 2110.14168.
    """
    found = _marked(text.strip())
    return {"answer": found} if found else None


def _marked(text: str) -> str:
    _, mark, after = text.rpartition(_MARK)
    return after.strip().partition("\n")[0].strip() if mark else ""


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
