"""Shape: whether a response is one at all, and not leftovers of the prompt, a template or the wire format."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.flaws import Flaw, worst
from outcross.validators.text.patterns import SYMBOLS, asks, bounded, holds
from outcross.validators.text.prose import prose
from outcross.validators.text.turns import disorder
from outcross.validators.text.words import WORD, squeezed, words

_RESPONSE = pl.col("response").str.strip_chars()
_SAID = pl.col("prose").str.strip_chars_end()
_VISIBLE = r"[\pL\pN\pS]"
# An answer may be one operator or bracket pair, which an ellipsis isn't.
_OPERATOR = r"^[^\s.…,'\"\pC]{1,3}$"

_INSERT = r"\b(?:insert|your|enter|add|write|fill|goes here|placeholder|docstring|description|summary|text here)\b"
_PLACEHOLDER = (
    rf"^(?:<(?:[^<>]{{0,60}} )?{_INSERT}[^<>]{{0,60}}>|\[[^\[\]]{{0,60}}{_INSERT}[^\[\]]{{0,60}}\]"
    r"|\{\{[a-z0-9_ .-]{1,80}\}\}|\{(?:response|answer|text|output|content|docstring)\}|<(?:response|answer|docstring)>"
    r"|todo\b.{0,40}|tbd|fixme|docstring)[.:]?$"
)
_NOTHING = r"^(?:n/?a|none|null|undefined|nan)[.:]?$"
_BLANK = (
    r"\b_(?:summary|description|type)_\b|\b(?:your|insert|write|enter|add) (?:a |the |your )?"
    r"(?:docstring|description|summary|response|answer|text) here\b"
)
_SLOT = (
    r"\{\{ ?[a-z_][a-z0-9_. ]{0,60}\}\}|\[(?:insert|your|enter) [a-z0-9_ ]{1,40}\]"
    r"|<(?:insert|your|enter) [a-z0-9_ ]{1,40}>"
)
_ABOUT_SLOTS = (
    r"template|letter|e-?mail|form\b|jinja|handlebar|mustache|vue|angular|liquid|workflow|ansible|helm|draft|\{\{"
    r"|placeholder"
)

_CONTROL = r"<\|[A-Za-z0-9_ ]{1,40}\|>|\[/?INST\]|<</?SYS>>|^\s*<s>|</s>\s*$"
_THINK, _THOUGHT = r"<think>", r"</think>"
_EMPTY_THOUGHT = r"<think>\s*</think>"

_JSON = r'^(?:\[\s*)?\{\s*"|^"[A-Za-z0-9_ ]+"\s*:'
_WRAPPER = r'^\{?\s*"(?:response|answer|docstring|text|content|output|result|message|completion|reply)"\s*:'
_ABOUT_JSON = (
    r"json|dict|object|array|list|schema|api\b|payload|config|manifest|query|mongo|function call|tool|field|record|key"
)
_JSON_END = r'["\]\}]\s*[\}\]]$'
_QUOTES = _RESPONSE.str.count_matches('"', literal=True)
_FENCES = _RESPONSE.str.count_matches("```", literal=True)
_OPEN = _RESPONSE.str.count_matches(r"[\[{]")
_CLOSED = _RESPONSE.str.count_matches(r"[\]}]")

_BREAKS_OFF = bounded(r"(?:\b(?:the|a|an|and|or|because|which|whose|into|your|my|their)|[,(])$")
_ANNOUNCES = r"\b(?:follow(?:s|ing)|steps?|example|below|code|list|here|this)[a-z0-9 ]{0,20}:$"
_BEGINS = pl.col("response").str.count_matches(r"\\begin\{", literal=False)
_ENDS = pl.col("response").str.count_matches(r"\\end\{", literal=False)
_BOXED = r"\\boxed"
_FEW = 3
"""Words from which on a response that repeats a text is no accident."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """1 without a flaw, 0.5 for one that an editor removes or an expert clears up in a moment, 0 where nothing is left.

    What is left of a response that stands wrapped in a code fence or in quotes is `wrapped`: a flaw where the text
    itself is wanted, and the usual form where code is.
    """

    name: ClassVar[str] = "shape"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.5, accept_from=1.0)
    wrapped: float = 0.5

    def __post_init__(self) -> None:
        if not 0 <= self.wrapped <= 1:
            raise RecipeError(f"shape needs wrapped from 0 to 1, not {self.wrapped}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look for empty and unfinished responses, leftovers, and turns out of order."""
        seen = samples.with_columns(
            disorder(samples),
            prose=prose(pl.col("response")),
            is_prompt=_is_response(samples["prompt"], samples["response"]),
            is_context=_is_response(samples["context"], samples["response"]),
        )
        flaws = [*_NO_ANSWER, *_LEFTOVERS, *_THOUGHTS, *_UNFINISHED, *_wrapped(self.wrapped)]
        return seen.select("sample_id", *worst(flaws))


