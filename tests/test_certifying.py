"""Certificates follow from the warehouse and the queue, hold for their own regime alone, and can be computed again."""

import numpy as np
import pytest
from pydantic import ValidationError

from outcross.certificate.bounds import rate_bound
from outcross.certificate.record import Certificate, follows, proven
from outcross.data.recipe_tables import Certification
from outcross.data.review.items import Item
from outcross.data.samples import canonical
from outcross.data.stores import certificates
from outcross.errors import VerificationFailed
from outcross.tasks.certifying.audits import audits, drawn
from outcross.tasks.certifying.certify import certified, covered, population, standings
from outcross.tasks.certifying.recompute import recompute
from outcross.tasks.certifying.scores import fits
from outcross.tasks.certifying.summary import summary
from tests.certified import accept, decide, drafts, recipe, signal
from tests.judging import answer, sit_down


def standing(home, asked):
    (found,) = standings(home, asked)
    return found


def covers(home, asked):
    return covered(home, asked, certified(home, asked))


def test_nothing_is_proven_before_anybody_looked(home):
    asked = recipe(home)
    assert standings(home, asked) == []
    accept(home, asked, drafts(5))
    found = standing(home, asked)
    assert (found.accepted, found.drawn, found.certificate.parts[0].missing) == (5, 5, 78)
    assert not found.certificate.holds
    assert certified(home, asked) == []
    assert covers(home, asked) == {}


def test_seventy_eight_clean_audits_prove_five_per_cent_at_any_time(home):
    asked, made = recipe(home), drafts(100)
    accept(home, asked, made)
    decide(home, asked, made[:77])
    assert standing(home, asked).certificate.parts[0].missing == 1
    decide(home, asked, made[77:78], start=77)
    (one,) = certified(home, asked)
    assert one.bound <= 0.05
    assert covers(home, asked) == {sample.sample_id: one.certificate_id for sample in made[78:]}


def test_what_was_proven_at_any_time_stays_proven(home):
    asked, made = recipe(home), drafts(100)
    accept(home, asked, made)
    decide(home, asked, made[:80])
    decide(home, asked, made[80:83], "reject", start=80)
    (one,) = certified(home, asked)
    assert one.parts[0].errors == 3
    assert made[80].sample_id not in covers(home, asked)


def test_an_exact_proof_waits_for_the_audits_that_were_planned_and_counts_no_others(home):
    asked, made = recipe(home, method="exact", audits=93), drafts(130)
    accept(home, asked, made)
    decide(home, asked, made[:1], "reject")
    decide(home, asked, made[1:92], start=1)
    found = standing(home, asked).certificate.parts[0]
    assert (found.bound, found.missing, found.audits) == (1, 1, 92)
    decide(home, asked, made[92:93], start=92)
    assert certified(home, asked)[0].bound == rate_bound(1, 93) <= 0.05
    decide(home, asked, made[93:96], "reject", start=93)
    assert certified(home, asked)[0].parts[0].errors == 1


@pytest.mark.parametrize("method", ["any time", "exact"])
def test_a_certificate_is_over_once_audits_disprove_what_it_promised(home, method):
    asked, made = recipe(home, method=method, audits=93), drafts(150)
    accept(home, asked, made)
    decide(home, asked, made[:100])
    assert certified(home, asked)
    decide(home, asked, made[100:140], "reject", start=100)
    assert not certified(home, asked)


def test_an_exact_proof_that_failed_needs_another_plan(home):
    asked, made = recipe(home, method="exact", audits=59), drafts(100)
    accept(home, asked, made)
    decide(home, asked, made[:1], "reject")
    decide(home, asked, made[1:90], start=1)
    assert standing(home, asked).certificate.parts[0].missing is None
    assert certified(home, asked) == []


def test_a_proof_that_failed_is_not_shown_as_one_that_later_audits_made_good(home):
    asked, made = recipe(home, method="exact", audits=59), drafts(120)
    accept(home, asked, made)
    decide(home, asked, made[:1], "reject")
    decide(home, asked, made[1:], start=1)
    found = summary(standing(home, asked))
    assert (found.certificate_id, found.bound, found.path) == (None, rate_bound(1, 59), ())
    assert "audit anew" in found.sentence
    assert "`audits`" not in found.sentence
    assert len(summary(standing(home, recipe(home))).path) > 2


def test_a_batch_is_proven_of_the_drafts_that_nobody_read(home):
    asked, made = recipe(home, method="batch", audits=60), drafts(80)
    accept(home, asked, made)
    decide(home, asked, made[:60])
    assert standing(home, asked).certificate.parts[0].bound == 2 / 20
    decide(home, asked, made[60:80], start=60)
    assert standing(home, asked).certificate.parts[0].bound == 0


