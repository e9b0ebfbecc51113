"""The evidence page: one self-contained HTML file that shows what a release is made of and why it may be trusted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from outcross.mixture.monitor.alarms import Watch
from outcross.mixture.supply import CLASSES
from outcross.tasks.evidence import figures
from outcross.tasks.evidence.facts import ClassMass, Evidence, Outcomes, StratumMass, Tally
from outcross.tasks.pages import ENVIRONMENT

SHOWN_STRATA = 20
"""Strata with a bar of their own; the others share one."""

SHOWN_REASONS = 10
"""Reasons with a line of their own; the others are summed."""


@dataclass(frozen=True)
class Part:
    """A stretch of a bar, in shares of its length."""

    klass: str
    start: float
    share: float


@dataclass(frozen=True)
class Band:
    """A bar of the strata's chart."""

    name: str
    rows: int
    mass: float
    parts: tuple[Part, ...]
    human: float
    """Share of the mass that human rows hold."""
    floor: float


def render(evidence: Evidence) -> str:
    """The page as HTML that needs nothing else: no script, no font, no address outside itself.

    Names, reasons and values are shown as text, whatever they hold.
    """
    bands = _bands(evidence.strata)
    return ENVIRONMENT.get_template("evidence.html").render(
        evidence=evidence,
        composition=_parts(evidence.by_class),
        classes=[_line(entry, evidence) for entry in sorted(evidence.by_class, key=_place)],
        human=_human_share(evidence.by_class),
        bands=bands[:SHOWN_STRATA],
        tail=_tail(evidence.strata, bands[SHOWN_STRATA:]),
        strata=len(bands),
        screened=_screened(evidence.outcomes),
        left_out=_longest(evidence.left_out),
        reasons=_longest(evidence.reasons),
        asked={one.stratum: one for one in evidence.plan.strata} if evidence.plan else {},
        models_kept=evidence.contraction and figures.models(evidence.contraction.generators),
        gates_kept=evidence.contraction and figures.gates(evidence.contraction.gates),
        arms_compared=evidence.effect and figures.effects(evidence.effect),
        promises=[(one, figures.bounds(one), figures.reliability(one)) for one in evidence.certificates],
        **_alarms(evidence.watch),
        checks=sorted(evidence.checks, key=lambda check: check.passed),
        failed=sum(not check.passed for check in evidence.checks),
    )


def _alarms(watch: Watch | None) -> dict[str, Any]:
    """The alarms over whole sets, and those of strata that say something; the others as counts."""
    found = watch.alarms if watch else ()
    shown = [one for one in found if one.stratum is None or one.level in ("warning", "blocking")]
    rest = [one for one in found if one not in shown]
    quiet = sum(one.level == "quiet" for one in rest)
    return {
        "tested": sum(one.level != "too small" for one in found),
        "loud": sum(one.level in ("warning", "blocking") for one in found),
        "alarms_off": figures.alarms(found),
        "alarms_shown": shown,
        "alarms_more": len(rest),
        "alarms_quiet": quiet,
        "alarms_small": len(rest) - quiet,
    }


def _line(entry: ClassMass, evidence: Evidence) -> dict[str, Any]:
    """A class's totals and its share."""
    return {"entry": entry, "share": entry.mass / evidence.mass if evidence.mass else 0.0}


def _parts(entries: Sequence[ClassMass]) -> tuple[Part, ...]:
    """The stretches of a stacked bar, in the classes' own order."""
    total, start, parts = sum(entry.mass for entry in entries), 0.0, []
    for klass in CLASSES:
        share = sum(entry.mass for entry in entries if entry.klass == klass) / total if total else 0.0
        if share:
            parts.append(Part(klass, start, share))
        start += share
    return tuple(parts)


def _place(entry: ClassMass) -> int:
    """Where a class stands in a list; unknown ones come last."""
    return CLASSES.index(entry.klass) if entry.klass in CLASSES else len(CLASSES)


def _human_share(entries: Sequence[ClassMass]) -> float:
    return next((part.share for part in _parts(entries) if part.klass == CLASSES[0]), 0.0)


def _bands(strata: Sequence[StratumMass]) -> list[Band]:
    """A bar a stratum, the heaviest first, ties by name."""
    ordered = groupby(sorted(strata, key=lambda entry: entry.stratum), key=lambda entry: entry.stratum)
    bands = [_band(name, list(entries)) for name, entries in ordered]
    return sorted(bands, key=lambda band: (-band.mass, band.name))


def _band(name: str, entries: Sequence[StratumMass]) -> Band:
    return Band(
        name=name,
        rows=sum(entry.rows for entry in entries),
        mass=sum(entry.mass for entry in entries),
        parts=_parts(entries),
        human=_human_share(entries),
        floor=max(entry.floor for entry in entries),
    )


def _tail(strata: Sequence[StratumMass], bands: Sequence[Band]) -> dict[str, Any] | None:
    """The bands that have no bar of their own, as one, with the least human share among them."""
    if not bands:
        return None
    names = {band.name for band in bands}
    band = _band(f"{len(bands):,} other strata", [entry for entry in strata if entry.stratum in names])
    return {"band": band, "least": min(one.human for one in bands)}


def _screened(outcomes: Outcomes | None) -> list[tuple[str, int, float, float]]:
    """Outcome, rows, start and share of its stretch of the bar."""
    if outcomes is None:
        return []
    counts = outcomes.model_dump()
    total, start, stretches = sum(counts.values()), 0.0, []
    for name, rows in counts.items():
        share = rows / total if total else 0.0
        stretches.append((name, rows, start, share))
        start += share
    return stretches


def _longest(tallies: Sequence[Tally]) -> list[Tally]:
    """The commonest reasons, the others as one."""
    ordered = sorted(tallies, key=lambda tally: (-tally.rows, tally.reason))
    rest = ordered[SHOWN_REASONS:]
    other = [Tally(reason=f"{len(rest):,} other reasons", rows=sum(tally.rows for tally in rest))] if rest else []
    return ordered[:SHOWN_REASONS] + other
