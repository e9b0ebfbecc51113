"""What batches of drafts are worth to a model of people's text, in nats a word and in rows from people.

Each batch stands beside 2,000 rows that people wrote; the text is Python's documentation, of which 2,000 other rows
are the ruler and a fifth of the documents is held out. Drafts are what a word-trigram model writes: one of the same
2,000 rows ("own"), or one of 20,000 others ("external"). They are labelled synthetic and kept nowhere.

    python benchmarks/effect.py
"""

import resource
import time
from collections.abc import Iterator

import numpy as np
import polars as pl

from outcross.data.corpora import prose
from outcross.data.corpora.prose import Corpus
from outcross.errors import InputError
from outcross.mixture.effect.arms import ROWS, Arm, Material
from outcross.mixture.effect.evaluate import Bench, evaluate
from outcross.mixture.effect.proxy import TrigramProxy
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Encoded, Vocabulary

HUMAN, OTHER = 2_000, 20_000
"""Rows of people's that are trained on, and those behind the external generator."""

KEPT = 0.7
"""Share of drafts that a gate here lets through."""


class Writer:
    """A trigram model that writes drafts, and says how surprising they are."""

    def __init__(self, texts: pl.Series, dev: pl.Series) -> None:
        self.vocabulary = Vocabulary.of(texts)
        encoded = self.vocabulary.encode(texts)
        self.model = Trigram.fit(encoded, len(self.vocabulary)).tuned(self.vocabulary.encode(dev))

    def write(self, count: int, seed: int) -> pl.DataFrame:
        """So many drafts, with nats a word as `surprise`."""
        rows: Encoded = self.model.sample(count, np.random.default_rng(seed))
        names = ["", "", *self.vocabulary.types]
        texts = [" ".join(names[word] for word in part) for part in np.split(rows.ids, rows.starts[1:-1])]
        found = self.model.nll(rows)
        return pl.DataFrame({"text": texts, "surprise": found.nats / found.words})


def batches(own: pl.DataFrame, external: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame, float]]:
    """Batches of drafts by what they are, with the weight of each row against a row of people's."""
    for name, drafts in (("own", own), ("external", external)):
        for rows in (HUMAN, 4 * HUMAN):
            for weight in (0.25, 0.618, 1.0):
                yield f"{name} generator, {rows:,} rows, weight {weight:g}", drafts[:rows], weight
    largest = external[: 4 * HUMAN]
    ranked = largest.sort("surprise")
    kept = round(KEPT * ranked.height)
    yield "external, a random 70 %", largest.sample(kept, seed=1), 0.618
    yield "external, without the most surprising 30 %", ranked[:kept], 0.618
    yield "external, without the least surprising 30 %", ranked[-kept:], 0.618


def release(human: pl.DataFrame, drafts: pl.DataFrame, weight: float) -> pl.DataFrame:
    """People's rows and a batch of drafts as a release."""
    columns = [pl.lit(None, kind).alias(name) for name, kind in ROWS.items() if name not in ("text", "klass", "weight")]
    parts = ((human, "human", 1.0), (drafts, "unreviewed", weight))
    return pl.concat(
        rows.select("text", *columns, pl.lit(name).alias("klass"), pl.lit(share).alias("weight")).select(ROWS.keys())
        for rows, name, share in parts
    )


def corpus() -> Corpus:
    """Python's documentation where it is installed, else the library's docstrings."""
    try:
        return prose.documentation()
    except InputError:
        return prose.docstrings()


def main() -> None:
    """Try every batch and print a line for each."""
    found = corpus()
    rest, held = prose.held_out(found.texts, 0.2)
    test, dev = prose.held_out(held, 0.3)
    rest = rest[np.random.default_rng(0).permutation(rest.height)]
    human, extra, other = rest[:HUMAN], rest[HUMAN : 2 * HUMAN], rest[2 * HUMAN : 2 * HUMAN + OTHER]
    own, external = (Writer(part["text"], dev["text"]).write(4 * HUMAN, 1) for part in (human, other))
    arms = Material(human, extra, release(human, own[:0], 1.0)).arms()[:6]
    named = {}
    for name, drafts, weight in batches(own, external):
        named[name] = Arm("class", name, release(human, drafts, weight).select("text", "weight"), drafts.height)
    named["external generator alone, 8,000 rows"] = Arm(
        "class", "alone", external.select("text", weight=pl.lit(1.0)), external.height
    )
    arms += named.values()
    wall, cpu = time.perf_counter(), time.process_time()
    outcome = evaluate(Bench.of(dev, test, arms), arms, TrigramProxy())
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(f"{found.name}: {test.height:,} test rows in {test['document'].n_unique()} documents; {len(arms)} arms in")
    print(
        f"{wall:.0f} s, {cpu:.0f} CPU-seconds; {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000:,.0f} MB\n"
    )
    print("| trained on people's 2,000 rows and | nats a word | SE | worth in people's rows |\n|---|--:|--:|--:|")
    names = ["", "", *(f"{size:,} more of people's" for size in (250, 500, 1000, 2000)), *named]
    for name, arm in list(zip(names, outcome.arms, strict=True))[2:]:
        by = arm.against_human
        print(f"| {name} | {by.effect:+.3f} | {by.standard_error:.3f} | {arm.human_rows} |")


if __name__ == "__main__":
    main()
