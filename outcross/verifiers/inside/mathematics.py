"""Judge of mathematics: whether two expressions are the same, by math-verify."""

import logging
from collections.abc import Sequence
from typing import Any

from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify  # type: ignore[import-untyped]

logging.disable(logging.WARNING)

_LATEX = (LatexExtractionConfig(),)
_BOTH = (LatexExtractionConfig(), ExprExtractionConfig())


def judge(question: dict[str, Any]) -> dict[str, Any]:
    """Compare an answer with the right one.

    Args:
        question: `right`, an expression alone; `answer`, an expression alone or ""; `text`, where one is looked for if
            that is none.

    Returns:
        `right` (bool) and `found` (what was compared), each null where there is none.
    """
    if not (gold := _whole(question["right"])):
        return {"right": None, "found": None}
    answer = _whole(question["answer"]) or _parsed(question["text"], _BOTH)
    if not answer:
        return {"right": False, "found": None}
    found = verify(gold, answer, timeout_seconds=None, raise_on_error=True)
    return {"right": bool(found), "found": str(answer[-1])[:100]}


def _whole(expression: str) -> list[Any]:
    """An expression as LaTeX, so that all of it counts: found in running text, `2^{10}` would be 2."""
    return _parsed(f"${expression}$", _LATEX) if expression else []


def _parsed(text: str, ways: Sequence[Any]) -> list[Any]:
    found: list[Any] = parse(text, ways, fallback_mode="no_fallback", parsing_timeout=None, raise_on_error=True)
    return found


# ANTLR learns a grammar as it goes, and what it has learnt stays for the forks.
WARM = [
    {"right": right, "answer": answer, "text": text}
    for right, answer, text in [
        (r"\frac{1}{2}", "0.5", ""),
        (r"(1,2]\cup[3,\infty)", r"(1,2] \cup [3,\infty)", ""),
        (r"\{1,2,3\}", "3,2,1", ""),
        (r"x^2+2x+1=0", r"(x+1)^2=0", ""),
        (r"\sqrt{2}\pi e^{-x}", "", r"The answer is $\sqrt{2}\pi e^{-x}$."),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", ""),
        ("50\\%", "50", ""),
        (r"\sin(x)+\log_2 8-\binom{5}{2}", "x", ""),
        (r"2\cdot 3\times 4", "24", "so 24"),
        (r"90^\circ", r"\text{no}", "or so"),
    ]
]
