"""Leaks: rows of the training side that repeat a text held out for evaluation."""

from collections.abc import Iterable

import polars as pl

from outcross.data.reading import Reading, read
from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Content, Sample
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.validators.heldout_overlap import HeldoutOverlap
from outcross.validators.references import References
from outcross.validators.registry import build
from outcross.validators.signals import SAMPLES

_FIELDS = list(Reading._fields)


def leaking(home: Home, recipe: Recipe, samples: Iterable[Sample]) -> dict[str, str]:
    """The samples that repeat a held-out text, by id, each with the worst repeat in a phrase.

    What counts is what the validator `heldout_overlap` scores 0, with the recipe's limits for it if there are
    some; the recipe need not name it. A row of another kind than the recipe's, such as a target, counts as the
    context that it is going to be.
    """
    rows = {
        sample.sample_id: (sample.content.kind, sample.provenance.stratum, *_reading(sample.content, recipe), "", "")
        for sample in samples
    }
    frame = pl.DataFrame([(key, *row) for key, row in rows.items()], schema=SAMPLES, orient="row")
    (validator,) = build({HeldoutOverlap.name: recipe.screen.get(HeldoutOverlap.name, {})})
    said = validator(frame, heldout(people(home, recipe))).filter(pl.col("score") == 0)
    return dict(said.select("sample_id", "reason").iter_rows())


def people(home: Home, recipe: Recipe) -> pl.DataFrame:
    """All rows in the vault as they read: `sample_id`, `part`, `source`, `prompt`, `context`, `response`."""
    table = vault.table(home, recipe.name, *vault.PARTS)
    readings = [_reading(CONTENT.validate_json(content), recipe) for content in table["content"]]
    read_as = pl.DataFrame(readings, schema=dict.fromkeys(_FIELDS, pl.String), orient="row")
    return pl.concat([table.select("sample_id", "part", "source"), read_as], how="horizontal")


def heldout(rows: pl.DataFrame) -> References:
    """The held-out texts, and all texts by document; `rows` as `people` gives them.

    A prompt that stands before different contexts, such as a recipe's own instruction, poses no task by
    itself: the context does.
    """
    poses = pl.col("context").n_unique().over("prompt") == 1
    texts = (
        rows.with_columns(prompt=pl.when(poses).then("prompt").otherwise(pl.lit("")))
        .unpivot(_FIELDS, index=["sample_id", "part", "source"], value_name="text")
        .filter(pl.col("text") != "")
        .select("sample_id", "source", "text", "part")
    )
    return References(heldout=texts.filter(pl.col("part") == "heldout").drop("part"), usual=texts.drop("part"))


def _reading(content: Content, recipe: Recipe) -> Reading:
    reading = read(content)
    return reading if content.kind == recipe.kind else Reading("", "\n\n".join(filter(None, reading)), "")
