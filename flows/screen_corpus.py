"""Verdicts on a corpus in Parquet files, which no recipe and no home is needed for."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from prefect import flow
from prefect.futures import as_completed
from prefect.task_runners import ThreadPoolTaskRunner

from outcross.progress import advance, stage
from outcross.tasks.screening.corpora import Job, slices
from outcross.tasks.screening.corpus_steps import check_slice, compare_corpus, decide_slice


@flow(name="screen-corpus", task_runner=ThreadPoolTaskRunner(max_workers=1))  # type: ignore[arg-type]  # Prefect types the runner's future as invariant
def screen_corpus(
    files: Sequence[Path],
    out: Path,
    kind: str = "instruction",
    profile: str | None = None,
    evaluation: Sequence[Path] = (),
) -> dict[str, int]:
    """Judge every row of some files; signals, clusters of rows that are alike, and verdicts are written as Parquet.

    A run that was killed goes on where it stood. Other runners take it as it is, as they take `screen`.

    Args:
        files: Parquet files with `sample_id`, `response` or `text`, and if they have them `prompt`, `context`, `kind`,
            `stratum`, `origin` and `rank`.
        out: the folder to write to.
        kind: of all samples, where the files don't say.
        profile: the profile to screen by; the kind's own where None.
        evaluation: files, JSONL or Parquet, whose texts no row may repeat.

    Returns:
        How many rows came out in which way.
    """
    job = Job(tuple(files), out, kind, profile, tuple(evaluation))
    parts = slices(job.files)
    rows = sum(part.rows for part in parts)
    with stage("check", rows):
        checked = {check_slice.submit(job, part): part for part in parts}
        for done in as_completed(list(checked)):
            done.result()
            advance("check", checked[done].rows)
    with stage("compare", 0):
        compare_corpus(job)
    found: Counter[str] = Counter()
    with stage("screen", rows):
        decided = {decide_slice.submit(job, part): part for part in parts}
        for ready in as_completed(list(decided)):
            counts = ready.result()
            found.update(counts)
            advance("screen", decided[ready].rows, **counts)
    return dict(found)
