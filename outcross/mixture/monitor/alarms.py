"""What the monitor says: each alarm with its numbers and a sentence, and all of them together."""

from typing import Literal

from outcross.data.samples import Record
from outcross.mixture.monitor.calibration import POWER, Calibrated
from outcross.mixture.monitor.comparisons import Compared, Kind
from outcross.mixture.monitor.measures import Measure

Level = Literal["quiet", "warning", "blocking", "too small"]

UNITS = {Measure.ENTROPY: " nats", Measure.DIVERGENCE: " bits", Measure.LIKELIHOOD: " nats a word"}


class Alarm(Record):
    """One measure of one comparison. Where the level is "too small" nothing was tested, and the numbers are None."""

    measure: Measure
    comparison: Kind
    stratum: str | None
    """The stratum that both sides are of; None for all of them."""
    rows: int
    """Rows that are tested."""
    documents: int
    """Documents that these are of."""
    level: Level
    sentence: str
    """The finding in words. It may hold a stratum's name: made printable and cut, but not escaped for a page."""
    observed: float | None = None
    """In the measure's units, at the size of `words`."""
    expected: float | None = None
    """Mean over sets of people's rows of that size."""
    low: float | None = None
    """With `high`: where 95 % of people's texts of this size lie, one alarm taken alone."""
    high: float | None = None
    z: float | None = None
    """Observed less expected, in standard deviations between texts of other documents."""
    chance: float | None = None
    """One-sided p-value towards harm, of this alarm alone."""
    alpha: float | None = None
    """The level that the chance was held against for a warning, by Holm's rule."""
    kept: float | None = None
    """What the release keeps of people's tail or diversity by this measure, 1 where it is as people's. Where synthetic
    rows are tested it is what they and the other rows keep together, if the others keep all."""
    smallest_detectable: float | None = None
    """The smallest shift from `expected` towards harm that is warned of with a chance of 80 %, at `alpha`."""
    words: int | None = None
    """Words of every set that was measured."""
    p95: float | None = None
    """Of the held-out loss: the 95th percentile over rows, for the record; no alarm hangs on it."""
    p95_expected: float | None = None


class Watch(Record):
    """All alarms of a release."""

    number: int
    """Which release this is, from 1."""
    alpha: float
    """The chance of a false warning that this release may spend."""
    retention: float
    """The share of people's tail and diversity that a release has to keep, in (0, 1)."""
    alarms: tuple[Alarm, ...]

    @property
    def blocking(self) -> tuple[Alarm, ...]:
        """Alarms at which a release must not go out: beyond chance, and beyond the retention target."""
        return tuple(alarm for alarm in self.alarms if alarm.level == "blocking")

    @property
    def warnings(self) -> tuple[Alarm, ...]:
        """Alarms beyond chance that don't block."""
        return tuple(alarm for alarm in self.alarms if alarm.level == "warning")

    @property
    def untested(self) -> tuple[Alarm, ...]:
        """Alarms for which there was too little data."""
        return tuple(alarm for alarm in self.alarms if alarm.level == "too small")


def untested(compared: Compared, measure: Measure) -> Alarm:
    """An alarm that had too little data."""
    reason = compared.reason or "sets of people's rows don't differ by it, so that no shift can be judged"
    return Alarm(
        measure=measure,
        comparison=compared.kind,
        stratum=compared.stratum,
        rows=compared.rows,
        documents=compared.documents,
        level="too small",
        sentence=f"The {measure} of {subject(compared)} wasn't tested: {reason}.",
    )


def found(compared: Compared, one: Calibrated, alpha: float, *, warned: bool, blocked: bool, retention: float) -> Alarm:
    """An alarm that was tested, at the level `alpha`; `blocked` says whether chance alone would block."""
    measure = one.measure
    kept = 1 - compared.share * (1 - measure.kept(one.observed, one.expected))
    low, high = one.interval()
    level: Level = "blocking" if blocked and kept < retention else "warning" if warned else "quiet"
    detectable, unit = one.detectable(alpha), UNITS.get(measure, "")
    sentence = (
        f"The {measure} of {subject(compared)} is {one.observed:.4g}{unit} where people's rows give "
        f"{one.expected:.4g} (z {one.z:+.1f}): {'the release' if compared.stratum is None else 'the stratum'} keeps "
        f"{kept:.2f} by it, and {retention:.2f} is wanted. A {'rise' if measure.harmful > 0 else 'fall'} of "
        f"{detectable:.2g} would be warned of {POWER:.0%} of the time."
    )
    return Alarm(
        measure=measure,
        comparison=compared.kind,
        stratum=compared.stratum,
        rows=compared.rows,
        documents=compared.documents,
        level=level,
        sentence=sentence,
        observed=one.observed,
        expected=one.expected,
        low=low,
        high=high,
        z=one.z,
        chance=one.chance,
        alpha=alpha,
        kept=kept,
        smallest_detectable=detectable,
        words=compared.words,
        p95=one.p95,
        p95_expected=one.p95_expected,
    )


def subject(compared: Compared) -> str:
    """What is compared, in words."""
    if compared.kind is Kind.RELEASE:
        return "the release"
    return "models' rows" if compared.stratum is None else f"models' rows of {quoted(compared.stratum)}"


def quoted(name: str) -> str:
    """A name from outside, printable and kept to one short line."""
    shown = ascii(name)[1:-1] if not name.isprintable() else name
    return f"`{shown[:60]}…`" if len(shown) > 60 else f"`{shown}`"
