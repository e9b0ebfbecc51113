"""The trigram model."""

import itertools
import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from outcross.mixture.text.ngram import Trigram
from outcross.mixture.text.tokens import EDGE, Encoded

N_TYPES = 6

rows_of_ids = st.lists(st.lists(st.integers(1, N_TYPES - 1), max_size=6), min_size=1, max_size=8)
discounts = st.floats(0.05, 3)


def encoded(rows):
    lengths = [len(row) for row in rows]
    ids = np.array([one for row in rows for one in row], np.int32)
    return Encoded(ids, np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64))


def zipf_rows(rng, n_rows, n_types=40, length=8):
    """Rows of a random chain whose words' shares fall like 1 / rank."""
    chances = 1 / np.arange(1, n_types - 1)
    words = rng.choice(np.arange(2, n_types), size=(n_rows, length), p=chances / chances.sum())
    words[:, 1::2] = (words[:, ::2] * 7) % (n_types - 2) + 2
    return encoded(words.tolist())


class Plain:
    """The same model, word by word out of dictionaries."""

    def __init__(self, rows, weights, discount):
        self.discount = discount
        self.counts = [Counter(), Counter(), Counter()]
        for row, weight in zip(rows, weights, strict=True):
            padded = [EDGE, EDGE, *row, EDGE]
            for at in range(2, len(padded)):
                for order in range(3):
                    self.counts[order][tuple(padded[at - order : at + 1])] += weight

    def lost(self, count):
        return min(count, self.discount) if count >= 1 or self.discount >= 1 else count * self.discount

    def probability(self, word, context, order=2):
        if order < 0:
            return 1 / N_TYPES
        lower = self.probability(word, context[1:], order - 1)
        followers = {key: count for key, count in self.counts[order].items() if key[:-1] == context}
        if not followers:
            return lower
        total = sum(followers.values())
        count = followers.get((*context, word), 0)
        left = sum(self.lost(one) for one in followers.values()) / total
        return (count - self.lost(count) if count else 0) / total + left * lower

    def nll(self, row):
        padded = [EDGE, EDGE, *row, EDGE]
        return -sum(math.log(self.probability(padded[at], tuple(padded[at - 2 : at]))) for at in range(2, len(padded)))


@settings(max_examples=60, deadline=None)
@given(rows_of_ids, rows_of_ids, discounts, st.data())
def test_the_model_says_what_the_formula_says(rows, unseen, discount, data):
    weights = data.draw(st.lists(st.sampled_from([0.25, 0.5, 1, 1.5, 3]), min_size=len(rows), max_size=len(rows)))
    plain = Plain(rows, weights, discount)
    found = Trigram.fit(encoded(rows), N_TYPES, np.array(weights), discount).nll(encoded(unseen))
    np.testing.assert_allclose(found.nats, [plain.nll(row) for row in unseen], rtol=1e-9)
    assert found.words.tolist() == [len(row) + 1 for row in unseen]


@given(rows_of_ids, discounts, st.integers(0, N_TYPES - 1), st.integers(0, N_TYPES - 1))
def test_after_every_context_seen_or_not_the_probabilities_sum_to_one(rows, discount, first, last):
    model = Trigram.fit(encoded(rows), N_TYPES, discount=discount)
    words = np.arange(N_TYPES)
    keys = [words, last * N_TYPES + words, (first * N_TYPES + last) * N_TYPES + words]
    assert model.probability(keys).sum() == pytest.approx(1)
    assert model.probability(keys).min() >= 0


def test_nothing_is_impossible_and_an_unseen_corpus_leaves_every_word_alike():
    model = Trigram.fit(encoded([[2, 3]]), N_TYPES, discount=5.0)
    assert model.perplexity(encoded([[4, 1, 5], []])) == pytest.approx(N_TYPES)
    assert Trigram.fit(encoded([]), N_TYPES).perplexity(encoded([[4]])) == pytest.approx(N_TYPES)


@given(rows_of_ids, st.data())
def test_a_weight_counts_like_as_many_repetitions(rows, data):
    times = data.draw(st.lists(st.integers(1, 4), min_size=len(rows), max_size=len(rows)))
    repeated = list(itertools.chain.from_iterable([row] * n for row, n in zip(rows, times, strict=True)))
    weighted = Trigram.fit(encoded(rows), N_TYPES, np.array(times))
    np.testing.assert_allclose(
        weighted.nll(encoded(rows)).nats, Trigram.fit(encoded(repeated), N_TYPES).nll(encoded(rows)).nats
    )


