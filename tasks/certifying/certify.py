"""Certifying: how the proof of each regime stands, and the certificate where it holds."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np
import polars as pl

from outcross.certificate.promise import Part, Reviewers, Step, learned, planned, reviewers, walked
from outcross.certificate.record import Certificate, Regime, proven
from outcross.certificate.reliability import Reliability
from outcross.certificate.selection import counts, thresholds
from outcross.data.recipe import Recipe
from outcross.data.samples import digest
from outcross.data.stores import certificates
from outcross.data.stores.certificates import EVER
from outcross.data.stores.home import Home
from outcross.errors import InputError
from outcross.tasks.certifying import audits as audited
from outcross.tasks.certifying.scores import Scored, fits, score
from outcross.tasks.screening.suite import Screen

UNCERTIFIED = "nobody read it, and nothing is proven of drafts like it: see `outcross certify`"
"""Why an accepted draft weighs nothing."""


@dataclass(frozen=True)
class Standing:
    """How the proof of one regime stands."""

    certificate: Certificate
    """What it would say if it were issued now; it promises something only where it `holds`."""
    accepted: int
    """Drafts that the screen accepted, whatever their scores."""
    drawn: int
    """Of those that it speaks of, the audits that the secret draws, whether or not somebody was shown them."""
    evaded: int
    reliability: Reliability | None
    """Of the scores, where a threshold is learned and there are some."""
    trouble: str = ""
    """Why there are no scores."""


def standings(home: Home, recipe: Recipe) -> list[Standing]:
    """How the proof stands for each way in which the recipe's drafts were made, by model and setup.

    What is proven is issued: its certificate is stored, unless all but the time stands in the regime's newest one.
    """
    found = certificates.accepted(home, recipe.name, Screen.of(recipe).ruleset).filter(pl.col("incl_prob") > 0)
    if found.is_empty():
        return []
    noticed = reviewers(recipe.certificate, audited.caught(home, recipe))
    made = [
        _standing(home, recipe, part, noticed) for part in found.partition_by(["model", "setup"], maintain_order=True)
    ]
    return [replace(one, certificate=_issued(home, one.certificate)) if one.certificate.holds else one for one in made]


def certified(home: Home, recipe: Recipe) -> list[Certificate]:
    """The certificates that hold now."""
    return [one.certificate for one in standings(home, recipe) if one.certificate.holds]


def covered(home: Home, recipe: Recipe, known: Iterable[Certificate]) -> dict[str, str]:
    """The drafts that nobody read and that one of these certificates speaks of, each with the certificate's id."""
    return {key: one.certificate_id for one in known for key in _unread(one, population(home, recipe, one.regime))}


def _unread(made: Certificate, accepted: pl.DataFrame) -> set[str]:
    """The ids of a certificate's drafts that no audit showed to anybody."""
    strata = [stratum for stratum in made.sizes if made.covers(stratum)]
    proven = accepted.filter(pl.col("stratum").is_in(strata))["sample_id"]
    return set(proven) - {audit.sample_id for audit in made.audits}


def population(home: Home, recipe: Recipe, regime: Regime, until: datetime = EVER) -> pl.DataFrame:
    """The accepted drafts of a regime: sample_id, stratum, incl_prob, and others; ordered by id."""
    found = certificates.accepted(home, recipe.name, regime.ruleset, until).filter(
        pl.col("incl_prob") > 0, pl.col("model") == regime.model, pl.col("setup") == regime.setup
    )
    if regime.scorer is None:
        return found
    scores = certificates.p_right(home, recipe.name, regime.scorer)
    return found.join(scores, on="sample_id").filter(pl.col("p_right") >= regime.threshold).sort("sample_id")


@dataclass(frozen=True)
class Learned:
    """How a threshold is being learned."""

    scored: Scored | None = None
    walk: tuple[Step, ...] = ()
    """The thresholds that are proven; empty where none is."""
    missing: int | None = None
    """Audits that are missing before any may be tried; None where they were tried in vain."""
    trouble: str = ""


