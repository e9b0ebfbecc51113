"""The evidence page's certificate: what is promised in one sentence, in numbers, and drawn."""

from outcross.tasks.evidence.facts import Evidence
from outcross.tasks.evidence.page import render
from tests.test_evidence import HOSTILE, Page
from tests.test_evidence_measured import measured


def promise(**changes):
    return {
        "certificate_id": "ab" * 32,
        "model": "small-1b",
        "sentence": "Drafts like these are wrong in at most 4.8 % of all cases, with 95 % confidence.",
        "method": "any time",
        "alpha": 0.05,
        "delta": 0.05,
        "bound": 0.048,
        "accepted": 4000,
        "covered": 4000,
        "drawn": 400,
        "audits": 115,
        "errors": 1,
        "evaded": 0,
        "missing": 0,
        "minutes": 93.25,
        "sensitivity": 0.9,
        "known": 60,
        "threshold": None,
        "path": [[40, 0.1], [80, 0.07], [115, 0.048]],
    } | changes


def page(**changes):
    return Page(render(Evidence.model_validate(measured() | {"certificates": [promise(**changes)]})))


def words(**changes):
    return " ".join(page(**changes).text.split())


def test_a_certificate_is_a_sentence_with_its_numbers_and_what_it_took():
    text = words()
    assert "Drafts like these are wrong in at most 4.8 % of all cases" in text
    assert "Audits shown to reviewers, of 400 drawn 115" in text
    assert "Errors that reviewers notice, at least (60 known ones shown) 90.0 %" in text
    assert "Reviewers’ time on the audits 93.2 minutes" in text
    assert "ab" * 32 in text


def test_the_bounds_fall_is_drawn_and_said():
    labels = [attrs.get("aria-label") or "" for attrs in page().all("svg")]
    assert any("after 115 audits at most 4.8 % are wrong; 5 % were to be proven" in label for label in labels)
    assert not any("were to be proven" in (one.get("aria-label") or "") for one in page(path=[]).all("svg"))


def test_a_learned_threshold_is_shown_with_its_reliability():
    bins = [
        {"low": low, "high": low + 0.1, "drafts": 9, "said": low + 0.05, "found": low + 0.04} for low in (0.3, 0.6, 0.9)
    ]
    found = page(threshold=0.87, covered=3000, bins=bins)
    assert "likely enough to be right (0.870 or more) 3,000" in " ".join(found.text.split())
    assert any("0.95 0.94" in (one.get("aria-label") or "") for one in found.all("svg"))


def test_audits_that_nobody_settled_are_named_and_without_a_proof_there_is_no_certificate():
    text = words(certificate_id=None, evaded=3, errors=4, known=0, sentence="Nothing is proven yet.")
    assert "4 (3 not settled)" in text
    assert "at least, as the recipe says" in text
    assert "ab" * 32 not in text


def test_hostile_names_stay_text():
    found = page(model=HOSTILE, sentence=HOSTILE)
    assert {tag for tag, _ in found.tags} == {tag for tag, _ in page().tags}
    assert not found.all("script")
