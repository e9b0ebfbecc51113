"""What a manifest counts: rows and mass by class and stratum, and the models that wrote."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import polars as pl
import pyarrow as pa

from outcross.data.samples import Generation, Sample

Counts = dict[tuple[str, ...], tuple[int, float]]
"""Rows and mass by class, or by stratum and class."""

GROUPS = {"by_class": ("klass",), "strata": ("stratum", "klass")}
"""The manifest's lists of counts, and what tells their entries apart."""

CLOSE = 1e-9
"""Relative difference up to which two sums of one mass are the same."""


def generators(rows: Iterable[Sample], ancestors: Mapping[str, Sample]) -> list[dict[str, object]]:
    """The models that wrote rows, or the drafts that people edited, and how many each; most first."""
    counted = Counter(
        (author.model, author.weights_digest, author.model_depth)
        for sample in rows
        for author in _authors(sample, ancestors)
    )
    ordered = sorted(counted.items(), key=lambda entry: (-entry[1], *map(str, entry[0])))
    return [
        {"model": model, "weights_digest": weights, "model_depth": depth, "rows": rows}
        for (model, weights, depth), rows in ordered
    ]


def _authors(sample: Sample, ancestors: Mapping[str, Sample]) -> list[Generation]:
    said = sample.provenance
    drafts = [ancestors[link.sample_id].provenance for link in said.parents] if said.editor else []
    return [one.generation for one in (said, *drafts) if one.generation]


def miscounted(manifest: Mapping[str, Any], table: pa.Table) -> str | None:
    """The first count of a manifest that the `samples` table doesn't give, in words; None where all agree."""
    frame = pl.DataFrame(pl.from_arrow(table.select(["stratum", "klass", "weight"])))
    if kinds := {*table.column("kind").to_pylist()} - {manifest["kind"]}:
        return f"kind {manifest['kind']!r}, and there are rows of kind {kinds.pop()!r}"
    if manifest["rows"] != frame.height:
        return f"{manifest['rows']} rows, and there are {frame.height}"
    mass = float(frame["weight"].sum())
    if not math.isclose(manifest["mass"], mass, rel_tol=CLOSE):
        return f"a mass of {manifest['mass']:g}, and the weights' sum is {mass:g}"
    for part, keys in GROUPS.items():
        said, found = _said(manifest[part], keys), _found(frame, keys)
        for key in sorted(said.keys() | found.keys()):
            if not _same(said.get(key, (0, 0.0)), found.get(key, (0, 0.0))):
                return f"{_words(said, key)} for {' '.join(key)} in {part}, and there are {_words(found, key)}"
    return None


def _said(entries: Iterable[Mapping[str, Any]], keys: tuple[str, ...]) -> Counts:
    return {tuple(entry[key] for key in keys): (entry["rows"], entry["mass"]) for entry in entries}


def _found(frame: pl.DataFrame, keys: tuple[str, ...]) -> Counts:
    counted = frame.group_by(keys).agg(pl.len().alias("rows"), pl.col("weight").sum().alias("mass"))
    return _said(counted.to_dicts(), keys)


def _same(said: tuple[int, float], found: tuple[int, float]) -> bool:
    return said[0] == found[0] and math.isclose(said[1], found[1], rel_tol=CLOSE)


def _words(counts: Counts, key: tuple[str, ...]) -> str:
    rows, mass = counts.get(key, (0, 0.0))
    return f"{rows} rows of mass {mass:g}"


def overweight(manifest: Mapping[str, Any], table: pa.Table) -> str | None:
    """The first row that weighs what no row of its stratum and class can; None where there is none.

    Human and unreviewed rows share the mass alike; of the others, which count by how far they are trusted, none
    weighs more than 1.
    """
    shares = {key: mass / rows for key, (rows, mass) in _said(manifest["strata"], GROUPS["strata"]).items()}
    for row in table.select(["sample_id", "stratum", "klass", "weight"]).sort_by("sample_id").to_pylist():
        share, weight = shares.get((row["stratum"], row["klass"]), 0.0), row["weight"]
        by_trust = row["klass"] in ("hybrid", "reviewed") and share
        if not (0 < weight <= 1 + CLOSE if by_trust else math.isclose(weight, share, rel_tol=CLOSE)):
            return (
                f"row {row['sample_id']} does not hold: it weighs {weight:g}, and the manifest gives a "
                f"{row['klass']} row of {row['stratum']} {'at most 1' if by_trust else f'{share:g}'}."
            )
    return None
