"""What is said of a proof: in one plain sentence, in numbers, and how the bound fell audit by audit."""

import math

from outcross.certificate import sequential
from outcross.certificate.record import Certificate
from outcross.certificate.reliability import Bin
from outcross.data.samples import Record
from outcross.tasks.certifying.certify import Standing

POINTS = 40
"""Bounds of the path, at most."""

USUAL = 60.0
"""Seconds that an audit is reckoned with where none was made yet."""


class Promise(Record):
    """How one regime's proof stands, as pages and commands show it."""

    certificate_id: str | None
    """None where nothing is proven."""
    model: str
    sentence: str
    """What is promised, or what is missing, in plain words."""
    method: str
    alpha: float
    delta: float
    bound: float
    accepted: int
    """Drafts that the screen accepted."""
    covered: int
    """Those of them at or above the threshold, read ones included."""
    drawn: int
    audits: int
    errors: int
    evaded: int
    missing: int | None
    """Further audits without an error that would prove it; None where no number would."""
    minutes: float
    """Reviewers' time on the audits."""
    sensitivity: float
    known: int
    """Known errors that the sensitivity was measured with; 0 where the recipe says it."""
    threshold: float | None
    path: tuple[tuple[int, float], ...]
    """Audits, and the bound after them; empty where the method mustn't be looked at earlier than planned."""
    bins: tuple[Bin, ...] = ()
    """Reliability of the scores, where a threshold is learned."""


def summary(standing: Standing) -> Promise:
    """The numbers of a proof."""
    made = standing.certificate
    return Promise(
        certificate_id=made.certificate_id if made.holds else None,
        model=made.regime.model,
        sentence=promised(made) if made.holds else lacking(standing),
        method=made.terms.method,
        alpha=made.terms.alpha,
        delta=made.terms.delta,
        bound=made.bound if made.holds else max((one.bound for one in made.parts), default=1.0),
        accepted=standing.accepted,
        covered=made.size,
        drawn=standing.drawn,
        audits=len(made.audits),
        errors=sum(one.wrong for one in made.audits),
        evaded=standing.evaded,
        missing=_missing(made),
        minutes=made.seconds / 60,
        sensitivity=made.reviewers.least,
        known=len(made.reviewers.caught),
        threshold=made.regime.threshold,
        path=_path(made),
        bins=standing.reliability.bins if standing.reliability else (),
    )


def promised(made: Certificate) -> str:
    """What a certificate that holds promises."""
    proven = [one for one in made.parts if one.holds]
    whose = "" if made.parts[0].stratum is None else f" of {len(proven)} of {len(made.parts)} strata"
    sure = f"with {100 * (1 - made.terms.delta):.4g} % confidence"
    bound = f"{100 * made.bound:.3g} %"
    if made.terms.method == "batch":
        return f"At most {bound} of the accepted drafts{whose} that nobody read are wrong, {sure}."
    above = "" if made.regime.threshold is None else f" and score {made.regime.threshold:.3g} or more"
    return (
        f"Drafts{whose} that are made and accepted like these{above} are wrong in at most {bound} of all cases, {sure}."
    )


def lacking(standing: Standing) -> str:
    """What a proof that doesn't hold yet still takes."""
    made, limit = standing.certificate, f"{100 * standing.certificate.terms.alpha:.3g} %"
    if standing.trouble:
        return f"Nothing is proven yet: {standing.trouble}"
    if made.reviewers.least == 0:
        return (
            "Nothing is proven yet: no reviewer was shown a known error, so nobody knows what they miss. Add such "
            "items, or say `sensitivity` in the recipe's [certificate]."
        )
    missing = _missing(made)
    if missing is None:
        return (
            f"The audits found too many errors to prove {limit}. Mend the drafts or make the rules stricter, and audit "
            "anew: a proof by more audits of the same drafts would hold with less confidence than it says."
        )
    minutes = math.ceil(missing * (made.seconds / len(made.audits) if made.seconds else USUAL) / 60)
    more = f"{missing:,} more audit{'' if missing == 1 else 's'}"
    said = f"Nothing is proven yet: {more} {'without an error ' if made.terms.method == 'any time' else ''}"
    waiting = standing.drawn - len(made.audits)
    spare = (
        f", and {waiting:,} of those drawn wait"
        if waiting >= missing
        else f", and only {waiting:,} of those drawn wait: draft more"
    )
    return f"{said}would prove {limit}, about {minutes:,} minute{'' if minutes == 1 else 's'}{spare}."


def _missing(made: Certificate) -> int | None:
    """What the part that lacks least lacks; 0 where one holds."""
    return min((one.missing for one in made.parts if one.missing is not None), default=None)


def _path(made: Certificate) -> tuple[tuple[int, float], ...]:
    """The bound of all drafts together after some of the audits, as if there were no strata.

    Empty for the methods that mustn't be looked at audit by audit: what they had bounded meanwhile holds of nothing.
    """
    wrong = [one.wrong for one in made.audits]
    risk, seen = made.terms.delta - made.reviewers.delta, made.reviewers.least
    if made.terms.method != "any time" or not wrong or not seen:
        return ()
    step = -(-len(wrong) // POINTS)
    counted = [*range(step, len(wrong), step), len(wrong)]
    return tuple((n, min(1.0, sequential.rate_bound(wrong[:n], risk) / seen)) for n in counted)
