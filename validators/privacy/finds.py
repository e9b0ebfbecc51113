"""Finds: stretches of text that a table of patterns describes, sifted fast and then looked at closely."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import polars as pl

FIELDS = {"prompt": "prompt", "context": "context", "response": "response", "other": "rejected answer"}
"""The texts of a sample that are searched, in the order that findings are told, and what people call them."""

_ROUNDS = 5
_TOLD = 3


@dataclass(frozen=True)
class Pattern:
    """What something looks like, first to Polars and then to Python.

    Polars' engine is linear but can't look around, so it only sifts; Python's backtracks, so it sees only what
    was sifted, and every repeat in a shape has a bound.
    """

    name: str
    """With its article: `a phone number`."""
    token: str
    """What takes its place where it is masked, without the brackets."""
    gate: str
    """A regular expression for Polars that matches in every text in which `shape` does."""
    shape: re.Pattern[str]
    real: Callable[[re.Match[str]], bool]
    """Whether a stretch of that shape is what it looks like: check digits, reserved ranges, the words before it."""
    veil: Callable[[str], str]
    """Enough of it for a person to find it in the text, and too little to be of use."""
    score: float = 0.5


class Find(NamedTuple):
    """One stretch of a text."""

    start: int
    end: int
    pattern: Pattern


def finds(text: str, patterns: Sequence[Pattern]) -> list[Find]:
    """What a text holds, from left to right; of two that overlap, the one that begins first or is listed first."""
    seen = [
        Find(*match.span(), pattern)
        for pattern in patterns
        for match in pattern.shape.finditer(text)
        if pattern.real(match)
    ]
    apart: list[Find] = []
    for find in sorted(seen, key=lambda find: find.start):
        if not apart or find.start >= apart[-1].end:
            apart.append(find)
    return apart


def veiled(text: str, patterns: Sequence[Pattern]) -> str:
    """The text with a placeholder for each find, such as `[EMAIL]`, and for what only shows once those stand there."""
    for _ in range(_ROUNDS):
        parts, done = [], 0
        for start, end, pattern in finds(text, patterns):
            parts += [text[done:start], f"[{pattern.token}]"]
            done = end
        if not parts:
            break
        text = "".join([*parts, text[done:]])
    return text


def flagged(samples: pl.DataFrame, patterns: Sequence[Pattern]) -> pl.DataFrame:
    """`sample_id`, `score` and `reason` of the samples that hold something: the worst score, and the first three.

    Args:
        samples: has `sample_id` and the columns of `FIELDS`.
        patterns: what to look for.
    """
    scores: dict[str, float] = {}
    told: dict[str, list[str]] = {}
    long = samples.select("sample_id", *FIELDS).unpivot(index="sample_id", variable_name="field", value_name="text")
    for (sample_id, field, text), suspects in _sifted(long, patterns):
        for start, end, pattern in finds(text, suspects):
            scores[sample_id] = min(scores.get(sample_id, 1.0), pattern.score)
            said = f"the {FIELDS[field]} holds {pattern.name} ({pattern.veil(text[start:end])})"
            told.setdefault(sample_id, []).append(said)
    return pl.DataFrame(
        {
            "sample_id": list(scores),
            "score": list(scores.values()),
            "reason": [_first(told[sample_id]) for sample_id in scores],
        },
        schema={"sample_id": pl.String, "score": pl.Float64, "reason": pl.String},
    )


def replaced(text: pl.Expr, patterns: Sequence[Pattern]) -> pl.Expr:
    """The text with each find as a placeholder, such as `[EMAIL]`; null where it is null."""

    def replace(texts: pl.Series) -> pl.Series:
        rows = pl.DataFrame({"text": texts}).with_row_index("row")
        changed = {row: veiled(text, suspects) for (row, text), suspects in _sifted(rows, patterns)}
        if not changed:
            return texts
        new = pl.DataFrame({"row": list(changed), "new": list(changed.values())}, schema_overrides={"row": pl.UInt32})
        both = rows.join(new, on="row", how="left", maintain_order="left")
        return both.select(pl.coalesce("new", "text").alias(texts.name)).to_series()

    return text.map_batches(replace, return_dtype=pl.String, is_elementwise=True)


def _sifted(rows: pl.DataFrame, patterns: Sequence[Pattern]) -> Iterator[tuple[tuple[Any, ...], list[Pattern]]]:
    """The rows whose text, the last column, may hold something, with the patterns that it may hold."""
    any_gate = "|".join(f"(?:{gate})" for gate in dict.fromkeys(pattern.gate for pattern in patterns))
    kept = rows.filter(pl.col("text").str.contains(any_gate))
    gates = [pl.col("text").str.contains(pattern.gate).alias(str(place)) for place, pattern in enumerate(patterns)]
    width = rows.width
    for row in kept.with_columns(gates).iter_rows():
        yield row[:width], [pattern for pattern, may in zip(patterns, row[width:], strict=True) if may]


def _first(told: list[str]) -> str:
    more = [f"and {len(told) - _TOLD} more"] if len(told) > _TOLD else []
    return "; ".join([*told[:_TOLD], *more])
