"""How long a release of ten million rows takes from thirty million candidates, against a plain COPY of the same rows.

DuckDB makes the candidates: a third may be released, and these lie among the others row by row. A candidate has an id
of 64 characters, 197 characters of text that hardly compress, one of 50 strata by Zipf's law, and a class; hybrid and
reviewed rows are trusted by different degrees, and all but people's are tilted, some beyond what a row may weigh.

The build counts them by stratum and class, plans the masses by the default policy, weighs every row, and writes them to
Parquet; then the same into a DuckDB table. The plain COPY writes the rows of that very table to Parquet. Each runs in a
process of its own, turn by turn, within the same limit on memory. What sorting would cost is measured once.

    PYTHONPATH=. python benchmarks/release_scale.py [--rows 10000000] [--memory 4GB] [--turns 3] [--folder DIR]

It needs some 13 GB of disk.
"""

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import duckdb
import numpy as np
import polars as pl
from pydantic import ByteSize, TypeAdapter

from outcross.data.release import mixing
from outcross.mixture.plan import plan
from outcross.mixture.policy import Policy
from outcross.mixture.supply import CLASSES, Supply

UNIT = "/ 18446744073709551616.0"
"""Turns a hash into a number from 0 to 1."""

CANDIDATES = f"""
CREATE TABLE pool AS
SELECT sha256(i::VARCHAR) AS sample_id,
       'stratum ' || floor(51 ** (hash(i, 'stratum') {UNIT}))::INTEGER AS stratum,
       CASE WHEN i % 60 < 10 THEN 'human' WHEN i % 60 < 11 THEN 'hybrid' WHEN i % 60 < 13 THEN 'reviewed'
            ELSE 'unreviewed' END AS klass,
       CASE WHEN i % 60 < 10 THEN 0 WHEN i % 60 < 55 THEN 1 ELSE 2 END AS depth,
       CASE WHEN i % 60 BETWEEN 20 AND 44 THEN 'rejected' WHEN i % 60 BETWEEN 45 AND 54 THEN 'borderline'
            ELSE 'accepted' END AS outcome,
       CASE WHEN i % 60 BETWEEN 10 AND 12 THEN round(0.6 + 0.4 * (hash(i, 'trust') {UNIT}), 3) ELSE 1 END AS trust,
       CASE WHEN i % 60 < 10 THEN 1 ELSE least(8, 0.05 - ln(1e-9 + hash(i, 'tilt') {UNIT})) END AS tilt,
       'corpus/' || i // 40 AS source, 'CC0-1.0' AS licence,
       concat_ws(' ', md5('a' || i), md5('b' || i), md5('c' || i)) AS instruction,
       concat_ws(' ', md5('d' || i), md5('e' || i), md5('f' || i)) AS response
FROM range(?) AS numbers(i)
"""
"""Of 60 candidates 20 may be released: 10 of people, 1 hybrid, 2 reviewed, 7 accepted without a person."""

RELEASABLE = "CREATE VIEW candidates AS SELECT * EXCLUDE (outcome) FROM pool WHERE outcome = 'accepted' AND depth <= 1"

CHECK = (
    "SELECT stratum, klass, count(*) AS rows, sum(weight) AS mass, max(weight) AS most FROM kept.samples GROUP BY ALL"
)


class Cost(NamedTuple):
    """What a piece of work took."""

    wall: float
    cpu: float
    peak: int
    """Bytes that its process held at most."""


class Room(NamedTuple):
    """Where it happens, and in how much memory."""

    folder: Path
    memory: int

    def connect(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect(str(self.folder / "pool.duckdb"))
        mixing.bound(connection, self.memory, self.folder / "spilled")
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"ATTACH '{self.folder / 'table.duckdb'}' AS kept")
        return connection


