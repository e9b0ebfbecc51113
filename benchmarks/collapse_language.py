"""Ten generations of a trigram model on real text, under every policy: the tables, on all text that is at hand.

Usage: python benchmarks/collapse_language.py [TEXT.txt ...]
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from outcross.data.corpora import prose
from outcross.errors import InputError
from outcross.mixture.collapse import language
from outcross.mixture.collapse.policies import POLICIES

SHOWN = (0, 1, 5, 10)
MEASURES = {"tuned perplexity": 1, "worst rows": 0, "types": 0, "distinct-4": 2, "tail mass": 3, "rare sections": 2}
"""Measures of the last generation, with the digits after the point."""


def main() -> None:
    for corpus in corpora([Path(name) for name in sys.argv[1:]]):
        texts = corpus.texts
        print(f"\n## {corpus.name}: {texts.height:,} paragraphs of {texts['document'].n_unique():,} documents\n")
        header = ["policy", "T", *[f"perplexity g{number}" for number in SHOWN], "ratio", *MEASURES, "CPU-s"]
        print("|", " | ".join(header), "|")
        print("|---" * len(header) + "|")
        for policy, title in POLICIES.items():
            started = time.process_time()
            found = language.run(policy, texts)
            seconds = time.process_time() - started
            for habit, temperature in (("", "1.0"), (f", at {language.COOLER}", str(language.COOLER))):
                print(
                    "|", " | ".join([title, temperature, *line(found.curves, habit), f"{seconds:.0f}"]), "|", flush=True
                )


def corpora(paths: list[Path]) -> Iterator[prose.Corpus]:
    try:
        yield prose.documentation()
    except InputError as error:
        print(error)
    yield prose.docstrings()
    yield from (prose.file(path) for path in paths)


def line(curves: pl.DataFrame, habit: str) -> list[str]:
    """The figures of one policy at one temperature."""
    wide = curves.pivot("measure", index="generation", values="value")
    perplexity = wide[f"perplexity{habit}"]
    last = [f"{wide[f'{name}{habit}'][-1]:,.{digits}f}" for name, digits in MEASURES.items()]
    return [*[f"{perplexity[number]:,.1f}" for number in SHOWN], f"{perplexity[-1] / perplexity[0]:.2f}", *last]


if __name__ == "__main__":
    main()
