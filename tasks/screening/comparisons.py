"""Comparisons: of a whole corpus, the few texts that each draft may repeat, found partition by partition."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import polars as pl

from outcross.data.samples import digest
from outcross.data.stores.home import Home
from outcross.data.stores.sketches import Sketches
from outcross.validators.references import References
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.repeats.pairs import COMMON, FIRST, SKETCH
from outcross.validators.repeats.shingles import VERSION, Shingles, Words, hashed, shingled
from outcross.validators.signals import Validator


@dataclass(frozen=True)
class Candidates:
    """What the drafts of one partition are compared with."""

    pairs: pl.DataFrame
    """`field`, `sample_id`, `other`, as `References.pairs` has them."""
    ranks: pl.DataFrame
    """`sample_id`, `rank` and `draft` of the drafts and of all others."""

    @property
    def others(self) -> list[str]:
        """The ids whose texts the comparison needs, in order."""
        return self.pairs["other"].unique().sort().to_list()

    def ranked(self, samples: pl.DataFrame) -> pl.DataFrame:
        """The samples with their place in the order of precedence for `rank`."""
        ranks = self.ranks.select("sample_id", "rank")
        return samples.join(ranks, on="sample_id", how="left", maintain_order="left", suffix="_placed").select(
            pl.coalesce("rank_placed", "rank").alias("rank") if name == "rank" else name for name in samples.columns
        )

    def references(self, texts: pl.DataFrame, rest: References) -> References:
        """The texts of `others` (`sample_id`, `prompt`, `response`) beside the rest of the references."""
        known = self.ranks.join(texts, on="sample_id")
        names = ["sample_id", "prompt", "response"]
        return replace(
            rest,
            human=known.filter(~pl.col("draft")).select(names),
            earlier=known.filter("draft").select("sample_id", "rank", "prompt", "response"),
            pairs=self.pairs,
        )


@dataclass(frozen=True)
class Comparisons:
    """The comparing validators of a screen, and the sketches that serve them."""

    sketches: Sketches
    validators: tuple[NearDuplicate, ...]

    @classmethod
    def of(cls, home: Home, recipe: str, validators: Iterable[Validator]) -> Self:
        """Those of a recipe; a file of sketches made by other limits or hashes is begun anew."""
        comparing = tuple(one for one in validators if isinstance(one, NearDuplicate))
        limits = [(one.field, one.run, one.short, one.shortest) for one in comparing]
        path = home.root / "sketches" / f"{recipe}.duckdb"
        return cls(Sketches(path, digest([VERSION, SKETCH, limits]), FIRST), comparing)

    def enlist(self, human: pl.Series, drafts: pl.DataFrame) -> int:
        """Give each text its place in the order of precedence, once and for all; return how many were new.

        People's rows come first; then the drafts enlisted before; then new ones, by rank. So a run that was killed, or
        whose partitions end in another order, compares every draft with the same others. A draft that is a row of
        people's itself has that row's place.

        Args:
            human: ids of people's rows.
            drafts: `sample_id`, `rank`.
        """
        people = human.sort().alias("sample_id").to_frame().with_columns(draft=pl.lit(value=False))
        own = drafts.join(people, on="sample_id", how="anti").sort("rank", "sample_id")
        return self.sketches.enlist(pl.concat([people, own.select("sample_id", draft=pl.lit(value=True))]))

    def unsketched(self) -> list[str]:
        """Ids of enlisted texts whose sketches are missing, in the order of precedence."""
        return self.sketches.unsketched()["sample_id"].to_list() if self.validators else []

    def sketch(self, texts: pl.DataFrame) -> int:
        """Add the sketches of some enlisted texts (`sample_id`, `prompt`, `response`); return how many were new."""
        placed = texts.join(self.sketches.places(texts["sample_id"].to_list()), on="sample_id").sort("place")
        made = [
            sketched(placed["place"], placed[one.field], one, field=number)
            for number, one in enumerate(self.validators)
        ]
        return self.sketches.add(pl.concat(one.wholes for one in made), pl.concat(one.keys for one in made))

    def candidates(self, ids: Collection[str]) -> Candidates:
        """What to compare some enlisted drafts with: just what a validator would find among all texts."""
        own = self.sketches.places(ids)
        found = [
            self.sketches.pairs(own["place"], field=number, common=COMMON, floor=one.floor).with_columns(
                field=pl.lit(one.field)
            )
            for number, one in enumerate(self.validators)
        ]
        pairs = pl.concat([_NONE, *found], how="diagonal")
        named = self.sketches.named(pl.concat([own["place"].cast(pl.Int64), pairs["other"]]).unique())
        ours, theirs = (named.select(pl.col("sample_id").alias(name), place="place") for name in ("sample_id", "named"))
        return Candidates(
            pairs.join(ours, left_on="own", right_on="place")
            .join(theirs, left_on="other", right_on="place")
            .select("field", "sample_id", other="named"),
            named.select("sample_id", pl.col("place").cast(pl.String).str.zfill(10).alias("rank"), "draft"),
        )


_NONE = pl.DataFrame(schema={"field": pl.String, "own": pl.Int64, "other": pl.Int64})


@dataclass(frozen=True)
class Sketched:
    """The sketches of some texts, as `Sketches.add` takes them, and the sets that they are of."""

    wholes: pl.DataFrame
    keys: pl.DataFrame
    sets: Shingles


def sketched(places: pl.Series, texts: pl.Series, limits: NearDuplicate, *, field: int = 0) -> Sketched:
    """Sketch texts over runs of `run` words; those of fewer than `short` words have a digest alone."""
    words = hashed(texts)
    sets = shingled(_long(words, limits.short), limits.run)
    rows, keys = sets.lowest(SKETCH)
    place = places.to_numpy()
    compared = pl.Series(words.sizes >= limits.shortest)
    wholes = pl.DataFrame({"place": place, "digest": words.wholes()}).with_columns(
        pl.when(compared).then("digest"), field=pl.lit(field)
    )
    keyed = pl.DataFrame({"place": place[rows], "key": keys, "size": sets.sizes[rows].astype(np.uint32)})
    return Sketched(wholes, keyed.with_columns(field=pl.lit(field)), sets)


def _long(words: Words, short: int) -> Words:
    """The words with the texts of fewer than `short` emptied."""
    kept = words.sizes >= short
    sizes = np.where(kept, words.sizes, 0)
    return Words(words.hashes[np.repeat(kept, words.sizes)], np.concatenate([[0], np.cumsum(sizes)]))
