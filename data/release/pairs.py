"""Preference pairs from edits: what an expert made of a draft stands against what the model had written."""

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa

from outcross.data.reading import read
from outcross.data.release.decided import Decisions, by_row
from outcross.data.samples import Content, Conversation, Sample, Trajectory

COLUMNS = ["decision_id", "sample_id", "prompt", "chosen", "rejected", "reviewer"]
"""The columns of a release's `pairs`, all of them text; `sample_id` is that of the edited row."""

SCHEMA = pa.schema([(name, pa.string()) for name in COLUMNS])


def pairs(rows: Iterable[Sample], ancestors: Mapping[str, Sample], decisions: pa.Table) -> pa.Table:
    """One pair for each row that is a person's edit of an answer, ordered by decision.

    A pair has the texts that differ: of a conversation the last turn, after all those before it. Rows that only
    label steps, and those that are pairs themselves, make none.

    Args:
        rows: of a release.
        ancestors: of these rows, by id.
        decisions: the release's own; see `outcross.data.release.decided`.

    Raises:
        ValueError: the decisions are no such table.
        LookupError: an edited row's draft or decision is missing.
    """
    known = by_row(decisions)
    found = [pair for row in rows for pair in _pair(row, ancestors, known)]
    return pa.Table.from_pylist(sorted(found, key=lambda pair: str(pair["decision_id"])), schema=SCHEMA)


def _pair(row: Sample, ancestors: Mapping[str, Sample], decisions: Decisions) -> Iterator[dict[str, str | None]]:
    editor = row.provenance.editor
    if editor is None or row.content.kind == "preference":
        return
    draft = ancestors[row.provenance.parents[0].sample_id]
    chosen, rejected = read(row.content), read(_as_far(draft.content, row.content))
    if chosen.response == rejected.response or not rejected.response.strip():
        return
    own = [
        one
        for one in decisions.get(row.sample_id, [])
        if (one["edited_id"], one["reviewer"]) == (row.sample_id, editor)
    ]
    if not own:
        raise LookupError(f"row {row.sample_id} is an edit of {editor}'s, and no decision says so")
    yield {
        "decision_id": min(str(one["decision_id"]) for one in own),
        "sample_id": row.sample_id,
        "prompt": "\n\n".join(filter(None, (chosen.prompt, chosen.context))),
        "chosen": chosen.response,
        "rejected": rejected.response,
        "reviewer": editor,
    }


def _as_far(draft: Content, edit: Content) -> Content:
    """The draft up to the turn with which its edit ends."""
    if isinstance(draft, Conversation | Trajectory) and isinstance(edit, Conversation | Trajectory):
        return draft.model_copy(update={"turns": draft.turns[: len(edit.turns)]})
    return draft
