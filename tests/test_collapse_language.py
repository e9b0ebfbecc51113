"""What ten generations of a trigram model lose of real text, on the docstrings that every Python has."""

import numpy as np
import polars as pl
import pytest

from outcross.data.corpora import prose
from outcross.errors import InputError
from outcross.mixture.collapse import language
from outcross.mixture.collapse.passages import Passages, distinct
from outcross.mixture.collapse.policies import POLICIES
from outcross.mixture.text.tails import Tail
from outcross.mixture.text.tokens import Encoded

pytestmark = pytest.mark.science


@pytest.fixture(scope="module")
def texts():
    return prose.docstrings().texts


@pytest.fixture(scope="module")
def passages(texts):
    return Passages.of(texts, 6_000, np.random.default_rng(3))


@pytest.fixture(scope="module")
def found(passages):
    """The measures of generations 0 and 10, by policy."""
    ends = {}
    for policy in POLICIES:
        chain = list(language.chain(policy, passages, seed=3, generations=10))
        ends[policy] = [language.measured(passages, generation) for generation in (chain[0], chain[-1])]
    return ends


def ratio(found, policy, measure="perplexity"):
    first, last = (end[measure] for end in found[policy])
    return last / first


def test_replacing_explodes_and_accumulating_only_grows_worse(found):
    assert ratio(found, "replace") > 15
    assert 1.6 < ratio(found, "accumulate") < 3.5
    assert ratio(found, "replace", "types") < 0.25
    assert ratio(found, "accumulate", "types") > 0.99


def test_ours_stays_near_human_rows(found):
    assert ratio(found, "ours") < 1.12
    assert ratio(found, "ours", "tuned perplexity") < 1.12
    assert found["ours"][1]["tail mass"] > 0.9
    assert found["ours"][1]["rare sections"] == pytest.approx(1, abs=1e-6)


def test_policies_keep_the_tail_in_the_order_of_the_theory(found):
    kept = {policy: found[policy][1]["tail mass"] for policy in POLICIES}
    assert kept["human"] == 1
    order = ["human", "ours", "depth1", "golden", "accumulate", "share", "replace"]
    assert sorted(kept, key=lambda policy: -kept[policy]) == order
    assert kept["replace"] < 0.3


def test_perplexities_come_in_the_order_of_the_theory(found):
    tuned = {policy: found[policy][1]["tuned perplexity"] for policy in POLICIES}
    assert tuned["human"] < min(tuned["ours"], tuned["depth1"], tuned["golden"])
    assert (
        max(tuned["ours"], tuned["depth1"], tuned["golden"]) < tuned["accumulate"] < tuned["share"] < tuned["replace"]
    )


def test_a_cooler_model_loses_sections_that_pinning_keeps(passages):
    *_, golden = language.chain("replace", passages, seed=3, generations=3, cool=0.9)
    *_, ours = language.chain("ours", passages, seed=3, generations=3, cool=0.9)
    assert language.measured(passages, golden)["rare sections"] < 0.8
    assert language.measured(passages, ours)["rare sections"] == pytest.approx(1, abs=0.02)


def test_matching_brings_sections_and_rare_words_to_peoples(passages):
    first = next(language.chain("human", passages, seed=3, generations=0, cool=0.9))
    tail = Tail.of(passages.counts(passages.human))
    factors = language.matched(passages, tail, first.written)
    assert factors.mean() == pytest.approx(1)
    have = passages.shares(first.written, factors)
    assert have == pytest.approx(passages.shares(passages.human), abs=1e-9)
    people, plain, weighed = (
        float(tail.mass(counts))
        for counts in (
            passages.counts(passages.human),
            passages.counts(first.written),
            passages.counts(first.written, factors),
        )
    )
    assert plain < 0.7 * people
    assert weighed > plain + 0.3 * (people - plain)


@pytest.mark.parametrize("policy", sorted(set(POLICIES) - {"accumulate"}))
def test_a_mixture_weighs_what_the_human_rows_weigh(passages, policy):
    *_, last = language.chain(policy, passages, seed=3, generations=1)
    assert last.mix.weights.sum() == pytest.approx(passages.human.lengths.size)
    assert last.mix.weights.min() > 0


def test_documents_of_the_held_out_rows_are_never_learned_from():
    rows = [(f"d{number}", "s", f"word{number} again and again") for number in range(300)]
    texts = pl.DataFrame(rows, schema=prose.TEXTS, orient="row")
    passages = Passages.of(texts, 300, np.random.default_rng(0))
    seen = [set(part.ids.tolist()) for part in (passages.human, passages.dev, passages.held)]
    assert passages.human.lengths.size + passages.dev.lengths.size + passages.held.lengths.size == 300
    assert seen[1] == seen[2] == seen[1] & seen[0] | {1}, "of other documents only the common words are known"


def test_a_row_without_a_mark_claims_no_section():
    texts = pl.DataFrame([(f"d{n}", "s", "some words") for n in range(9)], schema=prose.TEXTS, orient="row")
    passages = Passages.of(texts, 9, np.random.default_rng(0))
    mark = len(passages.vocabulary)
    rows = Encoded(np.array([mark, 2, 3, 2], np.int32), np.array([0, 3, 3, 4]))
    assert passages.section(rows).tolist() == [0, -1, -1]
    assert passages.shares(rows) == pytest.approx([1 / 3])
    assert passages.read(rows) == ["some words", "", "some"]


def test_distinct_sequences_are_counted_inside_rows_and_within_the_budget():
    rows = Encoded(np.array([1, 2, 3, 1, 2, 3, 4], np.int32), np.array([0, 3, 7]))
    assert distinct(rows, n=2) == pytest.approx(3 / 5)
    assert distinct(rows, n=2, budget=3) == 1
    assert np.isnan(distinct(rows, n=5))


def test_a_result_has_the_curves_samples_and_a_sentence(texts):
    found = language.run("replace", texts, generations=1, rows=300)
    assert found.curves["generation"].unique().sort().to_list() == [0, 1]
    assert {"perplexity", "perplexity, at 0.9", "tail mass"} < set(found.curves["measure"])
    assert found.pictures.select("generation").to_series().to_list() == [0, 0, 1, 1]
    assert found.said["replace"].startswith("After 1 generations the perplexity of people’s text is ")
    again = language.run("replace", texts, generations=1, rows=300)
    assert again.curves.equals(found.curves)


def test_text_of_two_documents_is_too_little():
    texts = pl.DataFrame([("a", "s", "x y z"), ("b", "s", "x y z")], schema=prose.TEXTS, orient="row")
    with pytest.raises(InputError, match="one document"):
        Passages.of(texts, 10, np.random.default_rng(0))
