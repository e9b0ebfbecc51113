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
