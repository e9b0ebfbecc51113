"""Duplicates of a corpus in Parquet files: its clusters of texts that are alike, and the row of each to keep."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from outcross.data.stores.sketches import Sketches
from outcross.tasks.screening.columns import as_texts
from outcross.tasks.screening.comparisons import sketched
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.repeats.pairs import COMMON, FIRST, Pairs, jaccard
from outcross.validators.repeats.shingles import Shingles

PART = 50_000
"""Rows in work at once. Memory is set by this and by the number of duplicates, not by the size of the corpus."""

LIMITS = NearDuplicate(floor=0.5, shortest=1)

_PRECEDENCE = {"human": 0, "hybrid": 1, "synthetic": 2}


def duplicates(paths: Sequence[Path], *, text: str = "text", limits: NearDuplicate = LIMITS) -> pl.DataFrame:
    """Cluster the rows whose texts are alike.

    Rows are alike as `NearDuplicate` says: if the similarity of their texts is `floor` or more, or if they are the same
    but for case, spacing and punctuation. Whoever is alike with a row of a cluster belongs to it.

    Args:
        paths: Parquet files with `sample_id`, the text and, if the corpus has them, `origin` (human, hybrid or
            synthetic) and `rank`, a text or a whole number.
        text: the column to compare; of a file that doesn't have it, the column `text`.
        limits: when texts are alike.

    Returns:
        `sample_id`, `cluster` (numbered from 0), `keeper` (the id of the cluster's first row: human before hybrid
        before synthetic, then by rank, then by id) and `similarity` with the closest row that stands before it in that
        order, 0 where none does; a row for each row that is in a cluster.
    """
    with TemporaryDirectory() as folder:
        place = Path(folder)
        sketches = Sketches(place / "sketches.duckdb", "duplicates", FIRST)
        for number, part in enumerate(_parts(paths, [text])):
            places = pl.Series(np.arange(part.height) + number * PART)
            made = sketched(places, part[text].fill_null(""), limits)
            sketches.add(made.wholes, made.keys)
            np.savez(place / f"{number}.npz", hashes=made.sets.hashes, starts=made.sets.starts)
        pairs = pl.concat([_EMPTY, *_verified(sketches, place, limits.floor)])
    return _clusters(pairs, paths)


_EMPTY = pl.DataFrame(schema={"own": pl.Int64, "other": pl.Int64, "alike": pl.Float64})


def _parts(paths: Sequence[Path], columns: Sequence[str]) -> Iterator[pl.DataFrame]:
    """The rows of all files in order, `PART` at a time, with those columns that a file has, as texts.

    Of a file that has none of them it is the column `text`, under the name of the first.
    """
    left: list[pl.DataFrame] = []
    for path in paths:
        # Else Arrow keeps all that it has read until the file is closed.
        with pq.ParquetFile(path, pre_buffer=False) as file:
            there = [name for name in columns if name in file.schema_arrow.names]
            for batch in file.iter_batches(PART, columns=there or ["text"]):
                read = pl.DataFrame(batch) if there else pl.DataFrame(batch).rename({"text": columns[0]})
                rows = pl.concat([*left, as_texts(read)], how="diagonal")
                if whole := rows.height // PART:
                    yield from rows.head(whole * PART).iter_slices(PART)
                left = [rows.slice(whole * PART)]
    yield from (rows for rows in left if rows.height)


def _verified(sketches: Sketches, folder: Path, floor: float) -> Iterator[pl.DataFrame]:
    """The pairs that are alike indeed, with their similarity."""
    for number in range(len(list(folder.glob("*.npz")))):
        ours = _loaded(folder, number)
        pairs = sketches.pairs(pl.Series(np.arange(PART) + number * PART), field=0, common=COMMON, floor=floor)
        for (other,), group in pairs.group_by(pl.col("other") // PART):
            theirs = _loaded(folder, other)
            local = Pairs(*(group.select(pl.col("own", "other") % PART).to_numpy().T))
            # Two without a set are short, and a pair because they are the same.
            same = (ours.sizes[local.own] == 0) & (theirs.sizes[local.other] == 0)
            alike = np.where(same, 1.0, jaccard(ours, theirs, local))
            yield group.select("own", "other", alike=alike).filter(pl.col("alike") >= floor)


def _loaded(folder: Path, number: object) -> Shingles:
    with np.load(folder / f"{number}.npz") as arrays:
        return Shingles(arrays["hashes"], arrays["starts"])


def _clusters(pairs: pl.DataFrame, paths: Sequence[Path]) -> pl.DataFrame:
    """The connected components of the pairs, with the ids of their rows."""
    ends = pairs.select("own", "other").to_numpy()
    members, nodes = np.unique(ends, return_inverse=True)
    nodes = nodes.reshape(ends.shape)
    edges = coo_array((np.ones(nodes.shape[0], dtype=np.int8), (nodes[:, 0], nodes[:, 1])), shape=(members.size,) * 2)
    _, labels = connected_components(edges, directed=False)
    rows = pl.DataFrame({"place": members, "cluster": labels}).with_row_index("node")
    named = rows.join(_named(paths, rows["place"]), on="place").sort("cluster", "order", "rank", "sample_id")
    closest = _closest(nodes, pairs["alike"].to_numpy(), named["node"].to_numpy())
    return named.select(
        "sample_id", "cluster", pl.col("sample_id").first().over("cluster").alias("keeper"), similarity=closest
    )


def _closest(nodes: NDArray[np.int64], alike: NDArray[np.float64], order: NDArray[np.uint32]) -> pl.Series:
    """By place in an order of the nodes, the similarity of each with the closest one before it."""
    place = np.empty(order.size, dtype=np.int64)
    place[order] = np.arange(order.size)
    closest = np.zeros(order.size)
    np.maximum.at(closest, place[nodes].max(axis=1, initial=0), alike)
    return pl.Series(closest)


def _named(paths: Sequence[Path], places: pl.Series) -> pl.DataFrame:
    """`place`, `sample_id`, `order` of its origin and `rank` of the rows at some places."""
    found, start, wanted = [], 0, places.alias("place").to_frame()
    for rows in _parts(paths, ["sample_id", "origin", "rank"]):
        found.append(rows.with_columns(place=pl.int_range(pl.len()) + start).join(wanted, on="place", how="semi"))
        start += rows.height
    order = pl.col("origin").replace_strict(_PRECEDENCE, default=len(_PRECEDENCE))
    return pl.concat([_KEYS, *found], how="diagonal").select("place", "sample_id", "rank", order=order)


_KEYS = pl.DataFrame(schema={"place": pl.Int64, "sample_id": pl.String, "origin": pl.String, "rank": pl.String})
