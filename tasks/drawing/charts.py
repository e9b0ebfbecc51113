"""The pages' charts, as SVG text: lines, bars and intervals.

Colours are the names of the page's variables: `c1` stands for `var(--c1)`. Texts may be anything: they are cut, made
printable and escaped, and never tell two series apart.
"""

from collections.abc import Mapping, Sequence

import altair as alt
import polars as pl

from outcross.tasks.drawing.axes import Scale, apart, domain, pixels, powers
from outcross.tasks.drawing.svg import FONT, nothing, svg
from outcross.tasks.pages import cut

COLOURS = ("c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8")
"""Colours of series that are given none, in turn."""

NAME = 28
"""Characters of a name beside a line or a bar."""

ROW = 26
"""Pixels of a bar or an interval with its margin."""

ENDS = 120
"""Pixels right of the lines for their names."""


def lines(
    frame: pl.DataFrame,
    *,
    x: str,
    y: str,
    series: str,
    about: str,
    titles: Mapping[str, str] | None = None,
    colours: Mapping[str, str] | None = None,
    bold: Sequence[str] = (),
    x_title: str = "",
    y_title: str = "",
    x_scale: Scale = "linear",
    y_scale: Scale = "linear",
    ticks: Sequence[float] | None = None,
    size: tuple[int, int] = (300, 200),
) -> str:
    """Lines with their names at their right ends, moved apart where they would touch.

    Args:
        frame: one line a point; what isn't finite, or not above 0 on a log axis, is left out.
        x: its numeric column; so is `y`.
        y: see `x`.
        series: its column of names; lines are drawn in their order, the last on top.
        about: what the chart shows, for who doesn't see it.
        titles: names to show, by series.
        colours: by series.
        bold: series with a thicker line.
        ticks: where the x axis has marks.
        size: width and height of the plot in pixels, without names and axes.
    """
    points = _points(frame, x, y, series, x_scale, y_scale)
    names = points["name"].unique(maintain_order=True).to_list()
    if not names:
        return nothing(about)
    points = points.with_columns(series=pl.col("name").replace_strict(names, range(len(names)), return_dtype=pl.Int64))
    ends = points.sort("x").group_by("series", maintain_order=True).last().sort("series")
    y_domain = domain(points["y"].to_numpy(), y_scale)
    ends = ends.with_columns(
        place=apart(pixels(ends["y"].to_numpy(), y_domain, y_scale, size[1]), FONT + 2.0, size[1]),
        label=pl.Series([cut((titles or {}).get(name, name), NAME) for name in ends["name"]]),
    )
    colour = alt.Color("series:N", legend=None, scale=_palette(names, colours))
    x_domain = [float(points["x"].min()), float(points["x"].max())]  # type: ignore[arg-type]
    axis = alt.Axis(grid=False, values=list(ticks)) if ticks else alt.Axis(grid=False, tickCount=5)
    across = alt.X("x:Q", title=x_title or None, axis=axis, scale=alt.Scale(type=x_scale, domain=x_domain, nice=False))
    marks = {"values": powers(y_domain), "format": ",~g"} if y_scale == "log" else {"tickCount": 4, "format": ",.4~g"}
    up = alt.Y("y:Q", title=y_title or None, axis=alt.Axis.from_dict(marks | {"domain": False, "ticks": False}))
    drawn = (
        alt.Chart(points.select("x", "y", "series", bold=pl.col("name").is_in(list(bold))))
        .mark_line(clip=True)
        .encode(
            x=across,
            y=up.scale(alt.Scale(type=y_scale, domain=list(y_domain), nice=False)),
            color=colour,
            strokeWidth=alt.condition("datum.bold", alt.value(3), alt.value(1.5)),
            detail="series:N",
        )
    )
    named = (
        alt.Chart(ends.select("place", "label", "series"))
        .mark_text(align="left", baseline="middle", limit=ENDS)
        .encode(
            x=alt.value(size[0] + 8),
            y=alt.Y("place:Q", scale=None, axis=None),
            text="label:N",
            color=colour,
        )
    )
    whole = alt.layer(drawn, named).resolve_scale(y="independent").properties(width=size[0], height=size[1])
    return svg(whole, about)


