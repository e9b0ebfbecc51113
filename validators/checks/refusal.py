"""Refusal: a model that declines, or talks to its user, instead of answering."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.flaws import Flaw, worst
from outcross.validators.text.patterns import asks, holds
from outcross.validators.text.words import plain

_TEXT = pl.col("said")
_MODEL = (
    r"\b(?:as|i'm|i am)(?: just| only| merely)? an? "
    r"(?:ai\b|artificial intelligence|(?:large )?language model|virtual assistant)"
    r"|\bmy (?:knowledge|training) (?:cutoff|cut-off|data)\b"
)
# "I can't help but wonder" declines nothing.
_TO_HELP = (
    r"(?:help(?: you\b| with\b| here\b|[.,;!]|$)|(?:assist|fulfil|fulfill|provide|comply|generate|create|write|answer"
    r"|complete|determine|do that|do this|engage|discuss|share|support|produce|respond|give you|proceed"
    r"|continue with (?:this|that))\b)"
)
_CANNOT = (
    r"(?:can't|cannot|can not|won't|will not|couldn't|am unable to|'m unable to|am not able to|'m not able to"
    r"|am not comfortable|'m not comfortable|must decline|have to decline|don't feel comfortable)"
)
_DECLINES = (
    rf"\bi ?{_CANNOT} (?:\w+ )?{_TO_HELP}"
    r"|\bi(?:'m| am) (?:sorry|afraid),? (?:but |that )?i ?(?:can't|cannot|can not|won't|am unable|'m unable)\b"
    r"|\bi ?(?:must|have to) (?:respectfully |politely )?(?:decline|refuse)\b"
    r"|\b(?:is|goes|would be) (?:against|outside) my (?:guidelines|programming|policy|policies|principles)\b"
    r"|\bi ?(?:'m|am) not (?:able|allowed|permitted|programmed) to\b"
)
_OPENS_DECLINING = (
    r"^(?:(?:i'm|i am) (?:really |very |so )?(?:sorry|afraid)|sorry|i apologi[sz]e|my apologies|unfortunately"
    rf"|regrettably|thank you for [^.]{{1,60}}\.)?[,.:;]? ?(?:but |that |however,? )?(?:{_DECLINES})"
)
_LACKS = r"\bi (?:don't|do not) have (?:enough|sufficient|access to|any) |\bi ?(?:can't|cannot) (?:browse|access|open) "
_OPENING = (
    r"^(?:sure|certainly|of course|absolutely|okay|great question)[,!.] ?\S"
    r"|^here(?:'s| is| are) (?:the|a|an|your|my) (?:[\w-]+ ){0,4}"
    r"(?:docstring|response|answer|version|description|summary)\b"
)
_CLOSING = r"\b(?:i hope (?:this|that) helps|let me know if you|feel free to (?:ask|reach)|is there anything else)\b"
_GIVE_ME = (
    r"\b(?:please|could you|can you)(?: please)? (?:provide|share|paste)(?: me with)? "
    r"(?:the|your|more|some) (?:code|function|source|details|context|information|text|file|article|passage)\b"
)

_ABOUT_DECLINING = (
    r"declin|refus|reject|turn(?:ed|ing)? down|apolog|sorry|say no|translat|role.?play|dialogue|quote|letter|e-?mail"
)
_ABOUT_MODELS = (
    r"\bai\b|chat ?bot|language model|assistant|artificial|are you|do you|can you feel|who made you|your name"
)
_RISKY = (
    r"bomb|explosiv|weapon|poison|kill|suicid|self.harm|overdos|steal|hack|malware|ransom|virus|phish|exploit|illegal"
    r"|drug|meth\b|cocaine|forge|counterfeit|child|nude|sexual|racis|hate|stalk|password|credit card|home address"
    r"|diagnos|dosage|prescri|cheat|bypass|pirat|blackmail|extremis|terror"
)


def _said(text: pl.Expr) -> pl.Expr:
    return plain(text).str.replace_all("’", "'").str.strip_chars()


def declines(text: pl.Expr) -> pl.Expr:
    """Whether a text opens with a refusal, or speaks of itself as a model; be that right or not."""
    return holds(_said(text), _OPENS_DECLINING) | holds(_said(text), _MODEL)


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """0 where the response declines what it could have done, 0.5 where that is open to doubt, else 1.

    Whether a refusal is right can't be told from its words. So one leaves 0.5 if the task asks for something that
    a careful assistant may decline, or for such words, if it stands inside a longer response, or if what is missing
    is missing in truth. What is left of a response wrapped in remarks to the user is `remark`.
    """

    name: ClassVar[str] = "refusal"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    remark: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.remark <= 1:
            raise RecipeError(f"refusal needs a remark from 0 to 1, not {self.remark}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for the phrases of a refusal in `response`, which for a pair is the better answer."""
        return samples.with_columns(said=_said(pl.col("response"))).select("sample_id", *worst(self._flaws()))

    def _flaws(self) -> list[Flaw]:
        # Of two answers, the one that declines was preferred to one that doesn't.
        open_to_doubt = asks(_ABOUT_DECLINING) | asks(_RISKY) | (pl.col("kind") == "preference")
        declines, model, asks_back = (holds(_TEXT, one) for one in (_DECLINES, _MODEL, _GIVE_ME))
        opens = holds(_TEXT, _OPENS_DECLINING)
        given = (pl.col("context") != "") | asks("```")
        of_models = asks(_ABOUT_MODELS)
        return [
            Flaw(model & ~of_models, 0.0, "speaks of itself as a model"),
            Flaw(opens & ~open_to_doubt, 0.0, "declines the task"),
            Flaw(asks_back & given, 0.0, "asks for what it was given"),
            Flaw(opens, 0.5, "declines the task, which may be right"),
            Flaw(declines & ~asks(_ABOUT_DECLINING), 0.5, "declines a part of the task"),
            Flaw(holds(_TEXT, _LACKS), 0.5, "lacks what it would need"),
            Flaw(asks_back, 0.5, "asks for what it may not have been given"),
            Flaw(holds(_TEXT, _OPENING), self.remark, "opens with a remark to the user"),
            Flaw(holds(_TEXT, _CLOSING), self.remark, "closes with a remark to the user"),
        ]
