"""Where a release's rows come from, in numbers: how far from people, through whose hands, from which ancestors."""

from collections import Counter
from collections.abc import Mapping

import polars as pl

from outcross.data.samples import Origin, Sample


def lineage(made: Mapping[str, Sample], kin: Mapping[str, Sample], weights: Mapping[str, float]) -> dict[str, object]:
    """Count rows by origin and depth, and what stands behind them.

    Args:
        made: the rows of the release, by id.
        kin: their ancestors, by id.
        weights: of the rows, by id.
    """
    rows = [(one.provenance.depth, one.provenance.origin.value, weights[key]) for key, one in made.items()]
    frame = pl.DataFrame(rows, schema={"depth": pl.Int64, "origin": pl.String, "mass": pl.Float64}, orient="row")
    by_depth = frame.group_by("depth", "origin").agg(rows=pl.len(), mass=pl.col("mass").sum()).sort("depth", "origin")
    origins = Counter(one.provenance.origin for one in kin.values())
    drafted = [one.provenance for one in made.values() if one.provenance.origin is not Origin.HUMAN]
    return {
        "by_depth": by_depth.to_dicts(),
        "people_behind": origins[Origin.HUMAN],
        "models_behind": len(kin) - origins[Origin.HUMAN],
        "traced": sum(bool(said.parents) for said in drafted),
        "brought_in": sum(not said.parents for said in drafted),
        "editors": len({said.editor for said in drafted if said.editor}),
    }
