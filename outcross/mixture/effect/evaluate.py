"""The evaluation: each arm's surprise at people's held-out text, compared with that of people's rows alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from outcross.mixture.effect.arms import GROUPS, Arm
from outcross.mixture.effect.comparison import Comparison, Units, compare
from outcross.mixture.effect.equivalents import Ruler
from outcross.mixture.effect.outcome import ArmOutcome, Difference, Paid, ProxyOutcome
from outcross.mixture.effect.proxy import Proxy
from outcross.mixture.text.tokens import Encoded, Vocabulary

Vector = NDArray[np.float64]

VALUED = ("class", *GROUPS, "validator")
"""Kinds of arms that differ from the release in one part."""


@dataclass(frozen=True, eq=False)
class Bench:
    """What all arms are tried on."""

    vocabulary: Vocabulary
    dev: Encoded
    """People's rows that settings are tuned on."""
    test: Encoded
    """People's rows, of other documents, that count."""
    units: Units

    @classmethod
    def of(cls, dev: pl.DataFrame, test: pl.DataFrame, arms: Iterable[Arm]) -> "Bench":
        """A bench with one vocabulary for all: any type of any text, so that no arm gains by knowing fewer.

        Args:
            dev: rows with `text`.
            test: rows with `document`, `stratum` and `text`, of other documents than `dev` and than any arm's.
            arms: all that will be tried.
        """
        distinct = pl.concat([dev["text"], test["text"], *(arm.rows["text"] for arm in arms)]).unique()
        vocabulary = Vocabulary.of(distinct)
        tested = vocabulary.encode(test["text"])
        return cls(vocabulary, vocabulary.encode(dev["text"]), tested, Units.of(test, tested.lengths + 1))

    def score(self, arm: Arm, proxy: Proxy) -> Vector:
        """Train a proxy on an arm: nats of each unit of the test set, shape (n_units,)."""
        rows = self.vocabulary.encode(arm.rows["text"])
        model = proxy.fit(rows, arm.rows["weight"].to_numpy(), len(self.vocabulary), self.dev)
        return self.units.sums(model.nll(self.test).nats)


def conclude(
    units: Units, proxy: str, arms: Sequence[Arm], scores: Mapping[str, Vector], *, seed: int = 0
) -> ProxyOutcome:
    """Compare all arms, as far as one proxy saw them.

    Args:
        units: the test set.
        proxy: the proxy's name.
        arms: as `Material.arms` gives them.
        scores: nats of each unit, shape (n_units,), by the arms' digests.
        seed: of the resampling.
    """

    def against(arm: Arm, other: Arm) -> Comparison:
        return compare(units, scores[arm.digest], scores[other.digest], seed=seed)

    human, release = arms[:2]
    last = next((arm for arm in arms if arm.kind == "last"), None)
    ruler = _ruler(arms, {arm.digest: against(arm, human).effect for arm in arms if arm.kind == "more"})
    words = units.words.sum()
    outcomes = [
        ArmOutcome(
            kind=arm.kind,
            name=arm.name,
            rows=arm.rows.height,
            surprise=float(scores[arm.digest].sum() / words),
            against_human=Difference.of(found := against(arm, human)),
            human_rows=ruler.say(found.effect),
        )
        for arm in arms
    ]
    # What a validator kept out is worth what adding it does; a part, what the release does with it.
    paid = [
        _paid(arm, against(arm, release) if arm.kind == "validator" else against(release, arm))
        for arm in arms
        if arm.kind in VALUED
    ]
    return ProxyOutcome(
        proxy=proxy,
        against_human=Difference.of(against(release, human), strata=True),
        against_last=Difference.of(against(release, last), strata=True) if last else None,
        arms=tuple(outcomes),
        paid=tuple(sorted(paid, key=lambda one: one.effect)),
    )


def evaluate(bench: Bench, arms: Sequence[Arm], proxy: Proxy, *, seed: int = 0) -> ProxyOutcome:
    """Try all arms and compare them; arms of the same rows are tried once."""
    distinct = {arm.digest: arm for arm in arms}
    scores = {digest: bench.score(arm, proxy) for digest, arm in distinct.items()}
    return conclude(bench.units, proxy.name, arms, scores, seed=seed)


def _ruler(arms: Sequence[Arm], effects: Mapping[str, float]) -> Ruler:
    steps = sorted((arm.changed, effects[arm.digest]) for arm in arms if arm.kind == "more")
    return Ruler(tuple(rows for rows, _ in steps), tuple(effect for _, effect in steps))


def _paid(arm: Arm, found: Comparison) -> Paid:
    return Paid(
        kind=arm.kind,
        name=arm.name,
        rows=arm.changed,
        effect=found.effect,
        standard_error=found.standard_error,
        low=found.low,
        high=found.high,
    )
