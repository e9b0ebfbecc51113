"""The page of the experiments on collapse: curves, pictures and what survived, in one file that needs no other."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from outcross.mixture.collapse.policies import EXTRAS, MEANINGS, POLICIES
from outcross.mixture.collapse.result import Result, figure
from outcross.tasks.collapse.captions import CAPTIONS, Caption
from outcross.tasks.collapse.runs import READING, Absent, Settings
from outcross.tasks.drawing import charts, pictures
from outcross.tasks.pages import ENVIRONMENT

Domain = tuple[float, float, float, float]

COLOURS = {policy: f"p-{policy}" for policy in (*POLICIES, "lopsided")}
"""The page's colour of each policy."""

HEADLINED = ("replace", "accumulate", "golden", "ours")
"""Policies whose numbers stand in the first sentence."""

LONG = 30
"""Generations from which on an axis shows the first ones wider."""


def render(results: Mapping[str, Result], absent: Mapping[str, Absent], settings: Settings, text: str = "") -> str:
    """The page as HTML without script, font or address outside itself.

    Args:
        results: by part; those of `settings.parts` are shown in its order.
        absent: parts that couldn't be run, with the reason.
        settings: of the run.
        text: what the parts that read were handed, in words.
    """
    run = {policy for result in results.values() for policy in result.said}
    titles = POLICIES | {key: title for extra in EXTRAS.values() for key, title in extra.items()}
    return ENVIRONMENT.get_template("collapse.html").render(
        headline=headline(results),
        policies=[(key, title, MEANINGS[key]) for key, title in titles.items() if key in run],
        parts=[_part(part, results.get(part), absent.get(part), titles) for part in settings.parts],
        settings=settings,
        text=text,
    )


def headline(results: Mapping[str, Result]) -> str:
    """What it all shows, in one sentence, with its numbers where they are known."""
    kept = {} if "zipf" not in results else _left(results["zipf"], "tail mass")
    numbers = [f"“{POLICIES[policy]}” {100 * kept[policy]:.0f} %" for policy in HEADLINED if policy in kept]
    return (
        "Models that train on what models wrote lose what is rare first and then nearly all; what holds is "
        "people’s rows in each stratum with weight enough, and synthetic rows from a model that saw people’s alone."
        + (f" What is left of a long tail’s mass: {', '.join(numbers)}." if numbers else "")
    )


def summary(results: Mapping[str, Result], absent: Mapping[str, Absent]) -> str:
    """The page's sentences as Markdown."""
    lines = ["# Collapse", "", headline(results), ""]
    for part, result in results.items():
        lines += [f"## {CAPTIONS[part].title}", ""]
        lines += [f"- **{_title(policy)}**: {said}" for policy, said in result.said.items()]
        lines.append("")
    lines += [f"- {CAPTIONS[part].title}: {missing.reason}" for part, missing in absent.items()]
    return "\n".join(lines)


def _title(policy: str) -> str:
    return next((titles[policy] for titles in (POLICIES, *EXTRAS.values()) if policy in titles), policy)


def _left(result: Result, measure: str) -> dict[str, float]:
    """What survived by one measure, by policy."""
    return dict(result.survived.filter(pl.col("measure") == measure).select("policy", "value").iter_rows())


def _part(part: str, result: Result | None, absent: Absent | None, titles: Mapping[str, str]) -> dict[str, Any]:
    """All that the template asks of one experiment."""
    caption = CAPTIONS[part]
    shown: dict[str, Any] = {
        "name": part,
        "reads": part in READING,
        "caption": caption,
        "absent": absent.reason if absent else "",
        "charts": [],
    }
    if result is None:
        return shown
    named = result.curves["measure"].unique(maintain_order=True).to_list()
    left = result.survived["measure"].unique(maintain_order=True).to_list()
    return shown | {
        "last": result.curves["generation"].max(),
        "charts": [_chart(result, measure, caption, titles) for measure in named],
        "pictures": _pictures(result.pictures, titles),
        "quotes": _quotes(result.pictures, titles),
        "columns": [caption.of(measure).title for measure in left],
        "rows": [
            (policy, titles.get(policy, policy), _figures(result, policy, left), said)
            for policy, said in result.said.items()
        ],
    }


def _figures(result: Result, policy: str, measures: Sequence[str]) -> list[str]:
    return [_written(_left(result, measure).get(policy)) for measure in measures]


def _written(value: float | None) -> str:
    return "–" if value is None or math.isnan(value) else figure(value)


def _chart(result: Result, measure: str, caption: Caption, titles: Mapping[str, str]) -> dict[str, str]:
    shown = caption.of(measure)
    curves = result.curves.filter(pl.col("measure") == measure)
    last = int(curves["generation"].max() or 0)  # type: ignore[arg-type]
    drawn = charts.lines(
        curves,
        x="generation",
        y="value",
        series="policy",
        about=f"{shown.title} over generations, by policy.",
        titles=titles,
        colours=COLOURS,
        bold=["ours"],
        x_title="generation",
        x_scale="symlog" if last > LONG else "linear",
        y_scale=shown.scale,
        ticks=_ticks(last) if last > LONG else None,
    )
    return {"title": shown.title, "better": shown.better, "svg": drawn}


def _ticks(last: int) -> list[float]:
    """Marks of a symlog axis that leave each other room; those near its end give way to the end."""
    return [0, *(tick for tick in (1, 5, 20, 100, 500) if tick < last / 2.5), last]


def _pictures(frame: pl.DataFrame | None, titles: Mapping[str, str]) -> list[dict[str, Any]]:
    """Rows of small pictures by policy: pixels or points, as the columns say."""
    if frame is None or "text" in frame.columns:
        return []
    domain = None if "shade" in frame.columns else _domain(frame)
    rows = []
    for (policy,), part in frame.group_by("policy", maintain_order=True):
        strip = [
            (generation, _picture(one, f"{titles.get(str(policy), policy)}, generation {generation}", policy, domain))
            for (generation,), one in part.group_by("generation", maintain_order=True)
        ]
        rows.append({"policy": policy, "title": titles.get(str(policy), policy), "strip": strip})
    return rows


def _quotes(frame: pl.DataFrame | None, titles: Mapping[str, str]) -> list[tuple[str, str, int, str]]:
    """What each policy's last model writes, as policy, title, generation and text."""
    if frame is None or "text" not in frame.columns:
        return []
    last = frame.filter(pl.col("generation") == pl.col("generation").max().over("policy"))
    chosen = last.group_by("policy", maintain_order=True).first()
    rows = chosen.select("policy", "generation", "text").iter_rows()
    return [(policy, titles.get(policy, policy), generation, text) for policy, generation, text in rows]


def _picture(frame: pl.DataFrame, about: str, policy: object, domain: Domain | None) -> str:
    if domain is None:
        return pictures.pixels(frame, about=about)
    return pictures.points(frame, about=about, domain=domain, colour=COLOURS.get(str(policy), "ink"))


def _domain(frame: pl.DataFrame) -> Domain:
    """A field around what generation 0 writes, the same for all pictures."""
    first = frame.filter(pl.col("generation") == 0)
    edges: list[float] = []
    for axis in ("x", "y"):
        values = first[axis].to_numpy()
        margin = 0.1 * float(np.ptp(values))
        edges += [float(values.min()) - margin, float(values.max()) + margin]
    return (edges[0], edges[1], edges[2], edges[3])
