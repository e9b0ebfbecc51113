"""Flaws that a pattern can see: each a condition, the score it leaves, and its reason."""

from collections.abc import Iterable
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True)
class Flaw:
    """A condition on a sample's columns and what it costs."""

    condition: pl.Expr
    score: float
    reason: str | pl.Expr


def worst(flaws: Iterable[Flaw]) -> tuple[pl.Expr, pl.Expr]:
    """Columns `score` and `reason` of a sample's worst flaw, the earlier one among equals; 1 and "" without any."""
    ranked = sorted(flaws, key=lambda flaw: flaw.score)
    reasons = (pl.lit(flaw.reason) if isinstance(flaw.reason, str) else flaw.reason for flaw in ranked)
    score = pl.coalesce(*(pl.when(flaw.condition).then(pl.lit(flaw.score)) for flaw in ranked), pl.lit(1.0))
    reason = pl.coalesce(
        *(pl.when(flaw.condition).then(said) for flaw, said in zip(ranked, reasons, strict=True)), pl.lit("")
    )
    return score.alias("score"), reason.alias("reason")
