"""What is promised of drafts that nobody read, by the method that a recipe asks for, and what a proof still lacks."""

import math
from collections.abc import Sequence

import numpy as np
from pydantic import Field

from outcross.certificate import sequential
from outcross.certificate.bounds import batch_bound, left, rate_bound
from outcross.certificate.plan import ERRORS, needed
from outcross.certificate.selection import fixed_sequence
from outcross.data.recipe_tables import Certification
from outcross.data.samples import Record


class Part(Record):
    """What is proven of one stratum, or of all drafts together."""

    stratum: str | None
    size: int = Field(ge=0)
    """Accepted drafts, read ones included."""
    delta: float
    """Its share of the risk."""
    audits: int = Field(ge=0)
    errors: int = Field(ge=0)
    """Audits that found a draft wrong, or that were evaded."""
    bound: float = Field(ge=0, le=1)
    """Rate of wrong drafts at the most; 1 where nothing is proven."""
    missing: int | None
    """Further audits without an error that would prove `alpha`; 0 where it is proven, None where none would do."""

    @property
    def holds(self) -> bool:
        """Whether `alpha` is proven."""
        return self.missing == 0


class Reviewers(Record):
    """How much of what is wrong reviewers notice."""

    caught: tuple[bool, ...] = ()
    """Of items known to be wrong, whether the one who saw it said so; in the order of their answers."""
    least: float = Field(ge=0, le=1)
    """The least share that they notice, with confidence 1 - `delta`."""
    delta: float = Field(ge=0)
    """The risk that was spent on it; 0 where it was said and not measured."""


def reviewers(terms: Certification, caught: Sequence[bool] = ()) -> Reviewers:
    """The reviewers' sensitivity at the least: what the recipe says, or what known errors show for half of the risk.

    Known errors come one by one and are counted at every look, so theirs is a bound for any time, whatever the method.
    """
    if terms.sensitivity != "measured":
        return Reviewers(least=terms.sensitivity, delta=0.0)
    risk = terms.delta / 2
    least = 1 - sequential.rate_bound([not one for one in caught], risk)
    return Reviewers(caught=tuple(caught), least=least, delta=risk)


def planned(terms: Certification, delta: float) -> int:
    """The audits that a method waits for which mustn't be looked at earlier; 0 where it waits for none.

    It is fixed beforehand: a plan that followed a sensitivity as it is being measured would be a new look each time.
    """
    if terms.method == "any time":
        return 0
    said = 1.0 if terms.sensitivity == "measured" else terms.sensitivity
    return terms.audits or needed(terms.alpha, delta, ERRORS, said)


def part(
    terms: Certification, wrong: Sequence[bool], size: int, *, delta: float, seen: float, stratum: str | None = None
) -> Part:
    """What the audits prove: nothing any more, once those that come after the proof disprove what was promised.

    Args:
        terms: the method, and what is to be proven.
        wrong: whether each audit found an error, in the order in which they were first shown.
        size: accepted drafts, the audited ones included.
        delta: the risk that may be spent here.
        seen: the reviewers' sensitivity at the least; where it is 0 nothing is proven.
        stratum: whose drafts they are.
    """
    facts = {"stratum": stratum, "size": size, "delta": delta}
    if seen == 0:
        return Part(**facts, audits=len(wrong), errors=sum(wrong), bound=1.0, missing=None)
    if terms.method == "any time":
        found = Part(**facts, audits=len(wrong), errors=sum(wrong), **_any_time(terms.alpha, wrong, delta, seen))
        reached = sequential.reached(wrong, terms.alpha * seen, delta)
        return _withdrawn(found) if sequential.disproven(wrong[reached:], terms.alpha, delta) else found
    plan = min(planned(terms, delta), size)
    counted = wrong[:plan]
    k, n = sum(counted), len(counted)
    if n < plan or not n:
        return Part(**facts, audits=n, errors=k, bound=1.0, missing=plan - n if n < plan else None)
    if terms.method == "batch":
        # What was read beyond the plan is known too, and is out of what nobody read.
        most = max(batch_bound(k, n, size, delta, seen), sum(wrong))
        bound = left(sum(wrong), len(wrong), size, most)
    else:
        bound = rate_bound(k, n, delta, seen)
    found = Part(**facts, audits=n, errors=k, bound=bound, missing=0 if bound <= terms.alpha else None)
    return _withdrawn(found) if sequential.disproven(wrong[plan:], terms.alpha, delta) else found


def _withdrawn(found: Part) -> Part:
    """The same, proving nothing: what was audited since the proof says that the drafts are no longer what they were."""
    return found.model_copy(update={"bound": 1.0, "missing": None})


class Step(Record):
    """A threshold that was tried, and what the audits said of it."""

    threshold: float
    errors: int = Field(ge=0)
    audits: int = Field(ge=0)


def walked(terms: Certification, steps: Sequence[Step], *, delta: float, seen: float) -> tuple[Step, ...]:
    """The steps that are proven, strict to lenient; the last one's threshold is the one to take.

    Args:
        terms: what is to be proven.
        steps: all thresholds, in the order that was fixed before any label was seen.
        delta: the risk that may be spent here.
        seen: the reviewers' sensitivity at the least, above 0.
    """
    errors, audits = (np.array([getattr(one, name) for one in steps], np.int64) for name in ("errors", "audits"))
    last = fixed_sequence(errors, audits, terms.alpha * seen, delta)
    return tuple(steps[: 0 if last is None else last + 1])


def learned(walk: Sequence[Step], size: int, missing: int | None, *, delta: float, seen: float) -> Part:
    """What a walk came to, of drafts at or above the threshold; `missing` is what it waits for where it isn't made."""
    if not walk:
        return Part(stratum=None, size=size, delta=delta, audits=0, errors=0, bound=1.0, missing=missing or None)
    k, n = walk[-1].errors, walk[-1].audits
    bound = rate_bound(k, n, delta, seen)
    return Part(stratum=None, size=size, delta=delta, audits=n, errors=k, bound=bound, missing=0)


def _any_time(alpha: float, wrong: Sequence[bool], delta: float, seen: float) -> dict[str, float]:
    """The bound, and what is missing: errors that are noticed have the rate of all times the sensitivity."""
    bound = min(1.0, sequential.rate_bound(wrong, delta) / seen)
    if sequential.proven(wrong, alpha * seen, delta):
        return {"bound": min(bound, alpha), "missing": 0}
    error, right = sequential.steps(alpha * seen)
    now = sum(error if one else right for one in wrong)
    return {"bound": bound, "missing": math.ceil((-math.log(delta) - now) / right)}