def test_strata_are_proven_apart_and_share_the_risk(home):
    asked = recipe(home, method="exact", audits=80, by_stratum=True)
    first, second = drafts(100), drafts(100, stratum="rare", word="splits")
    accept(home, asked, [*first, *second])
    decide(home, asked, first[:80])
    decide(home, asked, second[:60], start=80)
    (one,) = certified(home, asked)
    assert [(part.stratum, part.delta, part.holds) for part in one.parts] == [
        ("rare", 0.025, False),
        ("sums", 0.025, True),
    ]
    assert set(covers(home, asked)) == {sample.sample_id for sample in first[80:]}


def test_a_change_of_model_or_prompt_or_rules_leaves_the_certificate_to_the_drafts_of_before(home):
    asked, made = recipe(home), drafts(100)
    accept(home, asked, made)
    decide(home, asked, made[:80])
    (one,) = certified(home, asked)
    accept(home, asked, new := drafts(40, word="mends"), setup="another prompt")
    assert [found.certificate_id for found in certified(home, asked)] == [one.certificate_id]
    assert covers(home, asked).keys().isdisjoint(sample.sample_id for sample in new)
    stricter = asked.model_copy(update={"screen": {**asked.screen, "length": {"target": 9}}})
    assert certified(home, stricter) == []


def test_decisions_that_were_there_when_the_rules_were_made_prove_nothing_of_them(home):
    asked, made = recipe(home), drafts(200)
    accept(home, asked, made[:110])
    decide(home, asked, made[:100], ["reject"] * 20 + ["approve"] * 80)
    # Rules made to measure turn away all that were found wrong.
    fitted = asked.model_copy(update={"screen": {**asked.screen, "length": {"target": 9}}})
    accept(home, fitted, made[20:])
    assert standing(home, fitted).certificate.audits == ()
    assert certified(home, fitted) == []
    decide(home, fitted, made[100:180], start=100)
    (one,) = certified(home, fitted)
    assert {audit.sample_id for audit in one.audits} == {sample.sample_id for sample in made[100:180]}
    assert covers(home, fitted).keys() == {sample.sample_id for sample in made[180:]}
    recompute(one, one.certificate_id, home, fitted)


def test_drafts_that_could_never_be_drawn_are_proven_by_nothing(home):
    asked, made = recipe(home), drafts(100)
    accept(home, asked, made[:90])
    accept(home, asked, made[90:], share=0.0)
    decide(home, asked, made[:80])
    assert set(covers(home, asked)) == {sample.sample_id for sample in made[80:90]}


def test_audits_under_several_shares_are_thinned_to_the_least(home):
    asked, made = recipe(home), drafts(200)
    accept(home, asked, made[:100], share=0.8)
    accept(home, asked, made[100:], share=0.3)
    decide(home, asked, made)
    (found,) = standings(home, asked)
    ids = drawn(home, population(home, asked, found.certificate.regime))
    assert found.certificate.share == 0.3
    assert {audit.sample_id for audit in found.certificate.audits} == ids
    assert 30 < len(ids) < 90


def test_a_certificate_is_issued_once_and_again_only_where_something_changed(home):
    asked, made = recipe(home), drafts(100)
    accept(home, asked, made)
    decide(home, asked, made[:80])
    (one,), (again,) = certified(home, asked), certified(home, asked)
    assert one == again
    decide(home, asked, made[80:81], start=80)
    assert certified(home, asked)[0].certificate_id != one.certificate_id
    assert certificates.latest(home, asked.name, one.regime.digest) != one.model_dump_json()


# --- Audits that nobody answers ---


def queued(home, asked, made):
    queue = sit_down(home, "ada", "bob")
    queue.enqueue(
        Item.of(one, recipe=asked.name, source="audit", incl_prob=1.0, score=0.9, prio=-float(place))
        for place, one in enumerate(made)
    )
    return queue


@pytest.mark.parametrize("reason", ["cannot_judge", "broken_item", "unsafe"])
def test_an_audit_that_was_skipped_is_an_error_until_it_is_settled(home, reason):
    asked, made = recipe(home), drafts(3)
    accept(home, asked, made)
    queue = queued(home, asked, made)
    queue.skip(queue.claim("ada").token, "ada", reason)
    (one,) = audits(home, asked, standing_population(home, asked))
    assert (one.sample_id, one.wrong, one.evaded) == (made[0].sample_id, True, True)
    decide(home, asked, made[:1])
    (one,) = audits(home, asked, standing_population(home, asked))
    assert (one.wrong, one.evaded) == (False, False)


def standing_population(home, asked):
    return population(home, asked, standing(home, asked).certificate.regime)


def test_a_conflict_of_interest_says_nothing_and_neither_does_what_nobody_was_shown(home):
    asked, made = recipe(home), drafts(3)
    accept(home, asked, made)
    queue = queued(home, asked, made)
    queue.skip(queue.claim("ada").token, "ada", "conflict_of_interest")
    assert audits(home, asked, standing_population(home, asked)) == []
    answer(queue, "bob", lambda _: {"verdict": "approve"}, count=2)
    found = audits(home, asked, standing_population(home, asked))
    # Answered, and not brought into the warehouse yet: nothing is settled before that.
    assert [(one.sample_id, one.evaded) for one in found] == [(one.sample_id, True) for one in made[:2]]


