"""How often the collapse monitor cries wolf, what it sees, and what it costs.

Releases are made of the paragraphs of Python's documentation (Debian's python3-doc; the library's docstrings where that
isn't installed), split into documents for the release, for people's training rows, and held out, anew for each. False
alarms are counted on releases of other documents than people's training rows, the harder case. Power is counted as
releases are made: of training rows, with drafts in the place of some, written from the same documents.

    PYTHONPATH=. python benchmarks/monitor.py [false-alarms] [power] [cost]
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from outcross.data.corpora import prose
from outcross.errors import InputError
from outcross.mixture.monitor.alarms import Alarm, Watch
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.measures import Measure
from outcross.mixture.monitor.watch import watch
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Vocabulary

RELEASES, ROW_NULL_RELEASES, POWER_RELEASES, ROWS = 200, 20, 20, 3_000
MILLION, WORDS, TYPES, STRATA, ROWS_A_DOCUMENT = 1_000_000, 46, 300_000, 20, 25
FRAMES = ("release", "human", "heldout")

Writer = Callable[[pl.Series, pl.Series, int], pl.Series]
"""Texts in the place of the first ones, from people's other texts and a seed."""


@dataclass(frozen=True)
class Split:
    """Rows of documents that the others have none of."""

    release: pl.DataFrame
    human: pl.DataFrame
    heldout: pl.DataFrame

    @classmethod
    def of(cls, texts: pl.DataFrame, seed: int) -> "Split":
        """A quarter of the documents for the release (3,000 rows of them), a fifth held out, the rest people's."""
        documents = np.random.default_rng(seed).permutation(texts["document"].unique().sort().to_numpy())
        cuts = np.split(documents, [len(documents) // 4, len(documents) * 4 // 5])
        release, human, heldout = (texts.filter(pl.col("document").is_in(part.tolist())) for part in cuts)
        return cls(labelled(release.sample(min(ROWS, release.height), seed=seed), "human"), human, heldout)

    def watch(self, seed: int) -> Watch:
        """The first release of a history, so that `alpha` is largest."""
        return watch(self.release, self.human, self.heldout, number=1, retention=0.9, seed=seed)

    def by_rows(self) -> "Split":
        """Every row a document: what a bootstrap of rows takes them for."""
        return Split(*(one_a_row(frame, name) for name, frame in zip(FRAMES, self.frames(), strict=True)))

    def frames(self) -> tuple[pl.DataFrame, ...]:
        """Release, people's, held out."""
        return self.release, self.human, self.heldout

    def drafted(self, share: float, seed: int, write: Writer) -> "Split":
        """A release of people's training rows, a share of them replaced by drafts from the same documents."""
        mixed = self.human.sample(min(ROWS, self.human.height), shuffle=True, seed=seed)
        replaced, kept = mixed[: round(share * mixed.height)], mixed[round(share * mixed.height) :]
        human = self.human.join(replaced, on=replaced.columns, how="anti")
        drafts = labelled(replaced.with_columns(text=write(replaced["text"], human["text"], seed)), "synthetic")
        return Split(pl.concat([drafts, labelled(kept, "human")]), human, self.heldout)


def peoples(replaced: pl.Series, human: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """What a perfect model writes: as people."""
    return replaced


def trigrams(replaced: pl.Series, human: pl.Series, seed: int) -> pl.Series:
    """What a trigram writes after reading people's rows."""
    vocabulary = Vocabulary.of(human)
    model = Trigram.fit(vocabulary.encode(human), len(vocabulary))
    written = model.sample(replaced.len(), np.random.default_rng(seed))
    names = np.array(["", "", *vocabulary.types], dtype=object)
    rows = [" ".join(names[written.ids[a:b]]) for a, b in zip(written.starts, written.starts[1:], strict=False)]
    return pl.Series(rows, dtype=pl.String)


def noise(replaced: pl.Series, human: pl.Series, seed: int) -> pl.Series:  # noqa: ARG001
    """People's words in disorder: as diverse as theirs, and good for nothing."""
    rng = np.random.default_rng(seed)
    return pl.Series([" ".join(rng.permutation(text.split())) for text in replaced], dtype=pl.String)


def labelled(texts: pl.DataFrame, origin: str) -> pl.DataFrame:
    """Rows of a release, each of weight 1."""
    return texts.with_columns(origin=pl.lit(origin), weight=pl.lit(1.0))


def one_a_row(texts: pl.DataFrame, name: str) -> pl.DataFrame:
    """The same rows, each of a document of its own."""
    return texts.with_columns(document=pl.lit(name) + pl.int_range(pl.len()).cast(pl.String))


def corpus() -> prose.Corpus:
    """Python's documentation, or its docstrings."""
    try:
        return prose.documentation()
    except InputError:
        return prose.docstrings()


def false_alarms(texts: pl.DataFrame) -> None:
    """Count human releases that are warned of, with documents and with rows as what is drawn."""
    started = time.process_time()
    found = []
    for seed in range(RELEASES):
        found.append(Split.of(texts, seed).watch(seed))
        if len(found) in (RELEASES // 4, RELEASES // 2, RELEASES):
            each = (time.process_time() - started) / len(found)
            alarmed = sum(map(loud, found))
            print(f"false alarms, documents drawn: {alarmed} of {len(found)} releases; {each:.1f} CPU-seconds each")
    z = np.array([[alarm.z for alarm in one.alarms] for one in found])
    print("  sd of z:", ", ".join(f"{a.measure} {sd:.2f}" for a, sd in zip(found[0].alarms, z.std(0), strict=True)))
    rows = [Split.of(texts, seed).by_rows().watch(seed) for seed in range(ROW_NULL_RELEASES)]
    print(f"false alarms, rows drawn: {sum(map(loud, rows))} of {ROW_NULL_RELEASES} releases")


def loud(found: Watch) -> bool:
    """Whether anything is warned of or blocks."""
    return bool(found.warnings or found.blocking)


def power(texts: pl.DataFrame) -> None:
    """Count releases with drafts that are warned of, by comparison, and how the held-out loss of the drafts stands."""
    for write, share in ((peoples, 0.3), (trigrams, 0.1), (trigrams, 0.3), (trigrams, 1.0), (noise, 0.3)):
        found = [Split.of(texts, seed).drafted(share, seed, write).watch(seed) for seed in range(POWER_RELEASES)]
        seen = [{alarm.comparison for alarm in one.warnings + one.blocking} for one in found]
        counts = {kind: sum(kind in one for one in seen) for kind in ("release", "synthetic")}
        blocked = sum(bool(one.blocking) for one in found)
        losses = [alarm.z for one in found for alarm in one.alarms if drafts_loss(alarm)]
        print(
            f"{share:.0%} drafts by {write.__name__}, warned of: {counts['release']} by the whole release, "
            f"{counts['synthetic']} by models' rows, of {POWER_RELEASES}; blocked: {blocked}; "
            f"held-out loss of models' rows: mean z {np.mean(losses):+.1f}",
            flush=True,
        )


def drafts_loss(alarm: Alarm) -> bool:
    """Whether it is the held-out loss of all models' rows."""
    return (alarm.measure, alarm.comparison, alarm.stratum) == (Measure.LIKELIHOOD, Kind.SYNTHETIC, None)


def cost() -> None:
    """Watch a release of a million rows in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for step in ("write", "watch"):
            subprocess.run([sys.executable, __file__, step, folder], check=True)


def write(folder: Path) -> None:
    """A million rows of Zipf's words, three in ten a model's, with people's of the same and 50,000 held out."""
    rng = np.random.default_rng(0)
    names = pl.Series([f"w{place:x}" for place in range(TYPES)])
    chances = 1 / np.arange(1.0, TYPES + 1)
    edges = np.cumsum(chances) / chances.sum()

    def rows(count: int, first: int) -> pl.DataFrame:
        words = names.gather(np.searchsorted(edges, rng.random(count * WORDS)).clip(max=TYPES - 1))
        document = pl.Series("document", (np.arange(count) + first) // ROWS_A_DOCUMENT)
        text = words.reshape((count, WORDS)).cast(pl.List(pl.String)).list.join(" ")
        stratum = (document % STRATA).cast(pl.String)
        return pl.DataFrame({"document": document.cast(pl.String), "stratum": stratum, "text": text})

    parts = [rows(50_000, first) for first in range(0, MILLION, 50_000)]
    release = pl.concat(parts).with_columns(
        origin=pl.when(pl.int_range(pl.len()) < 0.3 * MILLION).then(pl.lit("synthetic")).otherwise(pl.lit("human")),
        weight=pl.lit(1.0),
    )
    human = release.filter(origin="human").select("document", "stratum", "text")
    for name, frame in zip(FRAMES, (release, human, rows(50_000, MILLION)), strict=True):
        frame.write_parquet(folder / f"{name}.parquet")


def measure(folder: Path) -> None:
    """Watch what was written, and print what it took."""
    frames = [pl.read_parquet(folder / f"{name}.parquet") for name in FRAMES]
    read, started, wall = peak(), time.process_time(), time.perf_counter()
    found = watch(*frames, number=1, retention=0.9)
    spent, waited = time.process_time() - started, time.perf_counter() - wall
    print(
        f"{frames[0].height:,} rows of {WORDS} words, {len(found.alarms) - len(found.untested)} alarms tested: "
        f"{spent:.0f} CPU-seconds, {waited:.0f} s; {peak():,.0f} MB at most, {read:,.0f} MB once the rows were read"
    )


def peak() -> float:
    """Largest resident memory so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000


def main() -> None:
    """Measure what is asked for, or all."""
    match sys.argv[1:]:
        case ["write", folder]:
            write(Path(folder))
        case ["watch", folder]:
            measure(Path(folder))
        case asked:
            real = corpus()
            print(f"{real.name}: {real.texts.height:,} rows, {real.texts['document'].n_unique():,} documents")
            for name, run in {"false-alarms": false_alarms, "power": power}.items():
                if not asked or name in asked:
                    run(real.texts)
            if not asked or "cost" in asked:
                cost()


if __name__ == "__main__":
    main()
