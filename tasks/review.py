"""Between warehouse and queue: what experts should see goes out, what they decided comes back."""

from datetime import UTC, datetime

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.review.decisions import DecisionRow
from outcross.data.review.items import Item
from outcross.data.review.queue import Queue
from outcross.data.samples import CONTENT, Origin, Provenance, Sample
from outcross.data.stores import decisions, screening, warehouse
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.errors import StoreError
from outcross.tasks.screen import Screen

PART = 5_000
"""Items enqueued in one transaction: the page waits for no more than these."""


def enqueue(home: Home, recipe: Recipe) -> int:
    """Put borderline drafts and the audit slice into the review queue; return how many were new.

    Each item's probability of being asked about was written down with its verdict: 1 for a borderline draft, the
    audit share of that moment for an audited one.
    """
    found = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    wanted = found.filter((pl.col("outcome") == "borderline") | pl.col("audited"))
    home.root.mkdir(parents=True, exist_ok=True)
    queue = Queue(home.queue)
    return sum(queue.enqueue(_items(home, recipe, part)) for part in wanted.iter_slices(PART))


def _items(home: Home, recipe: Recipe, verdicts: pl.DataFrame) -> list[Item]:
    samples = warehouse.samples(home, recipe.name, verdicts["sample_id"].to_list())
    return [
        Item.of(samples[sample_id], recipe=recipe.name, source="audit" if audited else "border", incl_prob=probability)
        for sample_id, audited, probability in verdicts.select("sample_id", "audited", "incl_prob").iter_rows()
    ]


def collect(home: Home) -> int:
    """Copy decisions that the warehouse hasn't got from the queue; return how many were new.

    An edit becomes a sample of its own: hybrid, with the draft as its parent. What is new is told by the decisions'
    ids and not by their numbers, because a queue that was put back from a copy counts on from there.

    Raises:
        StoreError: the queue has decisions on drafts that the warehouse doesn't know.
    """
    if not home.queue.exists():
        return 0
    known = decisions.known(home)
    fresh = [row for row in Queue(home.queue).decisions() if row.decision_id not in known]
    return sum(
        _collect(home, recipe, [row for row in fresh if row.recipe == recipe])
        for recipe in sorted({row.recipe for row in fresh})
    )


def _collect(home: Home, recipe: str, rows: list[DecisionRow]) -> int:
    drafts = warehouse.samples(home, recipe, [row.sample_id for row in rows])
    if strangers := [row.sample_id for row in rows if row.sample_id not in drafts]:
        raise StoreError(
            f"{home.queue} has decisions on {len(strangers)} drafts of {recipe} that {home.warehouse} doesn't hold, "
            f"{strangers[0]} first. The two files belong to different homes: put back the warehouse of this queue."
        )
    edits = {row.decision_id: edited(drafts[row.sample_id], row) for row in rows if row.edit is not None}
    entries = [_decision(row, edits.get(row.decision_id)) for row in rows]
    return decisions.add(home, recipe, entries, list(edits.values()))


def edited(draft: Sample, row: DecisionRow) -> Sample:
    """The hybrid sample that an expert's edit of a draft makes."""
    field = "text" if draft.content.kind == "text" else "response"
    said = draft.provenance
    return Sample(
        content=CONTENT.validate_python(draft.content.model_dump() | {field: row.edit}),
        provenance=Provenance(
            origin=Origin.HYBRID,
            depth=said.depth,
            stratum=said.stratum,
            source=said.source,
            licence=said.licence,
            parents=(draft.as_parent,),
            editor=row.reviewer,
        ),
    )


def _decision(row: DecisionRow, edit: Sample | None) -> Decision:
    return Decision(
        decision_id=row.decision_id,
        seq=row.seq,
        sample_id=row.sample_id,
        recipe=row.recipe,
        verdict=row.verdict,
        reasons=row.reasons,
        edited_id=edit.sample_id if edit else None,
        reviewer=row.reviewer,
        route=row.source,
        incl_prob=row.incl_prob,
        shown_hash=row.shown_hash,
        reviewed_at=datetime.fromtimestamp(row.at, UTC),
    )
