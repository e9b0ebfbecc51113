"""What a sample is compared with: people's rows, earlier drafts, and the texts held out for evaluation."""

from dataclasses import dataclass, field

import polars as pl

from outcross.validators.repeats.heldout import HeldOut
from outcross.validators.repeats.vectors import Vectors


def _empty(*columns: str) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(columns, pl.String))


@dataclass(frozen=True, kw_only=True)
class References:
    """The texts that some validators need beside the samples; each is empty where there is none."""

    human: pl.DataFrame = field(default_factory=lambda: _empty("sample_id", "prompt", "response"))
    """Clean human rows: `sample_id`, `prompt`, `response`."""
    earlier: pl.DataFrame = field(default_factory=lambda: _empty("sample_id", "rank", "prompt", "response"))
    """All drafts of the same recipe, those being judged included: `sample_id`, `rank`, `prompt`, `response`."""
    pairs: pl.DataFrame | None = None
    """Which of these each sample is compared with: `field` (prompt or response), `sample_id`, `other` (its id).

    Where None, each comparing validator finds that out for itself, among all of them.
    """
    heldout: pl.DataFrame = field(default_factory=lambda: _empty("sample_id", "source", "text"))
    """Texts that no training row may repeat, one or more a sample: `sample_id`, `source` (its document), `text`."""
    usual: pl.DataFrame = field(default_factory=lambda: _empty("sample_id", "source", "text"))
    """All texts that people wrote, the held-out ones included, by which words of many documents are known."""
    index: HeldOut | None = None
    """The two, indexed. Where None, `heldout_overlap` does that itself, for every frame that it judges."""
    vectors: Vectors | None = None
    """A table of static embeddings, where a recipe compares meanings (`outcross.tasks.screening.distil`)."""
