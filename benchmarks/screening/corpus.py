"""A corpus of real English records for the benchmark of screening, with duplicates planted and marked.

    PYTHONPATH=. python benchmarks/screening/corpus.py CORPUS.parquet [--rows 200000] [--times 10]

Records are documentation, manual pages, docstrings and package descriptions of this machine, in chunks of 500 bytes on
average. The same machine makes the same corpus each time. Of the rows 2 % repeat another exactly, and 5 % repeat one of
17 words or more with 6 % of its words replaced. `HELDOUT` further texts lie in `heldout.parquet` beside it.

With `--times 10` each record is there ten times, in other words each time: rarer words are exchanged for others of the
same length that are about as frequent. So lengths, lines and repetitions stay, and some 3 % of the rows are near
duplicates of one of another round, mostly lists of short words.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from random import Random

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from sources import chunks

from outcross.data.samples import canonical
from outcross.validators.signals import SAMPLES

SHARES = {"docstring": 0.30, "documentation": 0.30, "manual": 0.25, "summary": 0.15}
"""Parts of the corpus by source; where one has too little, the others fill in."""

EXACT, NEAR = 0.02, 0.05
"""Parts of the rows that repeat another exactly, and nearly."""

EDITED = 0.06
"""Part of a near duplicate's words that are replaced; so those are of 17 words or more."""

HELDOUT, LEAKED = 5_000, 100
"""Texts held out for evaluation, and how many of them stand in the corpus."""

GROUP = 20_000
"""Rows of a row group."""

COLUMNS = pl.Schema({**SAMPLES, "planted": pl.String(), "original": pl.String()})
"""`planted` is "exact", "near" or empty; `original` is the `sample_id` of the row that is repeated."""

_PLAIN = re.compile(r"[A-Za-z]{4,}")
_SEED = 5
_COMMON = 50
"""Words that stay as they are in every round: the most frequent ones."""
_ALIKE = 64
"""Words of one length, next to each other by frequency, among which they are exchanged."""


def gather() -> dict[str, list[str]]:
    """All different texts of this machine by source, in an order drawn by a fixed seed."""
    found: dict[str, list[str]] = {source: [] for source in SHARES}
    seen = set()
    for source, text in chunks():
        if text not in seen and _is_prose(text):
            seen.add(text)
            found[source].append(text)
    for texts in found.values():
        Random(_SEED).shuffle(texts)
    return found


def _is_prose(text: str) -> bool:
    return len(_PLAIN.findall(text)) >= 3 and sum(map(str.isascii, text)) > 0.9 * len(text)


def draw(found: dict[str, list[str]], count: int) -> list[tuple[str, str]]:
    """Source and text of so many records, by `SHARES` as far as the sources go."""
    kept = [(source, text) for source, texts in found.items() for text in texts[: int(SHARES[source] * count)]]
    spare = [(source, text) for source, texts in found.items() for text in texts[int(SHARES[source] * count) :]]
    Random(_SEED).shuffle(spare)
    if len(kept) + len(spare) < count:
        raise SystemExit(
            f"This machine has {len(kept) + len(spare):,} English records, not {count:,}. Give fewer `--rows`, or "
            "install more documentation (on Debian: apt-get update; apt-get install python3-doc manpages-dev)."
        )
    return kept + spare[: count - len(kept)]


def plant(records: list[tuple[str, str]], rows: int) -> list[tuple[str, str, str, int]]:
    """Source, text, kind of repeat and number of the original, of every row in its order."""
    random = Random(_SEED)
    long = [row for row, (_, text) in enumerate(records) if len(text.split()) >= 1 / EDITED]
    exact = random.choices(range(len(records)), k=int(EXACT * rows))
    near = random.sample(long, int(NEAR * rows))
    words = [word for _, text in records[:5_000] for word in text.split()]
    planted = [(*records[row], "", -1) for row in range(len(records))]
    planted += [(*records[row], "exact", row) for row in exact]
    planted += [(records[row][0], edited(records[row][1], words, random), "near", row) for row in near]
    order = list(range(len(planted)))
    random.shuffle(order)
    place = {old: new for new, old in enumerate(order)}
    return [(source, text, how, place.get(of, -1)) for source, text, how, of in map(planted.__getitem__, order)]


def edited(text: str, words: list[str], random: Random) -> str:
    """The text with other words in the place of some; its spacing stays."""
    parts = re.split(r"(\s+)", text)
    places = [place for place, part in enumerate(parts) if part and not part.isspace()]
    for place in random.sample(places, round(EDITED * len(places))):
        parts[place] = random.choice(words)
    return "".join(parts)


