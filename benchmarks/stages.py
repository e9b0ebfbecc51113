"""How long each stage of the main job takes on the standard library's docstrings, without the model.

Drafts are stand-ins: people's docstrings with their words in reverse, so that they are as long and as varied as real
ones and repeat nobody. They are labelled synthetic, live in a temporary folder, and are gone when the script ends.

    python benchmarks/stages.py
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from outcross.data import recipe
from outcross.data.reading import read as read_content
from outcross.data.release import versions as releases
from outcross.data.release.read import read
from outcross.data.release.verify import verify
from outcross.data.samples import Generation, Origin, Provenance, Sample
from outcross.data.stores import journal, vault
from outcross.data.stores.home import Home
from outcross.data.stores.journal import Draft
from outcross.tasks.drafting.plan import plan
from outcross.tasks.ingest import ingest
from outcross.tasks.release import release
from outcross.tasks.review import enqueue
from outcross.tasks.screening.screen import screen, unjudged


def stand_in(person: Sample) -> Draft:
    """A human row turned round, as a draft."""
    said = person.provenance
    response = " ".join(reversed(read_content(person.content).response.split()))
    sample = Sample(
        content=person.content.model_copy(update={"response": response}),
        provenance=Provenance(
            origin=Origin.SYNTHETIC,
            depth=1,
            stratum=said.stratum,
            source=said.source,
            licence=said.licence,
            generation=Generation(model="stand-in", weights_digest=None),
        ),
    )
    rank = f"import-{sample.sample_id[:24]}"
    return Draft(request_key=rank, setup="s", rank=rank, state="drafted", sample=sample, model="stand-in")


def main() -> None:
    """Run the stages once and print a line each."""
    print(f"{platform.python_implementation()} {sys.version.split()[0]}, {os.cpu_count()} cores\n")
    print("| stage | rows | seconds | CPU-seconds | rows per CPU-second |\n|---|--:|--:|--:|--:|")

    def timed(stage: str, rows: int, work: Callable[[], object]) -> None:
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"| {stage} | {rows:,} | {wall:.1f} | {cpu:.1f} | {rows / cpu:,.0f} |", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        loaded = recipe.load(home, "docstrings")
        people = ingest(home, loaded).new
        home.vault.unlink()
        timed("ingest", people, lambda: ingest(home, loaded))
        timed("plan", loaded.draft.count, lambda: plan(home, loaded, loaded.draft.count))
        drafts = [stand_in(one) for one in vault.samples(home, loaded.name, "mixture")]
        timed("journal", len(drafts), lambda: journal.write(home, loaded.name, drafts))
        timed("screen", len(drafts), lambda: screen(home, loaded, unjudged(home, loaded)))
        timed("enqueue", len(drafts), lambda: enqueue(home, loaded))
        candidates = vault.counts(home, loaded.name)["mixture"] + len(drafts)
        timed("release, the gate's import included", candidates, lambda: release(home, loaded))
        rows = read(loaded.name, home=home.root).height
        timed("verify", rows, lambda: verify(home, releases.find(home, loaded.name)))
        timed("read", rows, lambda: read(loaded.name, home=home.root))


if __name__ == "__main__":
    main()