def bars(
    frame: pl.DataFrame,
    *,
    label: str,
    value: str,
    about: str,
    series: str | None = None,
    colours: Mapping[str, str] | None = None,
    x_title: str = "",
    width: int = 320,
) -> str:
    """Horizontal bars from above down, in the frame's order; stacked where there are series.

    Args:
        frame: one line a bar, or a stretch of it.
        label: its column of the bars' names.
        value: its column of lengths, at least 0.
        about: what the chart shows.
        series: its column of the stretches' names; each name has a colour.
        colours: by series.
        width: of the plot in pixels, without the names.
    """
    if frame.is_empty():
        return nothing(about)
    rows, names = _rows(frame, label)
    kinds = frame[series].cast(pl.String).unique(maintain_order=True).to_list() if series else [""]
    kind = frame[series].cast(pl.String) if series else pl.repeat("", frame.height, eager=True)
    data = frame.select(
        row=rows, value=pl.col(value).cast(pl.Float64), series=kind.replace_strict(kinds, range(len(kinds)))
    )
    drawn = (
        alt.Chart(data)
        .mark_bar(stroke="var(--paper)", strokeWidth=1)
        .encode(
            x=alt.X("value:Q", title=x_title or None, axis=_across()),
            y=_row(),
            color=alt.Color("series:N", legend=None, scale=_palette(kinds, colours)),
            order="series:Q",
        )
    )
    return svg(_named(drawn, names, width), about)


def intervals(
    frame: pl.DataFrame,
    *,
    label: str,
    value: str,
    low: str,
    high: str,
    about: str,
    flagged: str | None = None,
    at: float | None = None,
    x_title: str = "",
    width: int = 320,
) -> str:
    """A dot with its interval a line, from above down, in the frame's order.

    Args:
        frame: one line an estimate; a null estimate leaves its line empty.
        label: its column of names.
        value: its column of estimates.
        low: its column of lower ends.
        high: its column of upper ends.
        about: what the chart shows.
        flagged: its column of Booleans; what is flagged is drawn in `--bad`, the rest in `--c1`.
        at: where an upright line marks what estimates are held against.
        width: of the plot in pixels, without the names.
    """
    if frame.is_empty():
        return nothing(about)
    rows, names = _rows(frame, label)
    bad = pl.col(flagged).fill_null(value=False) if flagged else pl.lit(value=False)
    data = frame.select(row=rows, value=pl.col(value), low=pl.col(low), high=pl.col(high), bad=bad).filter(
        pl.col("value").is_finite()
    )
    shades = alt.condition("datum.bad", alt.value("var(--bad)"), alt.value("var(--c1)"))
    scale = alt.Scale(zero=False)
    base = alt.Chart(data).encode(y=_row(), color=shades)
    parts: list[alt.Chart | alt.LayerChart | alt.FacetChart] = [
        base.mark_rule(strokeWidth=2).encode(
            x=alt.X("low:Q", title=x_title or None, axis=_across(), scale=scale), x2="high:Q"
        ),
        base.mark_point(filled=True, size=60, opacity=1).encode(x=alt.X("value:Q", scale=scale)),
    ]
    if at is not None:
        rule = alt.Chart(pl.DataFrame({"at": [at]})).mark_rule(color="var(--ink)", strokeDash=[4, 3])
        parts.insert(0, rule.encode(x=alt.X("at:Q", scale=scale)))
    return svg(_named(alt.layer(*parts), names, width), about)


def _points(frame: pl.DataFrame, x: str, y: str, series: str, x_scale: Scale, y_scale: Scale) -> pl.DataFrame:
    """The frame under names of our own, without what can't be drawn."""
    data = frame.select(name=pl.col(series).cast(pl.String), x=pl.col(x).cast(pl.Float64), y=pl.col(y).cast(pl.Float64))
    kept = data.filter(pl.col("x").is_finite() & pl.col("y").is_finite())
    for axis, scale in (("x", x_scale), ("y", y_scale)):
        kept = kept.filter(pl.col(axis) > 0) if scale == "log" else kept
    return kept


def _palette(names: Sequence[str], colours: Mapping[str, str] | None) -> alt.Scale:
    chosen = [(colours or {}).get(name, COLOURS[place % len(COLOURS)]) for place, name in enumerate(names)]
    return alt.Scale(domain=list(range(len(names))), range=[f"var(--{colour})" for colour in chosen])


def _across() -> alt.Axis:
    return alt.Axis(tickCount=5, domain=False, ticks=False)


def _row() -> alt.Y:
    """A line for each name, which stands beside it as text, so that two names cut to the same stay two."""
    return alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.35, paddingOuter=0.2))


def _rows(frame: pl.DataFrame, label: str) -> tuple[pl.Series, list[str]]:
    """The line of each row of a frame, and the lines' names."""
    names = frame[label].cast(pl.String).fill_null("")
    distinct = names.unique(maintain_order=True).to_list()
    return names.replace_strict(distinct, range(len(distinct)), return_dtype=pl.Int64), distinct


def _named(
    drawn: alt.Chart | alt.LayerChart | alt.FacetChart, names: Sequence[str], width: int
) -> alt.LayerChart | alt.FacetChart:
    """What is drawn, with the names on the left."""
    labels = pl.DataFrame({"row": range(len(names)), "label": [cut(name, NAME) for name in names]})
    beside = (
        alt.Chart(labels).mark_text(align="right", baseline="middle").encode(x=alt.value(-8), y=_row(), text="label:N")
    )
    return alt.layer(drawn, beside).properties(width=width, height=ROW * len(names))