def frame(rows: list[tuple[str, str, str, int]]) -> pl.DataFrame:
    """The rows as validators receive them."""
    texts = [text for _, text, _, _ in rows]
    ids = [_digest(f"{row}") for row in range(len(rows))]
    columns = dict.fromkeys(SAMPLES, "") | {
        "sample_id": ids,
        "kind": "text",
        "stratum": [source for source, _, _, _ in rows],
        "response": texts,
        "content": [_content(text) for text in texts],
        "rank": [f"00-{row:07}" for row in range(len(rows))],
        "planted": [how for _, _, how, _ in rows],
        "original": [ids[of] if of >= 0 else "" for _, _, _, of in rows],
    }
    return pl.DataFrame(columns, schema=COLUMNS)


def write(path: Path, rows: int) -> None:
    """Make a corpus, and the held-out texts beside it.

    Raises:
        SystemExit: this machine hasn't got that many records.
    """
    originals = rows - int(EXACT * rows) - int(NEAR * rows)
    drawn = draw(gather(), originals + HELDOUT)
    Random(_SEED).shuffle(drawn)
    records, others = drawn[:originals], drawn[originals:]
    _heldout(records, others).write_parquet(path.with_name("heldout.parquet"))
    _stored(path, frame(plant(records, rows)).iter_slices(GROUP))


def grow(base: Path, path: Path, times: int) -> None:
    """Make a corpus with each row of `base` so many times, in other words each time; a row group at a time."""
    groups = pq.ParquetFile(base)
    counts: Counter[str] = Counter()
    for batch in groups.iter_batches(GROUP, columns=["response"]):
        for text in batch.column(0).to_pylist():
            counts.update(word.lower() for word in _PLAIN.findall(text))
    rounds = [{}, *exchanges(counts, times)]
    batches = ((number, words, batch) for number, words in enumerate(rounds) for batch in groups.iter_batches(GROUP))
    _stored(path, (_varied(pl.from_arrow(batch), number, words) for number, words, batch in batches))


def exchanges(counts: Counter[str], times: int) -> Iterator[dict[str, str]]:
    """For each round after the first, which word stands for which."""
    common = {word for word, _ in counts.most_common(_COMMON)}
    ranked = sorted(counts.keys() - common, key=lambda word: (len(word), -counts[word], word))
    for number in range(1, times):
        random, turned = Random(number), {}
        for start in range(0, len(ranked), _ALIKE):
            block = ranked[start : start + _ALIKE]
            turned |= zip(block, random.sample(block, len(block)), strict=True)
        yield turned


def exchanged(text: str, words: dict[str, str]) -> str:
    def other(found: re.Match[str]) -> str:
        word = found[0]
        new = words.get(word.lower(), word)
        return new.capitalize() if word[0].isupper() else new

    return _PLAIN.sub(other, text)


def _varied(rows: pl.DataFrame, number: int, words: dict[str, str]) -> pl.DataFrame:
    if not number:
        return rows
    texts = [exchanged(text, words) for text in rows["response"]]
    return rows.with_columns(
        pl.Series("sample_id", [_digest(f"{number}/{one}") for one in rows["sample_id"]]),
        pl.Series("original", [one and _digest(f"{number}/{one}") for one in rows["original"]]),
        pl.Series("response", texts),
        pl.Series("content", [_content(text) for text in texts]),
        rank=pl.lit(f"{number:02}") + pl.col("rank").str.tail(-2),
    )


def _heldout(records: list[tuple[str, str]], others: list[tuple[str, str]]) -> pl.DataFrame:
    """Texts that aren't in the corpus, but for `LEAKED` of 13 words or more that are."""
    leaked = [record for record in records if len(record[1].split()) >= 13][:LEAKED]
    texts = [*leaked, *others[LEAKED:]]
    return pl.DataFrame(
        {
            "sample_id": [_digest(f"held out/{row}") for row in range(len(texts))],
            "source": [f"{source}/{row}" for row, (source, _) in enumerate(texts)],
            "text": [text for _, text in texts],
        }
    )


def _stored(path: Path, frames: Iterable[pl.DataFrame]) -> None:
    """One row group a frame; the file has its name only when it is whole."""
    schema = pa.schema([(name, pa.large_string()) for name in COLUMNS])
    unfinished = path.with_suffix(".part")
    with pq.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for rows in frames:
            writer.write_table(rows.to_arrow().cast(schema))
    unfinished.rename(path)


def _content(text: str) -> str:
    return canonical({"kind": "text", "text": text})


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a corpus of real English records of this machine.")
    parser.add_argument("path", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument(
        "--times", type=int, default=1, help="so many times as many, beside it, in CORPUS-TIMES.parquet"
    )
    options = parser.parse_args()
    path: Path = options.path
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        write(path, options.rows)
    if options.times > 1:
        path = path.with_stem(f"{path.stem}-{options.times}")
        grow(options.path, path, options.times)
    made = pl.scan_parquet(path).with_columns(size=pl.col("response").str.len_bytes())
    for name, rows in (("all", made), *((source, made.filter(stratum=source)) for source in SHARES)):
        count, mean = rows.select(pl.len(), pl.col("size").mean()).collect().row(0)
        print(f"{name}: {count:,} rows of {mean or 0:,.0f} bytes")


if __name__ == "__main__":
    main()
