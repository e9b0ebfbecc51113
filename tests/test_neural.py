"""The small transformer, where torch and tokenizers are installed: it learns, weighs, writes and repeats itself."""

import sys

import numpy as np
import polars as pl
import pytest

from outcross.errors import InputError
from outcross.mixture.text.tokens import EDGE, Encoded

pytest.importorskip("torch")
pytest.importorskip("tokenizers")

from outcross.mixture.text import network, neural

A, B, C = 2, 3, 4


def rows(*parts):
    return Encoded(np.array([i for part in parts for i in part], np.int32), np.cumsum([0, *(len(p) for p in parts)]))


@pytest.fixture(scope="module")
def alternating():
    """A model of rows that go A B A B A B, with the rows."""
    learned = rows(*[[A, B] * 3] * 100)
    return neural.Proxy.fit(learned, 6, epochs=15, seed=1), learned


def test_what_was_learned_surprises_little_and_the_rest_much(alternating):
    model, learned = alternating
    assert model.perplexity(learned) < 1.1
    assert model.perplexity(rows([B, A, C, C])) > 10


def test_nats_are_of_each_row_its_end_included(alternating):
    model, _ = alternating
    parts = ([A, B] * 3, [], [C] * 300)
    together = model.nll(rows(*parts))
    assert together.words.tolist() == [7, 1, 301]
    alone = [float(model.nll(rows(part)).nats[0]) for part in parts]
    assert together.nats == pytest.approx(alone, rel=1e-4)


def test_a_model_writes_what_it_learned(alternating):
    model, learned = alternating
    written = model.sample(50, np.random.default_rng(0), temperature=0.5)
    assert written.ids.size == pytest.approx(learned.ids.size / 2, rel=0.1)
    assert np.isin(written.ids, [A, B]).all()
    cut = model.sample(20, np.random.default_rng(0), longest=2)
    assert cut.lengths.max() <= 2


def test_reading_one_by_one_agrees_with_reading_at_once(alternating):
    model, _ = alternating
    ids = network.tensor(np.array([[EDGE, A, B, C], [EDGE, C, C, A]]))
    whole, _ = network.read(model.parameters, ids, [])
    past = []
    for place in range(4):
        step, past = network.read(model.parameters, ids[:, place : place + 1], past)
        assert step[:, 0].numpy(force=True) == pytest.approx(whole[:, place].numpy(force=True), abs=1e-4)


def test_one_seed_gives_one_model(alternating):
    _, learned = alternating
    again = neural.Proxy.fit(learned.take(np.arange(40)), 6, epochs=1, seed=3)
    third = neural.Proxy.fit(learned.take(np.arange(40)), 6, epochs=1, seed=3)
    assert again.nll(learned).nats.tolist() == third.nll(learned).nats.tolist()


def test_a_row_counts_as_much_as_it_weighs():
    both = rows(*[[A, A, A]] * 60, *[[B, B, B]] * 60)
    weights = np.repeat([19.0, 1.0], 60)
    model = neural.Proxy.fit(both, 6, weights, epochs=6, seed=0)
    heavy, light = model.nll(rows([A, A, A], [B, B, B])).nats
    assert light - heavy > np.log(19) / 2, "rows alike would surprise alike"


def test_going_on_leaves_the_base_as_it_was(alternating):
    model, learned = alternating
    before = model.nll(learned).nats.tolist()
    other = neural.Proxy.fit(rows(*[[C, C]] * 64), 6, base=model, epochs=10)
    assert model.nll(learned).nats.tolist() == before
    assert other.perplexity(rows([C, C])) < model.perplexity(rows([C, C]))


def test_the_epoch_that_suits_the_other_rows_best_is_kept():
    learned, dev = rows(*[[A, B]] * 64), rows(*[[C, C]] * 8)
    kept, last = (neural.Proxy.fit(learned, 6, epochs=8, seed=0, dev=each) for each in (dev, None))
    assert kept.perplexity(dev) < last.perplexity(dev)


def test_every_text_comes_back_from_its_pieces():
    texts = pl.Series(["The heap is a tree.", "naïve – 漢字\x00 <edge>", ""])
    pieces = neural.Pieces.of(pl.Series(["The heap is a heap, and the tree is a tree."] * 5), size=300)
    encoded = pieces.encode(texts)
    assert pieces.decode(encoded) == texts.to_list()
    assert 256 + neural.FIRST < len(pieces) <= 300 + neural.FIRST
    assert encoded.ids.min() >= neural.FIRST
    assert encoded.ids.max() < len(pieces)
    assert pieces.decode(rows([len(pieces), *encoded.take(np.array([0])).ids, EDGE])) == texts.to_list()[:1]


def test_what_is_missing_is_named_with_the_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(InputError, match=r"needs torch, .*pip install 'outcross\[proxy\]'"):
        network.needed("torch")
