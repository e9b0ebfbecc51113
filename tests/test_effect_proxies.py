"""The small models that stand for the one that a release will train, and how they are chosen."""

import numpy as np
import polars as pl
import pytest

from outcross.errors import InputError
from outcross.mixture.effect.equivalents import Ruler
from outcross.mixture.effect.proxy import NetworkProxy
from outcross.mixture.text.tokens import Vocabulary
from outcross.tasks.effect import runs


def test_proxies_are_chosen_by_name_once_each():
    assert [one.name for one in runs.chosen(("trigram", "trigram"))] == ["trigram"]
    with pytest.raises(InputError, match=r"there is no proxy 'gru'. Choose from: trigram, network"):
        runs.chosen(("gru",))


def test_a_network_without_its_extra_is_refused_with_what_to_install(monkeypatch):
    monkeypatch.setattr(NetworkProxy, "installed", staticmethod(lambda: False))
    with pytest.raises(InputError, match=r"outcross\[proxy\]"):
        runs.chosen(("network",))


def test_a_network_learns_and_reads_rare_words_as_unknown_ones():
    pytest.importorskip("torch")
    pytest.importorskip("tokenizers")
    texts = pl.Series([f"return the value of {name} or none" for name in ("count", "size", "name", "flag")] * 60)
    strange = pl.Series(["value the or none return"] * 8)
    vocabulary = Vocabulary.of(texts)
    rows, odd = vocabulary.encode(texts), vocabulary.encode(strange)
    proxy = NetworkProxy(types=8)
    model = proxy.fit(rows, np.ones(240), len(vocabulary), rows)
    usual = model.nll(rows)
    assert usual.nats.sum() / usual.words.sum() < 1.0
    assert (found := model.nll(odd)).nats.sum() / found.words.sum() > 2.0


def test_where_more_rows_did_not_help_the_fewest_that_did_as_well_are_read():
    flat = Ruler((250, 500, 1000), (0.01, 0.0, -0.1))
    assert flat.read(0.0) == 0
    assert flat.say(-0.1) == "1,000"
    assert Ruler((250, 500), (-0.1, -0.1)).read(-0.1) == 250
