"""Between warehouse and queue: what experts should see goes out, what they decided comes back."""

from collections.abc import Mapping
from datetime import UTC, datetime

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.items import Item, Policy
from outcross.data.review.judgements import Records
from outcross.data.review.management import Management
from outcross.data.review.queue import Queue
from outcross.data.samples import Sample, canonical
from outcross.data.stores import decisions, warehouse
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.errors import StoreError
from outcross.tasks import trust
from outcross.tasks.fates import edited, fate
from outcross.tasks.screening import routes
from outcross.validators.routing import overlapping

PART = 5_000
"""Items enqueued in one transaction: the page waits for no more than these."""

ANSWER = {
    "verdict",
    "note",
    "edit",
    "labels",
    "strength",
    "guideline",
    "revealed",
    "takes",
    "cause",
    "both_fine",
    "active_ms",
}
"""What the warehouse keeps of a decision beside its fate."""

SKIPPED = "a reviewer skipped it as unsafe or broken, and nobody has settled it yet"
DOUBTED = "a reviewer found fault with it, and it isn't settled yet"
UNSURE = "a reviewer couldn't tell whether it is right, and nobody has settled it yet"


def enqueue(home: Home, recipe: Recipe, worth: Mapping[str, float] | None = None) -> int:
    """Put borderline drafts and the audits of what was accepted and rejected before experts; return how many were new.

    Each item's probability of being asked about is written down before it is there: with its verdict, and for a
    borderline draft under a budget by `routes.spread`. What is drawn, and which of it a second person sees, depends on
    a secret, that probability and the draft's id alone, so that doing this again, after whatever interruption, draws
    the same ones. The recipe's rules for its reviewers are in force before the first item is there.

    Args:
        worth: by stratum, what one more row there is worth; the same everywhere where nothing is said.
    """
    routes.spread(home, recipe, worth or {})
    wanted = routes.asked(home, recipe)
    home.root.mkdir(parents=True, exist_ok=True)
    Management(home.queue).set_policy(recipe.name, rules(recipe))
    queue = Queue(home.queue)
    return sum(queue.enqueue(_items(home, recipe, part)) for part in wanted.iter_slices(PART))


def rules(recipe: Recipe) -> Policy:
    """A recipe's rules for its reviewers."""
    major, minor = map(int, recipe.review.guideline_version.split("."))
    return Policy(major=major, minor=minor, guideline=recipe.review.guideline, steps=recipe.review.steps)


def skill(recipe: Recipe) -> str | None:
    """What a recipe's reviewers must have qualified for; None where anybody may judge."""
    return f"{recipe.kind}:{recipe.review.language}" if recipe.review.qualify else None


def _items(home: Home, recipe: Recipe, wanted: pl.DataFrame) -> list[Item]:
    ids = wanted["sample_id"].to_list()
    samples = warehouse.samples(home, recipe.name, ids)
    need = recipe.review.needed(recipe.kind)
    twice = overlapping(ids, home.audit_key(), recipe.review.overlap_share) if need == 1 else set()
    return [
        Item.of(
            samples[row["sample_id"]],
            recipe=recipe.name,
            source=row["route"],
            incl_prob=row["incl_prob"],
            need=need + (row["sample_id"] in twice),
            skill=skill(recipe),
            score=row["score"],
            hint=_hint(row) if recipe.review.second_look else None,
        )
        for row in wanted.iter_rows(named=True)
    ]


def _hint(row: dict[str, object]) -> str:
    """What a reviewer may see once they have decided."""
    said = row["signals"] if isinstance(row["signals"], list) else []
    signals = {one["validator"]: one["score"] for one in said}
    return canonical({"score": row["score"], "reasons": row["reasons"], "signals": signals})


def collect(home: Home) -> int:
    """Copy decisions that the warehouse hasn't got from the queue; return how many were new.

    Only what is settled is copied: enough people agree, or somebody has adjudicated. An edit becomes a sample of its
    own: hybrid, with the draft as its parent. What is new is told by the decisions' ids and not by their numbers,
    because a queue that was put back from a copy counts on from there. Then all that was ever said is weighed anew,
    for a reviewer's later answers tell what their earlier ones are worth.

    Raises:
        StoreError: the queue has decisions on drafts that the warehouse doesn't know.
    """
    if not home.queue.exists():
        return 0
    known = decisions.known(home)
    rows = Queue(home.queue).decisions()
    fresh = [row for row in rows if row.settled and row.source != "gold" and row.decision_id not in known]
    new = sum(
        _collect(home, recipe, [row for row in fresh if row.recipe == recipe])
        for recipe in sorted({row.recipe for row in fresh})
    )
    trust.update(home)
    return new


def _collect(home: Home, recipe: str, rows: list[DecisionRow]) -> int:
    drafts = warehouse.samples(home, recipe, [row.sample_id for row in rows])
    if strangers := [row.sample_id for row in rows if row.sample_id not in drafts]:
        raise StoreError(
            f"{home.queue} has decisions on {len(strangers)} drafts of {recipe} that {home.warehouse} doesn't hold, "
            f"{strangers[0]} first. The two files belong to different homes: put back the warehouse of this queue."
        )
    edits = {row.decision_id: edited(drafts[row.sample_id], row) for row in rows}
    entries = [_decision(row, edits[row.decision_id]) for row in rows]
    return decisions.add(home, recipe, entries, [edit for edit in edits.values() if edit])


def _decision(row: DecisionRow, edit: Sample | None) -> Decision:
    return Decision(
        decision_id=row.decision_id,
        seq=row.seq,
        sample_id=row.sample_id,
        recipe=row.recipe,
        verdict=fate(row, edit),
        reasons=row.reasons,
        edited_id=edit.sample_id if edit else None,
        reviewer=row.reviewer,
        route=row.source,
        incl_prob=row.incl_prob,
        shown_hash=row.shown_hash,
        reviewed_at=datetime.fromtimestamp(row.at, UTC),
        answer=canonical(row.model_dump(mode="json", include=ANSWER)),
        stage=row.stage,
    )


def doubted(home: Home, recipe: Recipe) -> dict[str, str]:
    """Why drafts may go in no release for now, by id: somebody didn't find them good, and they wait for others."""
    if not home.queue.exists():
        return {}
    frames = Records(home.queue).frames(recipe.name)
    waiting = frames.items.filter((pl.col("state") != "done") & (pl.col("source") != "gold"))
    unsure = frames.judgements.filter(pl.col("stance").is_null())
    objected = frames.judgements.filter(pl.col("stance") == "bad")
    skipped = frames.claims.filter(pl.col("skip_reason").is_in(["unsafe", "broken_item"]))
    return {
        sample_id: reason
        for items, reason in ((unsure, UNSURE), (objected, DOUBTED), (skipped, SKIPPED))
        for sample_id in waiting.join(items, on="item", how="semi")["sample_id"]
    }
