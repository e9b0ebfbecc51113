"""Grounded: whether the numbers, quotations and names of an answer come from what it was given to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.privacy.finds import veiled
from outcross.validators.privacy.identifiers import IDENTIFIERS
from outcross.validators.privacy.keys import KEYS
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.signals import complete

_NUMBER = re.compile(r"(?<![\w.,])[0-9]{1,20}(?:[.,][0-9]{1,20}){0,9}(?![\w])")
_LIST_MARK = re.compile(r"^[ \t]*\(?[0-9]{1,3}[.):][ \t]", re.M)
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»\n]{3,200})[\"”“»]")
# A capital after a small letter, a comma or another name: not where a sentence, a line, a list or a quotation begins.
_NAME = re.compile(r"(?<=[^\W_A-Z.!?:•*#>\"“-] )(?:[A-Z][^\W_]{1,40}(?:['’-][^\W_]{1,40}){0,3}(?: (?=[A-Z])|\b)){1,6}")
_COMMON = frozenset({
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec", "monday",
    "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "english", "mr", "mrs", "ms", "dr",
})  # fmt: skip
"""Written with a capital and yet no name that has to come from somewhere: dates are told in many ways."""
_CODE = (
    r"(?m)^[ \t]*(?:(?:async )?def |class |import |from \w+(?:\.\w+)* import |@\w|return\b|#include|[\w.]+ = |</?\w|"
    r"[{}]|(?:public|private|static|function|func|fn|const|let|var|SELECT|CREATE|package|use) ).*$|^.*[;{}]$"
)
_SHOWN, _TOLD = 80, 3


@dataclass(frozen=True, kw_only=True)
class Grounded:
    """The share of an answer's numbers, quotations and names that its context or prompt holds.

    Judged are instructions and conversations whose context has more than `context` characters and isn't code (for
    which see `names`), and answers with `items` such items or more; all others score 1. Numbers of one digit, marks
    of lists, and names where a sentence begins don't count. An answer may rightly add what it worked out or knows,
    so a low share sends it to a person, and rejects nothing.
    """

    name: ClassVar[str] = "grounded"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.0, accept_from=0.5)
    context: int = 200
    items: int = 3

    def __post_init__(self) -> None:
        if not (self.context >= 0 and self.items >= 1):
            raise RecipeError(f"grounded needs context from 0 and items from 1, not {self.context} and {self.items}.")

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Look the items of `response` up in `context` and `prompt`."""
        text = pl.col("context")
        lines, code = text.str.count_matches(r"(?m)^.*\S.*$"), text.str.count_matches(_CODE)
        judged = samples.filter(
            pl.col("kind").is_in(["instruction", "conversation"]), text.str.len_chars() > self.context, code * 3 < lines
        )
        found = []
        for sample_id, response, *sources in judged.select("sample_id", "response", "context", "prompt").iter_rows():
            total, missing = _looked_up(response, "\n".join(sources))
            if missing and total >= self.items:
                found.append((sample_id, 1 - len(missing) / total, _reason(total, missing)))
        schema = {"sample_id": pl.String, "score": pl.Float64, "reason": pl.String}
        return complete(samples, pl.DataFrame(found, schema=schema, orient="row"))


def _looked_up(response: str, source: str) -> tuple[int, list[str]]:
    """How many different items the response has, and those that the source lacks."""
    numbers, text = set(_numbers(source)), _folded(source)
    words = set(text.split())
    quotations = dict.fromkeys(_QUOTED.findall(response))
    quoted = {word for quotation in quotations for word in _folded(quotation).split()}
    names = {name: _folded(name).split() for name in _names(response) if quoted.isdisjoint(_folded(name).split())}
    found = {
        **{quotation: _folded(quotation) in text for quotation in quotations},
        **{written: written in numbers for written in _numbers(response)},
        **{name: words.issuperset(parts) for name, parts in names.items()},
    }
    return len(found), [item for item, is_there in found.items() if not is_there]


def _numbers(text: str) -> Iterator[str]:
    """Numbers of two digits or more, as 1,200.50 and 1200.5 both are."""
    for match in _NUMBER.finditer(_LIST_MARK.sub("", text)):
        written = match[0].replace(",", "")
        plain = written.rstrip("0").rstrip(".") if "." in written else written
        if len(plain.replace(".", "")) > 1:
            yield plain


def _names(text: str) -> Iterator[str]:
    for match in _NAME.finditer(text):
        name = match[0].strip()
        if not _COMMON.issuperset(name.lower().split()):
            yield name


def _folded(text: str) -> str:
    """Words in lower case with one space between, without possessives and punctuation."""
    return " ".join(re.findall(r"[^\W_]+", re.sub(r"['’]s\b", "", text.casefold())))


def _reason(total: int, missing: list[str]) -> str:
    told = ", ".join(f"`{veiled(item, (*IDENTIFIERS, *KEYS))[:_SHOWN]}`" for item in missing[:_TOLD])
    more = f" and {len(missing) - _TOLD} more" if len(missing) > _TOLD else ""
    return f"{len(missing)} of {total} numbers, quotations and names aren't in the context or prompt: {told}{more}"