def _standing(home: Home, recipe: Recipe, found: pl.DataFrame, noticed: Reviewers) -> Standing:
    regime = Regime(model=found["model"][0], setup=found["setup"][0], ruleset=Screen.of(recipe).ruleset)
    tried = _learned(home, recipe, found, noticed) if recipe.certificate.method == "learned" else Learned()
    if tried.scored and tried.walk:
        said = {"scorer": tried.scored.scorer, "threshold": tried.walk[-1].threshold}
        regime = regime.model_copy(update=said)
    accepted = population(home, recipe, regime)
    seen = audited.audits(home, recipe, accepted)
    sizes = dict(accepted.group_by("stratum").len().sort("stratum").iter_rows())
    if recipe.certificate.method == "learned":
        risk = recipe.certificate.delta - noticed.delta
        parts: tuple[Part, ...] = (learned(tried.walk, accepted.height, tried.missing, delta=risk, seen=noticed.least),)
    else:
        parts = proven(recipe.certificate, seen, sizes, noticed)
    certificate = Certificate(
        recipe=recipe.name,
        regime=regime,
        terms=recipe.certificate,
        population=digest(accepted["sample_id"].to_list()),
        sizes=sizes,
        share=audited.share(accepted),
        secret=audited.secret(home),
        audits=tuple(seen),
        reviewers=noticed,
        walk=tried.walk,
        parts=parts,
        people=tuple(certificates.people(home, recipe.name, [one.sample_id for one in seen])),
        seconds=round(audited.seconds(home, recipe, [one.sample_id for one in seen]), 1),
        guideline=recipe.review.guideline_version,
        issued_at=datetime.now(UTC),
    )
    return Standing(
        certificate=certificate,
        accepted=found.height,
        drawn=len(audited.drawn(home, accepted)),
        evaded=sum(one.evaded for one in seen),
        reliability=tried.scored.reliability if tried.scored else None,
        trouble=tried.trouble,
    )


def _learned(home: Home, recipe: Recipe, found: pl.DataFrame, noticed: Reviewers) -> Learned:
    """Try thresholds, once: when the audits that were planned have been shown.

    Only audits of seeds that the scores weren't fitted on count, and scores and drafts are those of that moment. So
    however much is drafted and decided later, the same audits try the same thresholds.
    """
    terms, risk, seen = recipe.certificate, recipe.certificate.delta - noticed.delta, noticed.least
    if seen == 0:
        return Learned()
    fresh = found.filter(~pl.Series([fits(one) for one in found["provenance"]], dtype=pl.Boolean))
    plan = planned(terms, risk)
    shown = audited.shown_of(home, recipe, fresh).head(plan)
    whole = shown.height == plan
    moment = datetime.fromtimestamp(shown["first"][-1], UTC) if whole else EVER
    try:
        scored = score(home, recipe, moment)
    except InputError as error:
        return Learned(missing=plan - shown.height, trouble=str(error) if whole else "")
    if not whole:
        return Learned(scored, missing=plan - shown.height)
    chances = found.select("sample_id", "judged_at").join(scored.drafts, on="sample_id")
    then = chances.filter(pl.col("judged_at") <= moment.timestamp())["p_right"].to_numpy()
    tried = thresholds(then, plan, terms.alpha * seen, risk)
    labelled = shown.join(chances, on="sample_id", how="left", maintain_order="left")
    wrong = np.array([audited.is_wrong(*one) for one in labelled.select("verdict", "said").iter_rows()])
    # A draft without signals has no probability, and is accepted at no threshold.
    errors, audits = counts(labelled["p_right"].fill_null(-1.0).to_numpy(), wrong, tried)
    steps = [
        Step(threshold=threshold, errors=k, audits=n)
        for threshold, k, n in zip(tried.tolist(), errors.tolist(), audits.tolist(), strict=True)
    ]
    return Learned(scored, walked(terms, steps, delta=risk, seen=seen))


def _issued(home: Home, certificate: Certificate) -> Certificate:
    """The certificate as it is stored: the one of before where nothing but the time has changed."""
    known = certificates.latest(home, certificate.recipe, certificate.regime.digest)
    if known and (before := Certificate.model_validate_json(known)).content == certificate.content:
        return before
    certificates.add(
        home,
        certificate.certificate_id,
        certificate.recipe,
        certificate.regime.digest,
        certificate.model_dump_json(),
        certificate.issued_at,
    )
    return certificate
