"""Screening side by side with its peers: rows per CPU-second, memory, and what is wrongly rejected, in one run.

    PYTHONPATH=. python benchmarks/screening/run.py [--quick] [--turns 3] [--cache FOLDER]

makes the corpus and installs the peers where they aren't there yet (2.5 GB under the cache in all), then measures ours
and theirs turn by turn, on one core with one thread each, and prints medians. All have a first turn that isn't counted.
Ours reads the whole corpus from Parquet, which is part of its time; a peer has a random sample of it in memory. Every
figure stands in `screening.json` too.
"""

import argparse
import json
import os
import statistics
import sys
from pathlib import Path
from typing import NamedTuple

import corpus
import golden
import polars as pl
from packages import DATASKETCH, DATATROVE, NEMO, PEERS

from benchmarks.environments import CACHE, Missing, Peer, call, python

HERE = Path(__file__).parent


class Rival(NamedTuple):
    """What a peer does for the same end."""

    what: str
    peer: Peer
    work: str
    sample: int
    """Rows it gets; a tenth with `--quick`."""
    least: float | None = None
    """How many times as fast ours must be."""


class Work(NamedTuple):
    """A piece of our work, and what it is held against."""

    what: str
    work: str
    rivals: tuple[Rival, ...] = ()
    least: float | None = None
    """Rows per CPU-second that it must do."""


WORKS = (
    Work(
        "all Gopher-equivalent signals",
        "gopher",
        (
            Rival("datatrove, default (spaCy; stops at the first failure)", DATATROVE, "default", 5_000, 25),
            Rival("datatrove, fair (`str.split`; both filters on all)", DATATROVE, "split", 10_000, 5),
            Rival("NeMo Curator, its cascade", NEMO, "cascade", 10_000, 5),
            Rival("NeMo Curator, fair (all scores of all rows)", NEMO, "scores", 10_000),
        ),
    ),
    Work(
        "cheap profile",
        "cheap",
        (
            Rival("datatrove, default", DATATROVE, "default", 5_000, 60),
            Rival("datatrove, fair (both filters on all)", DATATROVE, "split", 10_000),
        ),
    ),
    Work(
        "near duplicates, verified, in clusters",
        "duplicates",
        (
            Rival("datatrove, signatures alone (spaCy)", DATATROVE, "signatures", 5_000, 50),
            Rival("datatrove, fair (`str.split`), signatures alone", DATATROVE, "split_signatures", 10_000),
            Rival("datasketch, index and look-up", DATASKETCH, "duplicates", 10_000, 5),
        ),
    ),
    Work("decontamination against 5,000 texts", "heldout", least=20_000),
    Work("personal data and secrets", "personal", least=100_000),
    Work("every check of single rows, with reasons", "checks"),
)

AIMED = tuple(work for work in WORKS if work.rivals or work.least)
"""Those with a target, which are measured with ten times the rows too."""

RECALL, MEMORY, GROWTH, REJECTED = 0.98, 1_200, 1.1, 0.01
"""Least recall on planted edits; most MB, and times as much for ten times the rows; most good samples rejected."""


class Bench:
    """Where the files are, and each figure that was measured so far."""

    def __init__(self, cache: Path, rows: int) -> None:
        self.cache, self.rows = cache, rows
        self.folder = cache / f"{rows}"
        self.figures: dict[str, list[dict[str, float]]] = {}

    def corpus(self, times: int = 1) -> Path:
        path = self.folder / f"corpus-{times}.parquet"
        if not path.exists():
            base = self.corpus() if times > 1 else path
            print(f"Making {self.rows * times:,} rows of this machine's English", file=sys.stderr)
            path.parent.mkdir(parents=True, exist_ok=True)
            if times > 1:
                corpus.grow(base, path, times)
            else:
                corpus.write(path, self.rows)
        return path

    def sample(self, rows: int) -> Path:
        path = self.folder / f"sample-{rows}.jsonl"
        if not path.exists():
            texts = pl.read_parquet(self.corpus(), columns=["response"]).sample(rows, seed=1)["response"]
            path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
        return path

    def ours(self, work: str, times: int = 1) -> None:
        self._run(_key(work, times), Path(sys.executable), HERE / "ours.py", work, self.corpus(times), HERE.parents[1])

    def theirs(self, rival: Rival, rows: int) -> None:
        try:
            interpreter = python(rival.peer, self.cache)
        except Missing as error:
            print(f"{rival.peer.package} can't be installed and is left out: {error}", file=sys.stderr)
            return
        self._run(
            rival.work + rival.peer.script, interpreter, PEERS / rival.peer.script, rival.work, self.sample(rows), HERE
        )

    def _run(self, key: str, interpreter: Path, script: Path, work: str, file: Path, path: Path) -> None:
        print(f"{script.stem} {work} ...", end=" ", flush=True, file=sys.stderr)
        try:
            took = json.loads(call(interpreter, script, work, str(file), path=path))
        except Missing as error:
            print(f"failed: {error}", file=sys.stderr)
            return
        print(f"{took['rows'] / took['cpu']:,.0f} rows per CPU-second", file=sys.stderr)
        self.figures.setdefault(key, []).append(took)

    def median(self, key: str, name: str) -> float | None:
        taken = self.figures.get(key, [])
        values = [one["rows"] / one["cpu"] if name == "speed" else one[name] for one in taken]
        return statistics.median(values) if values else None


