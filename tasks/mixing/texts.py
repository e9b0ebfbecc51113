"""Rows as texts: what contraction, the monitor and the effect measure."""

from collections.abc import Iterable, Mapping

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import Action, Content, Sample, Turn

SCHEMA = {
    "sample_id": pl.String,
    "document": pl.String,
    "stratum": pl.String,
    "origin": pl.String,
    "generator": pl.String,
    "text": pl.String,
    "weight": pl.Float64,
}


def texts(recipe: Recipe, samples: Iterable[Sample], weights: Mapping[str, float] | None = None) -> pl.DataFrame:
    """One line a sample, as in `SCHEMA`: its document is its source, its text what the recipe lets a model write.

    What is given to a model, such as the function that a docstring is for, is people's in every row, and would
    hide what became of the rest.

    Args:
        recipe: names the content fields that a model writes.
        samples: of the recipe's kind; `generator` is null for what people wrote or edited.
        weights: by id; 1 each where None.
    """
    lines = (_line(recipe.draft.writes, one, weights) for one in samples)
    return pl.DataFrame(lines, schema=SCHEMA, orient="row")


def _line(fields: tuple[str, ...], sample: Sample, weights: Mapping[str, float] | None) -> tuple[object, ...]:
    said = sample.provenance
    return (
        sample.sample_id,
        said.source,
        said.stratum,
        said.origin.value,
        said.generation.model if said.generation else None,
        _written(sample.content, fields),
        1.0 if weights is None else weights[sample.sample_id],
    )


def _written(content: Content, fields: tuple[str, ...]) -> str:
    """The texts of some fields, steps and turns in their order."""
    values = (getattr(content, name, "") for name in fields)
    parts = (part for value in values for part in ((value,) if isinstance(value, str) else value))
    return "\n\n".join(part.text if isinstance(part, Turn | Action) else str(part) for part in parts)
