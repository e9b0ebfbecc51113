"""What a docstring may mention: nothing is missed by the pattern that is looked for first."""

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.validators.checks.mentions import MAY_MENTION, mentions

BITS = ["Args:", "Raises", "raıses:", "Parameters\n----", "  x: the x", "ValueError", "FooException", "Error", "\n",
        " ", "`a`", "'b'", "parameter", "Argument", "args", "named ", "keyword ", "optional ", "posıtional ",
        ":param x:", "@raise Foo:", "**Args**:", "# Throws:", "StopIteration", "\x1c", "\u00a0", "Other Parameters:",
        "- x", "²"]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(BITS), max_size=8).map("".join))
def test_a_text_without_the_pattern_mentions_nothing(text):
    assert mentions(text) == mentions("") or pl.Series([text]).str.contains(MAY_MENTION).all()
