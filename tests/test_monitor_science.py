"""False alarms and power of the collapse monitor on real text; `benchmarks/monitor.py` has them at full size."""

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora import prose
from outcross.mixture.monitor.alarms import Watch
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.watch import watch
from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import Vocabulary

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def docstrings() -> pl.DataFrame:
    return prose.docstrings().texts


def watched(texts: pl.DataFrame, seed: int, share: float = 0.0) -> Watch:
    """A release of 2,000 rows of other documents than people's, a share of them what a trigram writes after theirs."""
    rng = np.random.default_rng(seed)
    documents = rng.permutation(texts["document"].unique().sort().to_numpy())
    parts = np.split(documents, [len(documents) // 4, len(documents) * 4 // 5])
    release, human, heldout = (texts.filter(pl.col("document").is_in(part.tolist())) for part in parts)
    release = release.sample(min(2_000, release.height), seed=seed, shuffle=True)
    n_models = round(share * release.height)
    vocabulary = Vocabulary.of(human["text"])
    written = Trigram.fit(vocabulary.encode(human["text"]), len(vocabulary)).sample(n_models, rng)
    names = np.array(["", "", *vocabulary.types], dtype=object)
    rows = [" ".join(names[written.ids[a:b]]) for a, b in zip(written.starts, written.starts[1:], strict=False)]
    text = pl.Series("text", rows + release["text"][n_models:].to_list(), dtype=pl.String)
    origin = pl.Series("origin", ["synthetic"] * n_models + ["human"] * (release.height - n_models))
    release = release.with_columns(text, origin, weight=pl.lit(1.0))
    return watch(release, human, heldout, number=1, retention=0.9, seed=seed, resamples=60)


def test_releases_of_other_peoples_documents_raise_no_alarm(docstrings: pl.DataFrame) -> None:
    """Of 5 with a chance of .03 each, 2 would come in 1 of 110 histories."""
    found = [watched(docstrings, seed) for seed in range(5)]
    assert sum(bool(one.warnings or one.blocking) for one in found) <= 1
    assert all(one.untested == () for one in found)


def test_a_third_of_a_models_text_is_seen_among_its_own_rows(docstrings: pl.DataFrame) -> None:
    """In most releases, even with 600 such rows. Of people's, two of four would be in 1 of 200 histories."""
    found = [watched(docstrings, seed, share=0.3) for seed in range(4)]
    seen = [{alarm.comparison for alarm in one.warnings + one.blocking} for one in found]
    assert sum(Kind.SYNTHETIC in one for one in seen) >= 2


def test_a_release_of_a_models_text_is_seen_as_a_whole(docstrings: pl.DataFrame) -> None:
    found = watched(docstrings, 0, share=1.0)
    assert Kind.RELEASE in {alarm.comparison for alarm in found.warnings + found.blocking}