def masses(counts: pl.DataFrame) -> pl.DataFrame:
    """What the default policy gives each class in each stratum, and the most that a row of it may weigh.

    Every class is taken to be as good as people's rows and to keep 0.9 of their tail, so that all of it goes in.
    """
    policy = Policy()
    wide = counts.pivot("klass", index="stratum", values="rows").fill_null(0).sort("stratum")
    supply = Supply(tuple(wide["stratum"]), wide.select(CLASSES).to_numpy(), kappa=np.array(0.9))
    given = pl.DataFrame(plan(supply, policy).masses, schema=CLASSES)
    long = given.with_columns(wide["stratum"]).unpivot(index="stratum", variable_name="klass", value_name="mass")
    cap = pl.col("klass").replace_strict(dict(zip(CLASSES, policy.repeats, strict=True)), return_dtype=pl.Float64)
    return long.filter(pl.col("mass") > 0).with_columns(cap=cap)


def make(room: Room, rows: int) -> None:
    with room.connect() as connection:
        connection.execute(CANDIDATES, [3 * rows])
        connection.execute(RELEASABLE)
        connection.execute("CHECKPOINT")


def build(room: Room, target: Path | str) -> None:
    """All of it: count, plan, weigh, write."""
    with room.connect() as connection:
        counts = mixing.count(connection, "candidates")
        factors = mixing.factors(connection, "candidates", counts, masses(counts))
        mixing.write(connection, "candidates", factors, target)


def copy(room: Room, target: Path, order: str = "") -> None:
    with room.connect() as connection:
        connection.execute(f"COPY (FROM kept.samples {order}) TO '{target}' (FORMAT parquet)")


def check(room: Room, rows: int) -> None:
    """Hold the table that was built to the plan."""
    with room.connect() as connection:
        found = connection.execute(CHECK).pl().join(masses(mixing.count(connection, "candidates")), on=mixing.GROUP)
    assert found["rows"].sum() == rows, "the release lacks rows"
    assert ((found["mass"] / found["mass_right"] - 1).abs() < 1e-9).all(), "a class holds another mass than planned"
    assert (found["most"] <= found["cap"]).all(), "a row weighs more than it may"


def measured(work: Callable[..., None], *arguments: object) -> Cost:
    """Run it here."""
    wall, cpu = time.perf_counter(), time.process_time()
    work(*arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, peak)


def alone(work: Callable[..., None], *arguments: object) -> Cost:
    """Run it in a new process, so that its peak is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(measured, work, *arguments).result()


def line(what: str, costs: list[Cost]) -> tuple[float, float]:
    """Print the medians."""
    wall, cpu = (statistics.median(cost[index] for cost in costs) for index in (0, 1))
    print(f"| {what} | {wall:.1f} | {cpu:.1f} | {max(cost.peak for cost in costs) / 1e9:.2f} |", flush=True)
    return wall, cpu


def main() -> None:
    """Make the candidates, take turns, and print a line for each piece of work and the ratios."""
    parser = argparse.ArgumentParser(description="Building a release, against a plain COPY of the same rows.")
    parser.add_argument("--rows", type=int, default=10_000_000, help="rows released; three times as many candidates")
    parser.add_argument("--memory", default="4GB", help="what a process may take")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where there is room for the files")
    options = parser.parse_args()
    memory = TypeAdapter(ByteSize).validate_python(options.memory)
    rows = options.rows - options.rows % 20  # whole rounds of 60 candidates
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        room = Room(Path(folder), memory)
        built, plain = room.folder / "built.parquet", room.folder / "plain.parquet"
        print(f"{rows:,} rows from {3 * rows:,}, {options.memory} of memory, {os.cpu_count()} cores\n")
        print("| work | seconds | CPU-seconds | peak GB |\n|---|--:|--:|--:|")
        line("make the candidates", [alone(make, room, rows)])
        line("build, into a DuckDB table", [alone(build, room, "kept.samples")])
        alone(check, room, rows)
        turns = [(alone(copy, room, plain), alone(build, room, built)) for _ in range(options.turns)]
        copies, builds = zip(*turns, strict=True)
        wall, cpu = line("plain COPY to Parquet", list(copies))
        longer, dearer = line("build, to Parquet", list(builds))
        line("plain COPY, sorted by id", [alone(copy, room, plain, "ORDER BY sample_id")])
    print(
        f"\nThe build takes {longer / wall:.2f} times as long as the COPY, and {dearer / cpu:.2f} times the CPU time."
    )


if __name__ == "__main__":
    main()
