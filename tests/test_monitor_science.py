"""False alarms and power of the collapse monitor on real text; `benchmarks/monitor.py` has them at full size."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora import prose
from outcross.mixture.monitor.alarms import Alarm, Watch
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.measures import Measure
from outcross.mixture.monitor.watch import watch
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Vocabulary

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def docstrings() -> pl.DataFrame:
    return prose.docstrings().texts


def parted(texts: pl.DataFrame, seed: int) -> list[pl.DataFrame]:
    """Rows of a quarter of the documents, of most others, and of a fifth: for a release, people's, held out."""
    documents = np.random.default_rng(seed).permutation(texts["document"].unique().sort().to_numpy())
    parts = np.split(documents, [len(documents) // 4, len(documents) * 4 // 5])
    return [texts.filter(pl.col("document").is_in(part.tolist())) for part in parts]


def labelled(rows: pl.DataFrame, origin: str) -> pl.DataFrame:
    return rows.with_columns(origin=pl.lit(origin), weight=pl.lit(1.0))


def other(texts: pl.DataFrame, seed: int) -> Watch:
    """A release of 2,000 rows of other documents than people's."""
    release, human, heldout = parted(texts, seed)
    release = labelled(release.sample(min(2_000, release.height), seed=seed), "human")
    return watch(release, human, heldout, number=1, retention=0.9, seed=seed, resamples=60)


def drafted(texts: pl.DataFrame, seed: int, share: float, write: Callable[..., list[str]] | None = None) -> Watch:
    """A release of 2,000 of people's rows, a share of them replaced by a model's, or by other rows of people's."""
    _, human, heldout = parted(texts, seed)
    mixed = human.sample(2_000, seed=seed, shuffle=True)
    replaced, kept = mixed[: round(share * 2_000)], mixed[round(share * 2_000) :]
    human = human.join(replaced, on=replaced.columns, how="anti")
    drafts = replaced["text"].to_list() if write is None else write(human["text"], replaced.height, seed)
    models = labelled(replaced.with_columns(text=pl.Series(drafts, dtype=pl.String)), "synthetic")
    release = pl.concat([models, labelled(kept, "human")])
    return watch(release, human, heldout, number=1, retention=0.9, seed=seed, resamples=60)


def trigrams(read: pl.Series, count: int, seed: int) -> list[str]:
    """Rows of a trigram that has read all of people's."""
    vocabulary = Vocabulary.of(read)
    written = Trigram.fit(vocabulary.encode(read), len(vocabulary)).sample(count, np.random.default_rng(seed))
    names = np.array(["", "", *vocabulary.types], dtype=object)
    return [" ".join(names[written.ids[a:b]]) for a, b in zip(written.starts, written.starts[1:], strict=False)]


def loud(found: Watch) -> list[Alarm]:
    return [*found.warnings, *found.blocking]


def test_releases_of_other_peoples_documents_raise_no_alarm(docstrings: pl.DataFrame) -> None:
    """Of 5 with a chance of .03 each, 2 would come in 1 of 110 histories."""
    found = [other(docstrings, seed) for seed in range(5)]
    assert sum(bool(loud(one)) for one in found) <= 1
    assert all(one.untested == () for one in found)


def test_drafts_as_good_as_peoples_raise_no_alarm(docstrings: pl.DataFrame) -> None:
    """They are from the documents of people's rows, so that a spread between documents would hide what differs."""
    found = [drafted(docstrings, seed, 0.3) for seed in range(3)]
    assert sum(bool(loud(one)) for one in found) <= 1
    z = np.array([alarm.z for one in found for alarm in one.alarms if alarm.z is not None])
    assert 0.6 < np.sqrt(np.mean(z**2)) < 1.6


def test_a_third_of_a_models_text_is_seen_by_both_comparisons_and_by_the_held_out_loss(
    docstrings: pl.DataFrame,
) -> None:
    """Also by the loss: text after all of people's documents must not pass for people's from half of them."""
    for seed in range(2):
        seen = loud(drafted(docstrings, seed, 0.3, trigrams))
        assert {alarm.comparison for alarm in seen} == set(Kind)
        assert Measure.LIKELIHOOD in {alarm.measure for alarm in seen if alarm.comparison is Kind.SYNTHETIC}


def test_a_release_of_a_models_text_is_blocked_as_a_whole(docstrings: pl.DataFrame) -> None:
    found = drafted(docstrings, 0, 1.0, trigrams)
    assert Kind.RELEASE in {alarm.comparison for alarm in found.blocking}
