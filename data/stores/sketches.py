"""Sketches: the keys by which texts of a corpus find the ones that may be alike, in a DuckDB file of their own.

The file is derived from the vault and the warehouse: whoever deletes it loses time alone.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.data.stores.lease import lease

MEMORY = "300MB"
"""What a query may use before it spills to the disk beside the file."""

_DRAFTS = 1 << 31
"""The place of the first draft: people's rows come before all drafts, whenever they are added."""

_TABLES = """
CREATE TABLE made (version TEXT NOT NULL);
-- Places give the order of precedence. They are never changed, so whoever came first stays first.
CREATE TABLE text (sample_id TEXT NOT NULL, place UINTEGER NOT NULL);
-- A text that isn't compared has no digest.
CREATE TABLE whole (place UINTEGER NOT NULL, field UTINYINT NOT NULL, digest UBIGINT);
CREATE TABLE sketch (place UINTEGER NOT NULL, field UTINYINT NOT NULL, key UBIGINT NOT NULL, size UINTEGER NOT NULL);
"""

# What texts are compared with. Of texts with one digest the first stands for all, and of those with one key the first
# few: texts made from a template share most keys, and all pairs of them would outgrow any disk.
_FOREMOST = """
CREATE TABLE alone AS SELECT field, digest, min(place) AS place FROM whole GROUP BY field, digest;
CREATE TABLE foremost AS SELECT field, key, place, size FROM sketch SEMI JOIN alone USING (field, place)
QUALIFY row_number() OVER (PARTITION BY field, key ORDER BY place) <= {first}
AND count(*) OVER (PARTITION BY field, key) > 1;
"""

_SHARING = """
SELECT mine.place::UBIGINT << 32 | foremost.place AS pair
FROM sketch AS mine JOIN foremost USING (field, key) SEMI JOIN wanted ON mine.place = wanted.place
WHERE mine.field = $field AND foremost.place < mine.place
AND least(mine.size, foremost.size) >= $floor * greatest(mine.size, foremost.size)
"""
_SAME = """
SELECT mine.place::UBIGINT << 32 | alone.place AS pair
FROM whole AS mine JOIN alone USING (field, digest) SEMI JOIN wanted ON mine.place = wanted.place
WHERE mine.field = $field AND alone.place < mine.place
"""


