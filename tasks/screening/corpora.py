"""Corpora: Parquet files screened as they lie, slice by slice, with no home and no recipe.

A slice's signals and verdicts are files of their own, so that any worker may take any slice, and a run that was killed
goes on with the slices that are left.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polars as pl

from outcross.data.corpora.evaluation import frame as evaluation_frame
from outcross.tasks.results import named, stamp, whole
from outcross.tasks.screening.columns import as_texts, count, once
from outcross.tasks.screening.duplicates import duplicates
from outcross.tasks.screening.suite import Screen
from outcross.validators import rules
from outcross.validators.profiles import BY_KIND, settings
from outcross.validators.references import References
from outcross.validators.repeats.heldout import HeldOut
from outcross.validators.repeats.near_duplicate import NearDuplicate
from outcross.validators.signals import SAMPLES, params_digest, run
from outcross.validators.text.reasons import reason
from outcross.verifiers.registry import VERIFIERS

SLICE = 25_000
"""Rows of a slice."""

CHUNK = 5_000
"""Rows that the validators are handed at once, so that what they make of them doesn't grow with the slice."""

LEFT_OUT = frozenset({"copied", "repeated_task", "confidence", *VERIFIERS})
"""What judges a draft by what its model was given, which a file of rows doesn't say."""


@dataclass(frozen=True)
class Slice:
    """Some rows of a Parquet file, one behind the other."""

    file: Path
    start: int
    rows: int

    @property
    def name(self) -> str:
        """Of the slice's own results; another file of the same name has another."""
        return f"{self.file.stem}-{named({'file': str(self.file.absolute())})}-{self.start:010}.parquet"


@dataclass(frozen=True)
class Job:
    """What is to be done with a corpus."""

    files: tuple[Path, ...]
    out: Path
    kind: str
    """Of all samples, where the files don't say."""
    profile: str | None = None
    """The profile to screen by; the kind's own where None."""
    evaluation: tuple[Path, ...] = ()
    """Files whose texts no row may repeat."""

    @property
    def screen(self) -> Screen:
        """The validators that a row can be judged by as it lies, with their rules.

        Raises:
            RecipeError: there is no profile of that name.
        """
        tables = settings(self.profile or BY_KIND[self.kind], {})
        return Screen.of_settings({name: table for name, table in tables.items() if name not in LEFT_OUT})

    @property
    def folder(self) -> Path:
        """Where results lie: another place for other files, or other rows in them, validators, limits or rules."""
        said = [[str(file.absolute()), *stamp(file)] for file in (*self.files, *self.evaluation)]
        return self.out / f"{self.screen.ruleset[:12]}-{named({'files': said, 'kind': self.kind})}"

    def signals(self, part: Slice) -> Path:
        """The file of a slice's signals."""
        return self.folder / "signals" / part.name

    def verdicts(self, part: Slice) -> Path:
        """The file of a slice's verdicts."""
        return self.folder / "verdicts" / part.name

    @property
    def clusters(self) -> Path:
        """The file of the clusters of rows that are alike."""
        return self.folder / "clusters.parquet"


def slices(files: Iterable[Path], rows: int = SLICE) -> list[Slice]:
    """Files cut into slices of at most so many rows.

    Raises:
        InputError: a file is no Parquet file, has no column that a sample can be made of, or a `sample_id` is missing
            or stands twice.
    """
    files = list(files)
    sizes = [(file, count(file)) for file in files]
    once(files)
    return [Slice(file, start, min(rows, size - start)) for file, size in sizes for start in range(0, size, rows)]


def usual_kind(files: Iterable[Path]) -> str:
    """What rows most likely are whose files don't say: texts where no file has a column of prompts, else answers."""
    prompted = any("prompt" in pl.read_parquet_schema(file) for file in files)
    return "instruction" if prompted else "text"


def check(job: Job, part: Slice) -> None:
    """Write a slice's signals by all validators but those that compare rows with each other, unless they are there."""
    place = job.signals(part)
    if place.exists():
        return
    made = job.screen
    alone = [one for one in made.validators if not isinstance(one, NearDuplicate)]
    references = _held(job.evaluation, tuple(map(stamp, job.evaluation)))
    rows = read(part, job.kind)
    found = [run(one, chunk, references) for chunk in rows.iter_slices(CHUNK) for one in alone]
    with whole(place) as file:
        pl.concat(found).write_parquet(file)


@lru_cache(maxsize=1)
def _held(evaluation: tuple[Path, ...], _changed: tuple[tuple[int, int], ...]) -> References:
    """The texts that no row may repeat, indexed once for all slices that a worker takes."""
    kept = evaluation_frame(evaluation)
    return References(heldout=kept, usual=kept, index=HeldOut.of(kept, kept))


def compare(job: Job) -> None:
    """Write the clusters of rows that are alike, over all files, unless they are there."""
    limits = [one for one in job.screen.validators if isinstance(one, NearDuplicate)]
    if job.clusters.exists() or not limits:
        return
    with whole(job.clusters) as file:
        duplicates(job.files, text="response", limits=limits[0]).write_parquet(file)


def decide(job: Job, part: Slice) -> dict[str, int]:
    """Write a slice's verdicts, all slices having been checked and compared; return how many came out in which way."""
    place = job.verdicts(part)
    if not place.exists():
        made = job.screen
        found = pl.concat([pl.read_parquet(job.signals(part)), *_repeats(made, job.clusters, part, job.kind)])
        with whole(place) as file:
            rules.decide(found, made.rules).write_parquet(file)
    return dict(pl.read_parquet(place, columns=["outcome"]).group_by("outcome").len().iter_rows())


def _repeats(made: Screen, clusters: Path, part: Slice, kind: str) -> Iterable[pl.DataFrame]:
    """Signals of near duplicates: each row of a cluster, but for the one to keep, is told how alike it is."""
    for one in made.validators:
        if isinstance(one, NearDuplicate):
            alike = pl.read_parquet(clusters).filter(pl.col("sample_id") != pl.col("keeper"))
            rows = read(part, kind).select("sample_id").join(alike, on="sample_id", how="left", maintain_order="left")
            again = pl.col("keeper").is_not_null()
            yield rows.select(
                "sample_id",
                validator=pl.lit(one.name),
                version=pl.lit(one.version, dtype=pl.Int64),
                params_digest=pl.lit(params_digest(one)),
                score=pl.when(again).then(1 - pl.col("similarity")).otherwise(1.0),
                reason=pl.when(again)
                .then(reason("{} alike with a row of the cluster of {}", pl.col("similarity").round(2), "keeper"))
                .otherwise(pl.lit("")),
                failure=pl.lit(None, dtype=pl.String),
            )


def read(part: Slice, kind: str) -> pl.DataFrame:
    """A slice's rows with the columns `SAMPLES`; what the file doesn't have is empty."""
    there = pl.scan_parquet(part.file)
    names = there.collect_schema().names()
    text = "response" if "response" in names else "text"
    wanted = [name for name in SAMPLES.names() if name in names and name != "response"]
    rows = as_texts(there.select(*wanted, response=text).slice(part.start, part.rows).collect())
    made = {
        "kind": pl.lit(kind),
        "stratum": pl.lit("all"),
        "rank": pl.int_range(part.start, part.start + part.rows).cast(pl.String).str.zfill(12),
    }
    return rows.select(
        (pl.col(name).fill_null("") if name in rows.columns else made.get(name, pl.lit(""))).alias(name)
        for name in SAMPLES.names()
    )
