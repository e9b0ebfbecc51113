"""An Altair chart as SVG that a page takes in: themed by the page's own colours, small, and safe beside others."""

from hashlib import blake2s
from typing import Any
from xml.etree import ElementTree as ET

import altair as alt
import vl_convert

from outcross.tasks.pages import cut

FONT = 12
"""Pixels of a chart's text at its natural width."""

LONGEST = 200
"""Characters of any text in a chart."""

CONFIG = {
    "background": None,
    "view": {"stroke": None},
    "font": "sans-serif",
    "axis": {
        "labelColor": "var(--faint)",
        "titleColor": "var(--faint)",
        "gridColor": "var(--line)",
        "domainColor": "var(--line)",
        "tickColor": "var(--line)",
        "labelFontSize": FONT,
        "titleFontSize": FONT,
        "titleFontWeight": "normal",
        "titlePadding": 6,
        "tickSize": 4,
    },
    "text": {"color": "var(--ink)", "fontSize": FONT},
    "rule": {"color": "var(--line)"},
    "aria": False,
}
"""Colours are the page's variables, so that one drawing serves light and dark."""

DROPPED = {"class", "role", "aria-hidden", "aria-label", "aria-roledescription", "pointer-events", "font-family"}
"""Attributes that say nothing more here: the whole drawing has one label, and text the page's font."""


def svg(chart: alt.TopLevelMixin, about: str) -> str:
    """The chart as an SVG element, to stand in an HTML page that sets `--ink`, `--faint`, `--line` and its colours.

    It is as wide as its place, at most its natural width.

    Args:
        chart: its texts may be anything; those of data are worth cutting short before.
        about: what it shows, for who doesn't see it.
    """
    # The converter aborts the whole process on a control character.
    spec = _printable(chart.to_dict() | {"config": CONFIG})
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec))  # noqa: S314  # drawn in this process
    _clean(root)
    _number(root, "")
    # Ids are the drawing's own by what it shows: the same drawing is the same text, and another has others.
    _number(root, f"d{blake2s(ET.tostring(root), digest_size=4).hexdigest()}-")
    return framed(root, about, float(root.get("width", 0)), float(root.get("height", 0)))


def framed(root: ET.Element, about: str, width: float, height: float) -> str:
    """A drawing of so many pixels as text, scaling with its place and labelled."""
    root.attrib = {
        "viewBox": f"0 0 {width:g} {height:g}",
        "width": "100%",
        "style": f"max-width:{width:g}px",
        "role": "img",
        "aria-label": cut(about, 400),
    }
    return ET.tostring(root, encoding="unicode")


def _printable(value: Any) -> Any:  # noqa: ANN401  # a specification is JSON of any shape
    if isinstance(value, str):
        return cut(value, LONGEST)
    if isinstance(value, dict):
        return {key: _printable(inner) for key, inner in value.items()}
    return [_printable(inner) for inner in value] if isinstance(value, list) else value


def _number(root: ET.Element, prefix: str) -> None:
    """Count the ids of a drawing from 0; the converter counts through all of its process."""
    ids = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    names = {old: f"{prefix}{place}" for place, old in enumerate(ids)}
    for element in root.iter():
        for name, value in element.attrib.items():
            if name == "id":
                element.set(name, names[value])
            elif value.startswith("url(#"):
                element.set(name, f"url(#{names[value[5:-1]]})")


def _clean(root: ET.Element) -> None:
    """Drop namespaces, which HTML doesn't need, what is drawn in no colour, and attributes that say nothing."""
    for parent in list(root.iter()):
        parent.tag = parent.tag.partition("}")[2] or parent.tag
        parent.attrib = {name: value for name, value in parent.attrib.items() if name not in DROPPED}
        for child in list(parent):
            if child.get("class") in {"background", "foreground"}:
                parent.remove(child)


def nothing(about: str) -> str:
    """The drawing of no data at all."""
    root = ET.Element("svg")
    words = ET.SubElement(root, "text", {"x": "0", "y": "16", "font-size": str(FONT), "fill": "var(--faint)"})
    words.text = "nothing to show"
    return framed(root, about, 120, 24)
