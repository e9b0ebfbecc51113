"""Refusal: a model that declines, or talks to its user, instead of answering."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.flaws import Flaw, worst
from outcross.validators.text.words import plain

_TEXT = plain(pl.col("response")).str.replace_all("’", "'").str.strip_chars()
_MODEL = r"\b(?:as|i'm|i am)(?: just| only)? an? (?:ai|artificial intelligence|(?:large )?language model)\b"
_DECLINES = (
    r"\bi(?:'m| am) (?:sorry|afraid),? (?:but |that )?i\b"
    r"|\bi(?:'m| am)? (?:can't|cannot|can not|won't|will not|unable to|not able to) (?:\w+ )?"
    r"(?:assist|help|fulfil|fulfill|provide|comply|generate|create|write|answer|complete|determine|do that|do this)\b"
    r"|\bi (?:don't|do not) have (?:enough|sufficient|access to|any) "
)
_OPENING = (
    r"^(?:sure|certainly|of course|absolutely|okay|great question)[,!.]"
    r"|^here(?:'s| is| are) (?:the|a|an|your|my) (?:[\w-]+ ){0,4}"
    r"(?:docstring|response|answer|version|description|summary)\b"
)
_CLOSING = r"\b(?:i hope (?:this|that) helps|let me know if you|feel free to (?:ask|reach)|is there anything else)\b"
_ASKS = (
    r"\b(?:please|could you|can you)(?: please)? (?:provide|share|paste)(?: me with)? "
    r"(?:the|your|more|some) (?:code|function|source|details|context|information)\b"
)

FLAWS = (
    Flaw(_TEXT.str.contains(_MODEL), 0.0, "speaks of itself as a model"),
    Flaw(_TEXT.str.contains(_DECLINES), 0.0, "declines the task"),
    Flaw(_TEXT.str.contains(_ASKS), 0.0, "asks for what it was given"),
    Flaw(_TEXT.str.contains(_OPENING), 0.5, "opens with a remark to the user"),
    Flaw(_TEXT.str.contains(_CLOSING), 0.5, "closes with a remark to the user"),
)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """0 where the response declines, 0.5 where it is wrapped in small talk, else 1."""

    name: ClassVar[str] = "refusal"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for the phrases in `FLAWS`."""
        return samples.select("sample_id", *worst(FLAWS))
