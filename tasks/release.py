"""A release: the rows that may go in, their weights, the gate, the evidence, and one atomic publication."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.release import decided
from outcross.data.release import versions as releases
from outcross.data.release.pairs import pairs
from outcross.data.release.table import Tables, Weight, ancestors, build, store
from outcross.data.release.versions import Release
from outcross.data.samples import Sample
from outcross.data.stores.home import Home
from outcross.errors import GateFailed, ReleaseError
from outcross.tasks import manifest
from outcross.tasks.gate import gate
from outcross.tasks.mixing.mix import mix
from outcross.tasks.mixing.watch import watched


def release(home: Home, recipe: Recipe) -> Release:
    """Publish the recipe's next version, or return the newest if nothing in it would differ.

    Raises:
        MixtureRefused: the policy can't be met with the rows at hand.
        GateFailed: the table breaks a rule, or has collapsed beyond chance and the policy; nothing was published.
        ReleaseError: an ancestor of a row is gone, or the disk refused; nothing was published.
    """
    mixed = mix(home, recipe)
    found, mixture, rules = mixed.found, mixed.mixture, mixed.mixture.plan.policy
    left_out = pl.DataFrame(list(found.kept_out.items()), schema=mixture.left_out.schema, orient="row")
    mixture = replace(mixture, left_out=pl.concat([mixture.left_out, left_out]))
    weights = {row[0]: Weight(*row[1:]) for row in mixture.rows.select("sample_id", "klass", "weight").iter_rows()}
    made = {key: found.rows[key] for key in weights}
    kin = _kept(recipe.name, made, found.ancestors)
    settled = [key for key, entry in weights.items() if entry.klass in ("hybrid", "reviewed")]
    decisions_on = decided.decided(home, recipe.name, settled)
    tables = Tables(
        build(made.values(), weights), ancestors(kin.values()), decisions_on, pairs(made.values(), kin, decisions_on)
    )
    facts = manifest.facts(recipe, rules, tables)

    def fill(folder: Path, version: int) -> Mapping[str, object]:
        report = gate(tables.samples, rules, mixture.plan.strata)
        if not report.passed:
            raise GateFailed(f"release {recipe.name} was not published: {' '.join(report.failures)}")
        masses = {key: entry.weight for key, entry in weights.items()}
        alarms = watched(home, recipe, made, masses, number=version, retention=rules.retention)
        if alarms.blocking:
            raise GateFailed(
                f"release {recipe.name} was not published: {alarms.blocking[0].sentence} More human rows, another "
                "generator or a smaller share of drafts would mend it."
            )
        said = {
            "name": recipe.name,
            "version": version,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **manifest.account(home, recipe, mixture, made, kin),
            **manifest.measured(home, recipe, mixed),
            "watch": alarms.model_dump(mode="json"),
        }
        store(folder / releases.TABLE, tables)
        unread = [key for key, entry in weights.items() if entry.klass == "unreviewed"]
        manifest.write_certificates(folder, found, unread)
        manifest.write_evidence(folder, {**said, **facts}, report)
        return said

    return releases.publish(home, recipe.name, facts, fill)


def _kept(name: str, made: Mapping[str, Sample], known: Mapping[str, Sample]) -> dict[str, Sample]:
    """The ancestors of these rows, and no others.

    Raises:
        ReleaseError: one is in no store any more.
    """
    kept: dict[str, Sample] = {}
    front = dict(made)
    while front:
        links = {link.sample_id: child for child in front.values() for link in child.provenance.parents}
        for lost in sorted(links.keys() - known.keys()):
            raise ReleaseError(
                f"release {name} was not published: row {links[lost].sample_id} was made from {lost}, which is neither "
                f"among the vault's seeds and targets nor in the warehouse; if the vault was built anew with another "
                f"split, bring back the one that the row was drafted from, or start a new home and draft again."
            )
        front = {key: known[key] for key in links.keys() - kept.keys()}
        kept |= front
    return kept
