"""What the benchmark of screening measures of Outcross: the one place that knows how its kernels are called.

    PYTHONPATH=. python benchmarks/screening/ours.py WORK CORPUS.parquet

does one piece of work and prints what it took as JSON. Reading the corpus is part of it.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import meter
import polars as pl
import pyarrow.parquet as pq

from outcross.tasks.screening.duplicates import duplicates as clusters
from outcross.validators import rules, signals
from outcross.validators.privacy.personal import Personal
from outcross.validators.profiles import BY_KIND, settings
from outcross.validators.references import References
from outcross.validators.registry import CHECKS, build
from outcross.validators.repeats.heldout import HeldOut
from outcross.validators.repeats.heldout_overlap import HeldoutOverlap
from outcross.validators.signals import SAMPLES
from outcross.validators.text.measures import measures, quality

BATCH = 20_000
"""Rows that are read at once."""


def batches(corpus: Path, *columns: str) -> Iterator[pl.DataFrame]:
    for batch in pq.ParquetFile(corpus, pre_buffer=False).iter_batches(BATCH, columns=list(columns or SAMPLES)):
        rows = pl.from_arrow(batch)
        assert isinstance(rows, pl.DataFrame)
        yield rows


def gopher(corpus: Path) -> None:
    """What Gopher's quality and repetition rules count, and the shares that NeMo's filters add, of every row."""
    for rows in batches(corpus, "response"):
        measures(rows.rename({"response": "text"}))


def cheap(corpus: Path) -> None:
    """Those of them that are counted in one reading."""
    for rows in batches(corpus, "response"):
        quality(rows.rename({"response": "text"}))


def checks(corpus: Path) -> None:
    """All that the validators of single rows say, reasons included."""
    for rows in batches(corpus):
        for made in CHECKS.values():
            signals.run(made(), rows, References())


def personal(corpus: Path) -> None:
    """Addresses, numbers and keys of persons."""
    for rows in batches(corpus):
        signals.run(Personal(), rows, References())


def heldout(corpus: Path) -> set[str]:
    """The rows that repeat a held-out text."""
    texts = pl.read_parquet(corpus.with_name("heldout.parquet"))
    references = References(heldout=texts, usual=texts, index=HeldOut.of(texts, texts))
    found: set[str] = set()
    for rows in batches(corpus):
        said = signals.run(HeldoutOverlap(), rows, references)
        found.update(said.filter(pl.col("score") < HeldoutOverlap.rule.reject_below)["sample_id"])
    return found


def duplicates(corpus: Path) -> pl.DataFrame:
    """`sample_id` and `cluster` of each row that is in one: near duplicates, verified, all that are linked together."""
    return clusters([corpus], text="response").select("sample_id", "cluster")


def recall(corpus: Path, clusters: pl.DataFrame) -> dict[str, float]:
    """Of the repeats that were planted, those that lie in one cluster with what they repeat."""
    rows = pl.read_parquet(corpus, columns=["sample_id", "planted", "original"]).join(
        clusters, on="sample_id", how="left"
    )
    others = clusters.rename({"sample_id": "original", "cluster": "its"})
    planted = rows.filter(pl.col("planted") != "").join(others, on="original", how="left")
    found = (pl.col("cluster") == pl.col("its")).fill_null(value=False).mean()
    return dict(planted.group_by("planted").agg(found).iter_rows())


def leaked(corpus: Path, found: set[str]) -> dict[str, float]:
    """Of the texts that are both in the corpus and held out, those that were found; and all that were."""
    texts = pl.scan_parquet(corpus.with_name("heldout.parquet")).select(response="text")
    both = pl.scan_parquet(corpus).select("sample_id", "response").join(texts, on="response", how="semi").collect()
    return {"leaked": len(found.intersection(both["sample_id"])) / both.height, "found": len(found)}


def verdicts(samples: pl.DataFrame) -> pl.DataFrame:
    """`sample_id`, `outcome` and `reasons` of each sample, by the profile of its kind and nothing but itself."""
    decided = []
    for (kind,), rows in samples.group_by("kind"):
        tables = {name: table for name, table in settings(BY_KIND[str(kind)], {}).items() if name in CHECKS}
        validators = build(tables)
        said = pl.concat(signals.run(validator, rows, References()) for validator in validators)
        decided.append(rules.decide(said, rules.from_settings(tables, validators)))
    return pl.concat(decided)


WORKS = {work.__name__: work for work in (gopher, cheap, checks, personal, heldout, duplicates)}


def main() -> None:
    name, corpus = sys.argv[1], Path(sys.argv[2])
    # As the peers get one: the first turn imports what is imported late.
    with TemporaryDirectory() as folder:
        few = Path(folder) / corpus.name
        pl.scan_parquet(corpus).head(meter.WARM).collect().write_parquet(few)
        pl.read_parquet(corpus.with_name("heldout.parquet")).head(meter.WARM).write_parquet(
            few.with_name("heldout.parquet")
        )
        WORKS[name](few)
    answer, took = meter.measured(lambda: WORKS[name](corpus))
    rows = pq.ParquetFile(corpus).metadata.num_rows
    shown = {"heldout": leaked, "duplicates": recall}.get(name)
    print(json.dumps(took | {"rows": rows} | (shown(corpus, answer) if shown else {})))  # type: ignore[operator]


if __name__ == "__main__":
    main()