def _key(work: str, times: int = 1) -> str:
    return work if times == 1 else f"{work}-{times}"


def measure(bench: Bench, turns: int, share: float) -> None:
    """Ours and theirs turn by turn, each peer's work once a turn; then ours once with ten times the rows."""
    for _ in range(turns):
        done = set()
        for work in WORKS:
            bench.ours(work.work)
            for rival in work.rivals:
                if (rival.peer, rival.work) not in done:
                    done.add((rival.peer, rival.work))
                    bench.theirs(rival, int(rival.sample * share))
    for work in AIMED:
        bench.ours(work.work, 10)


def speeds(bench: Bench) -> list[str]:
    """The table's lines on speed and memory."""
    lines = []
    for work in WORKS:
        own = bench.median(work.work, "speed")
        wanted = f"≥ {work.least:,.0f}" if work.least else ""
        lines.append(
            _line(f"**{work.what}**", own, None, bench.median(work.work, "peak_mb"), wanted, _passed(own, work.least))
        )
        for rival in work.rivals:
            key = rival.work + rival.peer.script
            speed = bench.median(key, "speed")
            ratio = own / speed if own and speed else None
            wanted = f"≥ {rival.least:g} times" if rival.least else ""
            lines.append(
                _line(rival.what, speed, ratio, bench.median(key, "peak_mb"), wanted, _passed(ratio, rival.least))
            )
    return lines


def _line(what: str, speed: float | None, ratio: float | None, peak: float | None, wanted: str, passed: str) -> str:
    shown = ["–" if speed is None else f"{speed:,.0f}", "" if ratio is None else f"{ratio:.1f}"]
    return f"| {what} | {' | '.join(shown)} | {'' if peak is None else f'{peak:,.0f}'} | {wanted} | {passed} |"


def _passed(value: float | None, least: float | None) -> str:
    if least is None:
        return ""
    return "not measured" if value is None else "pass" if value >= least else "**fail**"


def others(bench: Bench, rejections: list[golden.Rejections]) -> list[str]:
    """The lines on recall, memory and good samples: what, value, target, pass or fail."""
    near, leaks = bench.median("duplicates", "near"), bench.median("heldout", "leaked")
    peaks = [max((bench.median(_key(work.work, times), "peak_mb") or 0) for work in AIMED) for times in (1, 10)]
    lines = [
        ("recall of planted near duplicates", near, f"{near or 0:.3f}", f"≥ {RECALL}", (near or 0) >= RECALL),
        ("recall of held-out texts in the corpus", leaks, f"{leaks or 0:.3f}", "1", leaks == 1),
        (f"peak MB at {bench.rows:,} rows", peaks[0], f"{peaks[0]:,.0f}", f"≤ {MEMORY:,}", peaks[0] <= MEMORY),
        (
            f"peak MB at {bench.rows * 10:,} rows",
            peaks[1],
            f"{peaks[1]:,.0f}",
            f"≤ {MEMORY:,} and {GROWTH} times",
            peaks[1] <= min(MEMORY, GROWTH * peaks[0]),
        ),
    ]
    lines += [
        (
            f"good short samples rejected: {one.engine}",
            one.of,
            f"{one.rejected / one.of:.1%} of {one.of}",
            f"≤ {REJECTED:.0%}" if one.engine == "Outcross" else "",
            one.rejected <= REJECTED * one.of if one.engine == "Outcross" else None,
        )
        for one in rejections
    ]
    words = {None: "", True: "pass", False: "**fail**"}
    return [
        f"| {what} | {shown if value else '–'} | {wanted} | {words[passed] if value else 'not measured'} |"
        for what, value, shown, wanted, passed in lines
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description="Screening side by side with its peers.")
    parser.add_argument("--quick", action="store_true", help="20,000 rows, and a tenth of each peer's sample")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=CACHE)
    parser.add_argument("--samples", type=Path, default=golden.SAMPLES_FILE, help="good short samples")
    options = parser.parse_args()
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})  # and so for all processes that are started here
    bench = Bench(options.cache, 20_000 if options.quick else 200_000)
    measure(bench, options.turns, 0.1 if options.quick else 1)
    rejections = golden.judge(options.samples, options.cache) if options.samples.exists() else []
    print("| what | rows per CPU-second | ours is faster by | peak MB | target | |\n|---|--:|--:|--:|---|---|")
    print("\n".join(speeds(bench)), end="\n\n")
    print("| what | value | target | |\n|---|--:|---|---|")
    print("\n".join(others(bench, rejections)))
    said = {"figures": bench.figures, "golden": [one._asdict() for one in rejections]}
    (bench.folder / "screening.json").write_text(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