def _is_response(sources: pl.Series, responses: pl.Series) -> pl.Series:
    """Where a source of three words or more has the words of the response and no others."""
    both = pl.DataFrame({"source": sources, "response": responses})
    plain_source, plain_response = (pl.col(name).str.to_lowercase() for name in both.columns)
    # Most differ in their first word already, which is soon seen; folding may change one that isn't ASCII.
    begins = plain_source.str.extract(WORD, 0) == plain_response.str.extract(WORD, 0)
    folded = pl.any_horizontal(pl.col(both.columns).str.len_bytes() != pl.col(both.columns).str.len_chars())
    likely = both.with_row_index().filter(pl.col("source") != "", begins | folded)
    same = likely.filter(
        words(pl.col("source")).list.len() >= _FEW, squeezed(pl.col("source")) == squeezed(pl.col("response"))
    )
    return both.with_row_index().select(pl.col("index").is_in(same["index"].implode()))["index"]


_NO_ANSWER = (
    Flaw(~_RESPONSE.str.contains(r"[^\s\pC]"), 0.0, "the response is empty"),
    Flaw(
        ~_RESPONSE.str.contains(_VISIBLE) & ~_RESPONSE.str.contains(_OPERATOR) & ~asks(SYMBOLS),
        0.5,
        "the response has no letter, digit or symbol",
    ),
    Flaw((pl.col("kind") != "text") & ~pl.col("prompt").str.contains(_VISIBLE), 0.0, "the prompt is empty"),
    Flaw(
        pl.col("is_prompt"),
        0.0,
        "the response is the prompt",
    ),
    Flaw(
        pl.col("is_context"),
        0.0,
        "the response is the context",
    ),
    Flaw(holds(_RESPONSE, _PLACEHOLDER), 0.0, "the response is a placeholder"),
    Flaw(
        holds(_RESPONSE, _NOTHING) & ~asks("return|value|print|output|result|which|what"),
        0.5,
        "the response may be a placeholder",
    ),
    Flaw(pl.col("disorder") != "", 0.5, pl.col("disorder")),
)

_LEFTOVERS = (
    Flaw(holds(_RESPONSE, _BLANK), 0.0, "the response holds a template's blank"),
    Flaw(holds(_SAID, _SLOT) & ~asks(_ABOUT_SLOTS), 0.5, "the response holds a slot to be filled in"),
    Flaw(
        _RESPONSE.str.contains(_CONTROL) & ~asks(r"token|<\||template|html|\[inst"),
        0.0,
        "the response holds a chat template's control token",
    ),
    Flaw(
        _RESPONSE.str.contains(_WRAPPER) & ~asks(_ABOUT_JSON) & (pl.col("key") == ""),
        0.0,
        "the response is JSON that nobody asked for",
    ),
    Flaw(
        _RESPONSE.str.contains(_JSON) & ~asks(_ABOUT_JSON) & (pl.col("key") == ""),
        0.5,
        "the response is JSON that nobody may have asked for",
    ),
    Flaw(_RESPONSE.str.contains(_JSON_END) & (_OPEN < _CLOSED), 0.0, "the response ends in leftovers of JSON"),
)

_THOUGHTS = (
    Flaw(_RESPONSE.str.contains(_EMPTY_THOUGHT), 0.0, "the response holds an empty thought"),
    Flaw(
        _SAID.str.count_matches(_THINK, literal=True) != _SAID.str.count_matches(_THOUGHT, literal=True),
        0.0,
        "a thought is opened and not closed, or closed and not opened",
    ),
    Flaw(_RESPONSE.str.contains(r"</think>\s*$"), 0.0, "the response ends with a thought"),
    Flaw(
        _SAID.str.contains(_THINK, literal=True) & (pl.col("kind") != "reasoning"),
        0.5,
        "the response shows a thought, and is no reasoning",
    ),
    Flaw(asks(_BOXED) & ~_RESPONSE.str.contains(_BOXED), 0.5, "the prompt asks for a boxed answer, and there is none"),
)

_UNFINISHED = (
    Flaw(_FENCES % 2 == 1, 0.5, "a code fence is opened and not closed"),
    Flaw(_BEGINS != _ENDS, 0.5, "an environment of a formula is begun and not ended, or ended and not begun"),
    Flaw(
        _SAID.str.contains(_BREAKS_OFF) & _RESPONSE.str.contains(_BREAKS_OFF) & (_SAID.str.count_matches(WORD) >= 8),
        0.5,
        "the response breaks off in a sentence",
    ),
    Flaw(holds(_SAID, _ANNOUNCES) & (_RESPONSE == _SAID), 0.5, "the response announces what doesn't follow"),
)


def _wrapped(score: float) -> tuple[Flaw, ...]:
    ends = r'^(?:"""|' + "'''" + r')|(?:"""|' + "'''" + ")$"
    quoted = _RESPONSE.str.starts_with('"') & _RESPONSE.str.ends_with('"') & (_QUOTES == 2)
    inches = _RESPONSE.str.contains(r'\d"$')
    half = (_QUOTES % 2 == 1) & (_RESPONSE.str.starts_with('"') | _RESPONSE.str.ends_with('"')) & ~inches
    return (
        Flaw(_RESPONSE.str.starts_with("```"), score, "the response begins with a code fence"),
        Flaw(_RESPONSE.str.contains(ends), score, "the response holds its quotes"),
        Flaw(quoted, score, "the response stands in quotes"),
        Flaw(half, 0.5, "a quote is opened and not closed, or closed and not opened"),
    )
