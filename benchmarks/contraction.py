"""How long it takes to measure contraction on the standard library's docstrings, and what is found.

Drafts are what a word-trigram model of those docstrings writes at temperature 0.9. They are labelled synthetic, live
in a temporary folder, and are gone when the script ends.

    python benchmarks/contraction.py
"""

import resource
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from outcross.data import recipe
from outcross.data.samples import Generation, Origin, Provenance, Sample
from outcross.data.stores import journal, vault
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Vocabulary
from outcross.tasks.ingest import ingest
from outcross.tasks.mixing.candidates import candidates
from outcross.tasks.mixing.contraction import measure
from outcross.tasks.screening.screen import screen, unjudged

DRAFTS = 6_500


def draft(person: Sample, response: str) -> Draft:
    """A text as a model's draft for the function of a person's row."""
    said = person.provenance
    sample = Sample(
        content=person.content.model_copy(update={"response": response}),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum=said.stratum,
            source=said.source,
            licence=said.licence,
            generation=Generation(model="trigram", weights_digest=None),
        ),
    )
    rank = f"import-{sample.sample_id[:24]}"
    return Draft(request_key=rank, setup="s", rank=rank, state="drafted", sample=sample, model="trigram")


def drafts(people: list[Sample], count: int) -> list[Draft]:
    """What a model of people's docstrings writes, each for one of their functions."""
    texts = pl.Series([one.content.response for one in people])
    vocabulary = Vocabulary.of(texts)
    rng = np.random.default_rng(0)
    written = Trigram.fit(vocabulary.encode(texts), len(vocabulary)).sample(count, rng, temperature=0.9)
    names = vocabulary.types.to_list()
    rows = [written.ids[start:end] for start, end in zip(written.starts, written.starts[1:], strict=False)]
    chosen = [people[place] for place in rng.integers(len(people), size=count)]
    made = [
        draft(person, " ".join(names[word - 2] for word in row) or "None.")
        for person, row in zip(chosen, rows, strict=True)
    ]
    return list({one.rank: one for one in made}.values())


def main() -> None:
    """Measure once and print the figures."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        loaded = recipe.load(home, "docstrings")
        ingest(home, loaded)
        journal.write(home, loaded.name, drafts(vault.samples(home, loaded.name, "mixture"), DRAFTS))
        screen(home, loaded, unjudged(home, loaded))
        found = candidates(home, loaded)
        wall, cpu = time.perf_counter(), time.process_time()
        measured = measure(home, loaded, found)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_000
        print(f"{len(found.rows):,} candidates: {wall:.1f} s, {cpu:.1f} CPU-seconds; {memory:,.0f} MB at most in all")
        with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_width_chars=140):
            print(measured.generators, measured.gates, measured.strata.sort("rows", descending=True)[:12], sep="\n")
        print(*measured.warnings, sep="\n")


if __name__ == "__main__":
    main()
