"""The evidence page's charts of what was measured: contraction, alarms."""

from collections.abc import Sequence

import polars as pl

from outcross.mixture.effect.outcome import Effect
from outcross.mixture.monitor.alarms import Alarm
from outcross.mixture.monitor.comparisons import Kind
from outcross.mixture.text.contraction import CUTS
from outcross.tasks.certifying.summary import Promise
from outcross.tasks.drawing.charts import intervals, lines
from outcross.tasks.evidence.facts import GateKept, ModelKept

SHOWN = 16
"""Lines of a chart; what is worst comes first."""

WIDE = 480
"""Pixels of a chart, without its names."""

FARTHEST = 8.0
"""Where a dot stands that lies farther out than this."""


def gates(found: Sequence[GateKept]) -> str | None:
    """What each gate leaves of people's own rare words, the worst first; None where no gate judged enough of them."""
    people = sorted((one for one in found if one.origin == "human" and one.kappa is not None), key=_least)
    return _kappas([(one.validator, one) for one in people], "what each validator leaves of people's rare words")


def models(found: Sequence[ModelKept]) -> str | None:
    """What each model's drafts hold of people's rare words, the worst first; None where too few were drafted."""
    known = sorted((one for one in found if one.kappa is not None), key=_least)
    return _kappas([(one.model, one) for one in known], "how many of people's rare words each model's drafts hold")


def alarms(found: Sequence[Alarm]) -> str | None:
    """The tested alarms over whole sets, each as far off as people's own texts would be in 95 of 100 cases."""
    rows = [
        (f"{one.measure} · {_tested(one)}", off, -1.0, 1.0, one.level != "quiet")
        for one in found
        if one.stratum is None and (off := _off(one)) is not None
    ]
    if not rows:
        return None
    return intervals(
        pl.DataFrame(rows, schema=["label", "off", "low", "high", "loud"], orient="row"),
        label="label",
        value="off",
        low="low",
        high="high",
        flagged="loud",
        at=0.0,
        width=WIDE,
        x_title="← more varied than people's · less →   (±1: where 95 % of people's texts lie)",
        about="how far the release is from people's texts, by each measure: "
        + ", ".join(f"{label} {off:.1f}" for label, off, *_ in rows),
    )


def effects(found: Effect) -> str:
    """How each arm of the first proxy compares with people's rows alone."""
    arms = [one for one in found.proxies[0].arms if one.kind != "human"][:SHOWN]
    rows = [
        (one.title, one.against_human.effect, one.against_human.low, one.against_human.high, one.against_human.low > 0)
        for one in arms
    ]
    return intervals(
        pl.DataFrame(rows, schema=["label", "effect", "low", "high", "worse"], orient="row"),
        label="label",
        value="effect",
        low="low",
        high="high",
        flagged="worse",
        at=0.0,
        width=WIDE,
        x_title="← better than people's rows alone · worse →   (nats a word of held-out text)",
        about="how well small models predict people's held-out text, against one of people's rows alone: "
        + ", ".join(f"{title} {effect:+.3f}" for title, effect, *_ in rows),
    )


def bounds(found: Promise) -> str | None:
    """How the bound fell audit by audit, against what was to be proven; None before there were two audits."""
    if len(found.path) < 2:
        return None
    first, last = found.path[0][0], found.path[-1][0]
    rows = [(n, 100 * bound, "at most") for n, bound in found.path]
    rows += [(n, 100 * found.alpha, "to be proven") for n in (first, last)]
    return lines(
        pl.DataFrame(rows, schema=["audits", "bound", "what"], orient="row"),
        x="audits",
        y="bound",
        series="what",
        bold=["at most"],
        x_title="audits",
        y_title="wrong drafts, at most, in percent",
        size=(WIDE - 100, 140),
        about=f"after {last} audits at most {100 * found.path[-1][1]:.2g} % are wrong; "
        f"{100 * found.alpha:.2g} % were to be proven",
    )


def reliability(found: Promise) -> str | None:
    """The scores against the shares that experts found right; None where there are no scores."""
    if len(found.bins) < 2:
        return None
    rows = [(one.said, one.found, "found right") for one in found.bins]
    rows += [(one.said, one.said, "as said") for one in found.bins]
    return lines(
        pl.DataFrame(rows, schema=["said", "found", "what"], orient="row"),
        x="said",
        y="found",
        series="what",
        bold=["found right"],
        x_title="probability of being right, as the scores say",
        y_title="share found right",
        size=(WIDE - 100, 140),
        about="share of drafts found right by what the scores say: "
        + ", ".join(f"{one.said:.2f} {one.found:.2f}" for one in found.bins),
    )


def _off(alarm: Alarm) -> float | None:
    """The shift towards harm, in halves of the width within which 95 % of people's texts lie; None if untested."""
    match alarm.observed, alarm.expected, alarm.low, alarm.high:
        case float(observed), float(expected), float(low), float(high) if high > low:
            off = alarm.measure.harmful * (observed - expected) / ((high - low) / 2)
            return max(-FARTHEST, min(FARTHEST, off))
        case _:
            return None


def _tested(alarm: Alarm) -> str:
    return "release" if alarm.comparison is Kind.RELEASE else "models' rows"


def _kappas(found: Sequence[tuple[str, GateKept | ModelKept]], about: str) -> str | None:
    if not found:
        return None
    rows = [(name, one.kappa, one.low, one.high, _least(one) < CUTS) for name, one in found[:SHOWN]]
    return intervals(
        pl.DataFrame(rows, schema=["label", "kappa", "low", "high", "cuts"], orient="row"),
        label="label",
        value="kappa",
        low="low",
        high="high",
        flagged="cuts",
        at=1.0,
        x_title="kappa: 1 keeps all, 0 none",
        width=WIDE,
        about=f"{about}: " + ", ".join(f"{name} {kappa:.2f}" for name, kappa, *_ in rows),
    )


def _least(one: GateKept | ModelKept) -> float:
    return 1.0 if one.kappa is None else one.kappa
