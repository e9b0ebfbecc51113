"""The fine-tuned transformer, small, where torch and tokenizers are installed."""

import polars as pl
import pytest

from outcross.data.corpora import prose

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from outcross.mixture.collapse import transformer

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def texts():
    return prose.docstrings().texts


@pytest.fixture(scope="module")
def ground(texts):
    return transformer.Ground.of(texts, 200, seed=1)


def test_replacing_loses_more_than_ours(ground):
    ends = {}
    for policy in ("replace", "ours"):
        first, *_, last = transformer.chain(policy, ground, seed=1, generations=2, cool=0.8)
        ends[policy] = transformer.measured(ground, last)["perplexity"]
        ends["human"] = transformer.measured(ground, first)["perplexity"]
    assert ends["ours"] < 1.1 * ends["human"]
    assert ends["replace"] > 1.2 * ends["human"]


def test_pieces_and_words_tell_the_same_rows_and_sections(ground):
    words = ground.words(ground.human)
    assert words.ids.tolist() == ground.passages.human.ids.tolist()
    assert ground.passages.shares(words).sum() == pytest.approx(1)


def test_the_human_rows_are_half_of_the_bases_and_twice_the_held_out_ones(ground):
    parts = (ground.passages.human, ground.passages.held, ground.passages.dev)
    sizes = [part.lengths.size for part in parts]
    assert sizes[:2] == [200, pytest.approx(100, abs=30)]
    assert 200 < sizes[2] <= 400, "but for those of sections that no human row is of"
    assert ground.base.n_types == len(ground.pieces) + ground.passages.sections


def test_a_result_has_curves_samples_and_a_sentence(monkeypatch):
    monkeypatch.setattr(transformer, "QUICK_ROWS", 60)
    rows = [(f"d{n % 30}", "s", f"words of row {n % 40} and some more") for n in range(300)]
    texts = pl.DataFrame(rows, schema=prose.TEXTS, orient="row")
    found = transformer.run("golden", texts, generations=1, quick=True)
    assert found.curves["generation"].unique().sort().to_list() == [0, 1]
    assert found.curves.filter(pl.col("measure") == "perplexity")["value"].is_finite().all()
    assert found.pictures["text"].len() == 4
    assert found.said["golden"].startswith("After 1 generations the perplexity of people’s text is ")
