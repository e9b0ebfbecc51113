"""The page of the experiments shows what came out, needs nothing from outside, and takes no orders from texts."""

import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from selenium.webdriver import Chrome

from outcross.mixture.collapse.policies import POLICIES
from outcross.mixture.collapse.result import Result, curves, survived
from outcross.tasks.collapse.page import render, summary
from outcross.tasks.collapse.runs import Absent, Settings
from tests.browser import CHROMIUM, DRIVER, MISSING
from tests.reviewing import sized
from tests.seeing import FAINT
from tests.test_evidence import HOSTILE, Page


def result(part: str, pictures: pl.DataFrame | None = None, measure: str = "tail mass", policies=POLICIES) -> Result:
    generations = np.arange(101)
    return Result.together(
        [
            Result(
                part,
                curves(policy, generations, {measure: 0.97**generations, "held-out perplexity": 45 + generations * 14}),
                survived(policy, {measure: 0.0475, "held-out perplexity": 1_445}),
                pictures.with_columns(policy=pl.lit(policy)) if pictures is not None else None,
                {policy: f"Of {policy} little is left."},
            )
            for policy in policies
        ]
    )


def points(count: int = 30) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    parts = [pl.DataFrame(rng.normal(size=(count, 2)), schema=["x", "y"]).with_columns(generation=g) for g in (0, 50)]
    return pl.concat(parts)


def drawn(results=None, absent=None, text: str = "", **settings) -> str:
    results = {"zipf": result("zipf")} if results is None else results
    return render(results, absent or {}, Settings(tuple({**results, **(absent or {})}), **settings), text)


def words(html: str) -> str:
    return " ".join(Page(html.partition("</head>")[2]).text.split())


def test_each_policy_has_a_line_in_each_chart_its_figures_and_its_sentence():
    html = drawn()
    for policy, title in POLICIES.items():
        assert html.count(f'stroke="var(--p-{policy})"') == 2, "two measures"
        assert f"{title} 0.048 1,445 Of {policy} little is left." in words(html)


def test_the_first_sentence_tells_of_the_tail_where_it_is_known():
    assert "“replace” 5 %, “accumulate” 5 %, “golden weight” 5 %, “ours” 5 %." in words(drawn())
    assert "%" not in words(drawn({"gaussian": result("gaussian")})).partition("The policies")[0]


def test_a_measure_that_no_caption_knows_is_shown_by_its_own_name():
    assert "Number of angels" in words(drawn({"zipf": result("zipf", measure="number of angels")}))


def test_parts_that_were_not_run_are_told_in_words():
    text = words(drawn(absent={"digits": Absent("This part needs torch.")}))
    assert "A model of handwritten digits" in text
    assert "Not run. This part needs torch." in text


def test_the_small_version_says_so_and_the_whole_one_does_not():
    assert "small version" in words(drawn(quick=True))
    assert "small version" not in words(drawn())


def test_pictures_stand_by_policy_and_generation():
    html = drawn({"components": result("components", points())})
    assert html.count('aria-label="ours, generation 50"') == 1
    pixels = pl.DataFrame({"generation": 0, "x": [0, 1], "y": [0, 0], "shade": [1.0, 0.5]})
    assert 'fill-opacity="0.5"' in drawn({"digits": result("digits", pixels)})


def test_of_texts_each_policys_last_is_quoted():
    samples = pl.DataFrame({"generation": [0, 10], "text": ["the first words", "the last words"]})
    text = words(drawn({"language": result("language", samples)}))
    assert "ours generation 10 the last words" in text
    assert text.count("the last words") == len(POLICIES)
    assert "the first words" not in text


def test_the_text_that_was_read_is_named():
    results = {"language": result("language")}
    assert "The text: Python's documentation, 52,763 paragraphs." in words(
        drawn(results, text="Python's documentation, 52,763 paragraphs")
    )


def test_hostile_texts_are_text():
    samples = pl.DataFrame({"generation": [0, 10], "text": [HOSTILE, HOSTILE]})
    html = drawn({"language": result("language", samples, measure=HOSTILE)}, text=HOSTILE)
    page = Page(html)
    assert not [tag for tag, _ in page.tags if tag in {"script", "img", "iframe", "object"}]
    assert not [name for _, attrs in page.tags for name in attrs if name.startswith("on")]
    assert "{{ 7 * 7 }}" in page.text
    assert "49" not in page.text.replace("1,445", "")


def test_the_page_asks_for_nothing_outside_and_runs_nothing():
    html = drawn({"components": result("components", points()), "zipf": result("zipf")})
    assert "default-src 'none'" in html
    assert not re.search(r"https?:|//|@import|<script|url\((?!#)", html)


def test_ids_of_drawings_are_each_others_own():
    html = drawn({"components": result("components", points(), "distance"), "zipf": result("zipf")})
    ids = re.findall(r' id="([^"]+)"', html)
    assert set(re.findall(r"url\(#([^)]+)\)", html)) == set(ids)
    shared = {mark.partition("-")[0] for mark in ids}
    assert len(shared) == 2, "two drawings, each of them twice"


def light(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_names_in_the_policies_colours_can_be_read_on_both_papers():
    style = drawn().partition("</style>")[0]
    papers = re.findall(r"--paper: (#\w{6})", style)
    for policy in (*POLICIES, "lopsided"):
        for paper, colour in zip(papers, re.findall(rf"--p-{policy}: (#\w{{6}})", style), strict=False):
            dark, bright = sorted((light(paper), light(colour)))
            assert (bright + 0.05) / (dark + 0.05) >= 4.5, (policy, colour, paper)


def test_the_summary_holds_the_same_sentences():
    text = summary({"zipf": result("zipf")}, {"digits": Absent("It needs torch.")})
    assert "- **ours**: Of ours little is left." in text
    assert "- A model of handwritten digits: It needs torch." in text


@pytest.mark.browser
@pytest.mark.skipif(not (CHROMIUM and DRIVER), reason=MISSING)
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize(("width", "dark"), [(390, True), (1440, False)])
def test_no_window_needs_sideways_scrolling_and_all_words_can_be_read(
    driver: Chrome, tmp_path: Path, width: int, dark: bool
):
    samples = pl.DataFrame({"generation": [0, 10], "text": ["w" * 500, "some words"]})
    parts = {"components": result("components", points()), "language": result("language", samples)}
    place = tmp_path / "page.html"
    place.write_text(drawn(parts), encoding="utf-8")
    with sized(driver, width, 900, dark=dark):
        driver.get(place.as_uri())
        assert driver.execute_script("return document.documentElement.scrollWidth <= innerWidth")
        assert not driver.execute_script(FAINT)
