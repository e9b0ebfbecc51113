"""The evidence page shows a release's numbers, needs nothing from outside, and takes no orders from its data."""

from html.parser import HTMLParser

import pytest
from pydantic import ValidationError

from outcross.tasks.evidence.facts import Evidence
from outcross.tasks.evidence.page import render
from outcross.tasks.gate import Check

HOSTILE = "</title></script><script>alert(1)</script><img src=//evil.test/x onerror='alert(2)'>{{ 7 * 7 }}&\"'"

MANIFEST = {
    "name": "docstrings",
    "version": 3,
    "created_at": "2026-11-21T20:56:00Z",
    "kind": "instruction",
    "rows": 5400,
    "mass": 4000,
    "by_class": [
        {"klass": "human", "rows": 3000, "mass": 2600.5, "least": 0.6, "most": 1.0},
        {"klass": "unreviewed", "rows": 2400, "mass": 1399.5},
    ],
    "strata": [
        {"stratum": "json", "klass": "human", "rows": 1000, "mass": 600, "floor": 0.5},
        {"stratum": "json", "klass": "unreviewed", "rows": 800, "mass": 400, "floor": 0.0},
        {"stratum": "email", "klass": "human", "rows": 2000, "mass": 2000.5, "floor": 0.5},
        {"stratum": "email", "klass": "unreviewed", "rows": 1600, "mass": 999.5, "floor": 0.0},
    ],
    "binding": ["human floor: human rows hold no more than they must in `json`"],
    "left_out": [{"reason": "depth 2 is above the cap of 1", "rows": 17}],
    "outcomes": {"accepted": 600, "borderline": 300, "rejected": 100},
    "reasons": [{"reason": f"reason {index:02}", "rows": 100 - index} for index in range(15)],
    "generators": [{"model": "small-1b", "weights_digest": "4f" * 32, "model_depth": 0, "rows": 2400}],
    "digests": {"rows_root": "12" * 32, "recipe": None},
    "policy": {"human_floor": 0.5, "size": None},
    "checks": [
        Check(rule="weight is above 0", passed=True, observed="all 5,400 keep it"),
        Check(rule="all rows are of one kind", passed=True, observed="found 1"),
    ],
    "table_sha256": "a field of the manifest that the page doesn't show",
}