@dataclass(frozen=True)
class Sketches:
    """The sketches of one corpus, in one file."""

    path: Path
    made: str
    """What they are made with, such as versions and limits: a file made with anything else is begun anew."""
    first: int
    """Of the texts with a key in common, those that all others are compared with: so many, by precedence."""

    def enlist(self, texts: pl.DataFrame) -> int:
        """Give places to texts that have none, in the order given; return how many.

        Args:
            texts: `sample_id`, and whether it is a `draft`.
        """
        with self._opened() as db:
            db.register("given", texts.with_row_index("row").to_arrow())
            return _changed(
                db,
                "INSERT INTO text SELECT sample_id, row_number() OVER (PARTITION BY draft ORDER BY row) - 1 + if(draft,"
                f" (SELECT coalesce(max(place) + 1, {_DRAFTS}) FROM text WHERE place >= {_DRAFTS}),"
                f" (SELECT coalesce(max(place) + 1, 0) FROM text WHERE place < {_DRAFTS}))"
                " FROM given ANTI JOIN text USING (sample_id)",
            )

    def unsketched(self) -> pl.DataFrame:
        """`sample_id` and `place` of texts that have no sketch yet, in the order of their places."""
        with self._opened() as db:
            return db.execute(
                "SELECT sample_id, place::BIGINT AS place FROM text ANTI JOIN whole USING (place) ORDER BY place"
            ).pl()

    def places(self, ids: Collection[str]) -> pl.DataFrame:
        """`sample_id`, `place` and `draft` of those among the ids that have a place."""
        with self._opened() as db:
            db.register("given", pl.DataFrame({"sample_id": list(ids)}, schema={"sample_id": pl.String}).to_arrow())
            return db.execute(
                f"SELECT sample_id, place::BIGINT AS place, place >= {_DRAFTS} AS draft"
                " FROM text SEMI JOIN given USING (sample_id) ORDER BY place"
            ).pl()

    def named(self, places: pl.Series) -> pl.DataFrame:
        """`sample_id`, `place` and `draft` of the texts at some places."""
        with self._opened() as db:
            db.register("given", places.alias("place").to_frame().to_arrow())
            return db.execute(
                f"SELECT sample_id, place::BIGINT AS place, place >= {_DRAFTS} AS draft"
                " FROM text SEMI JOIN given USING (place) ORDER BY place"
            ).pl()

    def add(self, wholes: pl.DataFrame, keys: pl.DataFrame) -> int:
        """Store the sketches of some texts, unless they are there; return how many texts were new.

        Args:
            wholes: `place`, `field`, `digest` of the whole text (null if it isn't compared); a row for each field of
                each text.
            keys: `place`, `field`, `key`, `size` of the set that the keys are of.
        """
        with self._opened() as db:
            db.register("given", wholes.to_arrow())
            db.register("keyed", keys.to_arrow())
            db.execute("CREATE TEMP TABLE fresh AS SELECT DISTINCT place FROM given ANTI JOIN whole USING (place)")
            db.execute("DROP TABLE IF EXISTS alone; DROP TABLE IF EXISTS foremost")
            db.execute("INSERT INTO sketch BY NAME SELECT * FROM keyed SEMI JOIN fresh USING (place)")
            db.execute("INSERT INTO whole BY NAME SELECT * FROM given SEMI JOIN fresh USING (place)")
            (count,) = db.execute("SELECT count(*) FROM fresh").fetchall()[0]
            return int(count)

    def settle(self) -> None:
        """Find what texts are compared with, once all are sketched; `pairs` does it where it wasn't done."""
        with self._opened() as db:
            if "foremost" not in _tables(db):
                db.execute(_FOREMOST.format(first=self.first))

    def pairs(self, places: pl.Series, *, field: int, common: int, floor: float) -> pl.DataFrame:
        """The texts that those at some places may be alike with, among all that precede them.

        Args:
            places: whose texts are wanted; 50,000 take a second or a few.
            field: which text of each.
            common: keys that two texts must have in common; for the same text, its digest is enough.
            floor: what the smaller set must have of the larger one's size.

        Returns:
            `own` (place) and `other` (place), in order.
        """
        self.settle()  # by itself, for what a transaction makes stays in its memory
        with self._opened() as db:
            db.register("wanted", places.alias("place").to_frame().to_arrow())
            shared = _streamed(db.execute(_SHARING, {"field": field, "floor": floor}))
            same = _streamed(db.execute(_SAME, {"field": field}))
        # Sorted and counted here, which takes a third of the time and of the memory of DuckDB's GROUP BY.
        shared.sort()
        often = shared[common - 1 :][shared[common - 1 :] == shared[: shared.size - common + 1]]
        pairs = np.sort(np.concatenate([often, same]))
        pairs = pairs[np.flatnonzero(np.diff(pairs, prepend=np.uint64(0)))]  # no pair is 0: nothing precedes place 0
        return pl.DataFrame({"own": pairs >> np.uint64(32), "other": pairs & np.uint64(0xFFFFFFFF)}).cast(pl.Int64)

    @contextmanager
    def _opened(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with lease(self.path) as db:
            db.execute(f"SET memory_limit = '{MEMORY}'; SET threads = 1; SET preserve_insertion_order = false")
            tables = _tables(db)
            if not tables or db.execute("SELECT version FROM made").fetchall() != [(self.made,)]:
                for name in tables:
                    db.execute(f'DROP TABLE "{name}"')
                db.execute(_TABLES)
                db.execute("INSERT INTO made VALUES (?)", [self.made])
            yield db


def _streamed(found: duckdb.DuckDBPyConnection) -> NDArray[np.uint64]:
    """A column of numbers, which DuckDB need not hold."""
    batches = found.to_arrow_reader(1 << 16)
    return np.concatenate([np.zeros(0, dtype=np.uint64), *(batch.column(0).to_numpy() for batch in batches)])


def _tables(db: duckdb.DuckDBPyConnection) -> set[str]:
    return {name for (name,) in db.execute("SELECT table_name FROM duckdb_tables()").fetchall()}


def _changed(db: duckdb.DuckDBPyConnection, statement: str) -> int:
    (count,) = db.execute(statement).fetchall()[0]
    return int(count)
