"""The evidence page's measured parts: floors and prices, contraction, alarms, audits, lineage."""

import pytest

from outcross.mixture.monitor.alarms import Alarm
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.monitor.measures import Measure
from outcross.tasks.evidence.facts import Evidence
from outcross.tasks.evidence.page import render
from tests.test_evidence import HOSTILE, MANIFEST, Page


def alarm(measure=Measure.TAIL_MASS, kind=Kind.RELEASE, stratum=None, level="quiet", **numbers):
    said = {"rows": 4000, "documents": 100, "sentence": "It was measured.", **numbers}
    if level != "too small":
        said = {"observed": 0.08, "expected": 0.1, "low": 0.07, "high": 0.13, "kept": 0.8, **said}
    return Alarm(measure=measure, comparison=kind, stratum=stratum, level=level, **said).model_dump(mode="json")


def kept(kappa=0.8, **names):
    return {"kappa": kappa, "low": kappa and kappa - 0.05, "high": kappa and kappa + 0.05, "rows": 900, **names}


def measured(name="json", model="small-1b", validator="perplexity"):
    gate = {"validator": validator, "judged": 1000}
    return MANIFEST | {
        "plan": {
            "largest": 53_666,
            "risk": 2.55e-4,
            "human_risk": 5e-4,
            "strata": [
                {"stratum": name, "share": 0.25, "kappa": 0.81, "floor": 0.5, "human": 0.6, "price": 0},
                {"stratum": "email", "share": 0.75, "kappa": None, "floor": 0.9, "human": 0.95, "price": 133.3},
            ],
        },
        "contraction": {
            "generators": [kept(0.63, model=model), kept(None, model="unmeasured-70b")],
            "gates": [
                kept(0.83, **gate, origin="human", flagged=True),
                kept(0.9, **gate, origin="synthetic", flagged=False),
            ],
            "warnings": [f"The validator `{validator}` leaves rare words 17% rarer."],
        },
        "watch": {
            "number": 3,
            "alpha": 0.0034,
            "retention": 0.9,
            "alarms": [
                alarm(),
                alarm(Measure.ENTROPY, level="warning"),
                alarm(kind=Kind.SYNTHETIC, stratum=name, level="blocking"),
                alarm(kind=Kind.SYNTHETIC, stratum="email"),
                alarm(kind=Kind.SYNTHETIC, stratum="zlib", level="too small"),
            ],
        },
        "audits": {"audited": 59, "faults": 0, "bound": 0.0495},
        "lineage": {
            "by_depth": [{"depth": 1, "origin": "synthetic", "rows": 2400, "mass": 1399.5}],
            "people_behind": 812,
            "models_behind": 3,
            "traced": 2390,
            "brought_in": 10,
            "editors": 2,
        },
    }


def difference(effect=-0.05, verdict="better"):
    return {
        "effect": effect,
        "standard_error": 0.01,
        "low": effect - 0.02,
        "high": effect + 0.02,
        "detectable": 0.028,
        "verdict": verdict,
        "reason": "" if verdict == "better" else "The interval holds 0.",
    }


def arm(kind, name="", effect=-0.05):
    said = {"kind": kind, "name": name, "rows": 4000, "surprise": 5.0, "human_rows": "120"}
    return said | {"against_human": difference(effect)}


def effect(verdict="better", model="small-1b"):
    return {
        "name": "docstrings",
        "version": 2,
        "last": 1,
        "documents": 31,
        "rows": 572,
        "human_rows": 2905,
        "held_back": 968,
        "remarks": ["The test set has 31 documents."],
        "proxies": [
            {
                "proxy": "trigram",
                "against_human": difference(verdict=verdict),
                "against_last": difference(0.0, "no evidence"),
                "arms": [arm("human", effect=0.0), arm("release"), arm("generator", model)],
                "paid": [
                    {"kind": "generator", "name": model, "rows": 50, "effect": -0.012, "standard_error": 0.002}
                    | {"low": -0.016, "high": -0.008}
                ],
            }
        ],
    }


def words(**changes):
    return " ".join(Page(render(Evidence.model_validate(measured() | changes))).text.split())


def test_a_stratum_shows_its_floor_its_kappa_and_its_price():
    text = words()
    assert "json 60.0 % 50.0 % 0.81 0 1,800" in text
    assert "email 66.7 % 50.0 % – 133 3,600" in text
    assert "At most 53,666 rows of mass were possible under these rules." in text
    assert "0.00026, against 0.0005 of the human rows alone" in text


