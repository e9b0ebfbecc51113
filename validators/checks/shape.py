"""Shape: whether a response is one at all, and not leftovers of the prompt, a template or the wire format."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.flaws import Flaw, worst
from outcross.validators.text.words import squeezed

_RESPONSE = pl.col("response").str.strip_chars()
_VISIBLE = r"[\p{L}\p{N}]"
_QUOTES = _RESPONSE.str.count_matches('"', literal=True)
_FENCES = _RESPONSE.str.count_matches("```", literal=True)
_JSON = r'^(?:\[\s*)?\{\s*"|^\[\s*"|^"[\w ]+"\s*:'
_JSON_END = r'["\]\}]\s*[\}\]]$'
_OPEN = _RESPONSE.str.count_matches(r"[\[{]")
_CLOSED = _RESPONSE.str.count_matches(r"[\]}]")
_CONTROL = r"<\|[\w ]{1,40}\|>|\[/?INST\]|</?s>|<</?SYS>>|</?think>"
_PLACEHOLDER = (
    r"(?i)^(?:<[^<>]{1,80}>|\[[^\[\]]{1,80}\]|\{\{?[\w .-]{1,80}\}\}?|todo\b.{0,40}|tbd|fixme|n/?a|none|null|docstring|"
    r"lorem ipsum.*)[.:]?$"
)
_BLANK = (
    r"(?i)\b_(?:summary|description|type)_\b|\b(?:your|insert|write|enter|add) (?:a |the |your )?"
    r"(?:docstring|description|summary|response|answer|text) here\b"
)

FLAWS = (
    Flaw(~_RESPONSE.str.contains(_VISIBLE), 0.0, "the response has no letter or digit"),
    Flaw((pl.col("kind") != "text") & ~pl.col("prompt").str.contains(_VISIBLE), 0.0, "the prompt is empty"),
    Flaw(squeezed(pl.col("response")) == squeezed(pl.col("prompt")), 0.0, "the response is the prompt"),
    Flaw(squeezed(pl.col("response")) == squeezed(pl.col("context")), 0.0, "the response is the context"),
    Flaw(_RESPONSE.str.contains(_PLACEHOLDER), 0.0, "the response is a placeholder"),
    Flaw(_RESPONSE.str.contains(_BLANK), 0.0, "the response holds a template's blank"),
    Flaw(_RESPONSE.str.contains(_CONTROL), 0.0, "the response holds a chat template's control token"),
    Flaw(
        _RESPONSE.str.contains(_JSON) & ~pl.col("prompt").str.contains("(?i)json"),
        0.0,
        "the response is JSON that nobody asked for",
    ),
    Flaw(_RESPONSE.str.contains(_JSON_END) & (_OPEN < _CLOSED), 0.0, "the response ends in leftovers of JSON"),
    Flaw(_RESPONSE.str.starts_with("```"), 0.5, "the response begins with a code fence"),
    Flaw(_FENCES % 2 == 1, 0.5, "a code fence is opened and not closed"),
    Flaw(
        _RESPONSE.str.contains(r'^(?:"""|' + "'''" + r')|(?:"""|' + "'''" + ")$"), 0.5, "the response holds its quotes"
    ),
    Flaw(
        _RESPONSE.str.starts_with('"') & _RESPONSE.str.ends_with('"') & (_QUOTES == 2),
        0.5,
        "the response stands in quotes",
    ),
    Flaw(
        (_QUOTES % 2 == 1) & (_RESPONSE.str.starts_with('"') | _RESPONSE.str.ends_with('"')),
        0.5,
        "a quote is opened and not closed, or closed and not opened",
    ),
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """1 without a flaw, 0.5 for one that an editor removes in a moment, 0 where nothing is left to edit."""

    name: ClassVar[str] = "shape"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for the flaws in `FLAWS`."""
        return samples.select("sample_id", *worst(FLAWS))
