"""Known texts: what people wrote, and of it and of evaluation sets what no row may repeat, read and indexed once."""

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path

import polars as pl

from outcross.data.corpora.evaluation import frame as evaluation_frame
from outcross.data.reading import Reading, read
from outcross.data.recipe import Recipe
from outcross.data.samples import CONTENT, Content, Preference, Trajectory
from outcross.data.stores import vault
from outcross.data.stores.home import Home
from outcross.tasks.results import stamp
from outcross.validators.references import References
from outcross.validators.repeats.heldout import HeldOut

_FIELDS = list(Reading._fields)
Changed = tuple[tuple[int, int], ...]
_COLUMNS = dict.fromkeys(["sample_id", "part", "source", *_FIELDS], pl.String) | {"also": pl.Boolean}


@dataclass(frozen=True)
class Known:
    """The texts that a recipe's drafts are held against."""

    people: pl.DataFrame
    """All rows in the vault as they read: `sample_id`, `part`, `source`, `prompt`, `context`, `response`, `also`.

    A row has a second reading, told by `also`, where it holds texts that the first leaves out.
    """
    evaluation: pl.DataFrame
    """Texts of the evaluation sets that the recipe names: `sample_id`, `source`, `text`."""

    @cached_property
    def references(self) -> References:
        """The held-out texts, and all texts by document, with their index.

        A prompt that stands before different contexts, such as a recipe's own instruction, poses no task by itself:
        the context does.
        """
        poses = pl.col("context").n_unique().over("prompt") == 1
        spread = (
            self.people.with_columns(prompt=pl.when(poses).then("prompt").otherwise(pl.lit("")))
            .unpivot(_FIELDS, index=["sample_id", "part", "source"], value_name="text")
            .filter(pl.col("text") != "")
            .select("sample_id", "source", "text", "part")
        )
        ours = spread.filter(pl.col("part") == "heldout").drop("part")
        kept, usual = pl.concat([ours, self.evaluation]), pl.concat([spread.drop("part"), self.evaluation])
        return References(heldout=kept, usual=usual, index=HeldOut.of(kept, usual))

    @property
    def shown(self) -> pl.DataFrame:
        """Rows that drafts may not repeat: `sample_id`, `source`, `part`, `prompt`, `response`."""
        first = self.people.filter(~pl.col("also"), pl.col("part").is_in(["seed", "mixture"]), pl.col("response") != "")
        return first.select("sample_id", "source", "part", "prompt", "response")

    @property
    def seeds(self) -> dict[str, str]:
        """The answers of the rows that models are shown, by id."""
        seeds = self.people.filter(~pl.col("also"), pl.col("part") == "seed")
        return dict(seeds.select("sample_id", "response").iter_rows())


def known(home: Home, recipe: Recipe) -> Known:
    """What is known by now; read again only once the vault or an evaluation set has changed."""
    changed = tuple(stamp(path) for path in (home.vault, *recipe.evaluation))
    return _known(home.root.absolute(), recipe.name, recipe.kind, recipe.evaluation, changed)


@lru_cache(maxsize=2)
def _known(root: Path, name: str, kind: str, evaluation: tuple[Path, ...], _changed: Changed) -> Known:
    table = vault.table(Home(root), name, *vault.PARTS)
    found = [
        (*row, *reading, bool(number))
        for *row, content in table.select("sample_id", "part", "source", "content").iter_rows()
        for number, reading in enumerate(readings(CONTENT.validate_json(content), kind))
    ]
    return Known(pl.DataFrame(found, schema=_COLUMNS, orient="row"), evaluation_frame(evaluation))


def readings(content: Content, kind: str) -> list[Reading]:
    """A row as it reads, and the texts that this leaves out, as a second reading, where there are some.

    A row of another kind than the recipe's, such as a target, reads as the context that it is going to be.
    """
    match content:
        case Preference():
            also = content.rejected
        case Trajectory():
            also = "\n\n".join(call.arguments for turn in content.turns for call in turn.calls)
        case _:
            also = ""
    reading = read(content)
    if content.kind != kind:
        return [Reading("", "\n\n".join(filter(None, (*reading, also))), "")]
    return [reading, Reading("", "", also)] if also else [reading]
