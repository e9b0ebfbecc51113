"""Length: how many words and characters a prompt and a response have."""

from dataclasses import astuple, dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import WORD


@dataclass(frozen=True, kw_only=True)
class Length:
    """1 within the limits of the response and of the prompt, and the worst of the four otherwise.

    A response counts 1 from `target` to `maximum` words, 0 below `minimum` and from twice `maximum`, and linear
    between. So it is for characters from `characters` up, which also hold where words aren't parted by spaces; and
    a prompt has limits of its own. A minimum of 0 lets through a response such as `+=` that has no word.
    """

    name: ClassVar[str] = "length"
    version: ClassVar[int] = 2
    rule: ClassVar[Rule] = Rule(reject_below=0.2, accept_from=0.6)
    minimum: int = 2
    target: int = 4
    maximum: int = 600
    characters: int = 20_000
    prompt_minimum: int = 0
    prompt_target: int = 0
    prompt_maximum: int = 8_000
    prompt_characters: int = 100_000

    def __post_init__(self) -> None:
        own, prompts = astuple(self)[:4], astuple(self)[4:]
        for low, target, high, characters in (own, prompts):
            if not (0 <= low <= target <= high and high >= 1 and characters >= 1):
                raise RecipeError(
                    "length needs 0 <= minimum <= target <= maximum, and maximum and characters from 1, not "
                    f"{low}, {target}, {high} and {characters}; the same holds for those that begin with `prompt_`."
                )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Count the words and characters of `response` and `prompt`."""
        counted = samples.select(
            "sample_id",
            *(pl.col(field).str.count_matches(WORD).cast(pl.Int64).name.suffix("_words") for field in _FIELDS),
            *(pl.col(field).str.len_chars().cast(pl.Int64).name.suffix("_characters") for field in _FIELDS),
        )
        parts = [
            _within("response", self.minimum, self.target, self.maximum, self.characters),
            _within("prompt", self.prompt_minimum, self.prompt_target, self.prompt_maximum, self.prompt_characters),
        ]
        scores, reasons = zip(*(part for field in parts for part in field), strict=True)
        score = pl.min_horizontal(scores)
        found = pl.coalesce(*(pl.when(one == score).then(said) for one, said in zip(scores, reasons, strict=True)))
        return counted.select("sample_id", score=score, reason=pl.when(score < 1).then(found).otherwise(pl.lit("")))


_FIELDS = ("response", "prompt")


def _within(field: str, low: int, target: int, high: int, characters: int) -> list[tuple[pl.Expr, pl.Expr]]:
    """A score and its reason by words, and another by characters."""
    words, size = pl.col(f"{field}_words"), pl.col(f"{field}_characters")
    short = pl.when(words < low).then(0.0).otherwise((words - low + 1) * (1 / (target - low + 1)))
    name = "" if field == "response" else f"{field}: "
    few = reason(f"{name}{{}} words, fewer than {target}", words)
    many = reason(f"{name}{{}} words, more than {high}", words)
    long = reason(f"{name}{{}} characters, more than {characters}", size)
    return [
        (
            pl.when(words < target).then(short).otherwise(_not_above(words, high)),
            pl.when(words < target).then(few).otherwise(many),
        ),
        (_not_above(size, characters), long),
    ]


def _not_above(count: pl.Expr, high: int) -> pl.Expr:
    # Multiplied, since Polars divides one row by a number otherwise than many, in the last bit.
    return pl.when(count > high).then((2.0 - count * (1 / high)).clip(0.0, 1.0)).otherwise(1.0)
