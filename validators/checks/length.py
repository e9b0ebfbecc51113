"""Length: how many words a response has."""

from dataclasses import dataclass
from typing import ClassVar

import polars as pl

from outcross.errors import RecipeError
from outcross.validators.references import References
from outcross.validators.rule import Rule
from outcross.validators.text.reasons import reason
from outcross.validators.text.words import words


@dataclass(frozen=True, kw_only=True)
class Length:
    """1 from `target` to `maximum` words, 0 below `minimum` and from twice `maximum`, and linear between."""

    name: ClassVar[str] = "length"
    version: ClassVar[int] = 1
    rule: ClassVar[Rule] = Rule(reject_below=0.2, accept_from=0.6)
    minimum: int = 2
    target: int = 4
    maximum: int = 600

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.target <= self.maximum:
            raise RecipeError(
                f"length needs 1 <= minimum <= target <= maximum, not {self.minimum}, {self.target}, {self.maximum}."
            )

    def __call__(self, samples: pl.DataFrame, references: References) -> pl.DataFrame:  # noqa: ARG002
        """Count the words of `response`."""
        count = pl.col("count").cast(pl.Int64)
        # Multiplied, since Polars divides one row by a number otherwise than many, in the last bit.
        score = (
            pl.when(count < self.minimum)
            .then(0.0)
            .when(count < self.target)
            .then((count - self.minimum + 1) * (1 / (self.target - self.minimum + 1)))
            .when(count > self.maximum)
            .then((2.0 - count * (1 / self.maximum)).clip(0.0, 1.0))
            .otherwise(1.0)
        )
        found = (
            pl.when(count < self.target)
            .then(reason(f"{{}} words, fewer than {self.target}", count))
            .when(count > self.maximum)
            .then(reason(f"{{}} words, more than {self.maximum}", count))
            .otherwise(pl.lit(""))
        )
        counted = samples.select("sample_id", words(pl.col("response")).list.len().alias("count"))
        return counted.select("sample_id", score.alias("score"), found.alias("reason"))
