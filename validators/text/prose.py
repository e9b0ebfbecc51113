"""Prose: what is left of a text without the code, formulas and addresses that stand in it."""

import polars as pl

_FENCED = r"(?s)```.*?(?:```|\z)|~~~.*?(?:~~~|\z)"
_FORMULA = r"(?s)\$\$.*?\$\$|\\\[.*?\\\]|\\\(.*?\\\)|\\begin\{.*?\\end\{[a-z*]*\}"
_INLINE = r"`[^`\n]+`|\$[^$\n]*[\pL\d\\][^$\n]*\$|(?:https?://|www\.)\S+|[\w.+-]+@[\w-]+\.[\w.]+"


def prose(text: pl.Expr) -> pl.Expr:
    """The text with each piece of code, formula or address replaced by a space."""
    for part in (_FENCED, _FORMULA, _INLINE):
        text = text.str.replace_all(part, " ")
    return text


SYMBOLS = (
    r"ascii|emoji|symbol|sign|operator|punctuation|draw|asterisk|\bdots?\b|table|diagram|morse|regex|regular expression"
    r"|brainf|pattern|board|maze|grid|arrow|bracket"
)
"""What a prompt speaks of that wants signs for an answer, for `asks`."""


def asks(pattern: str) -> pl.Expr:
    """Whether the column `prompt` speaks of something, whatever its case."""
    return pl.col("prompt").str.contains(f"(?i){pattern}")
