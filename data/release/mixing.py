"""Weights for a release of any size, in SQL: counted, weighed and written by DuckDB within a limit on memory.

The rules are those of `outcross.mixture.weights`, which does the same for rows that fit in memory. Nothing here is
sorted and no row passes through Python, so that time goes into reading what is chosen and into writing it.

Candidates are a table or view, given by its name, whose every row may be released: `sample_id`, `stratum`, `klass`,
`trust` in (0, 1], `tilt` > 0, and whatever columns the release has besides. Rows of a class in a stratum share its mass
in proportion to trust times tilt, as far as no row weighs more than its class may.
"""

from pathlib import Path

import duckdb
import polars as pl

from outcross.errors import InputError

GROUP = ["stratum", "klass"]

SHARE = "(trust * tilt)"

EXACT = 10**15
"""Shares are summed as whole numbers of this fraction: the sum is then the same whoever adds which rows first."""

TOUCHES = 1e-12
"""Relative rounding up to which a mass fills all the room that its rows have under their cap."""

APART = 750_000_000
"""Bytes that a process takes besides what DuckDB counts: Python, libraries, and buffers of files being written."""

COUNTS = f"""
SELECT stratum, klass, count(*) AS rows, sum(CAST({SHARE} * {EXACT} AS BIGINT)) / {EXACT} AS total,
       min({SHARE}) AS least, max({SHARE}) AS most
FROM {{candidates}} GROUP BY ALL ORDER BY ALL
"""

LIFTED = f"""
SELECT stratum, klass, count(*) FILTER (lifted) AS now, coalesce(sum(share) FILTER (lifted), 0) / {EXACT} AS heavy
FROM (
    SELECT stratum, klass, CAST({SHARE} * {EXACT} AS BIGINT) AS share, factor * {SHARE} > cap AS lifted
    FROM {{candidates}} JOIN waiting USING (stratum, klass)
)
GROUP BY ALL
"""

WEIGHED = f"""
SELECT candidate.* EXCLUDE (trust, tilt), coalesce(factors.each, least(factors.cap, factor * {SHARE})) AS weight
FROM {{candidates}} AS candidate JOIN factors USING (stratum, klass)
"""


def bound(connection: duckdb.DuckDBPyConnection, memory: int, beside: Path) -> None:
    """Keep the process within a limit; what DuckDB can't hold goes to a folder beside the release.

    Rows are then written in no certain order: whoever reads a release sorts it by id.

    Args:
        memory: bytes, at least twice `APART`.

    Raises:
        InputError: it is less.
    """
    if memory < 2 * APART:
        raise InputError(
            f"{memory:,} bytes of memory are too few to build a release with. Allow {2 * APART:,} or more."
        )
    connection.execute("SET memory_limit = ?", [f"{memory - APART}B"])
    connection.execute("SET temp_directory = ?", [str(beside)])
    connection.execute("SET preserve_insertion_order = false")


def count(connection: duckdb.DuckDBPyConnection, candidates: str) -> pl.DataFrame:
    """Candidates by group: stratum, klass, rows; and of their shares the total, the least and the most."""
    return connection.execute(COUNTS.format(candidates=candidates)).pl()


def factors(
    connection: duckdb.DuckDBPyConnection, candidates: str, counts: pl.DataFrame, masses: pl.DataFrame
) -> pl.DataFrame:
    """What turns shares into weights: a row weighs min(cap, factor * share), or `each` where all weigh the same.

    The factor begins at mass by total share. Rows that it lifts above the cap are held there, and what they leave lifts
    others; the rows held only ever become more, so this ends, and at the one factor that gives the group its mass.

    Args:
        counts: what `count` gave.
        masses: stratum, klass, mass > 0, and cap, which times the group's rows is at least the mass.

    Returns:
        stratum, klass, cap, factor, and each, which is null where the rows' shares tell them apart.
    """
    full = pl.col("mass") >= pl.col("rows") * pl.col("cap") * (1 - TOUCHES)
    alike = (pl.col("least") == pl.col("most")) | full
    groups = counts.join(masses, on=GROUP).with_columns(
        each=pl.when(alike).then(pl.col("mass") / pl.col("rows")),
        factor=pl.col("mass") / pl.col("total"),
        held=pl.lit(0, pl.Int64),
    )
    lifts = pl.col("each").is_null() & (pl.col("factor") * pl.col("most") > pl.col("cap"))
    done, waiting = [groups.filter(~lifts)], groups.filter(lifts)
    while not waiting.is_empty():
        found = waiting.join(_lifted(connection, candidates, waiting), on=GROUP)
        done.append(found.filter(pl.col("now") <= pl.col("held")))
        waiting = found.filter(pl.col("now") > pl.col("held")).select(
            pl.exclude("held", "factor", "now", "heavy"),
            held="now",
            factor=(pl.col("mass") - pl.col("now") * pl.col("cap")) / (pl.col("total") - pl.col("heavy")),
        )
    return pl.concat(part.select(*GROUP, "cap", "factor", "each") for part in done)


def _lifted(connection: duckdb.DuckDBPyConnection, candidates: str, waiting: pl.DataFrame) -> pl.DataFrame:
    """Of each group, how many rows its factor lifts above the cap (now), and the sum of their shares (heavy)."""
    connection.register("waiting", waiting.select(*GROUP, "cap", "factor").to_arrow())
    try:
        return connection.execute(LIFTED.format(candidates=candidates)).pl()
    finally:
        connection.unregister("waiting")


def write(connection: duckdb.DuckDBPyConnection, candidates: str, factors: pl.DataFrame, target: Path | str) -> int:
    """Write the weighed rows, those of the groups in `factors`, and return how many they are.

    Args:
        factors: what `factors` gave.
        target: a Parquet file, or the name of a table to make.
    """
    weighed = WEIGHED.format(candidates=candidates)
    if isinstance(target, Path):
        path = str(target).replace("'", "''")
        statement = f"COPY ({weighed}) TO '{path}' (FORMAT parquet)"
    else:
        statement = f"CREATE TABLE {target} AS {weighed}"
    connection.register("factors", factors.to_arrow())
    try:
        found = connection.execute(statement).fetchall()
    finally:
        connection.unregister("factors")
    return int(found[0][0])
