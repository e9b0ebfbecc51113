"""Charts draw what they are given, theme with their page, and take no orders from their data."""

from xml.etree import ElementTree as ET

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from outcross.tasks.drawing.axes import apart, pixels
from outcross.tasks.drawing.charts import bars, intervals, lines
from outcross.tasks.drawing.pictures import pixels as fields
from outcross.tasks.drawing.pictures import points

HOSTILE = "</svg><script>alert(1)</script>&\"'\x00\x1b\u202e" + "x" * 500


def curve(name: str, values: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"g": range(len(values)), "v": values, "s": name}, schema_overrides={"v": pl.Float64})


def line_chart(*frames: pl.DataFrame, **more) -> ET.Element:
    return ET.fromstring(lines(pl.concat(frames), x="g", y="v", series="s", about="it", **more))


def bar_chart(names: list[str], values: list[float], **more) -> ET.Element:
    return ET.fromstring(bars(pl.DataFrame({"n": names, "v": values} | more), label="n", value="v", about="it"))


def interval_chart(names: list[str], **more) -> ET.Element:
    frame = pl.DataFrame({"n": names, "v": 0.9, "l": 0.8, "h": 1.0})
    return ET.fromstring(intervals(frame, label="n", value="v", low="l", high="h", about="it", **more))


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter("text")]


def strokes(root: ET.Element) -> list[str]:
    return [element.attrib["stroke"] for element in root.iter("path") if "stroke" in element.attrib]


def places(root: ET.Element, name: str) -> list[tuple[float, float]]:
    """Where a text stands."""
    found = [element for element in root.iter("text") if (element.text or "") == name]
    pairs = [element.attrib["transform"].removeprefix("translate(").removesuffix(")") for element in found]
    return [(float(x), float(y)) for x, y in (pair.split(",") for pair in pairs)]


def test_each_series_is_a_line_in_its_colour_with_its_name_at_the_end():
    root = line_chart(curve("a", [1, 2, 3]), curve("b", [3, 2, 1]), titles={"a": "alpha"}, colours={"b": "c7"})
    assert strokes(root) == ["var(--c1)", "var(--c7)"]
    assert texts(root)[-2:] == ["alpha", "b"]
    assert places(root, "alpha")[0][1] < places(root, "b")[0][1], "alpha ends above b"


def test_names_of_lines_that_end_together_stand_apart():
    root = line_chart(*(curve(f"s{index}", [1, 2 + index / 1000]) for index in range(5)))
    heights = sorted(places(root, f"s{index}")[0][1] for index in range(5))
    assert min(np.diff(heights)) >= 13.9


@given(st.lists(st.floats(0, 200), min_size=1, max_size=12))
def test_moving_names_apart_keeps_their_order_and_leaves_alone_what_is_apart(where):
    before = np.array(where)
    after = apart(before, 14, 200)
    order = np.argsort(before, kind="stable")
    assert (np.diff(after[order]) >= 14 - 1e-6).all()
    assert after.min() >= -1e-9
    assert after.max() <= max(200, 14 * (len(where) - 1)) + 1e-6
    assert np.allclose(apart(after, 14, max(200, 14 * (len(where) - 1))), after), "nothing more to move"


def test_a_log_axis_is_even_in_ratios():
    found = pixels(np.array([1.0, 10.0, 100.0]), (1.0, 100.0), "log", 100)
    assert found == pytest.approx([100, 50, 0])


def test_what_a_log_axis_cannot_show_is_left_out_and_the_rest_drawn():
    root = line_chart(curve("a", [1, 0.1, 0, float("nan"), float("inf"), 0.01]), y_scale="log")
    assert len(strokes(root)) == 1
    assert all("NaN" not in (value or "") for element in root.iter() for value in element.attrib.values())


def test_no_data_draws_words():
    assert "nothing to show" in texts(line_chart(curve("a", [float("nan")])))
    assert "nothing to show" in texts(bar_chart([], []))


def test_colours_are_the_pages_and_the_paper_shows_through():
    for root in (line_chart(curve("a", [1, 2])), bar_chart(["a"], [1]), interval_chart(["a"], at=0.95)):
        used = {element.get(name) for element in root.iter() for name in ("fill", "stroke")}
        assert used - {None, "none", "transparent"} <= {
            f"var(--{name})" for name in ("c1", "ink", "faint", "line", "paper", "bad")
        }, used


