"""Releases whose true error is exactly alpha are certified as rarely as promised, by every method on offer."""

import numpy as np
import pytest
from scipy.stats import binom

from outcross.certificate.bounds import batch_bound, left, rate_bound, sensitivity
from outcross.certificate.plan import allowance, needed_of_batch
from outcross.certificate.selection import counts, fixed_sequence, promising, thresholds
from outcross.certificate.sequential import proven
from outcross.certificate.sequential import rate_bound as bound_at_any_time
from outcross.certificate.strata import split

pytestmark = pytest.mark.science

RELEASES = 2_000
ALPHA = DELTA = 0.05
MOST = DELTA + 3 * (DELTA * (1 - DELTA) / RELEASES) ** 0.5
"""Of wrong certificates: 5 % and three standard errors."""


@pytest.fixture
def chance() -> np.random.Generator:
    return np.random.default_rng(20)


def each(said, found: np.ndarray) -> float:
    """Share of the releases that are certified, each distinct count judged once."""
    values, times = np.unique(found, axis=0, return_counts=True)
    return sum(times[place] for place, value in enumerate(values) if said(value)) / found.shape[0]


def test_three_standard_errors_are_six_and_a_half_per_cent():
    assert pytest.approx(0.065, abs=5e-4) == MOST


@pytest.mark.parametrize("audits", [59, 93, 208, 600])
def test_the_exact_bound_keeps_its_promise(chance, audits):
    found = chance.binomial(audits, ALPHA, RELEASES)
    assert each(lambda k: rate_bound(int(k), audits) <= ALPHA, found) <= MOST


@pytest.mark.parametrize(("size", "errors"), [(200, 0), (1_000, 0), (1_000, 2), (5_000, 1)])
def test_a_batchs_bound_keeps_its_promise(chance, size, errors):
    wrong, audits = allowance(ALPHA, size) + 1, needed_of_batch(ALPHA, size, errors=errors)
    found = chance.hypergeometric(wrong, size - wrong, audits, RELEASES)
    share = each(lambda k: batch_bound(int(k), audits, size) <= ALPHA * size, found)
    assert 0 < share <= MOST


@pytest.mark.parametrize("audits", [30, 60, 100, 150])
def test_what_is_said_of_the_drafts_that_nobody_read_keeps_its_promise(chance, audits):
    size, wrong = 200, 10
    found = chance.hypergeometric(wrong, size - wrong, audits, RELEASES)

    def broken(k: int) -> bool:
        said = left(k, audits, size, batch_bound(k, audits, size))
        return (wrong - k) / (size - audits) > said

    assert each(lambda k: broken(int(k)), found) <= MOST


def test_evidence_keeps_its_promise_though_somebody_looks_after_every_audit(chance):
    found = chance.random((RELEASES, 1_500)) < ALPHA
    assert 0.02 < np.mean([proven(one, ALPHA) for one in found]) <= MOST


def test_a_bound_at_any_time_keeps_its_promise(chance):
    found = chance.random((RELEASES, 200)) < ALPHA
    assert np.mean([bound_at_any_time(one) < ALPHA for one in found]) <= MOST


def test_learn_then_test_keeps_its_promise_at_every_threshold(chance):
    """All scores are worth the same, so whatever threshold is chosen is a wrong one."""
    tried = thresholds(chance.random(5_000), 600, ALPHA)
    chosen = []
    for _ in range(RELEASES):
        errors, audits = counts(chance.random(600), chance.random(600) < ALPHA, tried)
        chosen.append(fixed_sequence(errors, audits, ALPHA))
    assert 0.02 < np.mean([one is not None for one in chosen]) <= MOST


def test_learn_then_test_accepts_as_much_as_it_can_where_scores_tell_right_from_wrong(chance):
    """21 % of all drafts are wrong, mostly those with low scores: of a score s the share (1 - s) ** 3.7 is."""
    tried = thresholds(chance.random(5_000), 600, ALPHA)
    kept, broken = [], 0
    for _ in range(RELEASES):
        scores = chance.random(600)
        errors, audits = counts(scores, chance.random(600) < (1 - scores) ** 3.7, tried)
        place = fixed_sequence(errors, audits, ALPHA)
        if place is not None:
            kept.append(1 - tried[place])
            broken += (1 - tried[place]) ** 4.7 / 4.7 / (1 - tried[place]) > ALPHA
    assert broken / RELEASES <= MOST
    assert len(kept) / RELEASES > 0.9
    assert np.mean(kept) > 0.4


def test_a_threshold_that_is_audited_after_it_was_chosen_keeps_its_promise(chance):
    certified = 0
    for _ in range(RELEASES):
        threshold = promising(chance.random(264), chance.random(264) < ALPHA, ALPHA)
        if threshold is not None:
            scores, wrong = chance.random(336), chance.random(336) < ALPHA
            certified += rate_bound(int(wrong[scores >= threshold].sum()), int((scores >= threshold).sum())) <= ALPHA
    assert certified / RELEASES <= MOST


def test_strata_keep_their_promises_all_at_once(chance):
    shares = split(DELTA, dict.fromkeys("abcde", 1.0)).values()
    found = chance.binomial(150, ALPHA, (RELEASES, 5))
    held = {k: {delta: rate_bound(k, 150, delta) <= ALPHA for delta in shares} for k in set(found.flatten().tolist())}
    assert np.mean([any(held[k][delta] for k, delta in zip(ks, shares, strict=True)) for ks in found.tolist()]) <= MOST


@pytest.mark.parametrize("audits", [59, 74, 120, 250])
def test_a_bound_that_reckons_with_what_reviewers_miss_keeps_its_promise(chance, audits):
    found = np.stack([chance.binomial(audits, 0.8 * ALPHA, RELEASES), chance.binomial(100, 0.8, RELEASES)], axis=1)

    def certified(counted: np.ndarray) -> bool:
        seen = sensitivity(int(counted[1]), 100, DELTA / 2)
        return rate_bound(int(counted[0]), audits, DELTA / 2, seen) <= ALPHA

    assert each(certified, found) <= MOST
    assert each(lambda k: rate_bound(int(k), audits, seen=0.8) <= ALPHA, found[:, 0]) <= MOST


def test_a_bound_that_takes_reviewers_for_infallible_breaks_its_promise(chance):
    found = chance.binomial(59, 0.8 * ALPHA, RELEASES)
    assert each(lambda k: rate_bound(int(k), 59) <= ALPHA, found) > MOST


def test_mutant_what_was_counted_is_no_proof(chance):
    assert (chance.binomial(208, ALPHA, RELEASES) / 208 <= ALPHA).mean() > 0.3


def test_mutant_looking_at_the_exact_bound_after_every_audit_is_no_proof(chance):
    errors = (chance.random((RELEASES, 1_500)) < ALPHA).cumsum(axis=1)
    audits = np.arange(1, 1_501)
    allowed = binom.ppf(DELTA, audits, ALPHA) - (binom.cdf(binom.ppf(DELTA, audits, ALPHA), audits, ALPHA) > DELTA)
    assert rate_bound(int(allowed[207]), 208) <= ALPHA < rate_bound(int(allowed[207]) + 1, 208)
    assert (errors <= allowed).any(axis=1).mean() > 0.2