def test_rows_that_all_stand_there_twice_change_nothing_once_the_discount_is_tuned():
    rng = np.random.default_rng(3)
    human, dev, test = zipf_rows(rng, 300), zipf_rows(rng, 100), zipf_rows(rng, 100)
    twice = Encoded.concatenated([human, human])
    once = Trigram.fit(human, 40)
    assert math.log(Trigram.fit(twice, 40).perplexity(test) / once.perplexity(test)) > 0.05
    tuned = math.log(Trigram.fit(twice, 40).tuned(dev).perplexity(test) / once.tuned(dev).perplexity(test))
    assert abs(tuned) < 0.002


@pytest.mark.parametrize("n_rows", [40, 2000])
def test_the_tuned_discount_is_the_best_of_a_fine_grid(n_rows):
    rng = np.random.default_rng(4)
    model, dev = Trigram.fit(zipf_rows(rng, n_rows), 40), zipf_rows(rng, 200)
    best = min(model.with_discount(one).perplexity(dev) for one in np.geomspace(0.02, 4, 120))
    assert model.tuned(dev).perplexity(dev) <= best * 1.0005


def test_weights_that_are_all_so_many_times_larger_make_the_same_model_once_it_is_shaped():
    rng = np.random.default_rng(9)
    human, dev, test = zipf_rows(rng, 300), zipf_rows(rng, 100), zipf_rows(rng, 100)
    weights = rng.uniform(0.2, 1, 300)
    models = [Trigram.fit(human, 40, weights * factor).shaped(dev, factor) for factor in (1, 16)]
    one, other = (model.nll(test).nats for model in models)
    np.testing.assert_allclose(one, other)
    assert models[1].below == pytest.approx(16 * models[0].below)


@pytest.mark.parametrize("n_rows", [40, 2000])
def test_the_shaped_discount_is_at_least_as_good_as_the_tuned_one_and_as_a_grid(n_rows):
    rng = np.random.default_rng(4)
    model, dev = Trigram.fit(zipf_rows(rng, n_rows), 40), zipf_rows(rng, 200)
    shaped = model.shaped(dev).perplexity(dev)
    grid = itertools.product(np.linspace(0.05, 0.95, 15), np.geomspace(0.25, 32, 15))
    best = min(replace(model, discount=one, below=other).perplexity(dev) for one, other in grid)
    assert shaped <= min(best, model.tuned(dev).perplexity(dev)) * 1.001


@pytest.mark.science
def test_samples_have_the_probabilities_of_the_model():
    """Frequencies of words, of pairs and of whole rows within five standard errors of what the model says."""
    rng = np.random.default_rng(5)
    model = Trigram.fit(encoded([[2, 3, 4], [2, 3], [3, 3, 2], [5]]), N_TYPES)
    n = 200_000
    wrote = model.sample(n, rng)
    rows = Counter(map(tuple, np.split(wrote.ids, wrote.starts[1:-1])))
    kinds = [[], [2], [2, 3], [2, 3, 4], [5], [4, 4], [1], [3, 2]]
    for row, chance in zip(kinds, np.exp(-model.nll(encoded(kinds)).nats), strict=True):
        assert rows[tuple(row)] / n == pytest.approx(chance, abs=5 * math.sqrt(chance / n))


def test_sampling_is_cut_at_the_longest_and_repeats_with_the_seed():
    model = Trigram.fit(zipf_rows(np.random.default_rng(6), 50), 40)
    one, other = (model.sample(80, np.random.default_rng(7), longest=3) for _ in range(2))
    assert one.lengths.max() == 3
    assert one.ids.tolist() == other.ids.tolist()
    assert one.starts.tolist() == other.starts.tolist()


def test_a_low_temperature_thins_the_tail():
    rng = np.random.default_rng(8)
    human = zipf_rows(rng, 2000)
    model = Trigram.fit(human, 40)

    def rare(rows):
        return np.mean(rows.ids[np.isin(rows.ids, np.arange(30, 40))].size / rows.ids.size)

    warm, cool = (rare(model.sample(2000, rng, temperature)) for temperature in (1.0, 0.5))
    assert warm == pytest.approx(rare(human), rel=0.15)
    assert cool < 0.8 * warm


def test_a_vocabulary_too_large_to_pack_is_refused():
    with pytest.raises(ValueError, match="2,097,152 types is too large"):
        Trigram.fit(encoded([[2]]), 2**21)