def test_a_gate_that_cuts_peoples_rare_words_is_called_out():
    assert "The validator `perplexity` leaves rare words 17% rarer." in words()
    calm = measured()["contraction"] | {"warnings": []}
    assert "No validator cuts more than 5 % of people’s rare words." in words(contraction=calm)


def test_nothing_measured_is_said_to_be_too_few_rows():
    assert "Too few rows were there to measure it" in words(contraction={"generators": [], "gates": [], "warnings": []})


def test_charts_are_drawn_of_what_was_measured_and_say_so_to_who_cannot_see_them():
    labels = [
        attrs["aria-label"]
        for attrs in Page(render(Evidence.model_validate(measured()))).all("svg")
        if "aria-label" in attrs
    ]
    assert any(label.endswith("small-1b 0.63") for label in labels)
    assert any("leaves of people's rare words: perplexity 0.83" in label for label in labels)
    assert any("tail mass · release 0.7, entropy · release 0.7" in label for label in labels)


def test_alarms_stand_in_the_headline_and_those_of_quiet_strata_are_counted():
    text = words()
    assert "2 of its 4 collapse alarms warn." in text
    assert "this one, the 3rd, spends 0.0034 of it" in text
    assert "tail mass models’ rows of json 0.08 0.1 0.80 – blocking" in text
    assert "2 more by stratum: 1 quiet, 1 with too little data to test." in text
    assert "of email" not in text


@pytest.mark.parametrize(("number", "said"), [(1, "1st"), (2, "2nd"), (11, "11th"), (112, "112th"), (23, "23rd")])
def test_releases_are_counted_as_people_do(number, said):
    assert f"this one, the {said}, spends" in words(watch=measured()["watch"] | {"number": number})


def test_the_certificate_says_what_audits_prove_or_that_nothing_is_proven():
    assert "Of 59 accepted drafts" in words()
    assert "at most 5.0 % of the accepted ones" in words()
    bare = {"audited": 0, "faults": 0, "bound": 1}
    assert "nothing bounds the errors of what no person has read" in words(audits=bare)


def test_the_lineage_says_what_stands_behind_the_rows():
    assert (
        "2,390 rows that people didn’t write trace back to 812 rows that they did, through 3 drafts. "
        "10 were brought in from elsewhere, and nothing shows what they were made from. Editors: 2." in words()
    )


def test_hostile_names_stay_text_in_tables_and_charts():
    html = render(Evidence.model_validate(measured(HOSTILE, HOSTILE, HOSTILE)))
    shown, calm = Page(html), Page(render(Evidence.model_validate(measured())))
    assert {tag for tag, _ in shown.tags} == {tag for tag, _ in calm.tags}
    assert not shown.all("script")
    assert not shown.all("img")
    assert "{{ 7 * 7 }}" in shown.text


def test_the_page_with_charts_still_asks_for_nothing_outside_itself():
    html = render(Evidence.model_validate(measured()))
    assert "http:" not in html
    assert "https:" not in html
    assert "url(" not in html.replace("url(#", "")


def test_a_manifest_from_before_anything_was_measured_is_still_shown():
    text = " ".join(Page(render(Evidence.model_validate(MANIFEST))).text.split())
    assert "Collapse alarms" not in text
    assert "Certificate" not in text


def test_the_effect_is_a_verdict_with_its_reason_and_what_paid():
    text = words(effect=effect())
    assert "Version 2 was tried" in text
    assert "It trains a better model than people's rows alone." in text
    assert "No evidence that it trains a better model than version 1. The interval holds 0." in text
    assert "the drafts of small-1b 50 -0.0120 -0.0160 to -0.0080" in text
    assert "572 held-out rows of people’s from 31 documents" in text
    assert "Does it train a better model?" not in words()


def test_a_worse_model_is_shown_as_a_warning():
    html = render(Evidence.model_validate(measured() | {"effect": effect("worse")}))
    assert 'class="verdict loud"><strong>It trains a worse model' in html


def test_a_hostile_model_name_stays_text_where_it_paid():
    html = render(Evidence.model_validate(measured() | {"effect": effect(model=HOSTILE)}))
    assert not Page(html).all("script")
    assert not Page(html).all("img")
