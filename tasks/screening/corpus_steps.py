"""The Prefect tasks of screening a corpus in files; see `outcross.tasks.steps` for what goes for all of them."""

from prefect import task
from prefect.cache_policies import NO_CACHE

from outcross.tasks.screening import corpora
from outcross.tasks.screening.corpora import Job, Slice


@task(name="check-slice", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def check_slice(job: Job, part: Slice) -> None:
    """Let the validators that look at a row alone judge a slice."""
    corpora.check(job, part)


@task(name="compare-corpus", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def compare_corpus(job: Job) -> None:
    """Find the rows that are alike."""
    corpora.compare(job)


@task(name="decide-slice", cache_policy=NO_CACHE, retries=1, retry_delay_seconds=2)
def decide_slice(job: Job, part: Slice) -> dict[str, int]:
    """Give a slice its verdicts."""
    return corpora.decide(job, part)
