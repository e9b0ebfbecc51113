"""Small pictures as SVG text, for many beside each other: points, and fields of dark and light."""

from xml.etree.ElementTree import Element, SubElement

import polars as pl

from outcross.tasks.drawing.svg import framed

LEVELS = 8
"""Shades between paper and ink."""


def points(
    frame: pl.DataFrame, *, about: str, domain: tuple[float, float, float, float], colour: str = "c1", width: int = 120
) -> str:
    """A picture of points, for small multiples: no axes, y upwards, both axes on one scale.

    Args:
        frame: numeric columns `x` and `y`; what lies outside the domain isn't drawn.
        about: what the picture shows.
        domain: left, right, bottom and top.
        width: of the picture in pixels.
    """
    left, right, bottom, top = domain
    scale = width / (right - left)
    height = round(scale * (top - bottom))
    inside = frame.filter(pl.col("x").is_between(left, right) & pl.col("y").is_between(bottom, top))
    across, down = scale * (inside["x"].to_numpy() - left), scale * (top - inside["y"].to_numpy())
    root = _frame(width, height)
    # Strokes of no length with round ends are dots, at a tenth of the size of circles.
    dots = "".join(f"M{h:.1f} {v:.1f}h0" for h, v in zip(across, down, strict=True))
    look = {"stroke": f"var(--{colour})", "stroke-width": "2.6", "stroke-linecap": "round", "stroke-opacity": ".7"}
    SubElement(root, "path", {"d": dots, "fill": "none"} | look)
    return framed(root, about, width, height)


def pixels(frame: pl.DataFrame, *, about: str, colour: str = "ink", width: int = 120) -> str:
    """A picture of dark and light fields, for small multiples: y downwards.

    Args:
        frame: integer columns `x` and `y` from 0, and `shade` from 0 (paper) to 1.
        about: what the picture shows.
        width: of the picture in pixels.
    """
    columns, rows = (1 + int(frame[axis].max() or 0) for axis in ("x", "y"))  # type: ignore[arg-type]
    scale = width / columns
    root = _frame(width, round(scale * rows))
    level = (pl.col("shade").clip(0, 1) * LEVELS).round().cast(pl.Int64)
    levels = frame.with_columns(level=level).filter(pl.col("level") > 0)
    scaled = SubElement(root, "g", {"transform": f"scale({scale:g})", "fill": f"var(--{colour})"})
    for (level,), part in levels.sort("level").group_by("level", maintain_order=True):
        fields = "".join(f"M{x} {y}h1v1h-1z" for x, y in part.select("x", "y").iter_rows())
        SubElement(scaled, "path", {"d": fields, "fill-opacity": f"{level / LEVELS:g}"})
    return framed(root, about, width, round(scale * rows))


def _frame(width: int, height: int) -> Element:
    root = Element("svg")
    SubElement(root, "rect", {"width": str(width), "height": str(height), "fill": "none", "stroke": "var(--line)"})
    return root