class Page(HTMLParser):
    """What a browser would make of it: elements, attributes, visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " "

    handle_startendtag = handle_starttag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, klass: str = "") -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag and klass in (attrs.get("class") or "").split(" ")]


def page(**changes: object) -> Page:
    return Page(render(Evidence.model_validate(MANIFEST | changes)))


def test_a_manifest_becomes_a_page_with_its_numbers():
    text = " ".join(page().text.split())
    assert "docstrings version 3" in text
    assert "Published 21 November 2026, 20:56 UTC" in text
    assert "People wrote 65.0 % of this release’s mass. It keeps all 2 rules of its gate." in text
    assert "0.600 to 1.000" in text, "the range of human weights"
    assert "depth 2 is above the cap of 1 17" in text
    assert "accepted 600 (60.0 %)" in text
    assert "rows root " + "12" * 32 in text
    assert "Mass asked for, in rows as many as human rows" in text
    assert 'rows = outcross.read("docstrings", 3)' in text


def test_classes_stand_in_their_own_order_whatever_the_manifests():
    text = page(by_class=MANIFEST["by_class"][::-1]).text
    assert text.index("written by people") < text.index("accepted by the screen alone")


def test_bars_are_drawn_to_scale_with_the_floor_marked():
    bars = page().tags
    stretches = [(attrs["class"], attrs["x"], attrs["width"]) for tag, attrs in bars if tag == "rect" and "x" in attrs]
    assert stretches[:2] == [("human", "0.000%", "65.012%"), ("unreviewed", "65.012%", "34.987%")]
    assert ("human", "0.000%", "60.000%") in stretches
    assert [attrs["x1"] for tag, attrs in bars if tag == "line" and attrs["class"] == "floor"] == ["50.000%"] * 2


def test_a_long_tail_of_strata_is_summed_with_its_lowest_human_share():
    strata = [
        {"stratum": f"s{index:03}", "klass": klass, "rows": 10, "mass": mass, "floor": 0.5 if klass == "human" else 0}
        for index in range(150)
        for klass, mass in (("human", 300 - index), ("unreviewed", 100))
    ]
    text = " ".join(page(strata=strata).text.split())
    assert "s019" in text
    assert "s020" not in text
    assert "130 other strata lowest human share among them 60.2 %" in text


def test_reasons_beyond_ten_are_summed():
    text = " ".join(page().text.split())
    assert "reason 09 91" in text
    assert "reason 10" not in text
    assert "5 other reasons 440" in text


def test_broken_rules_come_first_and_in_the_headline():
    checks = [
        Check(rule="rule that holds", passed=True, observed="all keep it"),
        Check(rule="rule that breaks", passed=False, observed="3 of 9 break it"),
    ]
    text = " ".join(page(checks=checks).text.split())
    assert "1 of its 2 rules doesn’t hold." in text
    assert text.index("rule that breaks no 3 of 9 break it") < text.index("rule that holds yes all keep it")


def test_the_page_asks_for_nothing_outside_itself():
    shown = page()
    assert not shown.all("script")
    assert {name for _, attrs in shown.tags for name in attrs} & {
        "src",
        "srcset",
        "action",
        "onerror",
        "style",
    } == set()
    assert [attrs.get("href") for _, attrs in shown.tags if "href" in attrs] == ["data:,"]
    policy = [attrs["content"] for attrs in shown.all("meta") if attrs.get("http-equiv") == "Content-Security-Policy"]
    assert policy == ["default-src 'none'; style-src 'unsafe-inline'; img-src data:"]
    style = render(Evidence.model_validate(MANIFEST)).partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style


def test_hostile_text_stays_text():
    calm, hostile = (
        page(
            name=text,
            kind=text,
            strata=[entry | {"stratum": text} for entry in MANIFEST["strata"]],
            by_class=[*MANIFEST["by_class"], {"klass": text, "rows": 1, "mass": 1}],
            binding=[text],
            left_out=[{"reason": text, "rows": 1}],
            reasons=[{"reason": text, "rows": 1}],
            generators=[{"model": text, "weights_digest": text, "model_depth": 0, "rows": 1}],
            digests={text: text},
            policy={text: text},
            checks=[Check(rule=text, passed=False, observed=text)],
        )
        for text in ("calm", HOSTILE)
    )
    assert [tag for tag, _ in hostile.tags] == [tag for tag, _ in calm.tags]
    assert [set(attrs) for _, attrs in hostile.tags] == [set(attrs) for _, attrs in calm.tags]
    assert hostile.text.count("<script>alert(1)</script>") >= 10
    assert "{{ 7 * 7 }}" in hostile.text


def test_characters_that_reorder_or_hide_others_are_shown_as_such():
    text = page(binding=["safe\u202egnp.exe\u200b\n"]).text
    assert "safe\N{REPLACEMENT CHARACTER}gnp.exe\N{REPLACEMENT CHARACTER}" in text


def test_a_long_text_is_cut():
    assert "x" * 1000 not in page(generators=[{"model": "x" * 5000, "model_depth": 0, "rows": 1}]).text


def test_a_release_without_models_has_no_chapter_about_them():
    text = page(generators=[], outcomes=None, reasons=[], left_out=[], binding=[], checks=[]).text
    assert "Models that drafted" not in text
    assert "What the screen said" not in text
    assert "The gate" not in text
    assert "None of the rows that could go in was left out." in text


@pytest.mark.parametrize("change", [{"mass": float("nan")}, {"created_at": "2026-11-21T20:56:00"}, {"rows": -1}])
def test_numbers_that_mean_nothing_are_refused(change):
    with pytest.raises(ValidationError):
        Evidence.model_validate(MANIFEST | change)
