"""Each method proves what the recipe asks for and says what is missing, with what reviewers miss reckoned in."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.certificate.plan import needed, needed_looking
from outcross.certificate.promise import Step, learned, part, planned, reviewers, walked
from outcross.certificate.record import Audit, proven
from outcross.data.recipe_tables import Certification


def terms(**said):
    return Certification.model_validate(said)


def of(wrong, size=10_000, delta=0.05, seen=1.0, **said):
    return part(terms(**said), wrong, size, delta=delta, seen=seen)


@given(st.lists(st.booleans(), max_size=60), st.sampled_from([0.7, 1.0]))
def test_at_any_time_the_audits_that_are_missing_are_just_enough(wrong, seen):
    missing = of(wrong, seen=seen).missing
    assert of([*wrong, *[False] * missing], seen=seen).holds
    assert missing == 0 or not of([*wrong, *[False] * (missing - 1)], seen=seen).holds


@given(st.lists(st.booleans(), max_size=80), st.booleans())
def test_at_any_time_what_holds_is_bounded_by_alpha_and_one_audit_more_takes_nothing_back(wrong, more):
    before, after = of(wrong), of([*wrong, more])
    assert (before.bound <= 0.05) == before.holds
    assert after.holds or not before.holds


def test_a_method_that_may_not_be_looked_at_waits_for_its_plan():
    assert planned(terms(), 0.05) == 0
    assert planned(terms(method="exact"), 0.05) == 208
    assert planned(terms(method="exact", audits=59), 0.05) == 59
    assert of([False] * 100, method="exact").missing == 108
    assert of([True] * 5 + [False] * 203, method="exact").holds
    assert of([True] * 6 + [False] * 202, method="exact").missing is None


def test_a_batch_smaller_than_the_plan_is_read_whole():
    found = of([True] * 3 + [False] * 17, size=20, method="batch")
    assert (found.audits, found.bound, found.holds) == (20, 0, True)
    assert of([], size=0, method="batch").missing is None


def test_without_audits_nothing_is_proven_and_without_known_errors_neither():
    assert of([]).missing == needed_looking(0.05)
    assert of([False] * 500, seen=0.0).missing is None
    assert reviewers(terms(sensitivity="measured")).least == 0


@pytest.mark.parametrize("method", ["exact", "any time"])
def test_known_errors_show_what_reviewers_notice_for_half_of_the_risk(method):
    asked = terms(method=method, sensitivity="measured")
    found = reviewers(asked, [True] * 200)
    assert found.delta == 0.025
    assert 0.97 < found.least < 1
    assert reviewers(asked, [True, False] * 100).least < 0.5
    assert reviewers(terms(sensitivity=0.8), [False] * 9).least == 0.8


@pytest.mark.parametrize("method", ["exact", "batch", "learned", "any time"])
def test_a_sensitivity_that_is_looked_at_after_each_known_error_is_seldom_overstated(method):
    asked, chance = terms(method=method, sensitivity="measured"), np.random.default_rng(3)
    runs, shown, truth = 200, 60, 0.8
    overstated = sum(
        any(reviewers(asked, caught[:n]).least > truth for n in range(4, shown, 4))
        for caught in (chance.random((runs, shown)) < truth).tolist()
    )
    assert overstated <= runs * 0.025 + 3 * (runs * 0.025) ** 0.5


def test_a_plan_does_not_follow_a_sensitivity_that_is_being_measured():
    asked = terms(method="exact", sensitivity="measured")
    assert planned(asked, 0.025) == needed(0.05, 0.025, errors=5)
    assert {of([False] * 10, method="exact", sensitivity="measured", seen=seen).missing for seen in (0.5, 0.9)} == {198}


def test_whoever_misses_a_fifth_needs_more_audits():
    assert of([], seen=0.8).missing > of([]).missing
    assert planned(terms(method="exact", sensitivity=0.8), 0.05) == needed(0.05, errors=5, seen=0.8) > 208


def test_a_walk_is_taken_at_its_last_proven_step():
    steps = [Step(threshold=place, errors=k, audits=100) for place, k in ((0.9, 0), (0.8, 1), (0.7, 9), (0.6, 0))]
    walk = walked(terms(method="learned"), steps, delta=0.05, seen=1.0)
    assert [one.threshold for one in walk] == [0.9, 0.8]
    found = learned(walk, 700, None, delta=0.05, seen=1.0)
    assert (found.holds, found.errors, found.audits) == (True, 1, 100)
    assert learned((), 700, 12, delta=0.05, seen=1.0).missing == 12
    assert learned((), 700, None, delta=0.05, seen=1.0).missing is None


def test_strata_are_judged_by_their_own_audits():
    asked = terms(by_stratum=True)
    audits = [Audit(sample_id=f"{n:064x}", stratum="ab"[n % 2], wrong=False) for n in range(190)]
    first, second = proven(asked, audits, {"a": 500, "b": 500}, reviewers(asked))
    assert (first.stratum, first.audits, first.delta, first.holds) == ("a", 95, 0.025, False)
    assert first.missing == second.missing == needed_looking(0.05, 0.025) - 95
    assert proven(asked, [], {}, reviewers(asked)) == ()
