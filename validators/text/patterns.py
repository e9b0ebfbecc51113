"""Patterns: whether a text holds a phrase, and whether a prompt speaks of something."""

import re

import polars as pl

SYMBOLS = (
    r"ascii|emoji|symbol|sign|operator|punctuation|draw|asterisk|\bdots?\b|table|diagram|morse|regex|regular expression"
    r"|brainf|pattern|board|maze|grid|arrow|bracket"
)
"""What a prompt speaks of that wants signs for an answer, for `asks`."""


def bounded(pattern: str) -> str:
    r"""The pattern with each `\b` told by ASCII alone: Unicode's makes a search of Chinese a hundred times slower."""
    return re.sub(r"(?<!\\)\\b", r"(?-u:\\b)", pattern)


def holds(text: pl.Expr, pattern: str) -> pl.Expr:
    r"""Whether a text holds the pattern, whatever its case, with `\b` as in `bounded`."""
    return text.str.contains(bounded(f"(?i){pattern}"))


def asks(pattern: str) -> pl.Expr:
    """Whether the column `prompt` holds the pattern."""
    return holds(pl.col("prompt"), pattern)
