"""Leaks: rows of the training side that repeat a text held out for evaluation."""

from collections.abc import Iterable

import polars as pl

from outcross.data.reading import Reading, read
from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Content, Preference, Sample, Trajectory
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.screening.frames import Seen, frame
from outcross.validators.profiles import settings
from outcross.validators.references import References
from outcross.validators.registry import build
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap

_FIELDS = list(Reading._fields)


def leaking(home: Home, recipe: Recipe, samples: Iterable[Sample]) -> dict[str, str]:
    """The samples that repeat a held-out text, by id, each with the worst repeat in a phrase.

    What counts is what the validator `heldout_overlap` scores 0, with the recipe's limits for it if there are
    some; the recipe need not name it. A row of another kind than the recipe's, such as a target, counts as the
    context that it is going to be. A preference's other answer and the arguments of tool calls count too.
    """
    rows = [
        Seen(f"{sample.sample_id}/{number}", sample.provenance.stratum, sample.content, reading=reading)
        for sample in {sample.sample_id: sample for sample in samples}.values()
        for number, reading in enumerate(_readings(sample.content, recipe))
    ]
    limits = settings(recipe.profile, recipe.screen).get(HeldoutOverlap.name, {})
    (validator,) = build({HeldoutOverlap.name: limits})
    said = validator(frame(rows), heldout(people(home, recipe)))
    leaks = said.filter(pl.col("score") == 0).sort("sample_id", descending=True)
    return {key.partition("/")[0]: reason for key, reason in leaks.select("sample_id", "reason").iter_rows()}


def people(home: Home, recipe: Recipe) -> pl.DataFrame:
    """All rows in the vault as they read: `sample_id`, `part`, `source`, `prompt`, `context`, `response`, `also`.

    A row has a second reading, told by `also`, where it holds texts that the first leaves out.
    """
    table = vault.table(home, recipe.name, *vault.PARTS)
    found = [
        (*row, *reading, bool(number))
        for *row, content in table.select("sample_id", "part", "source", "content").iter_rows()
        for number, reading in enumerate(_readings(CONTENT.validate_json(content), recipe))
    ]
    names = ["sample_id", "part", "source", *_FIELDS]
    return pl.DataFrame(found, schema=dict.fromkeys(names, pl.String) | {"also": pl.Boolean}, orient="row")


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


def _readings(content: Content, recipe: Recipe) -> list[Reading]:
    """A row as it reads, and the texts that this leaves out, as a second reading, where there are some."""
    match content:
        case Preference():
            also = content.rejected
        case Trajectory():
            also = "\n\n".join(call.arguments for turn in content.turns for call in turn.calls)
        case _:
            also = ""
    reading = read(content)
    if content.kind != recipe.kind:
        return [Reading("", "\n\n".join(filter(None, (*reading, also))), "")]
    return [reading, Reading("", "", also)] if also else [reading]
