"""What an evaluation came to, as it is stored and shown."""

from collections.abc import Iterable
from math import isfinite
from typing import NamedTuple, Self

from outcross.data.samples import Record
from outcross.mixture.effect.arms import Kind
from outcross.mixture.effect.comparison import Comparison, Stratum, Verdict

TITLES: dict[Kind, tuple[str, str]] = {
    "human": ("people's rows alone", ""),
    "release": ("the release", ""),
    "last": ("the release before", ""),
    "more": ("people's rows and {} more", ""),
    "class": ("without the class {}", "the class {}"),
    "generator": ("without the drafts of {}", "the drafts of {}"),
    "prompt": ("without the drafts from prompt {:.8}", "the drafts from prompt {:.8}"),
    "stratum": ("without the drafts for {}", "the drafts for {}"),
    "validator": ("with what {} alone kept out", "what {} alone kept out"),
}
"""What arms, and the parts in which they differ from the release, are called."""


SENTENCES: dict[Verdict, str] = {
    "better": "It trains a better model than",
    "no evidence": "No evidence that it trains a better model than",
    "worse": "It trains a worse model than",
}


class Said(NamedTuple):
    """A verdict in words."""

    verdict: Verdict
    sentence: str
    reason: str
    """Why it is no better one; empty where it is "better"."""


class StratumDifference(Record):
    """How one stratum came out."""

    name: str
    effect: float
    standard_error: float | None
    """None where there is one document."""
    documents: int
    p: float
    """Of being worse by 0.02 nats a word or more, adjusted for there being several strata."""

    @classmethod
    def of(cls, found: Stratum) -> Self:
        """What a comparison found of a stratum."""
        known = found.standard_error if isfinite(found.standard_error) else None
        return cls(name=found.name, effect=found.effect, standard_error=known, documents=found.documents, p=found.p)


class Difference(Record):
    """One arm against another, in nats a word of held-out text: below 0 it predicts people better."""

    effect: float
    standard_error: float
    low: float
    high: float
    """The 95 % interval."""
    detectable: float
    """The smallest difference that would have been seen four times in five."""
    verdict: Verdict
    reason: str
    strata: tuple[StratumDifference, ...] = ()

    @classmethod
    def of(cls, found: Comparison, *, strata: bool = False) -> Self:
        """What a comparison found; its strata only where asked for."""
        return cls(
            effect=found.effect,
            standard_error=found.standard_error,
            low=found.low,
            high=found.high,
            detectable=found.detectable,
            verdict=found.verdict,
            reason=found.reason,
            strata=tuple(map(StratumDifference.of, found.strata)) if strata else (),
        )


class ArmOutcome(Record):
    """How one arm did."""

    kind: Kind
    name: str
    rows: int
    surprise: float
    """Nats a word of held-out text."""
    against_human: Difference
    human_rows: str
    """How many more rows from people would have done the same, for people to read: "1,200", "< 0", "> 2,000"."""

    @property
    def title(self) -> str:
        """What the arm is called; a name in it may be anybody's."""
        return TITLES[self.kind][0].format(self.name)


class Paid(Record):
    """What one part of the release was worth, or what one validator kept out: below 0 it helps to have it."""

    kind: Kind
    name: str
    rows: int
    effect: float
    standard_error: float
    low: float
    high: float

    @property
    def title(self) -> str:
        """What the part is called; a name in it may be anybody's."""
        return TITLES[self.kind][1].format(self.name)


class ProxyOutcome(Record):
    """What one proxy says."""

    proxy: str
    against_human: Difference
    against_last: Difference | None
    """None for a first release."""
    arms: tuple[ArmOutcome, ...]
    paid: tuple[Paid, ...]
    """The most helpful first."""


class Effect(Record):
    """Whether a release trains a better model."""

    name: str
    version: int
    last: int | None
    """The version that it is compared with; None for a first release."""
    documents: int
    rows: int
    """Of the test set."""
    human_rows: int
    """People's rows that every arm but the ruler's may have."""
    held_back: int
    """People's rows that only the ruler adds."""
    remarks: tuple[str, ...]
    """What the test set or the ruler lacks, in sentences."""
    proxies: tuple[ProxyOutcome, ...]

    @property
    def against_human(self) -> Verdict:
        """Against people's rows alone: what all proxies say."""
        return agreed(one.against_human.verdict for one in self.proxies)

    @property
    def against_last(self) -> Verdict | None:
        """Against the release before: what all proxies say; None for a first release."""
        found = [one.against_last.verdict for one in self.proxies if one.against_last]
        return agreed(found) if found else None

    @property
    def said(self) -> tuple[Said, ...]:
        """The verdicts in words: against people's rows, and against the release before where there is one."""
        found = [
            _said(self.against_human, "people's rows alone", {one.proxy: one.against_human for one in self.proxies})
        ]
        if self.against_last:
            lasts = {one.proxy: one.against_last for one in self.proxies if one.against_last}
            found.append(_said(self.against_last, f"version {self.last}", lasts))
        return tuple(found)


def _said(verdict: Verdict, other: str, found: dict[str, Difference]) -> Said:
    if len({one.verdict for one in found.values()}) > 1:
        why = "The proxies disagree: " + ", ".join(f"{name} says {one.verdict}" for name, one in found.items()) + "."
    else:
        why = next(iter(found.values())).reason
    return Said(verdict, f"{SENTENCES[verdict]} {other}.", why)


def agreed(verdicts: Iterable[Verdict]) -> Verdict:
    """What all of them say; no evidence where they disagree."""
    found = set(verdicts)
    return found.pop() if len(found) == 1 else "no evidence"
