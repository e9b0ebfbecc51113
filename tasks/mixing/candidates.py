"""Candidates of a release: people's rows, and the drafts that were let through, with all that they were made from."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.samples import Sample
from outcross.data.stores import decisions, screening, trust, vault, warehouse
from outcross.data.stores.home import Home
from outcross.tasks.certifying.certify import UNCERTIFIED, Standing, covered, standings
from outcross.tasks.review import doubted
from outcross.tasks.screening.leaks import leaking
from outcross.tasks.screening.screen import unjudged
from outcross.tasks.screening.suite import Screen

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
    proofs: tuple[Standing, ...]
    """How the proof of each regime stood when the candidates were chosen: reviewers may be at work meanwhile."""
    vouched: dict[str, str]
    """The drafts that nobody read and a certificate speaks of, each with the certificate's id."""


def candidates(home: Home, recipe: Recipe) -> Candidates:
    """People's mixture rows, drafts that an expert let through, and accepted ones that a certificate vouches for.

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
    proofs = standings(home, recipe)
    vouched = covered(home, recipe, [one.certificate for one in proofs if one.certificate.holds])
    unread = accepted if recipe.certificate.without == "weigh anyway" else accepted & vouched.keys()
    passed = let_through | {key: key for key in unread}
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
    kept_out |= dict.fromkeys(accepted - unread, UNCERTIFIED) | doubts | dict.fromkeys(leaks, LEAK)
    return Candidates(
        rows=rows,
        reviewed=set(let_through.values()),
        trust=trust.current(home, recipe.name),
        ancestors=_ancestry(home, recipe, made),
        kept_out={key: reason for key, reason in sorted(kept_out.items()) if key not in rows},
        proofs=tuple(proofs),
        vouched=vouched,
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