@pytest.mark.parametrize(
    "draw",
    [
        lambda name: line_chart(curve(name, [1, 2]), x_title=name, y_title=name),
        lambda name: bar_chart([name], [1]),
        lambda name: interval_chart([name]),
    ],
)
def test_hostile_names_are_text_cut_and_printable(draw):
    root = draw(HOSTILE)
    assert not [element for element in root.iter() if element.tag in {"script", "foreignObject", "image", "a"}]
    shown = texts(root)
    assert any("<script>" in text for text in shown), "it is shown as text"
    assert all(text.isprintable() and len(text) <= 200 for text in shown)


def test_two_names_that_are_cut_alike_stay_two():
    assert len([text for text in texts(bar_chart(["x" * 90, "x" * 91], [1, 2])) if text.startswith("xxx")]) == 2
    assert len(strokes(line_chart(curve("x" * 90, [1, 2]), curve("x" * 91, [2, 1])))) == 2


def test_stretches_of_a_bar_stand_one_after_the_other():
    frame = pl.DataFrame({"n": ["a", "a"], "v": [1.0, 3.0], "k": ["human", "other"]})
    root = ET.fromstring(bars(frame, label="n", value="v", series="k", about="it", colours={"human": "human"}))
    fills = [element.attrib["fill"] for element in root.iter("path") if element.get("stroke") == "var(--paper)"]
    assert fills == ["var(--human)", "var(--c2)"]


def test_what_is_flagged_is_drawn_in_the_colour_of_trouble():
    frame = pl.DataFrame({"n": ["a", "b"], "v": [0.9, 0.5], "l": [0.8, 0.4], "h": [1.0, 0.6], "f": [False, True]})
    text = intervals(frame, label="n", value="v", low="l", high="h", flagged="f", about="it")
    assert (text.count("var(--bad)"), text.count("var(--c1)")) == (2, 2), "a line and a dot each"


def test_an_estimate_that_is_not_known_leaves_its_line_empty():
    frame = pl.DataFrame({"n": ["a", "b"], "v": [0.9, None], "l": [0.8, None], "h": [1.0, None]})
    root = ET.fromstring(intervals(frame, label="n", value="v", low="l", high="h", about="it"))
    assert {"a", "b"} <= set(texts(root))
    assert ET.tostring(root, encoding="unicode").count("var(--c1)") == 2


def test_drawings_in_one_page_share_no_id_and_point_at_their_own():
    one = line_chart(curve("a", [1, 2]))
    two = line_chart(curve("a", [1, 3]))
    ids = [{element.attrib["id"] for element in root.iter() if "id" in element.attrib} for root in (one, two)]
    assert ids[0]
    assert ids[0].isdisjoint(ids[1])
    for root, own in zip((one, two), ids, strict=True):
        pointed = {e.attrib["clip-path"] for e in root.iter() if "clip-path" in e.attrib}
        assert pointed <= {f"url(#{name})" for name in own}


def test_the_same_chart_is_the_same_text():
    one, two = (lines(curve("a", [1, 2]), x="g", y="v", series="s", about="it") for _ in range(2))
    assert one == two


def test_a_drawing_scales_has_a_label_and_names_no_address():
    text = lines(curve("a", [1, 2]), x="g", y="v", series="s", about='a "b" <c>\x07')
    root = ET.fromstring(text)
    assert root.attrib["width"] == "100%"
    assert "height" not in root.attrib
    assert root.attrib["viewBox"].startswith("0 0 ")
    assert root.attrib["aria-label"] == 'a "b" <c>\N{REPLACEMENT CHARACTER}'
    assert "//" not in text


def test_points_outside_the_domain_are_left_out():
    frame = pl.DataFrame({"x": [0.0, 0.5, 9.0, float("nan")], "y": [0.0, 0.5, 0.0, 0.0]})
    text = points(frame, about="it", domain=(-1, 1, -1, 1), width=100)
    assert "M50.0 50.0h0M75.0 25.0h0" in text
    assert text.count("h0") == 2


def test_fields_are_as_dark_as_their_shade():
    root = ET.fromstring(fields(pl.DataFrame({"x": [0, 1], "y": [0, 1], "shade": [1.0, 0.0]}), about="it"))
    drawn = [(e.attrib["d"], e.attrib["fill-opacity"]) for e in root.iter("path")]
    assert drawn == [("M0 0h1v1h-1z", "1")], "white is the paper"
