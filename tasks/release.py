"""A release: the rows that may go in, their weights, the gate, the evidence, and one atomic publication."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from pydantic import ValidationError

from outcross.data.recipe import Recipe
from outcross.data.release import decided
from outcross.data.release import versions as releases
from outcross.data.release.pairs import pairs
from outcross.data.release.table import Tables, Weight, ancestors, build, store
from outcross.data.release.versions import Release
from outcross.data.samples import Sample
from outcross.data.stores import decisions, screening, trust, vault, warehouse
from outcross.data.stores.home import Home
from outcross.errors import GateFailed, RecipeError, ReleaseError
from outcross.mixture.policy import Policy
from outcross.mixture.weights import COLUMNS, weigh
from outcross.tasks import manifest
from outcross.tasks.gate import gate
from outcross.tasks.leaks import leaking
from outcross.tasks.review import doubted
from outcross.tasks.screen import Screen, unjudged

LEAK = "it repeats held-out text"
UNJUDGED = "no verdict under the present rules yet: run `outcross screen`"
KEPT_OUT = {
    "rejected": "the screen rejected it",
    "borderline": "borderline, and no expert has decided it yet",
    "reject": "an expert rejected it",
    "edit": "an expert's edit takes its place",
}
KEPT_OUT |= dict.fromkeys(("accepted", "approve"), "a person wrote the same row, word for word")
"""Why drafts stay out before anything is weighed, by the screen's outcome or the expert's verdict."""


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
    trust: dict[str, float]
    """How far such rows can be trusted, by id; fully where nothing is known."""
    ancestors: dict[str, Sample]
    kept_out: dict[str, str]
    """Why each draft that isn't among them stays out, and each row of people's that repeats held-out text."""


def candidates(home: Home, recipe: Recipe) -> Candidates:
    """People's mixture rows, and drafts that the screen accepted or an expert let through.

    An expert's last word stands over the screen's, whatever the rules are by now; a borderline draft without one
    waits, and so does any draft that somebody objects to until it is settled. A draft that is a person's row word for
    word stays out: the row stands as that person's.
    """
    verdicts = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    settled = {row[0]: row[1:] for row in decisions.settled(home, recipe.name).iter_rows()}
    doubts = doubted(home, recipe)
    let_through = {
        key: edited if verdict == "edit" else key
        for key, (verdict, edited) in settled.items()
        if verdict != "reject" and key not in doubts
    }
    accepted = set(verdicts.filter(pl.col("outcome") == "accepted")["sample_id"]) - settled.keys() - doubts.keys()
    passed = let_through | {key: key for key in accepted}
    written = set(vault.table(home, recipe.name, *vault.PARTS)["sample_id"])
    chosen = {kept for key, kept in passed.items() if key not in written}
    people = {sample.sample_id: sample for sample in vault.samples(home, recipe.name, "mixture")}
    people = {key: sample for key, sample in people.items() if sample.content.kind == recipe.kind}
    made = warehouse.samples(home, recipe.name, sorted(chosen))
    leaks = leaking(home, recipe, (people | made).values())
    rows = {key: sample for key, sample in (people | made).items() if key not in leaks}
    kept_out = dict.fromkeys(unjudged(home, recipe), UNJUDGED)
    kept_out |= {key: KEPT_OUT[outcome] for key, outcome in verdicts.select("sample_id", "outcome").iter_rows()}
    kept_out |= {key: KEPT_OUT[verdict] for key, (verdict, _) in settled.items()}
    kept_out |= doubts | dict.fromkeys(leaks, LEAK)
    return Candidates(
        rows=rows,
        reviewed=set(let_through.values()),
        trust=trust.current(home, recipe.name),
        ancestors=_ancestry(home, recipe, made),
        kept_out={key: reason for key, reason in sorted(kept_out.items()) if key not in rows},
    )


def _ancestry(home: Home, recipe: Recipe, made: Mapping[str, Sample]) -> dict[str, Sample]:
    """All samples that these were made from, back to people."""
    prompts = {
        sample.sample_id: sample for part in ("seed", "target") for sample in vault.samples(home, recipe.name, part)
    }
    found: dict[str, Sample] = {}
    front = {link.sample_id for sample in made.values() for link in sample.provenance.parents}
    while front:
        step = warehouse.samples(home, recipe.name, sorted(front - prompts.keys()))
        step |= {key: prompts[key] for key in front & prompts.keys()}
        found |= step
        front = {link.sample_id for sample in step.values() for link in sample.provenance.parents} - found.keys()
    return found


def release(home: Home, recipe: Recipe) -> Release:
    """Publish the recipe's next version, or return the newest if nothing in it would differ.

    Raises:
        MixtureRefused: the policy can't be met with the rows at hand.
        GateFailed: the table breaks a rule; nothing was published.
        ReleaseError: an ancestor of a row is gone, or the disk refused; nothing was published.
    """
    rules = policy(recipe)
    found = candidates(home, recipe)
    mixture = weigh(_weighable(found), rules)
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
        report = gate(tables.samples, rules)
        if not report.passed:
            raise GateFailed(f"release {recipe.name} was not published: {' '.join(report.failures)}")
        said = {
            "name": recipe.name,
            "version": version,
            "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
            **manifest.account(home, recipe, mixture, made, kin),
        }
        store(folder / releases.TABLE, tables)
        manifest.write_evidence(folder, {**said, **facts}, report)
        return said

    return releases.publish(home, recipe.name, facts, fill)


def _weighable(found: Candidates) -> pl.DataFrame:
    return pl.DataFrame(
        [
            (
                key,
                sample.provenance.stratum,
                sample.provenance.origin.value,
                key in found.reviewed,
                sample.provenance.depth,
                found.trust.get(key, 1.0) if key in found.reviewed else 1.0,
            )
            for key, sample in found.rows.items()
        ],
        schema=COLUMNS,
        orient="row",
    )


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
