"""A release: the rows that may go in, their weights, the gate, the evidence, and one atomic publication."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
from pydantic import ValidationError

from outcross.data.recipe import Recipe
from outcross.data.release import versions as releases
from outcross.data.release.table import Weight, ancestors, ancestors_root, build, rows_root, store
from outcross.data.release.versions import Release
from outcross.data.review.queue import Queue
from outcross.data.samples import Origin, Sample, digest
from outcross.data.stores import decisions, screening, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import GateFailed, RecipeError
from outcross.mixture.policy import Mixture, Policy, weigh
from outcross.tasks.evidence import Evidence, render
from outcross.tasks.gate import GateReport, gate
from outcross.tasks.screen import Screen


def policy(recipe: Recipe) -> Policy:
    """The recipe's mixture policy.

    Raises:
        RecipeError: a rule is unknown or out of range.
    """
    try:
        return Policy.model_validate(recipe.mixture)
    except ValidationError as error:
        first = error.errors()[0]
        raise RecipeError(f"recipe {recipe.name}: [mixture] `{first['loc'][0]}`: {first['msg']}.") from None


@dataclass(frozen=True)
class Candidates:
    """Rows that may go into a release, with everything that they were made from."""

    rows: dict[str, Sample]
    reviewed: set[str]
    """Ids of rows that a person approved or edited."""
    ancestors: dict[str, Sample]


def candidates(home: Home, recipe: Recipe) -> Candidates:
    """People's mixture rows, and drafts that the screen accepted or an expert let through.

    An expert's last word stands over the screen's; a borderline draft without one waits.
    """
    verdicts = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    settled = {row[0]: row[1:] for row in decisions.settled(home, recipe.name).iter_rows()}
    chosen, reviewed = set(), set()
    for sample_id, outcome in verdicts.select("sample_id", "outcome").iter_rows():
        verdict, edited_id = settled.get(sample_id, (None, None))
        if verdict in ("approve", "edit"):
            kept = edited_id if verdict == "edit" else sample_id
            chosen.add(kept)
            reviewed.add(kept)
        elif verdict is None and outcome == "accepted":
            chosen.add(sample_id)
    people = {sample.sample_id: sample for sample in vault.samples(home, recipe.name, "mixture")}
    people = {key: sample for key, sample in people.items() if sample.content.kind == recipe.kind}
    made = warehouse.samples(home, recipe.name, sorted(chosen))
    return Candidates(people | made, reviewed, _ancestry(home, recipe, made))


def _ancestry(home: Home, recipe: Recipe, made: Mapping[str, Sample]) -> dict[str, Sample]:
    """All samples that these were made from, back to people."""
    prompts = {
        sample.sample_id: sample for part in ("seed", "target") for sample in vault.samples(home, recipe.name, part)
    }
    found: dict[str, Sample] = {}
    front = {link.sample_id for sample in made.values() for link in sample.provenance.parents}
    while front:
        step = {key: prompts[key] for key in front & prompts.keys()} | warehouse.samples(home, recipe.name, sorted(front))
        found |= step
        front = {link.sample_id for sample in step.values() for link in sample.provenance.parents} - found.keys()
    return found


def release(home: Home, recipe: Recipe) -> Release:
    """Publish the recipe's next version, or return the newest if nothing in it would differ.

    Raises:
        MixtureRefused: the policy can't be met with the rows at hand.
        GateFailed: the table breaks a rule; nothing was published.
        ReleaseError: the disk refused; nothing was published.
    """
    rules = policy(recipe)
    found = candidates(home, recipe)
    mixture = weigh(_weighable(found), rules)
    weights = {row[0]: Weight(*row[1:]) for row in mixture.rows.select("sample_id", "klass", "weight").iter_rows()}
    table = build((found.rows[key] for key in weights), weights)
    kin = _kept(found, weights)
    facts = {
        "rows_root": rows_root(table),
        "ancestors_root": ancestors_root(kin),
        "policy": rules.model_dump(mode="json"),
        "digests": {
            "recipe": recipe.digest,
            "policy": digest(rules.model_dump(mode="json")),
            "ruleset": Screen.of(recipe).ruleset,
        },
    }
    if same := releases.unchanged(home, recipe.name, facts):
        releases.record(home, same)
        return same
    report = gate(table, rules)
    if not report.passed:
        raise GateFailed(f"release {recipe.name} was not published: {' '.join(report.failures)}")

    review_log = _review_log(home)

    def fill(folder: Path, version: int) -> Mapping[str, object]:
        manifest = {
            "name": recipe.name,
            "version": version,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **_account(home, recipe, found, mixture, weights),
            **facts,
            "review_log": review_log,
        }
        store(folder / releases.TABLE, table, kin)
        _write_evidence(folder, manifest, report)
        return manifest

    return releases.publish(home, recipe.name, fill)


def _review_log(home: Home) -> dict[str, object] | None:
    """Length and head of the queue's event log, checked: kept with a release, it shows a log that is cut later."""
    if not home.queue.exists():
        return None
    length, head = Queue(home.queue).verify()
    return {"events": length, "head": head}


