"""Between warehouse and queue: what experts should see goes out, what they decided comes back."""

from datetime import UTC, datetime

import polars as pl

from outcross.data.recipe import Recipe
from outcross.data.review.items import DecisionRow, Item
from outcross.data.review.queue import Queue
from outcross.data.samples import CONTENT, Origin, Provenance, Sample
from outcross.data.stores import decisions, screening, warehouse
from outcross.data.stores.decisions import Decision
from outcross.data.stores.home import Home
from outcross.tasks.screen import Screen


def enqueue(home: Home, recipe: Recipe) -> int:
    """Put borderline drafts and the audit slice into the review queue; return how many were new.

    Every borderline draft is asked about, so its inclusion probability is 1; an audited one's is the audit
    share. Both are fixed when the item first enters.
    """
    found = screening.verdicts(home, recipe.name, Screen.of(recipe).ruleset)
    wanted = found.filter((pl.col("outcome") == "borderline") | pl.col("audited"))
    samples = warehouse.samples(home, wanted["sample_id"].to_list())
    items = [
        Item.of(
            samples[sample_id],
            recipe=recipe.name,
            source="audit" if audited else "border",
            incl_prob=recipe.review.audit_share if audited else 1.0,
        )
        for sample_id, audited in wanted.select("sample_id", "audited").iter_rows()
    ]
    home.root.mkdir(parents=True, exist_ok=True)
    return Queue(home.queue).enqueue(items)


def collect(home: Home) -> int:
    """Copy decisions that the warehouse hasn't got from the queue; return how many were new.

    An edit becomes a sample of its own: hybrid, with the draft as its parent.
    """
    if not home.queue.exists():
        return 0
    rows = Queue(home.queue).decisions(after=decisions.last(home))
    samples = warehouse.samples(home, [row.sample_id for row in rows])
    edits = {row.decision_id: edited(samples[row.sample_id], row) for row in rows if row.edit is not None}
    return decisions.add(home, [_decision(row, edits.get(row.decision_id)) for row in rows], list(edits.values()))


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