# --- Learned thresholds ---


def test_a_threshold_is_learned_from_audits_that_the_scores_were_not_fitted_on(home):
    asked, made = recipe(home, method="learned", audits=150), drafts(500)
    accept(home, asked, made)
    chance = np.random.default_rng(1)
    scores = chance.random(500).round(3)
    scores = np.where(scores < 0.3, scores / 3, scores)
    wrong = chance.random(500) < np.where(scores < 0.3, 0.7, 0.0)
    for name in ("length", "shape"):
        signal(home, asked, name, dict(zip([one.sample_id for one in made], scores.tolist(), strict=True)))
    decide(home, asked, made[:400], ["reject" if bad else "approve" for bad in wrong[:400]])
    (one,) = certified(home, asked)
    assert one.parts[0].bound <= 0.05
    assert one.walk[-1].threshold == one.regime.threshold
    fresh = [sample for sample in made[:400] if not fits(canonical(sample.provenance.model_dump(mode="json")))]
    assert one.walk[-1].audits <= min(150, len(fresh))
    kept = covers(home, asked)
    better = {sample.sample_id for sample, score in zip(made[400:], scores[400:], strict=True) if score >= 0.3}
    assert 0.5 * len(better) < len(kept.keys() & better)
    assert len(kept.keys() - better) < 0.1 * len(kept)
    recompute(one, one.certificate_id, home, asked)
    assert not follows(one.model_copy(update={"walk": one.walk[:-1]}))


def test_a_threshold_is_not_learned_where_decisions_teach_nothing(home):
    asked, made = recipe(home, method="learned"), drafts(30)
    accept(home, asked, made)
    found = standing(home, asked)
    assert not found.certificate.holds
    assert found.certificate.parts[0].missing == 208
    decide(home, asked, made)
    one_sided = asked.model_copy(update={"certificate": Certification(method="learned", audits=5)})
    assert "Let experts decide some more" in standing(home, one_sided).trouble


def test_one_threshold_cannot_be_learned_for_each_stratum():
    with pytest.raises(ValidationError, match="learned for all strata together"):
        Certification(method="learned", by_stratum=True)


# --- Computing it again ---


@pytest.fixture
def issued(home):
    asked, made = recipe(home), drafts(120)
    accept(home, asked, made)
    decide(home, asked, made[:1], "reject")
    decide(home, asked, made[1:], start=1)
    (one,) = certified(home, asked)
    return home, asked, one


def test_a_certificate_is_computed_again_from_what_its_home_holds(issued):
    home, asked, one = issued
    recompute(one, one.certificate_id, home, asked)
    stored = Certificate.model_validate_json(certificates.latest(home, asked.name, one.regime.digest))
    assert stored == one
    # Drafts and decisions that come later change nothing of it.
    accept(home, asked, drafts(9, word="mends"))
    recompute(one, one.certificate_id, home, asked)


def test_a_certificate_whose_content_was_changed_is_found_out(issued):
    home, asked, one = issued
    forged = one.model_copy(update={"seconds": 1.0})
    with pytest.raises(VerificationFailed, match="no longer gives its id"):
        recompute(forged, one.certificate_id, home, asked)


FORGERIES = {
    "don't follow": lambda one: {"parts": (one.parts[0].model_copy(update={"bound": 0.01}),)},
    "another secret": lambda _: {"secret": "0" * 64},
    "119 accepted drafts": lambda one: {
        "sizes": {"sums": 119},
        "parts": (one.parts[0].model_copy(update={"size": 119}),),
    },
    "had 120 others then": lambda _: {"population": "0" * 64},
    "another share": lambda _: {"share": 0.5},
    "didn't say": lambda one: {
        "audits": (*one.audits[1:119], one.audits[0].model_copy(update={"sample_id": one.audits[119].sample_id})),
    },
}


@pytest.mark.parametrize("said", FORGERIES)
def test_a_forged_certificate_is_found_out_though_its_id_is_right(issued, said):
    home, asked, one = issued
    changed = one.model_copy(update=FORGERIES[said](one))
    if said == "didn't say":
        changed = changed.model_copy(update={"parts": proven(one.terms, changed.audits, one.sizes, one.reviewers)})
    with pytest.raises(VerificationFailed, match=said):
        recompute(changed, changed.certificate_id, home, asked)


def test_a_certificate_that_leaves_an_error_out_is_found_out(issued):
    home, asked, one = issued
    kept = one.audits[1:]
    forged = one.model_copy(update={"audits": kept, "parts": proven(one.terms, kept, one.sizes, one.reviewers)})
    with pytest.raises(VerificationFailed, match="leaves out audits that were decided"):
        recompute(forged, forged.certificate_id, home, asked)