def _weighable(found: Candidates) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                key,
                sample.provenance.stratum,
                sample.provenance.origin.value,
                key in found.reviewed,
                sample.provenance.depth,
            )
            for key, sample in found.rows.items()
        ],
        schema={
            "sample_id": pl.Utf8,
            "stratum": pl.Utf8,
            "origin": pl.Utf8,
            "reviewed": pl.Boolean,
            "depth": pl.Int64,
        },
        orient="row",
    )


def _kept(found: Candidates, weights: Mapping[str, Weight]) -> pa.Table:
    """The ancestors of the rows that were weighed in, and no others."""
    front = [found.rows[key] for key in weights]
    kept: dict[str, Sample] = {}
    while front:
        links = {link.sample_id for sample in front for link in sample.provenance.parents} - kept.keys()
        front = [found.ancestors[key] for key in links]
        kept |= {sample.sample_id: sample for sample in front}
    return ancestors(kept.values())


def _account(
    home: Home, recipe: Recipe, found: Candidates, mixture: Mixture, weights: Mapping[str, Weight]
) -> dict[str, object]:
    """What the manifest says of the rows: counts and mass by class, stratum, generator and reason."""
    outcomes = screening.outcomes(home, recipe.name, Screen.of(recipe).ruleset)
    by_class = mixture.strata.group_by("klass", maintain_order=True).agg(pl.col("rows").sum(), pl.col("mass").sum())
    left_out = mixture.left_out.group_by("reason").agg(pl.len().alias("rows"))
    made = [found.rows[key].provenance for key in weights if found.rows[key].provenance.origin is not Origin.HUMAN]
    authors = [
        author.generation
        for author in made
        + [found.ancestors[link.sample_id].provenance for row in made if row.editor for link in row.parents]
        if author.generation
    ]
    generators = pl.DataFrame(
        [(one.model, one.weights_digest, one.model_depth) for one in authors],
        schema={"model": pl.Utf8, "weights_digest": pl.Utf8, "model_depth": pl.Int64},
        orient="row",
    )
    counted = generators.group_by(generators.columns).agg(pl.len().alias("rows"))
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
        "generators": counted.sort("rows", "model", descending=[True, False]).to_dicts(),
    }


def _write_evidence(folder: Path, manifest: Mapping[str, Any], report: GateReport) -> None:
    (folder / releases.GATE).write_text(json.dumps(report.result, indent=1, default=str), encoding="utf-8")
    roots = {part: manifest[part] for part in ("rows_root", "ancestors_root")}
    shown = {**manifest, "digests": {**roots, **manifest["digests"]}, "checks": report.checks}
    (folder / releases.PAGE).write_text(render(Evidence.model_validate(shown)), encoding="utf-8")
