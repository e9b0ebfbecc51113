"""What a release says of itself: its manifest's facts and counts, and the evidence beside it."""

import json
import logging
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.release.counts import generators
from outcross.data.release.table import Tables
from outcross.data.release.witnesses import forgotten, heads
from outcross.data.review.queue import Queue
from outcross.data.samples import Sample, digest
from outcross.data.stores import effects, screening
from outcross.data.stores.home import Home
from outcross.mixture.policy import Policy
from outcross.mixture.weights import Mixture
from outcross.tasks.certifying.summary import summary
from outcross.tasks.evidence.facts import Evidence, GateKept, ModelKept
from outcross.tasks.evidence.page import render
from outcross.tasks.gate import GateReport
from outcross.tasks.lineage import lineage
from outcross.tasks.mixing.bias import audited
from outcross.tasks.mixing.candidates import Candidates
from outcross.tasks.mixing.mix import Mixed
from outcross.tasks.screening.suite import Screen

_LOG = logging.getLogger(__name__)


def facts(recipe: Recipe, policy: Policy, tables: Tables) -> dict[str, object]:
    """What tells one version from the next: two releases that agree in these hold the same for the same reasons."""
    rules = policy.model_dump(mode="json")
    digests = {"recipe": recipe.digest, "policy": digest(rules), "ruleset": Screen.of(recipe).ruleset}
    return {**tables.roots(), "policy": rules, "digests": digests}


def account(
    home: Home, recipe: Recipe, mixture: Mixture, made: Mapping[str, Sample], kin: Mapping[str, Sample]
) -> dict[str, object]:
    """What the manifest says of the rows: counts and mass by class, stratum, generator and reason.

    Args:
        made: the rows that were weighed in, by id.
        kin: their ancestors, by id.
    """
    weights = dict(mixture.rows.select("sample_id", "weight").iter_rows())
    outcomes = screening.outcomes(home, recipe.name, Screen.of(recipe).ruleset)
    weight = pl.col("weight")
    by_class = mixture.rows.group_by("klass", maintain_order=True).agg(
        rows=pl.len(), mass=weight.sum(), least=weight.min(), most=weight.max()
    )
    left_out = mixture.left_out.group_by("reason").agg(pl.len().alias("rows"))
    return {
        "kind": recipe.kind,
        "rows": mixture.rows.height,
        "mass": mixture.size,
        "by_class": by_class.sort("klass").to_dicts(),
        "strata": mixture.strata.select("stratum", "klass", "rows", "mass", "floor").to_dicts(),
        "binding": list(mixture.binding),
        "left_out": left_out.sort("rows", "reason", descending=[True, False]).to_dicts(),
        "outcomes": {
            "accepted": outcomes.accepted,
            "borderline": outcomes.borderline,
            "rejected": outcomes.rejected,
        },
        "reasons": [{"reason": reason, "rows": rows} for reason, rows in outcomes.reasons],
        "generators": generators(made.values(), kin),
        "lineage": lineage(made, kin, weights),
        "review_log": _review_log(home),
    }


def measured(home: Home, recipe: Recipe, mixed: Mixed) -> dict[str, object]:
    """What the manifest says of the policy's sums: floors and prices, contraction, and what audits prove."""
    plan, found, audits = mixed.mixture.plan, mixed.contraction, audited(home, recipe)
    strata = plan.strata.select("stratum", "kappa", "floor", "price", human="counted")
    shares = plan.strata["mass"] / plan.size
    return {
        "plan": {
            "largest": plan.largest,
            "risk": plan.risk,
            "human_risk": plan.human_risk,
            "strata": strata.with_columns(share=shares).to_dicts(),
        },
        "contraction": {
            "gates": found.gates.select(GateKept.model_fields.keys()).to_dicts(),
            "generators": found.generators.select(ModelKept.model_fields.keys()).to_dicts(),
            "warnings": list(found.warnings),
        },
        "effect": json.loads(known.result) if (known := effects.latest(home, recipe.name)) else None,
        "audits": {"audited": audits.drafts, "faults": audits.faults, "bound": audits.bound},
        "certificates": [summary(one).model_dump(mode="json") for one in mixed.found.proofs],
    }


def write_certificates(folder: Path, found: Candidates, released: Collection[str]) -> None:
    """Write the certificates that held, if any, each with the ids of the released rows that it speaks of."""
    known = [one.certificate for one in found.proofs if one.certificate.holds]
    if not known:
        return
    said = [
        {
            "certificate_id": one.certificate_id,
            "certificate": one.model_dump(mode="json"),
            "rows": sorted(key for key in released if found.vouched.get(key) == one.certificate_id),
        }
        for one in known
    ]
    (folder / releases.CERTIFICATES).write_text(json.dumps(said, indent=1), encoding="utf-8")


def _review_log(home: Home) -> dict[str, object] | None:
    """Length and head of the queue's event log, checked: kept with a release, it shows a log that is cut later.

    A log without the head that an earlier release wrote down stops nothing, since a queue may well be put back from
    a copy; that release's own proof fails by it, and this one's says so.
    """
    if not home.queue.exists():
        return None
    queue = Queue(home.queue)
    length, head = queue.verify()
    for made, event in forgotten(queue, heads(home)).items():
        _LOG.warning(
            "%s no longer holds event %d, which release %s %d wrote down: its end was cut off, or an older copy was "
            "put back; `outcross verify` will say so of both releases",
            home.queue,
            event,
            made.name,
            made.version,
        )
    return {"events": length, "head": head}


def write_evidence(folder: Path, manifest: Mapping[str, Any], report: GateReport) -> None:
    """Write the gate's results and the page that shows them, with the manifest's roots among the digests."""
    (folder / releases.GATE).write_text(json.dumps(report.result, indent=1, default=str), encoding="utf-8")
    roots = {part: value for part, value in manifest.items() if part.endswith("_root")}
    shown = {**manifest, "digests": {**roots, **manifest["digests"]}, "checks": report.checks}
    (folder / releases.PAGE).write_text(render(Evidence.model_validate(shown)), encoding="utf-8")
